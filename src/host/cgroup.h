// Control groups, which limit and count what processes take of the host: the trees in which the kernel offers its
// controllers (one for all in version 2, several in version 1), and the group of one guest in them, laid out as libvirt
// does it without systemd-machined: /machine/qemu-1-name.libvirt-qemu, with groups below it for kinds of threads.
// Values that hold paths; a group on disk is owned by the guest. Any thread: making, removing and entering groups may
// wait for the kernel some milliseconds, the rest takes microseconds.
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "host/system_files.h"

namespace virtue::host {

/// What is limited or counted; named as in version 1, where version 2 has `io` for blkio and counts CPU time in any
/// group.
enum class Controller : uint8_t { cpu, cpuacct, cpuset, memory, blkio };
constexpr size_t controller_count = 5;
std::string_view controller_name(Controller controller);
std::optional<Controller> find_controller(std::string_view name);

/// A set of them.
class Controllers {
public:
    static Controllers all();
    bool has(Controller controller) const { return (bits_ >> static_cast<unsigned>(controller) & 1u) != 0; }
    void add(Controller controller) { bits_ |= 1u << static_cast<unsigned>(controller); }
    void remove(Controller controller) { bits_ &= ~(1u << static_cast<unsigned>(controller)); }
    bool empty() const { return bits_ == 0; }
    /// Those that limit threads rather than processes.
    bool has_any_of_threads() const {
        return has(Controller::cpu) || has(Controller::cpuacct) || has(Controller::cpuset);
    }
    bool operator==(const Controllers&) const = default;

private:
    unsigned bits_ = 0;
};

/// A mounted tree of groups.
struct Hierarchy {
    std::string mount;        ///< its folder
    std::string root;         ///< the group that is mounted there; "/" outside of containers
    Controllers controllers;  ///< those of the wanted ones that it has
    bool unified = false;     ///< version 2
};

/// The trees that have any of `wanted`, by /proc/self/mountinfo; mounts that others hide are passed over.
std::vector<Hierarchy> find_hierarchies(const SystemFiles& files, Controllers wanted);

/// The name of a guest's group: of DRIVER-ID-NAME only what a host name may have is kept, at most 64 characters. An
/// instance that keeps everything below a `root` of its own has a mark of that in the name.
std::string machine_name(std::string_view driver, std::string_view root, int id, std::string_view name);

/// A partition's folder: each part of the path that is no /machine, /user or /system at the top gets ".partition", and
/// what could be taken for a file of the kernel gets a '_'.
std::string partition_folder(std::string_view partition);

/// Memory limits of a group.
enum class MemoryLimit : uint8_t { hard, soft, swap_hard };
/// Limits of a group for one block device.
enum class DeviceLimit : uint8_t { weight, read_iops, write_iops, read_bytes, write_bytes };

/// A quota that limits nothing, as version 2 shows it.
constexpr int64_t unlimited_quota = (int64_t{1} << 44) - 1;
/// In microseconds; a quota of -1 sets no limit.
struct CpuBandwidth {
    uint64_t period = 0;
    int64_t quota = 0;
};
/// In nanoseconds.
struct CpuUsage {
    uint64_t total = 0, user = 0, system = 0;
};

/// The group of one guest. `thread` below names a group inside it ("emulator", "vcpu0", "iothread1"); empty means the
/// guest's own. Reading and writing throw system_error naming the file, invalid_arg for a value that the kernel does
/// not take.
class ControlGroup {
public:
    /// Makes the group NAME.libvirt-DRIVER in `partition`, which only /machine is made for; a left-over one is made
    /// anew. Nothing where this process cannot make groups. Throws system_error for a partition that is not there.
    static std::optional<ControlGroup> make(SystemFiles files, std::span<const Hierarchy> trees,
                                            const std::string& partition, const std::string& name,
                                            std::string_view driver);
    /// The one of that name, as far as it is there.
    static std::optional<ControlGroup> find(SystemFiles files, std::span<const Hierarchy> trees,
                                            const std::string& partition, const std::string& name,
                                            std::string_view driver);
    /// The one that a guest's process runs in, by /proc/PID/cgroup; nothing if that is no guest's group.
    static std::optional<ControlGroup> of_process(SystemFiles files, std::span<const Hierarchy> trees, int pid);

    bool has(Controller controller) const { return place_of(controller) != nullptr; }
    bool has_threads() const;  ///< groups for threads are of use here

    /// Makes a group for threads, with its own CPUs and memory nodes those of the guest's.
    void add_thread_group(const std::string& thread) const;
    /// True if it is gone; false if it still has a thread.
    bool remove_thread_group(const std::string& thread) const;
    /// The files that a process writes "0" to, to enter the guest's group and the one for `thread`.
    std::vector<std::string> entrances(const std::string& thread) const;
    /// Moves one thread of the guest.
    void enter(const std::string& thread, int id) const;
    /// Removes the group with all below it. False if something is left, because a process is not quite gone.
    bool remove() const;

    void set_shares(uint64_t shares) const;
    uint64_t shares() const;
    /// 0 leaves one as it is.
    void set_bandwidth(const std::string& thread, CpuBandwidth bandwidth) const;
    CpuBandwidth bandwidth(const std::string& thread) const;
    /// As many of `cpus` as the guest's group has.
    void set_cpus(const std::string& thread, const Bitmap& cpus) const;
    void set_memory_nodes(const std::string& thread, const Bitmap& nodes) const;
    /// From now on pages follow when the nodes of a group change.
    void let_memory_migrate(const std::string& thread) const;
    /// In KiB; nothing: no limit.
    void set_memory_limit(MemoryLimit limit, std::optional<uint64_t> kib) const;
    /// Nothing: no limit, or none of this kind on this host.
    std::optional<uint64_t> memory_limit(MemoryLimit limit) const;
    /// Throws config_unsupported where the host's I/O scheduler knows no weights.
    void set_weight(uint64_t weight) const;
    uint32_t weight() const;
    /// 0 sets none. Throws system_error for a path that is no block device.
    void set_device_limit(DeviceLimit limit, const std::string& device, uint64_t value) const;
    CpuUsage cpu_usage() const;
    /// By the host's CPUs, in nanoseconds. Throws operation_unsupported in version 2, which does not count so.
    std::vector<uint64_t> usage_by_cpu(const std::string& thread) const;

    /// Where it lies for a controller, for messages and tests; empty without it.
    std::string folder(Controller controller, const std::string& thread = {}) const;

private:
    /// Its part in one tree.
    struct Place {
        std::string folder;
        Controllers controllers;
        bool unified = false;
    };
    ControlGroup(SystemFiles files, std::vector<Place> places) : files_(std::move(files)), places_(std::move(places)) {}
    static void make_folder(const SystemFiles& files, const Hierarchy& tree, Place& place, bool create);
    static bool make_in(const SystemFiles& files, const Hierarchy& tree, const std::string& partition, Place& place);

    const Place* place_of(Controller controller) const;
    const Place& at(Controller controller) const;
    std::string path(Controller controller, const std::string& thread, std::string_view file) const;
    std::string weight_path(bool of_device) const;
    std::string read(const std::string& path) const;
    uint64_t read_number(const std::string& path) const;
    void write(const std::string& path, const std::string& value) const;

    SystemFiles files_;
    std::vector<Place> places_;
};

}  // namespace virtue::host
