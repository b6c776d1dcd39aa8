// table
// How many items each list of a message may have at most. The numbers are part of the protocol.
#pragma once
#include <cstdint>

namespace virtue::proc {

constexpr uint32_t auth_type_list_max = 20;
constexpr uint32_t auth_sasl_data_max = 65536;
constexpr uint32_t cpu_baseline_max = 256;
constexpr uint32_t connect_cpu_models_max = 8192;
constexpr uint32_t connect_identity_params_max = 20;
constexpr uint32_t node_max_cells = 1024;
constexpr uint32_t security_model_max = 257;
constexpr uint32_t security_doi_max = 257;
constexpr uint32_t node_cpu_stats_max = 16;
constexpr uint32_t node_memory_stats_max = 16;
constexpr uint32_t node_memory_parameters_max = 64;
constexpr uint32_t cpumap_max = 2048;
constexpr uint32_t node_sev_info_max = 64;
constexpr uint32_t domain_list_max = 16384;
constexpr uint32_t domain_save_params_max = 64;
constexpr uint32_t domain_send_key_max = 16;
constexpr uint32_t domain_announce_interface_params_max = 16;
constexpr uint32_t vcpuinfo_max = 16384;
constexpr uint32_t cpumaps_max = 8388608;
constexpr uint32_t iothread_info_max = 16384;
constexpr uint32_t domain_iothread_params_max = 64;
constexpr uint32_t domain_scheduler_parameters_max = 16;
constexpr uint32_t domain_memory_parameters_max = 16;
constexpr uint32_t domain_blkio_parameters_max = 16;
constexpr uint32_t domain_numa_parameters_max = 16;
constexpr uint32_t domain_interface_parameters_max = 16;
constexpr uint32_t domain_perf_events_max = 64;
constexpr uint32_t domain_memory_peek_buffer_max = 4194304;
constexpr uint32_t security_label_max = 4097;
constexpr uint32_t domain_memory_stats_max = 1024;
constexpr uint32_t domain_block_stats_parameters_max = 16;
constexpr uint32_t domain_get_cpu_stats_max = 2048;
constexpr uint32_t domain_disk_errors_max = 256;
constexpr uint32_t security_label_list_max = 64;
constexpr uint32_t domain_job_stats_max = 64;
constexpr uint32_t connect_get_all_domain_stats_max = 262144;
constexpr uint32_t domain_launch_security_info_params_max = 64;
constexpr uint32_t domain_messages_max = 2048;
constexpr uint32_t domain_launch_security_state_params_max = 64;
constexpr uint32_t domain_block_peek_buffer_max = 4194304;
constexpr uint32_t domain_block_io_tune_parameters_max = 32;
constexpr uint32_t domain_block_copy_parameters_max = 16;
constexpr uint32_t domain_fsfreeze_mountpoints_max = 256;
constexpr uint32_t domain_fsinfo_disks_max = 256;
constexpr uint32_t domain_fsinfo_max = 256;
constexpr uint32_t domain_ip_addr_max = 2048;
constexpr uint32_t domain_interface_max = 2048;
constexpr uint32_t domain_guest_vcpu_params_max = 64;
constexpr uint32_t domain_guest_info_params_max = 2048;
constexpr uint32_t domain_authorized_ssh_keys_max = 2048;
constexpr uint32_t migrate_cookie_max = 4194304;
constexpr uint32_t domain_migrate_param_list_max = 64;
constexpr uint32_t domain_snapshot_list_max = 16384;
constexpr uint32_t domain_checkpoint_list_max = 16384;
constexpr uint32_t domain_event_graphics_identity_max = 20;
constexpr uint32_t domain_event_tunable_max = 2048;
constexpr uint32_t network_list_max = 16384;
constexpr uint32_t network_dhcp_leases_max = 65536;
constexpr uint32_t network_port_list_max = 16384;
constexpr uint32_t network_port_parameters_max = 16;
constexpr uint32_t interface_list_max = 16384;
constexpr uint32_t storage_pool_list_max = 16384;
constexpr uint32_t storage_vol_list_max = 16384;
constexpr uint32_t node_device_list_max = 65536;
constexpr uint32_t node_device_caps_list_max = 65536;
constexpr uint32_t secret_list_max = 16384;
constexpr uint32_t secret_value_max = 65536;
constexpr uint32_t nwfilter_list_max = 16384;
constexpr uint32_t nwfilter_binding_list_max = 16384;
constexpr uint32_t admin_server_list_max = 16384;
constexpr uint32_t admin_server_threadpool_parameters_max = 32;
constexpr uint32_t admin_client_list_max = 16384;
constexpr uint32_t admin_client_info_parameters_max = 64;
constexpr uint32_t admin_server_client_limits_max = 32;

}  // namespace virtue::proc
