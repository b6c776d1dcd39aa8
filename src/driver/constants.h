// table
// The numbers of libvirt's public API: flags, states, reasons, event ids and details, under their own names in lower
// case without the VIR_ in front (VIR_DOMAIN_START_PAUSED is api::domain_start_paused). Values as in libvirt 9.0.0.
#pragma once
#include <cstdint>

namespace virtue::api {

// virBlkioParameterType
constexpr uint32_t domain_blkio_param_int = 1;
constexpr uint32_t domain_blkio_param_uint = 2;
constexpr uint32_t domain_blkio_param_llong = 3;
constexpr uint32_t domain_blkio_param_ullong = 4;
constexpr uint32_t domain_blkio_param_double = 5;
constexpr uint32_t domain_blkio_param_boolean = 6;

// virCPUCompareResult
constexpr int32_t cpu_compare_error = -1;
constexpr uint32_t cpu_compare_incompatible = 0;
constexpr uint32_t cpu_compare_identical = 1;
constexpr uint32_t cpu_compare_superset = 2;
constexpr uint32_t cpu_compare_last = 3;

// virConnectBaselineCPUFlags
constexpr uint32_t connect_baseline_cpu_expand_features = 1;
constexpr uint32_t connect_baseline_cpu_migratable = 2;

// virConnectCloseReason
constexpr uint32_t connect_close_reason_error = 0;
constexpr uint32_t connect_close_reason_eof = 1;
constexpr uint32_t connect_close_reason_keepalive = 2;
constexpr uint32_t connect_close_reason_client = 3;
constexpr uint32_t connect_close_reason_last = 4;

// virConnectCompareCPUFlags
constexpr uint32_t connect_compare_cpu_fail_incompatible = 1;
constexpr uint32_t connect_compare_cpu_validate_xml = 2;

// virConnectCredentialType
constexpr uint32_t cred_username = 1;
constexpr uint32_t cred_authname = 2;
constexpr uint32_t cred_language = 3;
constexpr uint32_t cred_cnonce = 4;
constexpr uint32_t cred_passphrase = 5;
constexpr uint32_t cred_echoprompt = 6;
constexpr uint32_t cred_noechoprompt = 7;
constexpr uint32_t cred_realm = 8;
constexpr uint32_t cred_external = 9;
constexpr uint32_t cred_last = 10;

// virConnectDomainEventAgentLifecycleReason
constexpr uint32_t connect_domain_event_agent_lifecycle_reason_unknown = 0;
constexpr uint32_t connect_domain_event_agent_lifecycle_reason_domain_started = 1;
constexpr uint32_t connect_domain_event_agent_lifecycle_reason_channel = 2;
constexpr uint32_t connect_domain_event_agent_lifecycle_reason_last = 3;

// virConnectDomainEventAgentLifecycleState
constexpr uint32_t connect_domain_event_agent_lifecycle_state_connected = 1;
constexpr uint32_t connect_domain_event_agent_lifecycle_state_disconnected = 2;
constexpr uint32_t connect_domain_event_agent_lifecycle_state_last = 3;

// virConnectDomainEventBlockJobStatus
constexpr uint32_t domain_block_job_completed = 0;
constexpr uint32_t domain_block_job_failed = 1;
constexpr uint32_t domain_block_job_canceled = 2;
constexpr uint32_t domain_block_job_ready = 3;
constexpr uint32_t domain_block_job_last = 4;

// virConnectDomainEventDiskChangeReason
constexpr uint32_t domain_event_disk_change_missing_on_start = 0;
constexpr uint32_t domain_event_disk_drop_missing_on_start = 1;
constexpr uint32_t domain_event_disk_change_last = 2;

// virConnectDomainQemuMonitorEventRegisterFlags
constexpr uint32_t connect_domain_qemu_monitor_event_register_regex = 1;
constexpr uint32_t connect_domain_qemu_monitor_event_register_nocase = 2;

// virConnectFlags
constexpr uint32_t connect_ro = 1;
constexpr uint32_t connect_no_aliases = 2;

// virConnectGetAllDomainStatsFlags
constexpr uint32_t connect_get_all_domains_stats_active = 1;
constexpr uint32_t connect_get_all_domains_stats_inactive = 2;
constexpr uint32_t connect_get_all_domains_stats_persistent = 4;
constexpr uint32_t connect_get_all_domains_stats_transient = 8;
constexpr uint32_t connect_get_all_domains_stats_running = 16;
constexpr uint32_t connect_get_all_domains_stats_paused = 32;
constexpr uint32_t connect_get_all_domains_stats_shutoff = 64;
constexpr uint32_t connect_get_all_domains_stats_other = 128;
constexpr uint32_t connect_get_all_domains_stats_nowait = 536870912;
constexpr uint32_t connect_get_all_domains_stats_backing = 1073741824;
constexpr uint32_t connect_get_all_domains_stats_enforce_stats = 2147483648u;

// virConnectListAllDomainsFlags
constexpr uint32_t connect_list_domains_active = 1;
constexpr uint32_t connect_list_domains_inactive = 2;
constexpr uint32_t connect_list_domains_persistent = 4;
constexpr uint32_t connect_list_domains_transient = 8;
constexpr uint32_t connect_list_domains_running = 16;
constexpr uint32_t connect_list_domains_paused = 32;
constexpr uint32_t connect_list_domains_shutoff = 64;
constexpr uint32_t connect_list_domains_other = 128;
constexpr uint32_t connect_list_domains_managedsave = 256;
constexpr uint32_t connect_list_domains_no_managedsave = 512;
constexpr uint32_t connect_list_domains_autostart = 1024;
constexpr uint32_t connect_list_domains_no_autostart = 2048;
constexpr uint32_t connect_list_domains_has_snapshot = 4096;
constexpr uint32_t connect_list_domains_no_snapshot = 8192;
constexpr uint32_t connect_list_domains_has_checkpoint = 16384;
constexpr uint32_t connect_list_domains_no_checkpoint = 32768;

// virConnectListAllInterfacesFlags
constexpr uint32_t connect_list_interfaces_inactive = 1;
constexpr uint32_t connect_list_interfaces_active = 2;

// virConnectListAllNetworksFlags
constexpr uint32_t connect_list_networks_inactive = 1;
constexpr uint32_t connect_list_networks_active = 2;
constexpr uint32_t connect_list_networks_persistent = 4;
constexpr uint32_t connect_list_networks_transient = 8;
constexpr uint32_t connect_list_networks_autostart = 16;
constexpr uint32_t connect_list_networks_no_autostart = 32;

// virConnectListAllNodeDeviceFlags
constexpr uint32_t connect_list_node_devices_cap_system = 1;
constexpr uint32_t connect_list_node_devices_cap_pci_dev = 2;
constexpr uint32_t connect_list_node_devices_cap_usb_dev = 4;
constexpr uint32_t connect_list_node_devices_cap_usb_interface = 8;
constexpr uint32_t connect_list_node_devices_cap_net = 16;
constexpr uint32_t connect_list_node_devices_cap_scsi_host = 32;
constexpr uint32_t connect_list_node_devices_cap_scsi_target = 64;
constexpr uint32_t connect_list_node_devices_cap_scsi = 128;
constexpr uint32_t connect_list_node_devices_cap_storage = 256;
constexpr uint32_t connect_list_node_devices_cap_fc_host = 512;
constexpr uint32_t connect_list_node_devices_cap_vports = 1024;
constexpr uint32_t connect_list_node_devices_cap_scsi_generic = 2048;
constexpr uint32_t connect_list_node_devices_cap_drm = 4096;
constexpr uint32_t connect_list_node_devices_cap_mdev_types = 8192;
constexpr uint32_t connect_list_node_devices_cap_mdev = 16384;
constexpr uint32_t connect_list_node_devices_cap_ccw_dev = 32768;
constexpr uint32_t connect_list_node_devices_cap_css_dev = 65536;
constexpr uint32_t connect_list_node_devices_cap_vdpa = 131072;
constexpr uint32_t connect_list_node_devices_cap_ap_card = 262144;
constexpr uint32_t connect_list_node_devices_cap_ap_queue = 524288;
constexpr uint32_t connect_list_node_devices_cap_ap_matrix = 1048576;
constexpr uint32_t connect_list_node_devices_cap_vpd = 2097152;
constexpr uint32_t connect_list_node_devices_inactive = 1073741824;
constexpr uint32_t connect_list_node_devices_active = 2147483648u;

// virConnectListAllSecretsFlags
constexpr uint32_t connect_list_secrets_ephemeral = 1;
constexpr uint32_t connect_list_secrets_no_ephemeral = 2;
constexpr uint32_t connect_list_secrets_private = 4;
constexpr uint32_t connect_list_secrets_no_private = 8;

// virConnectListAllStoragePoolsFlags
constexpr uint32_t connect_list_storage_pools_inactive = 1;
constexpr uint32_t connect_list_storage_pools_active = 2;
constexpr uint32_t connect_list_storage_pools_persistent = 4;
constexpr uint32_t connect_list_storage_pools_transient = 8;
constexpr uint32_t connect_list_storage_pools_autostart = 16;
constexpr uint32_t connect_list_storage_pools_no_autostart = 32;
constexpr uint32_t connect_list_storage_pools_dir = 64;
constexpr uint32_t connect_list_storage_pools_fs = 128;
constexpr uint32_t connect_list_storage_pools_netfs = 256;
constexpr uint32_t connect_list_storage_pools_logical = 512;
constexpr uint32_t connect_list_storage_pools_disk = 1024;
constexpr uint32_t connect_list_storage_pools_iscsi = 2048;
constexpr uint32_t connect_list_storage_pools_scsi = 4096;
constexpr uint32_t connect_list_storage_pools_mpath = 8192;
constexpr uint32_t connect_list_storage_pools_rbd = 16384;
constexpr uint32_t connect_list_storage_pools_sheepdog = 32768;
constexpr uint32_t connect_list_storage_pools_gluster = 65536;
constexpr uint32_t connect_list_storage_pools_zfs = 131072;
constexpr uint32_t connect_list_storage_pools_vstorage = 262144;
constexpr uint32_t connect_list_storage_pools_iscsi_direct = 524288;

// virDomainAbortJobFlagsValues
constexpr uint32_t domain_abort_job_postcopy = 1;

// virDomainAgentResponseTimeoutValues
constexpr int32_t domain_agent_response_timeout_block = -2;
constexpr int32_t domain_agent_response_timeout_default = -1;
constexpr uint32_t domain_agent_response_timeout_nowait = 0;

// virDomainAuthorizedSSHKeysSetFlags
constexpr uint32_t domain_authorized_ssh_keys_set_append = 1;
constexpr uint32_t domain_authorized_ssh_keys_set_remove = 2;

// virDomainBackupBeginFlags
constexpr uint32_t domain_backup_begin_reuse_external = 1;

// virDomainBlockCommitFlags
constexpr uint32_t domain_block_commit_shallow = 1;
constexpr uint32_t domain_block_commit_delete = 2;
constexpr uint32_t domain_block_commit_active = 4;
constexpr uint32_t domain_block_commit_relative = 8;
constexpr uint32_t domain_block_commit_bandwidth_bytes = 16;

// virDomainBlockCopyFlags
constexpr uint32_t domain_block_copy_shallow = 1;
constexpr uint32_t domain_block_copy_reuse_ext = 2;
constexpr uint32_t domain_block_copy_transient_job = 4;
constexpr uint32_t domain_block_copy_synchronous_writes = 8;

// virDomainBlockJobAbortFlags
constexpr uint32_t domain_block_job_abort_async = 1;
constexpr uint32_t domain_block_job_abort_pivot = 2;

// virDomainBlockJobInfoFlags
constexpr uint32_t domain_block_job_info_bandwidth_bytes = 1;

// virDomainBlockJobSetSpeedFlags
constexpr uint32_t domain_block_job_speed_bandwidth_bytes = 1;

// virDomainBlockJobType
constexpr uint32_t domain_block_job_type_unknown = 0;
constexpr uint32_t domain_block_job_type_pull = 1;
constexpr uint32_t domain_block_job_type_copy = 2;
constexpr uint32_t domain_block_job_type_commit = 3;
constexpr uint32_t domain_block_job_type_active_commit = 4;
constexpr uint32_t domain_block_job_type_backup = 5;
constexpr uint32_t domain_block_job_type_last = 6;

// virDomainBlockPullFlags
constexpr uint32_t domain_block_pull_bandwidth_bytes = 64;

// virDomainBlockRebaseFlags
constexpr uint32_t domain_block_rebase_shallow = 1;
constexpr uint32_t domain_block_rebase_reuse_ext = 2;
constexpr uint32_t domain_block_rebase_copy_raw = 4;
constexpr uint32_t domain_block_rebase_copy = 8;
constexpr uint32_t domain_block_rebase_relative = 16;
constexpr uint32_t domain_block_rebase_copy_dev = 32;
constexpr uint32_t domain_block_rebase_bandwidth_bytes = 64;

// virDomainBlockResizeFlags
constexpr uint32_t domain_block_resize_bytes = 1;

// virDomainBlockedReason
constexpr uint32_t domain_blocked_unknown = 0;
constexpr uint32_t domain_blocked_last = 1;

// virDomainChannelFlags
constexpr uint32_t domain_channel_force = 1;

// virDomainCheckpointCreateFlags
constexpr uint32_t domain_checkpoint_create_redefine = 1;
constexpr uint32_t domain_checkpoint_create_quiesce = 2;
constexpr uint32_t domain_checkpoint_create_redefine_validate = 4;

// virDomainCheckpointDeleteFlags
constexpr uint32_t domain_checkpoint_delete_children = 1;
constexpr uint32_t domain_checkpoint_delete_metadata_only = 2;
constexpr uint32_t domain_checkpoint_delete_children_only = 4;

// virDomainCheckpointListFlags
constexpr uint32_t domain_checkpoint_list_descendants = 1;
constexpr uint32_t domain_checkpoint_list_roots = 1;
constexpr uint32_t domain_checkpoint_list_topological = 2;
constexpr uint32_t domain_checkpoint_list_leaves = 4;
constexpr uint32_t domain_checkpoint_list_no_leaves = 8;

// virDomainCheckpointXMLFlags
constexpr uint32_t domain_checkpoint_xml_secure = 1;
constexpr uint32_t domain_checkpoint_xml_no_domain = 2;
constexpr uint32_t domain_checkpoint_xml_size = 4;

// virDomainConsoleFlags
constexpr uint32_t domain_console_force = 1;
constexpr uint32_t domain_console_safe = 2;

// virDomainControlErrorReason
constexpr uint32_t domain_control_error_reason_none = 0;
constexpr uint32_t domain_control_error_reason_unknown = 1;
constexpr uint32_t domain_control_error_reason_monitor = 2;
constexpr uint32_t domain_control_error_reason_internal = 3;
constexpr uint32_t domain_control_error_reason_last = 4;

// virDomainControlState
constexpr uint32_t domain_control_ok = 0;
constexpr uint32_t domain_control_job = 1;
constexpr uint32_t domain_control_occupied = 2;
constexpr uint32_t domain_control_error = 3;
constexpr uint32_t domain_control_last = 4;

// virDomainCoreDumpFlags
constexpr uint32_t dump_crash = 1;
constexpr uint32_t dump_live = 2;
constexpr uint32_t dump_bypass_cache = 4;
constexpr uint32_t dump_reset = 8;
constexpr uint32_t dump_memory_only = 16;

// virDomainCoreDumpFormat
constexpr uint32_t domain_core_dump_format_raw = 0;
constexpr uint32_t domain_core_dump_format_kdump_zlib = 1;
constexpr uint32_t domain_core_dump_format_kdump_lzo = 2;
constexpr uint32_t domain_core_dump_format_kdump_snappy = 3;
constexpr uint32_t domain_core_dump_format_win_dmp = 4;
constexpr uint32_t domain_core_dump_format_last = 5;

// virDomainCrashedReason
constexpr uint32_t domain_crashed_unknown = 0;
constexpr uint32_t domain_crashed_panicked = 1;
constexpr uint32_t domain_crashed_last = 2;

// virDomainCreateFlags
constexpr uint32_t domain_none = 0;
constexpr uint32_t domain_start_paused = 1;
constexpr uint32_t domain_start_autodestroy = 2;
constexpr uint32_t domain_start_bypass_cache = 4;
constexpr uint32_t domain_start_force_boot = 8;
constexpr uint32_t domain_start_validate = 16;
constexpr uint32_t domain_start_reset_nvram = 32;

// virDomainDefineFlags
constexpr uint32_t domain_define_validate = 1;

// virDomainDestroyFlagsValues
constexpr uint32_t domain_destroy_default = 0;
constexpr uint32_t domain_destroy_graceful = 1;
constexpr uint32_t domain_destroy_remove_logs = 2;

// virDomainDeviceModifyFlags
constexpr uint32_t domain_device_modify_current = 0;
constexpr uint32_t domain_device_modify_live = 1;
constexpr uint32_t domain_device_modify_config = 2;
constexpr uint32_t domain_device_modify_force = 4;

// virDomainDirtyRateCalcFlags
constexpr uint32_t domain_dirtyrate_mode_page_sampling = 0;
constexpr uint32_t domain_dirtyrate_mode_dirty_bitmap = 1;
constexpr uint32_t domain_dirtyrate_mode_dirty_ring = 2;

// virDomainDirtyRateStatus
constexpr uint32_t domain_dirtyrate_unstarted = 0;
constexpr uint32_t domain_dirtyrate_measuring = 1;
constexpr uint32_t domain_dirtyrate_measured = 2;
constexpr uint32_t domain_dirtyrate_last = 3;

// virDomainDiskErrorCode
constexpr uint32_t domain_disk_error_none = 0;
constexpr uint32_t domain_disk_error_unspec = 1;
constexpr uint32_t domain_disk_error_no_space = 2;
constexpr uint32_t domain_disk_error_last = 3;

// virDomainEventCrashedDetailType
constexpr uint32_t domain_event_crashed_panicked = 0;
constexpr uint32_t domain_event_crashed_crashloaded = 1;
constexpr uint32_t domain_event_crashed_last = 2;

// virDomainEventDefinedDetailType
constexpr uint32_t domain_event_defined_added = 0;
constexpr uint32_t domain_event_defined_updated = 1;
constexpr uint32_t domain_event_defined_renamed = 2;
constexpr uint32_t domain_event_defined_from_snapshot = 3;
constexpr uint32_t domain_event_defined_last = 4;

// virDomainEventGraphicsAddressType
constexpr uint32_t domain_event_graphics_address_ipv4 = 0;
constexpr uint32_t domain_event_graphics_address_ipv6 = 1;
constexpr uint32_t domain_event_graphics_address_unix = 2;
constexpr uint32_t domain_event_graphics_address_last = 3;

// virDomainEventGraphicsPhase
constexpr uint32_t domain_event_graphics_connect = 0;
constexpr uint32_t domain_event_graphics_initialize = 1;
constexpr uint32_t domain_event_graphics_disconnect = 2;
constexpr uint32_t domain_event_graphics_last = 3;

// virDomainEventID
constexpr uint32_t domain_event_id_lifecycle = 0;
constexpr uint32_t domain_event_id_reboot = 1;
constexpr uint32_t domain_event_id_rtc_change = 2;
constexpr uint32_t domain_event_id_watchdog = 3;
constexpr uint32_t domain_event_id_io_error = 4;
constexpr uint32_t domain_event_id_graphics = 5;
constexpr uint32_t domain_event_id_io_error_reason = 6;
constexpr uint32_t domain_event_id_control_error = 7;
constexpr uint32_t domain_event_id_block_job = 8;
constexpr uint32_t domain_event_id_disk_change = 9;
constexpr uint32_t domain_event_id_tray_change = 10;
constexpr uint32_t domain_event_id_pmwakeup = 11;
constexpr uint32_t domain_event_id_pmsuspend = 12;
constexpr uint32_t domain_event_id_balloon_change = 13;
constexpr uint32_t domain_event_id_pmsuspend_disk = 14;
constexpr uint32_t domain_event_id_device_removed = 15;
constexpr uint32_t domain_event_id_block_job_2 = 16;
constexpr uint32_t domain_event_id_tunable = 17;
constexpr uint32_t domain_event_id_agent_lifecycle = 18;
constexpr uint32_t domain_event_id_device_added = 19;
constexpr uint32_t domain_event_id_migration_iteration = 20;
constexpr uint32_t domain_event_id_job_completed = 21;
constexpr uint32_t domain_event_id_device_removal_failed = 22;
constexpr uint32_t domain_event_id_metadata_change = 23;
constexpr uint32_t domain_event_id_block_threshold = 24;
constexpr uint32_t domain_event_id_memory_failure = 25;
constexpr uint32_t domain_event_id_memory_device_size_change = 26;
constexpr uint32_t domain_event_id_last = 27;

// virDomainEventIOErrorAction
constexpr uint32_t domain_event_io_error_none = 0;
constexpr uint32_t domain_event_io_error_pause = 1;
constexpr uint32_t domain_event_io_error_report = 2;
constexpr uint32_t domain_event_io_error_last = 3;

// virDomainEventPMSuspendedDetailType
constexpr uint32_t domain_event_pmsuspended_memory = 0;
constexpr uint32_t domain_event_pmsuspended_disk = 1;
constexpr uint32_t domain_event_pmsuspended_last = 2;

// virDomainEventResumedDetailType
constexpr uint32_t domain_event_resumed_unpaused = 0;
constexpr uint32_t domain_event_resumed_migrated = 1;
constexpr uint32_t domain_event_resumed_from_snapshot = 2;
constexpr uint32_t domain_event_resumed_postcopy = 3;
constexpr uint32_t domain_event_resumed_postcopy_failed = 4;
constexpr uint32_t domain_event_resumed_last = 5;

// virDomainEventShutdownDetailType
constexpr uint32_t domain_event_shutdown_finished = 0;
constexpr uint32_t domain_event_shutdown_guest = 1;
constexpr uint32_t domain_event_shutdown_host = 2;
constexpr uint32_t domain_event_shutdown_last = 3;

// virDomainEventStartedDetailType
constexpr uint32_t domain_event_started_booted = 0;
constexpr uint32_t domain_event_started_migrated = 1;
constexpr uint32_t domain_event_started_restored = 2;
constexpr uint32_t domain_event_started_from_snapshot = 3;
constexpr uint32_t domain_event_started_wakeup = 4;
constexpr uint32_t domain_event_started_last = 5;

// virDomainEventStoppedDetailType
constexpr uint32_t domain_event_stopped_shutdown = 0;
constexpr uint32_t domain_event_stopped_destroyed = 1;
constexpr uint32_t domain_event_stopped_crashed = 2;
constexpr uint32_t domain_event_stopped_migrated = 3;
constexpr uint32_t domain_event_stopped_saved = 4;
constexpr uint32_t domain_event_stopped_failed = 5;
constexpr uint32_t domain_event_stopped_from_snapshot = 6;
constexpr uint32_t domain_event_stopped_last = 7;

// virDomainEventSuspendedDetailType
constexpr uint32_t domain_event_suspended_paused = 0;
constexpr uint32_t domain_event_suspended_migrated = 1;
constexpr uint32_t domain_event_suspended_ioerror = 2;
constexpr uint32_t domain_event_suspended_watchdog = 3;
constexpr uint32_t domain_event_suspended_restored = 4;
constexpr uint32_t domain_event_suspended_from_snapshot = 5;
constexpr uint32_t domain_event_suspended_api_error = 6;
constexpr uint32_t domain_event_suspended_postcopy = 7;
constexpr uint32_t domain_event_suspended_postcopy_failed = 8;
constexpr uint32_t domain_event_suspended_last = 9;

// virDomainEventTrayChangeReason
constexpr uint32_t domain_event_tray_change_open = 0;
constexpr uint32_t domain_event_tray_change_close = 1;
constexpr uint32_t domain_event_tray_change_last = 2;

// virDomainEventType
constexpr uint32_t domain_event_defined = 0;
constexpr uint32_t domain_event_undefined = 1;
constexpr uint32_t domain_event_started = 2;
constexpr uint32_t domain_event_suspended = 3;
constexpr uint32_t domain_event_resumed = 4;
constexpr uint32_t domain_event_stopped = 5;
constexpr uint32_t domain_event_shutdown = 6;
constexpr uint32_t domain_event_pmsuspended = 7;
constexpr uint32_t domain_event_crashed = 8;
constexpr uint32_t domain_event_last = 9;

// virDomainEventUndefinedDetailType
constexpr uint32_t domain_event_undefined_removed = 0;
constexpr uint32_t domain_event_undefined_renamed = 1;
constexpr uint32_t domain_event_undefined_last = 2;

// virDomainEventWatchdogAction
constexpr uint32_t domain_event_watchdog_none = 0;
constexpr uint32_t domain_event_watchdog_pause = 1;
constexpr uint32_t domain_event_watchdog_reset = 2;
constexpr uint32_t domain_event_watchdog_poweroff = 3;
constexpr uint32_t domain_event_watchdog_shutdown = 4;
constexpr uint32_t domain_event_watchdog_debug = 5;
constexpr uint32_t domain_event_watchdog_injectnmi = 6;
constexpr uint32_t domain_event_watchdog_last = 7;

// virDomainFDAssociateFlags
constexpr uint32_t domain_fd_associate_seclabel_restore = 1;
constexpr uint32_t domain_fd_associate_seclabel_writable = 2;

// virDomainGetHostnameFlags
constexpr uint32_t domain_get_hostname_lease = 1;
constexpr uint32_t domain_get_hostname_agent = 2;

// virDomainGetJobStatsFlags
constexpr uint32_t domain_job_stats_completed = 1;
constexpr uint32_t domain_job_stats_keep_completed = 2;

// virDomainGuestInfoTypes
constexpr uint32_t domain_guest_info_users = 1;
constexpr uint32_t domain_guest_info_os = 2;
constexpr uint32_t domain_guest_info_timezone = 4;
constexpr uint32_t domain_guest_info_hostname = 8;
constexpr uint32_t domain_guest_info_filesystem = 16;
constexpr uint32_t domain_guest_info_disks = 32;
constexpr uint32_t domain_guest_info_interfaces = 64;

// virDomainInterfaceAddressesSource
constexpr uint32_t domain_interface_addresses_src_lease = 0;
constexpr uint32_t domain_interface_addresses_src_agent = 1;
constexpr uint32_t domain_interface_addresses_src_arp = 2;
constexpr uint32_t domain_interface_addresses_src_last = 3;

// virDomainJobOperation
constexpr uint32_t domain_job_operation_unknown = 0;
constexpr uint32_t domain_job_operation_start = 1;
constexpr uint32_t domain_job_operation_save = 2;
constexpr uint32_t domain_job_operation_restore = 3;
constexpr uint32_t domain_job_operation_migration_in = 4;
constexpr uint32_t domain_job_operation_migration_out = 5;
constexpr uint32_t domain_job_operation_snapshot = 6;
constexpr uint32_t domain_job_operation_snapshot_revert = 7;
constexpr uint32_t domain_job_operation_dump = 8;
constexpr uint32_t domain_job_operation_backup = 9;
constexpr uint32_t domain_job_operation_snapshot_delete = 10;
constexpr uint32_t domain_job_operation_last = 11;

// virDomainJobType
constexpr uint32_t domain_job_none = 0;
constexpr uint32_t domain_job_bounded = 1;
constexpr uint32_t domain_job_unbounded = 2;
constexpr uint32_t domain_job_completed = 3;
constexpr uint32_t domain_job_failed = 4;
constexpr uint32_t domain_job_cancelled = 5;
constexpr uint32_t domain_job_last = 6;

// virDomainLifecycle
constexpr uint32_t domain_lifecycle_poweroff = 0;
constexpr uint32_t domain_lifecycle_reboot = 1;
constexpr uint32_t domain_lifecycle_crash = 2;
constexpr uint32_t domain_lifecycle_last = 3;

// virDomainLifecycleAction
constexpr uint32_t domain_lifecycle_action_destroy = 0;
constexpr uint32_t domain_lifecycle_action_restart = 1;
constexpr uint32_t domain_lifecycle_action_restart_rename = 2;
constexpr uint32_t domain_lifecycle_action_preserve = 3;
constexpr uint32_t domain_lifecycle_action_coredump_destroy = 4;
constexpr uint32_t domain_lifecycle_action_coredump_restart = 5;
constexpr uint32_t domain_lifecycle_action_last = 6;

// virDomainMemoryFailureActionType
constexpr uint32_t domain_event_memory_failure_action_ignore = 0;
constexpr uint32_t domain_event_memory_failure_action_inject = 1;
constexpr uint32_t domain_event_memory_failure_action_fatal = 2;
constexpr uint32_t domain_event_memory_failure_action_reset = 3;
constexpr uint32_t domain_event_memory_failure_action_last = 4;

// virDomainMemoryFailureFlags
constexpr uint32_t domain_memory_failure_action_required = 1;
constexpr uint32_t domain_memory_failure_recursive = 2;

// virDomainMemoryFailureRecipientType
constexpr uint32_t domain_event_memory_failure_recipient_hypervisor = 0;
constexpr uint32_t domain_event_memory_failure_recipient_guest = 1;
constexpr uint32_t domain_event_memory_failure_recipient_last = 2;

// virDomainMemoryFlags
constexpr uint32_t memory_virtual = 1;
constexpr uint32_t memory_physical = 2;

// virDomainMemoryModFlags
constexpr uint32_t domain_mem_current = 0;
constexpr uint32_t domain_mem_live = 1;
constexpr uint32_t domain_mem_config = 2;
constexpr uint32_t domain_mem_maximum = 4;

// virDomainMemoryStatTags
constexpr uint32_t domain_memory_stat_swap_in = 0;
constexpr uint32_t domain_memory_stat_swap_out = 1;
constexpr uint32_t domain_memory_stat_major_fault = 2;
constexpr uint32_t domain_memory_stat_minor_fault = 3;
constexpr uint32_t domain_memory_stat_unused = 4;
constexpr uint32_t domain_memory_stat_available = 5;
constexpr uint32_t domain_memory_stat_actual_balloon = 6;
constexpr uint32_t domain_memory_stat_rss = 7;
constexpr uint32_t domain_memory_stat_usable = 8;
constexpr uint32_t domain_memory_stat_last_update = 9;
constexpr uint32_t domain_memory_stat_disk_caches = 10;
constexpr uint32_t domain_memory_stat_hugetlb_pgalloc = 11;
constexpr uint32_t domain_memory_stat_hugetlb_pgfail = 12;
constexpr uint32_t domain_memory_stat_last = 13;
constexpr uint32_t domain_memory_stat_nr = 13;

// virDomainMessageType
constexpr uint32_t domain_message_deprecation = 1;
constexpr uint32_t domain_message_tainting = 2;

// virDomainMetadataType
constexpr uint32_t domain_metadata_description = 0;
constexpr uint32_t domain_metadata_title = 1;
constexpr uint32_t domain_metadata_element = 2;
constexpr uint32_t domain_metadata_last = 3;

// virDomainMigrateFlags
constexpr uint32_t migrate_live = 1;
constexpr uint32_t migrate_peer2peer = 2;
constexpr uint32_t migrate_tunnelled = 4;
constexpr uint32_t migrate_persist_dest = 8;
constexpr uint32_t migrate_undefine_source = 16;
constexpr uint32_t migrate_paused = 32;
constexpr uint32_t migrate_non_shared_disk = 64;
constexpr uint32_t migrate_non_shared_inc = 128;
constexpr uint32_t migrate_change_protection = 256;
constexpr uint32_t migrate_unsafe = 512;
constexpr uint32_t migrate_offline = 1024;
constexpr uint32_t migrate_compressed = 2048;
constexpr uint32_t migrate_abort_on_error = 4096;
constexpr uint32_t migrate_auto_converge = 8192;
constexpr uint32_t migrate_rdma_pin_all = 16384;
constexpr uint32_t migrate_postcopy = 32768;
constexpr uint32_t migrate_tls = 65536;
constexpr uint32_t migrate_parallel = 131072;
constexpr uint32_t migrate_non_shared_synchronous_writes = 262144;
constexpr uint32_t migrate_postcopy_resume = 524288;
constexpr uint32_t migrate_zerocopy = 1048576;

// virDomainMigrateMaxSpeedFlags
constexpr uint32_t domain_migrate_max_speed_postcopy = 1;

// virDomainModificationImpact
constexpr uint32_t domain_affect_current = 0;
constexpr uint32_t domain_affect_live = 1;
constexpr uint32_t domain_affect_config = 2;

// virDomainNostateReason
constexpr uint32_t domain_nostate_unknown = 0;
constexpr uint32_t domain_nostate_last = 1;

// virDomainNumatuneMemMode
constexpr uint32_t domain_numatune_mem_strict = 0;
constexpr uint32_t domain_numatune_mem_preferred = 1;
constexpr uint32_t domain_numatune_mem_interleave = 2;
constexpr uint32_t domain_numatune_mem_restrictive = 3;
constexpr uint32_t domain_numatune_mem_last = 4;

// virDomainOpenGraphicsFlags
constexpr uint32_t domain_open_graphics_skipauth = 1;

// virDomainPMSuspendedDiskReason
constexpr uint32_t domain_pmsuspended_disk_unknown = 0;
constexpr uint32_t domain_pmsuspended_disk_last = 1;

// virDomainPMSuspendedReason
constexpr uint32_t domain_pmsuspended_unknown = 0;
constexpr uint32_t domain_pmsuspended_last = 1;

// virDomainPausedReason
constexpr uint32_t domain_paused_unknown = 0;
constexpr uint32_t domain_paused_user = 1;
constexpr uint32_t domain_paused_migration = 2;
constexpr uint32_t domain_paused_save = 3;
constexpr uint32_t domain_paused_dump = 4;
constexpr uint32_t domain_paused_ioerror = 5;
constexpr uint32_t domain_paused_watchdog = 6;
constexpr uint32_t domain_paused_from_snapshot = 7;
constexpr uint32_t domain_paused_shutting_down = 8;
constexpr uint32_t domain_paused_snapshot = 9;
constexpr uint32_t domain_paused_crashed = 10;
constexpr uint32_t domain_paused_starting_up = 11;
constexpr uint32_t domain_paused_postcopy = 12;
constexpr uint32_t domain_paused_postcopy_failed = 13;
constexpr uint32_t domain_paused_last = 14;

// virDomainProcessSignal
constexpr uint32_t domain_process_signal_nop = 0;
constexpr uint32_t domain_process_signal_hup = 1;
constexpr uint32_t domain_process_signal_int = 2;
constexpr uint32_t domain_process_signal_quit = 3;
constexpr uint32_t domain_process_signal_ill = 4;
constexpr uint32_t domain_process_signal_trap = 5;
constexpr uint32_t domain_process_signal_abrt = 6;
constexpr uint32_t domain_process_signal_bus = 7;
constexpr uint32_t domain_process_signal_fpe = 8;
constexpr uint32_t domain_process_signal_kill = 9;
constexpr uint32_t domain_process_signal_usr1 = 10;
constexpr uint32_t domain_process_signal_segv = 11;
constexpr uint32_t domain_process_signal_usr2 = 12;
constexpr uint32_t domain_process_signal_pipe = 13;
constexpr uint32_t domain_process_signal_alrm = 14;
constexpr uint32_t domain_process_signal_term = 15;
constexpr uint32_t domain_process_signal_stkflt = 16;
constexpr uint32_t domain_process_signal_chld = 17;
constexpr uint32_t domain_process_signal_cont = 18;
constexpr uint32_t domain_process_signal_stop = 19;
constexpr uint32_t domain_process_signal_tstp = 20;
constexpr uint32_t domain_process_signal_ttin = 21;
constexpr uint32_t domain_process_signal_ttou = 22;
constexpr uint32_t domain_process_signal_urg = 23;
constexpr uint32_t domain_process_signal_xcpu = 24;
constexpr uint32_t domain_process_signal_xfsz = 25;
constexpr uint32_t domain_process_signal_vtalrm = 26;
constexpr uint32_t domain_process_signal_prof = 27;
constexpr uint32_t domain_process_signal_winch = 28;
constexpr uint32_t domain_process_signal_poll = 29;
constexpr uint32_t domain_process_signal_pwr = 30;
constexpr uint32_t domain_process_signal_sys = 31;
constexpr uint32_t domain_process_signal_rt0 = 32;
constexpr uint32_t domain_process_signal_rt1 = 33;
constexpr uint32_t domain_process_signal_rt2 = 34;
constexpr uint32_t domain_process_signal_rt3 = 35;
constexpr uint32_t domain_process_signal_rt4 = 36;
constexpr uint32_t domain_process_signal_rt5 = 37;
constexpr uint32_t domain_process_signal_rt6 = 38;
constexpr uint32_t domain_process_signal_rt7 = 39;
constexpr uint32_t domain_process_signal_rt8 = 40;
constexpr uint32_t domain_process_signal_rt9 = 41;
constexpr uint32_t domain_process_signal_rt10 = 42;
constexpr uint32_t domain_process_signal_rt11 = 43;
constexpr uint32_t domain_process_signal_rt12 = 44;
constexpr uint32_t domain_process_signal_rt13 = 45;
constexpr uint32_t domain_process_signal_rt14 = 46;
constexpr uint32_t domain_process_signal_rt15 = 47;
constexpr uint32_t domain_process_signal_rt16 = 48;
constexpr uint32_t domain_process_signal_rt17 = 49;
constexpr uint32_t domain_process_signal_rt18 = 50;
constexpr uint32_t domain_process_signal_rt19 = 51;
constexpr uint32_t domain_process_signal_rt20 = 52;
constexpr uint32_t domain_process_signal_rt21 = 53;
constexpr uint32_t domain_process_signal_rt22 = 54;
constexpr uint32_t domain_process_signal_rt23 = 55;
constexpr uint32_t domain_process_signal_rt24 = 56;
constexpr uint32_t domain_process_signal_rt25 = 57;
constexpr uint32_t domain_process_signal_rt26 = 58;
constexpr uint32_t domain_process_signal_rt27 = 59;
constexpr uint32_t domain_process_signal_rt28 = 60;
constexpr uint32_t domain_process_signal_rt29 = 61;
constexpr uint32_t domain_process_signal_rt30 = 62;
constexpr uint32_t domain_process_signal_rt31 = 63;
constexpr uint32_t domain_process_signal_rt32 = 64;
constexpr uint32_t domain_process_signal_last = 65;

// virDomainQemuAgentCommandTimeoutValues
constexpr int32_t domain_qemu_agent_command_block = -2;
constexpr int32_t domain_qemu_agent_command_min = -2;
constexpr int32_t domain_qemu_agent_command_default = -1;
constexpr uint32_t domain_qemu_agent_command_nowait = 0;
constexpr uint32_t domain_qemu_agent_command_shutdown = 60;

// virDomainQemuMonitorCommandFlags
constexpr uint32_t domain_qemu_monitor_command_default = 0;
constexpr uint32_t domain_qemu_monitor_command_hmp = 1;

// virDomainRebootFlagValues
constexpr uint32_t domain_reboot_default = 0;
constexpr uint32_t domain_reboot_acpi_power_btn = 1;
constexpr uint32_t domain_reboot_guest_agent = 2;
constexpr uint32_t domain_reboot_initctl = 4;
constexpr uint32_t domain_reboot_signal = 8;
constexpr uint32_t domain_reboot_paravirt = 16;

// virDomainRunningReason
constexpr uint32_t domain_running_unknown = 0;
constexpr uint32_t domain_running_booted = 1;
constexpr uint32_t domain_running_migrated = 2;
constexpr uint32_t domain_running_restored = 3;
constexpr uint32_t domain_running_from_snapshot = 4;
constexpr uint32_t domain_running_unpaused = 5;
constexpr uint32_t domain_running_migration_canceled = 6;
constexpr uint32_t domain_running_save_canceled = 7;
constexpr uint32_t domain_running_wakeup = 8;
constexpr uint32_t domain_running_crashed = 9;
constexpr uint32_t domain_running_postcopy = 10;
constexpr uint32_t domain_running_postcopy_failed = 11;
constexpr uint32_t domain_running_last = 12;

// virDomainSaveImageXMLFlags
constexpr uint32_t domain_save_image_xml_secure = 1;

// virDomainSaveRestoreFlags
constexpr uint32_t domain_save_bypass_cache = 1;
constexpr uint32_t domain_save_running = 2;
constexpr uint32_t domain_save_paused = 4;
constexpr uint32_t domain_save_reset_nvram = 8;

// virDomainSetTimeFlags
constexpr uint32_t domain_time_sync = 1;

// virDomainSetUserPasswordFlags
constexpr uint32_t domain_password_encrypted = 1;

// virDomainShutdownFlagValues
constexpr uint32_t domain_shutdown_default = 0;
constexpr uint32_t domain_shutdown_acpi_power_btn = 1;
constexpr uint32_t domain_shutdown_guest_agent = 2;
constexpr uint32_t domain_shutdown_initctl = 4;
constexpr uint32_t domain_shutdown_signal = 8;
constexpr uint32_t domain_shutdown_paravirt = 16;

// virDomainShutdownReason
constexpr uint32_t domain_shutdown_unknown = 0;
constexpr uint32_t domain_shutdown_user = 1;
constexpr uint32_t domain_shutdown_last = 2;

// virDomainShutoffReason
constexpr uint32_t domain_shutoff_unknown = 0;
constexpr uint32_t domain_shutoff_shutdown = 1;
constexpr uint32_t domain_shutoff_destroyed = 2;
constexpr uint32_t domain_shutoff_crashed = 3;
constexpr uint32_t domain_shutoff_migrated = 4;
constexpr uint32_t domain_shutoff_saved = 5;
constexpr uint32_t domain_shutoff_failed = 6;
constexpr uint32_t domain_shutoff_from_snapshot = 7;
constexpr uint32_t domain_shutoff_daemon = 8;
constexpr uint32_t domain_shutoff_last = 9;

// virDomainSnapshotCreateFlags
constexpr uint32_t domain_snapshot_create_redefine = 1;
constexpr uint32_t domain_snapshot_create_current = 2;
constexpr uint32_t domain_snapshot_create_no_metadata = 4;
constexpr uint32_t domain_snapshot_create_halt = 8;
constexpr uint32_t domain_snapshot_create_disk_only = 16;
constexpr uint32_t domain_snapshot_create_reuse_ext = 32;
constexpr uint32_t domain_snapshot_create_quiesce = 64;
constexpr uint32_t domain_snapshot_create_atomic = 128;
constexpr uint32_t domain_snapshot_create_live = 256;
constexpr uint32_t domain_snapshot_create_validate = 512;

// virDomainSnapshotDeleteFlags
constexpr uint32_t domain_snapshot_delete_children = 1;
constexpr uint32_t domain_snapshot_delete_metadata_only = 2;
constexpr uint32_t domain_snapshot_delete_children_only = 4;

// virDomainSnapshotListFlags
constexpr uint32_t domain_snapshot_list_descendants = 1;
constexpr uint32_t domain_snapshot_list_roots = 1;
constexpr uint32_t domain_snapshot_list_metadata = 2;
constexpr uint32_t domain_snapshot_list_leaves = 4;
constexpr uint32_t domain_snapshot_list_no_leaves = 8;
constexpr uint32_t domain_snapshot_list_no_metadata = 16;
constexpr uint32_t domain_snapshot_list_inactive = 32;
constexpr uint32_t domain_snapshot_list_active = 64;
constexpr uint32_t domain_snapshot_list_disk_only = 128;
constexpr uint32_t domain_snapshot_list_internal = 256;
constexpr uint32_t domain_snapshot_list_external = 512;
constexpr uint32_t domain_snapshot_list_topological = 1024;

// virDomainSnapshotRevertFlags
constexpr uint32_t domain_snapshot_revert_running = 1;
constexpr uint32_t domain_snapshot_revert_paused = 2;
constexpr uint32_t domain_snapshot_revert_force = 4;
constexpr uint32_t domain_snapshot_revert_reset_nvram = 8;

// virDomainSnapshotXMLFlags
constexpr uint32_t domain_snapshot_xml_secure = 1;

// virDomainState
constexpr uint32_t domain_nostate = 0;
constexpr uint32_t domain_running = 1;
constexpr uint32_t domain_blocked = 2;
constexpr uint32_t domain_paused = 3;
constexpr uint32_t domain_shutdown = 4;
constexpr uint32_t domain_shutoff = 5;
constexpr uint32_t domain_crashed = 6;
constexpr uint32_t domain_pmsuspended = 7;
constexpr uint32_t domain_last = 8;

// virDomainStatsTypes
constexpr uint32_t domain_stats_state = 1;
constexpr uint32_t domain_stats_cpu_total = 2;
constexpr uint32_t domain_stats_balloon = 4;
constexpr uint32_t domain_stats_vcpu = 8;
constexpr uint32_t domain_stats_interface = 16;
constexpr uint32_t domain_stats_block = 32;
constexpr uint32_t domain_stats_perf = 64;
constexpr uint32_t domain_stats_iothread = 128;
constexpr uint32_t domain_stats_memory = 256;
constexpr uint32_t domain_stats_dirtyrate = 512;
constexpr uint32_t domain_stats_vm = 1024;

// virDomainUndefineFlagsValues
constexpr uint32_t domain_undefine_managed_save = 1;
constexpr uint32_t domain_undefine_snapshots_metadata = 2;
constexpr uint32_t domain_undefine_nvram = 4;
constexpr uint32_t domain_undefine_keep_nvram = 8;
constexpr uint32_t domain_undefine_checkpoints_metadata = 16;
constexpr uint32_t domain_undefine_tpm = 32;
constexpr uint32_t domain_undefine_keep_tpm = 64;

// virDomainVcpuFlags
constexpr uint32_t domain_vcpu_current = 0;
constexpr uint32_t domain_vcpu_live = 1;
constexpr uint32_t domain_vcpu_config = 2;
constexpr uint32_t domain_vcpu_maximum = 4;
constexpr uint32_t domain_vcpu_guest = 8;
constexpr uint32_t domain_vcpu_hotpluggable = 16;

// virDomainXMLFlags
constexpr uint32_t domain_xml_secure = 1;
constexpr uint32_t domain_xml_inactive = 2;
constexpr uint32_t domain_xml_update_cpu = 4;
constexpr uint32_t domain_xml_migratable = 8;

// virErrorNumber
constexpr uint32_t war_no_network = 41;
constexpr uint32_t war_no_storage = 48;
constexpr uint32_t war_no_node = 51;
constexpr uint32_t war_no_interface = 56;
constexpr uint32_t war_no_nwfilter = 60;
constexpr uint32_t war_no_secret = 64;

// virEventHandleType
constexpr uint32_t event_handle_readable = 1;
constexpr uint32_t event_handle_writable = 2;
constexpr uint32_t event_handle_error = 4;
constexpr uint32_t event_handle_hangup = 8;

// virIPAddrType
constexpr uint32_t ip_addr_type_ipv4 = 0;
constexpr uint32_t ip_addr_type_ipv6 = 1;
constexpr uint32_t ip_addr_type_last = 2;

// virInterfaceDefineFlags
constexpr uint32_t interface_define_validate = 1;

// virInterfaceXMLFlags
constexpr uint32_t interface_xml_inactive = 1;

// virKeycodeSet
constexpr uint32_t keycode_set_linux = 0;
constexpr uint32_t keycode_set_xt = 1;
constexpr uint32_t keycode_set_atset1 = 2;
constexpr uint32_t keycode_set_atset2 = 3;
constexpr uint32_t keycode_set_atset3 = 4;
constexpr uint32_t keycode_set_osx = 5;
constexpr uint32_t keycode_set_xt_kbd = 6;
constexpr uint32_t keycode_set_usb = 7;
constexpr uint32_t keycode_set_win32 = 8;
constexpr uint32_t keycode_set_qnum = 9;
constexpr uint32_t keycode_set_last = 10;

// virMemoryParameterType
constexpr uint32_t domain_memory_param_int = 1;
constexpr uint32_t domain_memory_param_uint = 2;
constexpr uint32_t domain_memory_param_llong = 3;
constexpr uint32_t domain_memory_param_ullong = 4;
constexpr uint32_t domain_memory_param_double = 5;
constexpr uint32_t domain_memory_param_boolean = 6;

// virNWFilterBindingCreateFlags
constexpr uint32_t nwfilter_binding_create_validate = 1;

// virNWFilterDefineFlags
constexpr uint32_t nwfilter_define_validate = 1;

// virNetworkCreateFlags
constexpr uint32_t network_create_validate = 1;

// virNetworkDefineFlags
constexpr uint32_t network_define_validate = 1;

// virNetworkEventID
constexpr uint32_t network_event_id_lifecycle = 0;
constexpr uint32_t network_event_id_last = 1;

// virNetworkEventLifecycleType
constexpr uint32_t network_event_defined = 0;
constexpr uint32_t network_event_undefined = 1;
constexpr uint32_t network_event_started = 2;
constexpr uint32_t network_event_stopped = 3;
constexpr uint32_t network_event_last = 4;

// virNetworkPortCreateFlags
constexpr uint32_t network_port_create_reclaim = 1;
constexpr uint32_t network_port_create_validate = 2;

// virNetworkUpdateCommand
constexpr uint32_t network_update_command_none = 0;
constexpr uint32_t network_update_command_modify = 1;
constexpr uint32_t network_update_command_delete = 2;
constexpr uint32_t network_update_command_add_last = 3;
constexpr uint32_t network_update_command_add_first = 4;
constexpr uint32_t network_update_command_last = 5;

// virNetworkUpdateFlags
constexpr uint32_t network_update_affect_current = 0;
constexpr uint32_t network_update_affect_live = 1;
constexpr uint32_t network_update_affect_config = 2;

// virNetworkUpdateSection
constexpr uint32_t network_section_none = 0;
constexpr uint32_t network_section_bridge = 1;
constexpr uint32_t network_section_domain = 2;
constexpr uint32_t network_section_ip = 3;
constexpr uint32_t network_section_ip_dhcp_host = 4;
constexpr uint32_t network_section_ip_dhcp_range = 5;
constexpr uint32_t network_section_forward = 6;
constexpr uint32_t network_section_forward_interface = 7;
constexpr uint32_t network_section_forward_pf = 8;
constexpr uint32_t network_section_portgroup = 9;
constexpr uint32_t network_section_dns_host = 10;
constexpr uint32_t network_section_dns_txt = 11;
constexpr uint32_t network_section_dns_srv = 12;
constexpr uint32_t network_section_last = 13;

// virNetworkXMLFlags
constexpr uint32_t network_xml_inactive = 1;

// virNodeAllocPagesFlags
constexpr uint32_t node_alloc_pages_add = 0;
constexpr uint32_t node_alloc_pages_set = 1;

// virNodeDeviceCreateXMLFlags
constexpr uint32_t node_device_create_xml_validate = 1;

// virNodeDeviceDefineXMLFlags
constexpr uint32_t node_device_define_xml_validate = 1;

// virNodeDeviceEventID
constexpr uint32_t node_device_event_id_lifecycle = 0;
constexpr uint32_t node_device_event_id_update = 1;
constexpr uint32_t node_device_event_id_last = 2;

// virNodeDeviceEventLifecycleType
constexpr uint32_t node_device_event_created = 0;
constexpr uint32_t node_device_event_deleted = 1;
constexpr uint32_t node_device_event_defined = 2;
constexpr uint32_t node_device_event_undefined = 3;
constexpr uint32_t node_device_event_last = 4;

// virNodeGetCPUStatsAllCPUs
constexpr int32_t node_cpu_stats_all_cpus = -1;

// virNodeGetMemoryStatsAllCells
constexpr int32_t node_memory_stats_all_cells = -1;

// virNodeSuspendTarget
constexpr uint32_t node_suspend_target_mem = 0;
constexpr uint32_t node_suspend_target_disk = 1;
constexpr uint32_t node_suspend_target_hybrid = 2;
constexpr uint32_t node_suspend_target_last = 3;

// virSchedParameterType
constexpr uint32_t domain_sched_field_int = 1;
constexpr uint32_t domain_sched_field_uint = 2;
constexpr uint32_t domain_sched_field_llong = 3;
constexpr uint32_t domain_sched_field_ullong = 4;
constexpr uint32_t domain_sched_field_double = 5;
constexpr uint32_t domain_sched_field_boolean = 6;

// virSecretDefineFlags
constexpr uint32_t secret_define_validate = 1;

// virSecretEventID
constexpr uint32_t secret_event_id_lifecycle = 0;
constexpr uint32_t secret_event_id_value_changed = 1;
constexpr uint32_t secret_event_id_last = 2;

// virSecretEventLifecycleType
constexpr uint32_t secret_event_defined = 0;
constexpr uint32_t secret_event_undefined = 1;
constexpr uint32_t secret_event_last = 2;

// virSecretUsageType
constexpr uint32_t secret_usage_type_none = 0;
constexpr uint32_t secret_usage_type_volume = 1;
constexpr uint32_t secret_usage_type_ceph = 2;
constexpr uint32_t secret_usage_type_iscsi = 3;
constexpr uint32_t secret_usage_type_tls = 4;
constexpr uint32_t secret_usage_type_vtpm = 5;
constexpr uint32_t secret_usage_type_last = 6;

// virStoragePoolBuildFlags
constexpr uint32_t storage_pool_build_new = 0;
constexpr uint32_t storage_pool_build_repair = 1;
constexpr uint32_t storage_pool_build_resize = 2;
constexpr uint32_t storage_pool_build_no_overwrite = 4;
constexpr uint32_t storage_pool_build_overwrite = 8;

// virStoragePoolCreateFlags
constexpr uint32_t storage_pool_create_normal = 0;
constexpr uint32_t storage_pool_create_with_build = 1;
constexpr uint32_t storage_pool_create_with_build_overwrite = 2;
constexpr uint32_t storage_pool_create_with_build_no_overwrite = 4;

// virStoragePoolDefineFlags
constexpr uint32_t storage_pool_define_validate = 1;

// virStoragePoolDeleteFlags
constexpr uint32_t storage_pool_delete_normal = 0;
constexpr uint32_t storage_pool_delete_zeroed = 1;

// virStoragePoolEventID
constexpr uint32_t storage_pool_event_id_lifecycle = 0;
constexpr uint32_t storage_pool_event_id_refresh = 1;
constexpr uint32_t storage_pool_event_id_last = 2;

// virStoragePoolEventLifecycleType
constexpr uint32_t storage_pool_event_defined = 0;
constexpr uint32_t storage_pool_event_undefined = 1;
constexpr uint32_t storage_pool_event_started = 2;
constexpr uint32_t storage_pool_event_stopped = 3;
constexpr uint32_t storage_pool_event_created = 4;
constexpr uint32_t storage_pool_event_deleted = 5;
constexpr uint32_t storage_pool_event_last = 6;

// virStoragePoolState
constexpr uint32_t storage_pool_inactive = 0;
constexpr uint32_t storage_pool_building = 1;
constexpr uint32_t storage_pool_running = 2;
constexpr uint32_t storage_pool_degraded = 3;
constexpr uint32_t storage_pool_inaccessible = 4;
constexpr uint32_t storage_pool_state_last = 5;

// virStorageVolCreateFlags
constexpr uint32_t storage_vol_create_prealloc_metadata = 1;
constexpr uint32_t storage_vol_create_reflink = 2;
constexpr uint32_t storage_vol_create_validate = 4;

// virStorageVolDeleteFlags
constexpr uint32_t storage_vol_delete_normal = 0;
constexpr uint32_t storage_vol_delete_zeroed = 1;
constexpr uint32_t storage_vol_delete_with_snapshots = 2;

// virStorageVolDownloadFlags
constexpr uint32_t storage_vol_download_sparse_stream = 1;

// virStorageVolInfoFlags
constexpr uint32_t storage_vol_use_allocation = 0;
constexpr uint32_t storage_vol_get_physical = 1;

// virStorageVolResizeFlags
constexpr uint32_t storage_vol_resize_allocate = 1;
constexpr uint32_t storage_vol_resize_delta = 2;
constexpr uint32_t storage_vol_resize_shrink = 4;

// virStorageVolType
constexpr uint32_t storage_vol_file = 0;
constexpr uint32_t storage_vol_block = 1;
constexpr uint32_t storage_vol_dir = 2;
constexpr uint32_t storage_vol_network = 3;
constexpr uint32_t storage_vol_netdir = 4;
constexpr uint32_t storage_vol_ploop = 5;
constexpr uint32_t storage_vol_last = 6;

// virStorageVolUploadFlags
constexpr uint32_t storage_vol_upload_sparse_stream = 1;

// virStorageVolWipeAlgorithm
constexpr uint32_t storage_vol_wipe_alg_zero = 0;
constexpr uint32_t storage_vol_wipe_alg_nnsa = 1;
constexpr uint32_t storage_vol_wipe_alg_dod = 2;
constexpr uint32_t storage_vol_wipe_alg_bsi = 3;
constexpr uint32_t storage_vol_wipe_alg_gutmann = 4;
constexpr uint32_t storage_vol_wipe_alg_schneier = 5;
constexpr uint32_t storage_vol_wipe_alg_pfitzner7 = 6;
constexpr uint32_t storage_vol_wipe_alg_pfitzner33 = 7;
constexpr uint32_t storage_vol_wipe_alg_random = 8;
constexpr uint32_t storage_vol_wipe_alg_trim = 9;
constexpr uint32_t storage_vol_wipe_alg_last = 10;

// virStorageXMLFlags
constexpr uint32_t storage_xml_inactive = 1;

// virStreamEventType
constexpr uint32_t stream_event_readable = 1;
constexpr uint32_t stream_event_writable = 2;
constexpr uint32_t stream_event_error = 4;
constexpr uint32_t stream_event_hangup = 8;

// virStreamFlags
constexpr uint32_t stream_nonblock = 1;

// virStreamRecvFlagsValues
constexpr uint32_t stream_recv_stop_at_hole = 1;

// virTypedParameterFlags
constexpr uint32_t typed_param_string_okay = 4;

// virTypedParameterType
constexpr uint32_t typed_param_int = 1;
constexpr uint32_t typed_param_uint = 2;
constexpr uint32_t typed_param_llong = 3;
constexpr uint32_t typed_param_ullong = 4;
constexpr uint32_t typed_param_double = 5;
constexpr uint32_t typed_param_boolean = 6;
constexpr uint32_t typed_param_string = 7;
constexpr uint32_t typed_param_last = 8;

// virVcpuHostCpuState
constexpr int32_t vcpu_info_cpu_unavailable = -2;
constexpr int32_t vcpu_info_cpu_offline = -1;

// virVcpuState
constexpr uint32_t vcpu_offline = 0;
constexpr uint32_t vcpu_running = 1;
constexpr uint32_t vcpu_blocked = 2;
constexpr uint32_t vcpu_last = 3;

// names of typed parameters
constexpr const char* domain_scheduler_cpu_shares = "cpu_shares";
constexpr const char* domain_scheduler_global_period = "global_period";
constexpr const char* domain_scheduler_global_quota = "global_quota";
constexpr const char* domain_scheduler_vcpu_period = "vcpu_period";
constexpr const char* domain_scheduler_vcpu_quota = "vcpu_quota";
constexpr const char* domain_scheduler_emulator_period = "emulator_period";
constexpr const char* domain_scheduler_emulator_quota = "emulator_quota";
constexpr const char* domain_scheduler_iothread_period = "iothread_period";
constexpr const char* domain_scheduler_iothread_quota = "iothread_quota";
constexpr const char* domain_scheduler_weight = "weight";
constexpr const char* domain_scheduler_cap = "cap";
constexpr const char* domain_scheduler_reservation = "reservation";
constexpr const char* domain_scheduler_limit = "limit";
constexpr const char* domain_scheduler_shares = "shares";
constexpr const char* domain_block_stats_read_bytes = "rd_bytes";
constexpr const char* domain_block_stats_read_req = "rd_operations";
constexpr const char* domain_block_stats_read_total_times = "rd_total_times";
constexpr const char* domain_block_stats_write_bytes = "wr_bytes";
constexpr const char* domain_block_stats_write_req = "wr_operations";
constexpr const char* domain_block_stats_write_total_times = "wr_total_times";
constexpr const char* domain_block_stats_flush_req = "flush_operations";
constexpr const char* domain_block_stats_flush_total_times = "flush_total_times";
constexpr const char* domain_block_stats_errs = "errs";
constexpr const char* migrate_param_uri = "migrate_uri";
constexpr const char* migrate_param_dest_name = "destination_name";
constexpr const char* migrate_param_dest_xml = "destination_xml";
constexpr const char* migrate_param_persist_xml = "persistent_xml";
constexpr const char* migrate_param_bandwidth = "bandwidth";
constexpr const char* migrate_param_bandwidth_postcopy = "bandwidth.postcopy";
constexpr const char* migrate_param_graphics_uri = "graphics_uri";
constexpr const char* migrate_param_listen_address = "listen_address";
constexpr const char* migrate_param_migrate_disks = "migrate_disks";
constexpr const char* migrate_param_disks_port = "disks_port";
constexpr const char* migrate_param_disks_uri = "disks_uri";
constexpr const char* migrate_param_compression = "compression";
constexpr const char* migrate_param_compression_mt_level = "compression.mt.level";
constexpr const char* migrate_param_compression_mt_threads = "compression.mt.threads";
constexpr const char* migrate_param_compression_mt_dthreads = "compression.mt.dthreads";
constexpr const char* migrate_param_compression_xbzrle_cache = "compression.xbzrle.cache";
constexpr const char* migrate_param_auto_converge_initial = "auto_converge.initial";
constexpr const char* migrate_param_auto_converge_increment = "auto_converge.increment";
constexpr const char* migrate_param_parallel_connections = "parallel.connections";
constexpr const char* migrate_param_tls_destination = "tls.destination";
constexpr const char* domain_save_param_file = "file";
constexpr const char* domain_save_param_dxml = "dxml";
constexpr const char* domain_cpu_stats_cputime = "cpu_time";
constexpr const char* domain_cpu_stats_usertime = "user_time";
constexpr const char* domain_cpu_stats_systemtime = "system_time";
constexpr const char* domain_cpu_stats_vcputime = "vcpu_time";
constexpr const char* domain_blkio_weight = "weight";
constexpr const char* domain_blkio_device_weight = "device_weight";
constexpr const char* domain_blkio_device_read_iops = "device_read_iops_sec";
constexpr const char* domain_blkio_device_write_iops = "device_write_iops_sec";
constexpr const char* domain_blkio_device_read_bps = "device_read_bytes_sec";
constexpr const char* domain_blkio_device_write_bps = "device_write_bytes_sec";
constexpr const char* domain_memory_hard_limit = "hard_limit";
constexpr const char* domain_memory_soft_limit = "soft_limit";
constexpr const char* domain_memory_min_guarantee = "min_guarantee";
constexpr const char* domain_memory_swap_hard_limit = "swap_hard_limit";
constexpr const char* domain_numa_nodeset = "numa_nodeset";
constexpr const char* domain_numa_mode = "numa_mode";
constexpr const char* domain_bandwidth_in_average = "inbound.average";
constexpr const char* domain_bandwidth_in_peak = "inbound.peak";
constexpr const char* domain_bandwidth_in_burst = "inbound.burst";
constexpr const char* domain_bandwidth_in_floor = "inbound.floor";
constexpr const char* domain_bandwidth_out_average = "outbound.average";
constexpr const char* domain_bandwidth_out_peak = "outbound.peak";
constexpr const char* domain_bandwidth_out_burst = "outbound.burst";
constexpr const char* domain_iothread_poll_max_ns = "poll_max_ns";
constexpr const char* domain_iothread_poll_grow = "poll_grow";
constexpr const char* domain_iothread_poll_shrink = "poll_shrink";
constexpr const char* domain_iothread_thread_pool_min = "thread_pool_min";
constexpr const char* domain_iothread_thread_pool_max = "thread_pool_max";
constexpr const char* perf_param_cmt = "cmt";
constexpr const char* perf_param_mbmt = "mbmt";
constexpr const char* perf_param_mbml = "mbml";
constexpr const char* perf_param_cache_misses = "cache_misses";
constexpr const char* perf_param_cache_references = "cache_references";
constexpr const char* perf_param_instructions = "instructions";
constexpr const char* perf_param_cpu_cycles = "cpu_cycles";
constexpr const char* perf_param_branch_instructions = "branch_instructions";
constexpr const char* perf_param_branch_misses = "branch_misses";
constexpr const char* perf_param_bus_cycles = "bus_cycles";
constexpr const char* perf_param_stalled_cycles_frontend = "stalled_cycles_frontend";
constexpr const char* perf_param_stalled_cycles_backend = "stalled_cycles_backend";
constexpr const char* perf_param_ref_cpu_cycles = "ref_cpu_cycles";
constexpr const char* perf_param_cpu_clock = "cpu_clock";
constexpr const char* perf_param_task_clock = "task_clock";
constexpr const char* perf_param_page_faults = "page_faults";
constexpr const char* perf_param_context_switches = "context_switches";
constexpr const char* perf_param_cpu_migrations = "cpu_migrations";
constexpr const char* perf_param_page_faults_min = "page_faults_min";
constexpr const char* perf_param_page_faults_maj = "page_faults_maj";
constexpr const char* perf_param_alignment_faults = "alignment_faults";
constexpr const char* perf_param_emulation_faults = "emulation_faults";
constexpr const char* domain_block_copy_bandwidth = "bandwidth";
constexpr const char* domain_block_copy_granularity = "granularity";
constexpr const char* domain_block_copy_buf_size = "buf-size";
constexpr const char* domain_block_iotune_total_bytes_sec = "total_bytes_sec";
constexpr const char* domain_block_iotune_read_bytes_sec = "read_bytes_sec";
constexpr const char* domain_block_iotune_write_bytes_sec = "write_bytes_sec";
constexpr const char* domain_block_iotune_total_iops_sec = "total_iops_sec";
constexpr const char* domain_block_iotune_read_iops_sec = "read_iops_sec";
constexpr const char* domain_block_iotune_write_iops_sec = "write_iops_sec";
constexpr const char* domain_block_iotune_total_bytes_sec_max = "total_bytes_sec_max";
constexpr const char* domain_block_iotune_read_bytes_sec_max = "read_bytes_sec_max";
constexpr const char* domain_block_iotune_write_bytes_sec_max = "write_bytes_sec_max";
constexpr const char* domain_block_iotune_total_iops_sec_max = "total_iops_sec_max";
constexpr const char* domain_block_iotune_read_iops_sec_max = "read_iops_sec_max";
constexpr const char* domain_block_iotune_write_iops_sec_max = "write_iops_sec_max";
constexpr const char* domain_block_iotune_total_bytes_sec_max_length = "total_bytes_sec_max_length";
constexpr const char* domain_block_iotune_read_bytes_sec_max_length = "read_bytes_sec_max_length";
constexpr const char* domain_block_iotune_write_bytes_sec_max_length = "write_bytes_sec_max_length";
constexpr const char* domain_block_iotune_total_iops_sec_max_length = "total_iops_sec_max_length";
constexpr const char* domain_block_iotune_read_iops_sec_max_length = "read_iops_sec_max_length";
constexpr const char* domain_block_iotune_write_iops_sec_max_length = "write_iops_sec_max_length";
constexpr const char* domain_block_iotune_size_iops_sec = "size_iops_sec";
constexpr const char* domain_block_iotune_group_name = "group_name";
constexpr const char* domain_job_operation = "operation";
constexpr const char* domain_job_time_elapsed = "time_elapsed";
constexpr const char* domain_job_time_elapsed_net = "time_elapsed_net";
constexpr const char* domain_job_time_remaining = "time_remaining";
constexpr const char* domain_job_downtime = "downtime";
constexpr const char* domain_job_downtime_net = "downtime_net";
constexpr const char* domain_job_setup_time = "setup_time";
constexpr const char* domain_job_data_total = "data_total";
constexpr const char* domain_job_data_processed = "data_processed";
constexpr const char* domain_job_data_remaining = "data_remaining";
constexpr const char* domain_job_memory_total = "memory_total";
constexpr const char* domain_job_memory_processed = "memory_processed";
constexpr const char* domain_job_memory_remaining = "memory_remaining";
constexpr const char* domain_job_memory_constant = "memory_constant";
constexpr const char* domain_job_memory_normal = "memory_normal";
constexpr const char* domain_job_memory_normal_bytes = "memory_normal_bytes";
constexpr const char* domain_job_memory_bps = "memory_bps";
constexpr const char* domain_job_memory_dirty_rate = "memory_dirty_rate";
constexpr const char* domain_job_memory_page_size = "memory_page_size";
constexpr const char* domain_job_memory_iteration = "memory_iteration";
constexpr const char* domain_job_memory_postcopy_reqs = "memory_postcopy_requests";
constexpr const char* domain_job_disk_total = "disk_total";
constexpr const char* domain_job_disk_processed = "disk_processed";
constexpr const char* domain_job_disk_remaining = "disk_remaining";
constexpr const char* domain_job_disk_bps = "disk_bps";
constexpr const char* domain_job_compression_cache = "compression_cache";
constexpr const char* domain_job_compression_bytes = "compression_bytes";
constexpr const char* domain_job_compression_pages = "compression_pages";
constexpr const char* domain_job_compression_cache_misses = "compression_cache_misses";
constexpr const char* domain_job_compression_overflow = "compression_overflow";
constexpr const char* domain_job_auto_converge_throttle = "auto_converge_throttle";
constexpr const char* domain_job_success = "success";
constexpr const char* domain_job_errmsg = "errmsg";
constexpr const char* domain_job_disk_temp_used = "disk_temp_used";
constexpr const char* domain_job_disk_temp_total = "disk_temp_total";
constexpr const char* domain_tunable_cpu_vcpupin = "cputune.vcpupin%u";
constexpr const char* domain_tunable_cpu_emulatorpin = "cputune.emulatorpin";
constexpr const char* domain_tunable_cpu_iothreadspin = "cputune.iothreadpin%u";
constexpr const char* domain_tunable_cpu_cpu_shares = "cputune.cpu_shares";
constexpr const char* domain_tunable_cpu_global_period = "cputune.global_period";
constexpr const char* domain_tunable_cpu_global_quota = "cputune.global_quota";
constexpr const char* domain_tunable_cpu_vcpu_period = "cputune.vcpu_period";
constexpr const char* domain_tunable_cpu_vcpu_quota = "cputune.vcpu_quota";
constexpr const char* domain_tunable_cpu_emulator_period = "cputune.emulator_period";
constexpr const char* domain_tunable_cpu_emulator_quota = "cputune.emulator_quota";
constexpr const char* domain_tunable_cpu_iothread_period = "cputune.iothread_period";
constexpr const char* domain_tunable_cpu_iothread_quota = "cputune.iothread_quota";
constexpr const char* domain_tunable_blkdev_disk = "blkdeviotune.disk";
constexpr const char* domain_tunable_blkdev_total_bytes_sec = "blkdeviotune.total_bytes_sec";
constexpr const char* domain_tunable_blkdev_read_bytes_sec = "blkdeviotune.read_bytes_sec";
constexpr const char* domain_tunable_blkdev_write_bytes_sec = "blkdeviotune.write_bytes_sec";
constexpr const char* domain_tunable_blkdev_total_iops_sec = "blkdeviotune.total_iops_sec";
constexpr const char* domain_tunable_blkdev_read_iops_sec = "blkdeviotune.read_iops_sec";
constexpr const char* domain_tunable_blkdev_write_iops_sec = "blkdeviotune.write_iops_sec";
constexpr const char* domain_tunable_blkdev_total_bytes_sec_max = "blkdeviotune.total_bytes_sec_max";
constexpr const char* domain_tunable_blkdev_read_bytes_sec_max = "blkdeviotune.read_bytes_sec_max";
constexpr const char* domain_tunable_blkdev_write_bytes_sec_max = "blkdeviotune.write_bytes_sec_max";
constexpr const char* domain_tunable_blkdev_total_iops_sec_max = "blkdeviotune.total_iops_sec_max";
constexpr const char* domain_tunable_blkdev_read_iops_sec_max = "blkdeviotune.read_iops_sec_max";
constexpr const char* domain_tunable_blkdev_write_iops_sec_max = "blkdeviotune.write_iops_sec_max";
constexpr const char* domain_tunable_blkdev_size_iops_sec = "blkdeviotune.size_iops_sec";
constexpr const char* domain_tunable_blkdev_group_name = "blkdeviotune.group_name";
constexpr const char* domain_tunable_blkdev_total_bytes_sec_max_length = "blkdeviotune.total_bytes_sec_max_length";
constexpr const char* domain_tunable_blkdev_read_bytes_sec_max_length = "blkdeviotune.read_bytes_sec_max_length";
constexpr const char* domain_tunable_blkdev_write_bytes_sec_max_length = "blkdeviotune.write_bytes_sec_max_length";
constexpr const char* domain_tunable_blkdev_total_iops_sec_max_length = "blkdeviotune.total_iops_sec_max_length";
constexpr const char* domain_tunable_blkdev_read_iops_sec_max_length = "blkdeviotune.read_iops_sec_max_length";
constexpr const char* domain_tunable_blkdev_write_iops_sec_max_length = "blkdeviotune.write_iops_sec_max_length";
constexpr const char* domain_launch_security_sev_measurement = "sev-measurement";
constexpr const char* domain_launch_security_sev_api_major = "sev-api-major";
constexpr const char* domain_launch_security_sev_api_minor = "sev-api-minor";
constexpr const char* domain_launch_security_sev_build_id = "sev-build-id";
constexpr const char* domain_launch_security_sev_policy = "sev-policy";
constexpr const char* domain_launch_security_sev_secret_header = "sev-secret-header";
constexpr const char* domain_launch_security_sev_secret = "sev-secret";
constexpr const char* domain_launch_security_sev_secret_set_address = "sev-secret-set-address";
constexpr const char* node_cpu_stats_kernel = "kernel";
constexpr const char* node_cpu_stats_user = "user";
constexpr const char* node_cpu_stats_idle = "idle";
constexpr const char* node_cpu_stats_iowait = "iowait";
constexpr const char* node_cpu_stats_intr = "intr";
constexpr const char* node_cpu_stats_utilization = "utilization";
constexpr const char* node_memory_stats_total = "total";
constexpr const char* node_memory_stats_free = "free";
constexpr const char* node_memory_stats_buffers = "buffers";
constexpr const char* node_memory_stats_cached = "cached";
constexpr const char* node_memory_shared_pages_to_scan = "shm_pages_to_scan";
constexpr const char* node_memory_shared_sleep_millisecs = "shm_sleep_millisecs";
constexpr const char* node_memory_shared_pages_shared = "shm_pages_shared";
constexpr const char* node_memory_shared_pages_sharing = "shm_pages_sharing";
constexpr const char* node_memory_shared_pages_unshared = "shm_pages_unshared";
constexpr const char* node_memory_shared_pages_volatile = "shm_pages_volatile";
constexpr const char* node_memory_shared_full_scans = "shm_full_scans";
constexpr const char* node_memory_shared_merge_across_nodes = "shm_merge_across_nodes";
constexpr const char* node_sev_pdh = "pdh";
constexpr const char* node_sev_cert_chain = "cert-chain";
constexpr const char* node_sev_cpu0_id = "cpu0-id";
constexpr const char* node_sev_cbitpos = "cbitpos";
constexpr const char* node_sev_reduced_phys_bits = "reduced-phys-bits";
constexpr const char* node_sev_max_guests = "max-guests";
constexpr const char* node_sev_max_es_guests = "max-es-guests";
constexpr const char* connect_identity_user_name = "user-name";
constexpr const char* connect_identity_unix_user_id = "unix-user-id";
constexpr const char* connect_identity_group_name = "group-name";
constexpr const char* connect_identity_unix_group_id = "unix-group-id";
constexpr const char* connect_identity_process_id = "process-id";
constexpr const char* connect_identity_process_time = "process-time";
constexpr const char* connect_identity_sasl_user_name = "sasl-user-name";
constexpr const char* connect_identity_x509_distinguished_name = "x509-distinguished-name";
constexpr const char* connect_identity_selinux_context = "selinux-context";

}  // namespace virtue::api
