// <domain>: a guest, whole. A plain value: the drivers own theirs, copies are independent.
#pragma once
#include "base/big_value.h"
#include "model/domain/audio.h"
#include "model/domain/chardev.h"
#include "model/domain/clock.h"
#include "model/domain/controller.h"
#include "model/domain/cpu.h"
#include "model/domain/disk.h"
#include "model/domain/features.h"
#include "model/domain/filesystem.h"
#include "model/domain/graphics.h"
#include "model/domain/hostdev.h"
#include "model/domain/interface.h"
#include "model/domain/os.h"
#include "model/domain/qemu_namespace.h"
#include "model/domain/security.h"
#include "model/domain/simple_devices.h"
#include "model/domain/tuning.h"
#include "model/domain/video.h"

namespace virtue::xml {
struct Grammar;
}

namespace virtue::model {

enum class DomainType : uint8_t {
    none,
    qemu,
    kqemu,
    kvm,
    xen,
    lxc,
    uml,
    openvz,
    test,
    vmware,
    hyperv,
    vbox,
    phyp,
    parallels,
    bhyve,
    vz,
    hvf,
};
VIRTUE_XML_NAMES(DomainType, "none", "qemu", "kqemu", "kvm", "xen", "lxc", "uml", "openvz", "test", "vmware", "hyperv",
                 "vbox", "phyp", "parallels", "bhyve", "vz", "hvf")

enum class LifecycleAction : uint8_t { destroy, restart, rename_restart, preserve, coredump_destroy, coredump_restart };
VIRTUE_XML_NAMES(LifecycleAction, "destroy", "restart", "rename-restart", "preserve", "coredump-destroy",
                 "coredump-restart")
enum class LockFailureAction : uint8_t { absent, poweroff, restart, pause, ignore };
VIRTUE_XML_NAMES(LockFailureAction, "", "poweroff", "restart", "pause", "ignore")

struct MaxMemory {
    uint32_t slots = 0;
    Kibibytes size;
    bool operator==(const MaxMemory&) const = default;
};
void map(xml::Mapper& m, MaxMemory& memory);

struct IdMapEntry {
    uint32_t start = 0, target = 0, count = 0;
    bool operator==(const IdMapEntry&) const = default;
};
void map(xml::Mapper& m, IdMapEntry& entry);

struct PerfEvent {
    std::string name;
    bool enabled = false;
    bool operator==(const PerfEvent&) const = default;
};
void map(xml::Mapper& m, PerfEvent& event);

struct Domain {
    VIRTUE_BIG_VALUE(Domain);
    static constexpr const char* element = "domain";
    static constexpr ErrorDomain error_domain = ErrorDomain::domain;
    /// What wrong values are answered where it is not the usual error (refusals.cc).
    static const xml::Refusal* refusal_at(std::string_view place);

    DomainType type = DomainType::none;
    int id = -1;  ///< -1: not running
    std::string name;
    std::optional<Uuid> uuid;
    std::optional<Uuid> genid;
    bool genid_wanted = false;  ///< <genid/>: a fresh one
    std::string title;
    std::string description;
    xml::RawXml metadata;

    std::optional<MaxMemory> max_memory;
    Kibibytes memory;
    xml::Switch dump_core = xml::Switch::absent;
    std::optional<Kibibytes> current_memory;  ///< nothing: as much as `memory`
    BlkioTune blkiotune;
    MemTune memtune;
    MemoryBacking memory_backing;
    Vcpus vcpus;
    uint32_t iothreads = 0;
    std::vector<IoThread> iothread_ids;
    std::optional<int> default_iothread_min, default_iothread_max;
    CpuTune cputune;
    NumaTune numatune;
    std::string partition;
    std::string fibre_channel_app_id;
    std::vector<Sysinfo> sysinfo;
    Os os;
    std::vector<IdMapEntry> uid_map, gid_map;
    Features features;
    std::optional<Cpu> cpu;
    Clock clock;
    LifecycleAction on_poweroff = LifecycleAction::destroy;
    LifecycleAction on_reboot = LifecycleAction::restart;
    LifecycleAction on_crash = LifecycleAction::destroy;
    LockFailureAction on_lockfailure = LockFailureAction::absent;
    xml::YesNo suspend_to_mem = xml::YesNo::absent;
    xml::YesNo suspend_to_disk = xml::YesNo::absent;
    std::vector<PerfEvent> perf;

    std::string emulator;
    std::vector<Disk> disks;
    std::vector<Controller> controllers;
    std::vector<Lease> leases;
    std::vector<Filesystem> filesystems;
    std::vector<Interface> interfaces;
    std::vector<Smartcard> smartcards;
    std::vector<Serial> serials;
    std::vector<Parallel> parallels;
    std::vector<Console> consoles;
    std::vector<Channel> channels;
    std::vector<Input> inputs;
    std::vector<Tpm> tpms;
    std::vector<Graphics> graphics;
    std::vector<Sound> sounds;
    std::vector<Audio> audios;
    std::vector<Video> videos;
    std::vector<Hostdev> hostdevs;
    std::vector<RedirectedDevice> redirdevs;
    std::optional<RedirectFilter> redirfilter;
    std::vector<Hub> hubs;
    std::vector<Watchdog> watchdogs;
    std::optional<Memballoon> memballoon;
    std::vector<Rng> rngs;
    std::optional<Nvram> nvram;
    std::vector<Panic> panics;
    std::vector<Shmem> shmems;
    std::vector<MemoryDevice> memory_devices;
    std::vector<Crypto> cryptos;
    std::optional<Iommu> iommu;
    std::optional<Vsock> vsock;

    std::vector<SecurityLabel> security_labels;
    std::vector<KeywrapCipher> keywrap;
    std::optional<LaunchSecurity> launch_security;
    QemuNamespace qemu;

    bool operator==(const Domain&) const = default;

    bool is_kvm() const { return type == DomainType::kvm; }
    Kibibytes current() const { return current_memory.value_or(memory); }
};

/// All that a definition may hold.
xml::Grammar domain_grammar();

/// Reads what the document says, and fills in what holds for every driver; complete() does the driver's part.
void map(xml::Mapper& m, Domain& domain);

/// Calls `visit(DeviceInfo&)` for each device that has an address, in libvirt's order.
template <typename D, typename Visit>
void each_info(D& domain, Visit visit) {
    const auto all = [&](auto& list) {
        for (auto& device : list) visit(device.info);
    };
    const auto one = [&](auto& device) {
        if (device) visit(device->info);
    };
    all(domain.disks);
    all(domain.interfaces);
    all(domain.sounds);
    all(domain.hostdevs);
    all(domain.videos);
    all(domain.controllers);
    all(domain.smartcards);
    all(domain.serials);
    all(domain.parallels);
    all(domain.channels);
    all(domain.consoles);
    all(domain.inputs);
    all(domain.filesystems);
    all(domain.redirdevs);
    all(domain.watchdogs);
    one(domain.memballoon);
    all(domain.rngs);
    one(domain.nvram);
    all(domain.hubs);
    all(domain.shmems);
    all(domain.tpms);
    all(domain.panics);
    all(domain.memory_devices);
    all(domain.cryptos);
    one(domain.vsock);
    one(domain.iommu);
}

}  // namespace virtue::model
