// What the life of a guest reads from its definition and writes into the live one: ports, sockets, terminals, files.
// Plain functions over the model; any thread.
#pragma once
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/bitmap.h"
#include "driver/constants.h"
#include "drivers/qemu/capabilities/capabilities.h"
#include "drivers/qemu/ports.h"
#include "drivers/qemu/security/dac.h"
#include "drivers/qemu/settings.h"

namespace virtue::model {
struct Domain;
}

namespace virtue::qemu {

/// The definition of a new run: a copy of `domain` with the id, changed by nobody else.
std::shared_ptr<model::Domain> copy_for_start(const model::Domain& domain, int id);
std::string emulator_of(const model::Domain& domain);
bool is_kvm(const model::Domain& domain);
/// Throws config_unsupported or invalid_arg when the guest needs KVM and it does not work, with the reason.
void require_accelerator(const model::Domain& domain, const QemuCapabilities& capabilities);
/// False when every way to end the guest destroys it, and QEMU may be told -no-reboot.
bool allows_reboot(const model::Domain& domain);
/// True when a reboot of the guest must end it, though QEMU may reboot.
bool reboot_means_shutdown(const model::Domain& domain);
bool poweroff_means_restart(const model::Domain& domain);
/// What happens to a guest whose kernel crashed.
enum class CrashAction : uint8_t { destroy, restart, preserve };
CrashAction crash_action(const model::Domain& domain);
/// The balloon's size in bytes to set before the guest runs; nothing when it has all its memory or no balloon.
std::optional<uint64_t> balloon_at_start(const model::Domain& domain);
/// The balloon device in QEMU's object tree and how often it asks the guest.
struct BalloonPolling {
    std::string path;  ///< "/machine/peripheral/balloon0"
    int period = 0;    ///< seconds; 0 for not at all
};
/// Nothing without a balloon.
std::optional<BalloonPolling> balloon_polling(const model::Domain& domain);
void set_current_memory(model::Domain& domain, uint64_t kib);
/// Notes which user the guest runs as, as the label that libvirt's security driver "dac" gives; one that the
/// definition sets itself stays.
void set_security_label(model::Domain& domain, const GuestUser& user);
/// Takes such a label out again: another start gets its own.
void drop_security_label(model::Domain& domain);
/// Supplementary groups of the guests' user.
std::vector<uint32_t> guest_groups(const GuestUser& user);

/// Memory in KiB, as the definition says and the balloon last told.
uint64_t max_memory(const model::Domain& domain);
uint64_t current_memory(const model::Domain& domain);
/// vCPUs that are there and that could be there.
struct VcpuCounts {
    unsigned current = 1;
    unsigned maximum = 1;
};
void set_vcpu_counts(model::Domain& domain, VcpuCounts counts);
void set_maximum_memory(model::Domain& domain, uint64_t kib);
void set_balloon_period(model::Domain& domain, int seconds);
/// Where a vCPU, or `emulator_threads`, is pinned to; nothing where it is not.
constexpr int emulator_threads = -1;
std::optional<Bitmap> pinned_cpus(const model::Domain& domain, int vcpu);
void set_pinned_cpus(model::Domain& domain, int vcpu, const Bitmap& cpus);
std::vector<unsigned> iothread_ids(const model::Domain& domain);
VcpuCounts vcpu_counts(const model::Domain& domain);
std::string os_type_of(const model::Domain& domain);
/// The variable store of the firmware; empty without one.
std::string nvram_path(const model::Domain& domain);
/// The file that a new variable store is copied from; empty if the definition names none.
std::string nvram_template(const model::Domain& domain);
/// Throws xml_error and invalid_arg for what cannot be a name of a guest.
void require_name(const std::string& name);

/// Title, description or an element of metadata (virDomainMetadataType); nothing if it is not there.
std::optional<std::string> get_domain_metadata(const model::Domain& domain, uint32_t type, const std::string& uri);
/// Sets or, without a value, removes it. Throws invalid_arg and xml_detail for bad values.
void set_domain_metadata(model::Domain& domain, uint32_t type, const std::optional<std::string>& value,
                         const std::string& key, const std::string& uri);

/// Gives displays with autoport their port and claims the ports that others name. Throws internal_error when none is
/// left.
std::vector<PortRange::Port> take_ports(model::Domain& domain, PortRange& range);
/// Claims the ports of a guest that runs already.
std::vector<PortRange::Port> claim_ports(const model::Domain& domain, PortRange& range);

/// Empties drives whose image is missing and may be (startupPolicy='optional'). The others are what must be there.
std::vector<std::string> settle_images(model::Domain& domain);
/// Enters who the guest runs as, as the security driver "dac" shows it.
void set_dac_label(model::Domain& domain, const GuestUser& user);
/// Enters the addresses that displays listen on where the definition leaves them open.
void set_listen_addresses(model::Domain& domain, const std::string& vnc, const std::string& spice);

/// The files that a guest's user must own while it runs: images, kernel, initial RAM disk, host devices.
std::vector<OwnedFile> guest_files(const model::Domain& domain, bool images = true);
/// Gives each channel to the guest that has no path of its own one below `folder`. Returns the folders to make.
std::vector<std::string> set_channel_paths(model::Domain& domain, const std::string& folder);

/// A UNIX socket that QEMU is to listen on, opened by the driver: the device's alias and the path.
struct ListeningSocket {
    std::string alias;
    std::string path;
};
std::vector<ListeningSocket> listening_sockets(const model::Domain& domain);

/// Enters the ptys that QEMU made: alias → path.
void set_terminals(model::Domain& domain, const std::map<std::string, std::string>& ptys);
/// Enters whether the guest's end of a channel is open. True if `alias` is the guest agent's.
bool set_channel_state(model::Domain& domain, const std::string& alias, bool open);
/// The socket of the guest agent's channel; nothing if there is none.
std::optional<std::string> agent_socket(const model::Domain& domain);

/// A character device that a client may open.
struct Terminal {
    std::string path;
    bool is_socket = false;  ///< a UNIX socket that QEMU listens on; else a pty
};
/// The console that `device` names, or the first serial, parallel or console device if it is empty. Throws
/// operation_failed and invalid_arg with libvirt's words.
Terminal find_console(const model::Domain& domain, const std::string& device);
/// The channel that `name` names, or the first.
Terminal find_channel(const model::Domain& domain, const std::string& name);

/// A disk as statistics name it.
struct DiskName {
    std::string target;                   ///< "vda"
    std::string alias;                    ///< "virtio-disk0"
    std::string source;                   ///< path or URL; empty for an empty drive
    std::string node;                     ///< name of its block node
    bool is_file = false;                 ///< the source is a local file or block device
    uint32_t index = 0;                   ///< of its image, 0 where nothing runs
    std::vector<uint32_t> indexes_below;  ///< of the images below
};
std::vector<DiskName> disk_names(const model::Domain& domain);

/// The disk at a drive address, as the agent tells one; empty if there is none.
std::string find_disk_at(const model::Domain& domain, int64_t bus, int64_t target, int64_t unit);

/// A network interface as statistics name it.
struct InterfaceName {
    std::string device;  ///< "vnet0"; empty for user networking
    std::string mac;
    std::string alias;
    bool link_down = false;
    bool is_own_end = false;  ///< the device is the guest's end of the wire (macvtap), not the host's
};
std::vector<InterfaceName> interface_names(const model::Domain& domain);

/// A display's password, to be told to QEMU before the guest runs.
struct DisplayPassword {
    std::string protocol;  ///< "vnc" or "spice"
    std::string password;
    std::string valid_to;   ///< "2030-01-01T00:00:00" or empty
    std::string connected;  ///< "keep", "disconnect", "fail" or empty
};
std::vector<DisplayPassword> display_passwords(const model::Domain& domain);

/// "vnc" or "spice" for the display of that number. Throws internal_error with libvirt's words.
std::string display_protocol(const model::Domain& domain, unsigned index);

/// The device and head that show a screen; no device for the only one.
struct ScreenPlace {
    std::string device;
    int head = 0;
};
/// Throws invalid_arg "no such screen ID".
ScreenPlace find_screen(const model::Domain& domain, unsigned screen);

}  // namespace virtue::qemu
