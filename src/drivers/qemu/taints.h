// What takes a guest's run out of what can be supported: raw arguments, raw commands, obsolete machines. Noted in the
// run, its status file and its log, and told by virDomainGetMessages. Loop thread only.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace virtue::model {
struct Domain;
}

namespace virtue::qemu {

struct QemuCapabilities;

/// In libvirt's order, which is that of the messages.
enum class Taint : uint8_t {
    custom_argv,
    custom_monitor,
    high_privileges,
    shell_scripts,
    disk_probing,
    external_launch,
    host_cpu,
    hook,
    cdrom_passthrough,
    custom_dtb,
    custom_ga_command,
    custom_hypervisor_feature,
    deprecated_config,
    custom_device,
};
constexpr size_t taint_count = 14;

/// "custom-argv": the name in logs and status files.
std::string_view taint_name(Taint taint);
std::optional<Taint> find_taint(std::string_view name);
/// "custom configuration parameters specified"
std::string_view taint_sentence(Taint taint);

/// Which of them a run has.
class Taints {
public:
    /// True if it was not there.
    bool add(Taint taint) {
        const uint32_t bit = 1U << static_cast<unsigned>(taint);
        const bool fresh = (bits_ & bit) == 0;
        bits_ |= bit;
        return fresh;
    }
    bool has(Taint taint) const { return (bits_ >> static_cast<unsigned>(taint) & 1U) != 0; }
    std::vector<Taint> list() const;

private:
    uint32_t bits_ = 0;
};

/// What a definition brings along. `as_root` tells that QEMU runs with all privileges.
Taints taints_of(const model::Domain& domain, const QemuCapabilities& capabilities, bool as_root);

/// Names what the definition uses and QEMU will drop: "machine type 'pc-i440fx-1.7'".
std::vector<std::string> deprecations_of(const model::Domain& domain, const QemuCapabilities& capabilities);

/// "Domain id=3 is tainted: custom-argv", a line of the guest's log.
std::string taint_note(int id, Taint taint);

}  // namespace virtue::qemu
