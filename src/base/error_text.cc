// table
// The sentence that libvirt puts before the detail of each error; clients match on some of these.
#include "base/error_text.h"

namespace virtue {

ErrorText error_text(ErrorCode code) {
    switch (code) {
        case ErrorCode::internal_error:
            return {"internal error", "internal error: %s"};
        case ErrorCode::no_memory:
            return {"out of memory", "out of memory: %s"};
        case ErrorCode::no_support:
            return {"this function is not supported by the connection driver",
                    "this function is not supported by the connection driver: %s"};
        case ErrorCode::unknown_host:
            return {"unknown host", "unknown host %s"};
        case ErrorCode::no_connect:
            return {"no connection driver available", "no connection driver available for %s"};
        case ErrorCode::invalid_conn:
            return {"invalid connection pointer in", "invalid connection pointer in %s"};
        case ErrorCode::invalid_domain:
            return {"invalid domain pointer in", "invalid domain pointer in %s"};
        case ErrorCode::invalid_arg:
            return {"invalid argument", "invalid argument: %s"};
        case ErrorCode::operation_failed:
            return {"operation failed", "operation failed: %s"};
        case ErrorCode::get_failed:
            return {"GET operation failed", "GET operation failed: %s"};
        case ErrorCode::post_failed:
            return {"POST operation failed", "POST operation failed: %s"};
        case ErrorCode::http_error:
            return {"got unknown HTTP error code", "got unknown HTTP error code %s"};
        case ErrorCode::sexpr_serial:
            return {"failed to serialize S-Expr", "failed to serialize S-Expr: %s"};
        case ErrorCode::no_xen:
            return {"could not use Xen hypervisor entry", "could not use Xen hypervisor entry %s"};
        case ErrorCode::xen_call:
            return {"failed Xen syscall", "failed Xen syscall %s"};
        case ErrorCode::os_type:
            return {"unknown OS type", "unknown OS type %s"};
        case ErrorCode::no_kernel:
            return {"missing kernel information", "missing kernel information: %s"};
        case ErrorCode::no_root:
            return {"missing root device information", "missing root device information in %s"};
        case ErrorCode::no_source:
            return {"missing source information for device", "missing source information for device %s"};
        case ErrorCode::no_target:
            return {"missing target information for device", "missing target information for device %s"};
        case ErrorCode::no_name:
            return {"missing name information", "missing name information in %s"};
        case ErrorCode::no_os:
            return {"missing operating system information", "missing operating system information for %s"};
        case ErrorCode::no_device:
            return {"missing devices information", "missing devices information for %s"};
        case ErrorCode::no_xenstore:
            return {"could not connect to Xen Store", "could not connect to Xen Store %s"};
        case ErrorCode::driver_full:
            return {"too many drivers registered", "too many drivers registered in %s"};
        case ErrorCode::call_failed:
            return {"library call failed", "library call failed: %s"};
        case ErrorCode::xml_error:
            return {"XML description is invalid or not well formed", "XML error: %s"};
        case ErrorCode::dom_exist:
            return {"this domain exists already", "domain %s exists already"};
        case ErrorCode::operation_denied:
            return {"operation forbidden for read only access", "operation forbidden: %s"};
        case ErrorCode::open_failed:
            return {"failed to open configuration file", "failed to open configuration file %s"};
        case ErrorCode::read_failed:
            return {"failed to read configuration file", "failed to read configuration file %s"};
        case ErrorCode::parse_failed:
            return {"failed to parse configuration file", "failed to parse configuration file %s"};
        case ErrorCode::conf_syntax:
            return {"configuration file syntax error", "configuration file syntax error: %s"};
        case ErrorCode::write_failed:
            return {"failed to write configuration file", "failed to write configuration file: %s"};
        case ErrorCode::xml_detail:
            return {"parser error", "%s"};
        case ErrorCode::invalid_network:
            return {"invalid network pointer in", "invalid network pointer in %s"};
        case ErrorCode::network_exist:
            return {"this network exists already", "network %s exists already"};
        case ErrorCode::system_error:
            return {"system call error", "%s"};
        case ErrorCode::rpc:
            return {"RPC error", "%s"};
        case ErrorCode::gnutls_error:
            return {"GNUTLS call error", "%s"};
        case ErrorCode::no_domain:
            return {"Domain not found", "Domain not found: %s"};
        case ErrorCode::no_network:
            return {"Network not found", "Network not found: %s"};
        case ErrorCode::invalid_mac:
            return {"invalid MAC address", "invalid MAC address: %s"};
        case ErrorCode::auth_failed:
            return {"authentication failed", "authentication failed: %s"};
        case ErrorCode::invalid_storage_pool:
            return {"invalid storage pool pointer in", "invalid storage pool pointer in %s"};
        case ErrorCode::invalid_storage_vol:
            return {"invalid storage volume pointer in", "invalid storage volume pointer in %s"};
        case ErrorCode::no_storage_pool:
            return {"Storage pool not found", "Storage pool not found: %s"};
        case ErrorCode::no_storage_vol:
            return {"Storage volume not found", "Storage volume not found: %s"};
        case ErrorCode::invalid_node_device:
            return {"invalid node device pointer", "invalid node device pointer in %s"};
        case ErrorCode::no_node_device:
            return {"Node device not found", "Node device not found: %s"};
        case ErrorCode::no_security_model:
            return {"Security model not found", "Security model not found: %s"};
        case ErrorCode::operation_invalid:
            return {"Requested operation is not valid", "Requested operation is not valid: %s"};
        case ErrorCode::no_interface:
            return {"Interface not found", "Interface not found: %s"};
        case ErrorCode::invalid_interface:
            return {"invalid interface pointer in", "invalid interface pointer in %s"};
        case ErrorCode::multiple_interfaces:
            return {"multiple matching interfaces found", "multiple matching interfaces found: %s"};
        case ErrorCode::invalid_nwfilter:
            return {"Invalid network filter", "Invalid network filter: %s"};
        case ErrorCode::no_nwfilter:
            return {"Network filter not found", "Network filter not found: %s"};
        case ErrorCode::build_firewall:
            return {"Error while building firewall", "Error while building firewall: %s"};
        case ErrorCode::invalid_secret:
            return {"Invalid secret", "Invalid secret: %s"};
        case ErrorCode::no_secret:
            return {"Secret not found", "Secret not found: %s"};
        case ErrorCode::config_unsupported:
            return {"unsupported configuration", "unsupported configuration: %s"};
        case ErrorCode::operation_timeout:
            return {"Timed out during operation", "Timed out during operation: %s"};
        case ErrorCode::migrate_persist_failed:
            return {"Failed to make domain persistent after migration",
                    "Failed to make domain persistent after migration: %s"};
        case ErrorCode::hook_script_failed:
            return {"Hook script execution failed", "Hook script execution failed: %s"};
        case ErrorCode::invalid_domain_snapshot:
            return {"Invalid domain snapshot", "Invalid domain snapshot: %s"};
        case ErrorCode::no_domain_snapshot:
            return {"Domain snapshot not found", "Domain snapshot not found: %s"};
        case ErrorCode::invalid_stream:
            return {"invalid stream pointer", "invalid stream pointer in %s"};
        case ErrorCode::argument_unsupported:
            return {"argument unsupported", "argument unsupported: %s"};
        case ErrorCode::storage_probe_failed:
            return {"Storage pool probe failed", "Storage pool probe failed: %s"};
        case ErrorCode::storage_pool_built:
            return {"Storage pool already built", "Storage pool already built: %s"};
        case ErrorCode::snapshot_revert_risky:
            return {"revert requires force", "revert requires force: %s"};
        case ErrorCode::operation_aborted:
            return {"operation aborted", "operation aborted: %s"};
        case ErrorCode::auth_cancelled:
            return {"authentication cancelled", "authentication cancelled: %s"};
        case ErrorCode::no_domain_metadata:
            return {"metadata not found", "metadata not found: %s"};
        case ErrorCode::migrate_unsafe:
            return {"Unsafe migration", "Unsafe migration: %s"};
        case ErrorCode::overflow:
            return {"numerical overflow", "numerical overflow: %s"};
        case ErrorCode::block_copy_active:
            return {"block copy still active", "block copy still active: %s"};
        case ErrorCode::operation_unsupported:
            return {"Operation not supported", "Operation not supported: %s"};
        case ErrorCode::ssh:
            return {"SSH transport error", "SSH transport error: %s"};
        case ErrorCode::agent_unresponsive:
            return {"Guest agent is not responding", "Guest agent is not responding: %s"};
        case ErrorCode::resource_busy:
            return {"resource busy", "resource busy: %s"};
        case ErrorCode::access_denied:
            return {"access denied", "access denied: %s"};
        case ErrorCode::dbus_service:
            return {"error from service", "error from service: %s"};
        case ErrorCode::storage_vol_exist:
            return {"this storage volume exists already", "storage volume %s exists already"};
        case ErrorCode::cpu_incompatible:
            return {"the CPU is incompatible with host CPU", "the CPU is incompatible with host CPU: %s"};
        case ErrorCode::xml_invalid_schema:
            return {"XML document failed to validate against schema",
                    "XML document failed to validate against schema: %s"};
        case ErrorCode::migrate_finish_ok:
            return {"migration successfully aborted", "migration successfully aborted: %s"};
        case ErrorCode::auth_unavailable:
            return {"authentication unavailable", "authentication unavailable: %s"};
        case ErrorCode::no_server:
            return {"Server not found", "Server not found: %s"};
        case ErrorCode::no_client:
            return {"Client not found", "Client not found: %s"};
        case ErrorCode::agent_unsynced:
            return {"guest agent replied with wrong id to guest-sync command",
                    "guest agent replied with wrong id to guest-sync command: %s"};
        case ErrorCode::libssh:
            return {"libssh transport error", "libssh transport error: %s"};
        case ErrorCode::device_missing:
            return {"device not found", "device not found: %s"};
        case ErrorCode::invalid_nwfilter_binding:
            return {"Invalid network filter binding", "Invalid network filter binding: %s"};
        case ErrorCode::no_nwfilter_binding:
            return {"Network filter binding not found", "Network filter binding not found: %s"};
        case ErrorCode::invalid_domain_checkpoint:
            return {"Invalid domain checkpoint", "Invalid domain checkpoint: %s"};
        case ErrorCode::no_domain_checkpoint:
            return {"Domain checkpoint not found", "Domain checkpoint not found: %s"};
        case ErrorCode::no_domain_backup:
            return {"Domain backup job id not found", "Domain backup job id not found: %s"};
        case ErrorCode::invalid_network_port:
            return {"Invalid network port pointer", "Invalid network port pointer: %s"};
        case ErrorCode::network_port_exist:
            return {"this network port exists already", "network port %s exists already"};
        case ErrorCode::no_network_port:
            return {"network port not found", "network port not found: %s"};
        case ErrorCode::no_hostname:
            return {"no hostname found", "no hostname found: %s"};
        case ErrorCode::checkpoint_inconsistent:
            return {"checkpoint inconsistent", "checkpoint inconsistent: %s"};
        case ErrorCode::multiple_domains:
            return {"multiple matching domains found", "multiple matching domains found: %s"};
        case ErrorCode::ok:
            break;
    }
    return {"unknown error", "unknown error: %s"};
}

}  // namespace virtue
