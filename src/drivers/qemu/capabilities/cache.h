// The capabilities of all QEMU binaries of this host: probed once, kept in memory and on disk, and probed again when
// the binary, the state of KVM or our own format changes. One per QEMU driver; loop thread only.
#pragma once
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "drivers/qemu/capabilities/capabilities.h"
#include "drivers/qemu/capabilities/kvm_probe.h"
#include "io/condition.h"
#include "io/loop.h"

namespace virtue::qemu {

/// Keeps capabilities.
class CapabilitiesCache {
public:
    struct Options {
        std::string folder;           ///< for the files; empty keeps nothing on disk
        std::string search_path;      ///< where emulators lie, colon-separated as PATH
        std::optional<uint32_t> uid;  ///< probes run as this user
        std::optional<uint32_t> gid;
        io::Milliseconds probe_time{30000};  ///< the longest one probe may take
    };
    CapabilitiesCache(io::Loop& loop, Options options);
    ~CapabilitiesCache();
    CapabilitiesCache(const CapabilitiesCache&) = delete;
    CapabilitiesCache& operator=(const CapabilitiesCache&) = delete;

    /// The capabilities of `binary`; probes when they are not known or stale. Callers that ask meanwhile share the
    /// probe. Throws invalid_arg-like errors of libvirt when the binary does not exist ("Cannot check QEMU binary …"),
    /// internal_error when it cannot be probed, operation_timeout.
    Task<CapabilitiesRef> get(std::string binary, io::Deadline deadline);
    /// What is known without waiting: nothing, or a result whose binary has not changed.
    CapabilitiesRef find(const std::string& binary) const;
    /// The emulator that libvirt takes for a guest architecture ("/usr/bin/qemu-system-x86_64"); empty if none. Looked
    /// for once a second at most.
    std::string default_emulator(const std::string& arch) const;
    /// Every architecture libvirt knows, with the emulator of those that have one, in libvirt's order.
    std::vector<std::pair<std::string, std::string>> emulators() const;
    /// Lets go of what was looked up in the last moments and is not in use, but for `kept`: it is read again from its
    /// file when somebody asks for it.
    void forget_unused(const std::string& kept);
    /// For files of whoever digests capabilities; empty where nothing is kept on disk.
    const std::string& folder() const { return options_.folder; }
    /// Whether KVM works, timed once per daemon (100 ms at most).
    Task<KvmState> kvm(io::Deadline deadline);

private:
    std::string find_emulator(const std::string& arch) const;

    struct Entry;
    Task<CapabilitiesRef> load_or_probe(std::string binary, std::string identity, io::Deadline deadline);

    struct Place {
        std::string path;
        io::TimePoint looked{};
    };

    io::Loop& loop_;
    Options options_;
    mutable std::map<std::string, Place, std::less<>> places_;  // of default_emulator(), for a moment
    std::map<std::string, std::unique_ptr<Entry>> entries_;
    std::shared_ptr<io::Completion<bool>> kvm_probing_;
    std::optional<KvmState> kvm_;
};

/// What tells one build of a binary from another: path, device, inode, size, times. Throws system_error.
std::string binary_identity(const std::string& path);

}  // namespace virtue::qemu
