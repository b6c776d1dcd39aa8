// table
// What a caller must be allowed to do before a procedure runs: the permissions of libvirt's access control, each with
// the condition under which it is asked for. Constant data; usable from any thread.
#pragma once
#include <array>
#include <concepts>
#include <cstdint>
#include <span>
#include <string_view>

namespace virtue::proc {

/// Flag bits that access depends on, under the names of the public headers.
namespace flag {
constexpr uint32_t affect_live = 1;    ///< VIR_DOMAIN_AFFECT_LIVE, VIR_NETWORK_UPDATE_AFFECT_LIVE
constexpr uint32_t affect_config = 2;  ///< VIR_DOMAIN_AFFECT_CONFIG, VIR_NETWORK_UPDATE_AFFECT_CONFIG
constexpr uint32_t domain_xml_secure = 1;
constexpr uint32_t domain_xml_migratable = 8;
constexpr uint32_t domain_reboot_guest_agent = 2;
constexpr uint32_t domain_shutdown_guest_agent = 2;
constexpr uint32_t domain_vcpu_guest = 8;
constexpr uint32_t snapshot_create_quiesce = 64;
constexpr uint32_t snapshot_xml_secure = 1;
constexpr uint32_t save_image_xml_secure = 1;
constexpr uint32_t checkpoint_create_quiesce = 2;
constexpr uint32_t checkpoint_xml_secure = 1;
constexpr uint32_t interface_addresses_agent = 1;  ///< a value of `source`, not a bit
constexpr uint32_t sparse_stream = 1;              ///< VIR_STORAGE_VOL_UPLOAD_SPARSE_STREAM and ..._DOWNLOAD_...
}  // namespace flag

/// An object and what is done to it: libvirt's "domain:write" is domain_write.
enum class Permission : uint8_t {
    none,
    connect_detect_storage_pools,
    connect_getattr,
    connect_interface_transaction,
    connect_pm_control,
    connect_read,
    connect_search_domains,
    connect_search_interfaces,
    connect_search_networks,
    connect_search_node_devices,
    connect_search_nwfilter_bindings,
    connect_search_nwfilters,
    connect_search_secrets,
    connect_search_storage_pools,
    connect_write,
    domain_block_read,
    domain_block_write,
    domain_checkpoint,
    domain_core_dump,
    domain_delete,
    domain_fs_freeze,
    domain_fs_trim,
    domain_getattr,
    domain_hibernate,
    domain_init_control,
    domain_inject_nmi,
    domain_mem_read,
    domain_migrate,
    domain_open_device,
    domain_open_graphics,
    domain_open_namespace,
    domain_pm_control,
    domain_read,
    domain_read_secure,
    domain_reset,
    domain_save,
    domain_screenshot,
    domain_send_input,
    domain_send_signal,
    domain_set_password,
    domain_set_time,
    domain_snapshot,
    domain_start,
    domain_stop,
    domain_suspend,
    domain_write,
    interface_delete,
    interface_getattr,
    interface_read,
    interface_save,
    interface_start,
    interface_stop,
    interface_write,
    network_delete,
    network_getattr,
    network_read,
    network_save,
    network_search_ports,
    network_start,
    network_stop,
    network_write,
    network_port_create,
    network_port_delete,
    network_port_getattr,
    network_port_read,
    network_port_write,
    node_device_delete,
    node_device_detach,
    node_device_getattr,
    node_device_read,
    node_device_start,
    node_device_stop,
    node_device_write,
    nwfilter_delete,
    nwfilter_getattr,
    nwfilter_read,
    nwfilter_save,
    nwfilter_write,
    nwfilter_binding_create,
    nwfilter_binding_delete,
    nwfilter_binding_getattr,
    nwfilter_binding_read,
    secret_delete,
    secret_getattr,
    secret_read,
    secret_read_secure,
    secret_save,
    secret_write,
    storage_pool_delete,
    storage_pool_format,
    storage_pool_getattr,
    storage_pool_read,
    storage_pool_refresh,
    storage_pool_save,
    storage_pool_search_storage_vols,
    storage_pool_start,
    storage_pool_stop,
    storage_pool_write,
    storage_vol_create,
    storage_vol_data_read,
    storage_vol_data_write,
    storage_vol_delete,
    storage_vol_format,
    storage_vol_getattr,
    storage_vol_read,
    storage_vol_resize,
};

/// "domain.write", as polkit's action org.libvirt.api.domain.write ends; dashes instead of underscores.
std::string_view permission_name(Permission permission);

/// The arguments that a condition looks at; 0 where a procedure has no such argument.
struct ConditionInput {
    uint64_t flags = 0;
    uint32_t source = 0;
};

/// When a rule applies.
struct Condition {
    enum class Kind : uint8_t { always, never, all_of, any_of, none_of, source_is };
    Kind kind = Kind::always;
    uint32_t value = 0;

    static constexpr Condition never() { return {Kind::never, 0}; }
    static constexpr Condition all_of(uint32_t flags) { return {Kind::all_of, flags}; }
    static constexpr Condition any_of(uint32_t flags) { return {Kind::any_of, flags}; }
    static constexpr Condition none_of(uint32_t flags) { return {Kind::none_of, flags}; }
    static constexpr Condition source_is(uint32_t source) { return {Kind::source_is, source}; }

    constexpr bool holds(const ConditionInput& in) const {
        switch (kind) {
            case Kind::always:
                return true;
            case Kind::never:
                return false;
            case Kind::all_of:
                return (in.flags & value) == value;
            case Kind::any_of:
                return (in.flags & value) != 0;
            case Kind::none_of:
                return (in.flags & value) == 0;
            case Kind::source_is:
                return in.source == value;
        }
        return true;
    }
};

/// One permission that is asked for when the condition holds.
struct AccessRule {
    Permission permission = Permission::none;
    Condition when;

    constexpr AccessRule() = default;
    constexpr AccessRule(Permission what, Condition condition = {}) : permission(what), when(condition) {}
};

/// All rules of a procedure: every one that applies must be granted.
struct Access {
    std::array<AccessRule, 4> rules;
    uint8_t count = 0;

    constexpr Access() = default;
    template <std::convertible_to<AccessRule>... R>
    constexpr explicit Access(R... given) : rules{AccessRule(given)...}, count(sizeof...(R)) {}

    constexpr std::span<const AccessRule> view() const { return std::span(rules).first(count); }
};

/// Changing a domain; changing its definition too needs `save` (which is also meant by "current" flags).
constexpr Access domain_write_and_save{
    Permission::domain_write,
    AccessRule{Permission::domain_save, Condition::none_of(flag::affect_config | flag::affect_live)},
    AccessRule{Permission::domain_save, Condition::all_of(flag::affect_config)}};
/// The same for a network.
constexpr Access network_write_and_save{
    Permission::network_write,
    AccessRule{Permission::network_save, Condition::none_of(flag::affect_config | flag::affect_live)},
    AccessRule{Permission::network_save, Condition::all_of(flag::affect_config)}};

}  // namespace virtue::proc
