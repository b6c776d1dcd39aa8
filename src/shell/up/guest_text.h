// The definition of a guest that `virtue up` makes. Pure.
#pragma once
#include <optional>
#include <string>
#include <vector>

namespace virtue::shell {

/// A volume by its pool and name.
struct VolumeName {
    std::string pool;
    std::string name;
};

/// What the user asked for, and what was made for it.
struct GuestPlan {
    std::string name;
    std::string uuid;
    bool accelerated = false;  ///< by KVM
    std::string arch;
    std::string machine;  ///< empty: QEMU's default
    uint64_t memory_kib = 0;
    unsigned cpus = 1;
    std::string network;  ///< empty: the user's own network stack, without an address that others reach
    std::string mac;
    std::optional<VolumeName> disk;
    std::string disk_format = {};
    std::optional<VolumeName> seed;
    std::string kernel;  ///< paths on the daemon's machine
    std::string initrd;
    std::string command_line;
};

/// Namespace of the note in the metadata that says which volumes were made for the guest.
constexpr const char* up_namespace = "urn:virtue:up:1";

/// The domain's XML; `own` are the volumes that go when the guest goes.
std::string guest_text(const GuestPlan& plan, const std::vector<VolumeName>& own);
/// Those volumes, of a domain's XML.
std::vector<VolumeName> own_volumes(const std::string& xml);

}  // namespace virtue::shell
