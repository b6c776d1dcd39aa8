// The commands of each file of this folder; groups.cc puts them together. Constant data.
#pragma once
#include <vector>

#include "shell/command.h"

namespace virtue::shell {

using Commands = std::vector<Command>;

/// A key by number or by the kernel's name, KEY_ENTER; nothing if there is none.
std::optional<uint32_t> key_code(std::string_view name);

Commands domain_definition_commands();
Commands domain_life_commands();
Commands domain_monitor_commands();
Commands domain_name_commands();
Commands console_commands();
Commands domain_cpu_memory_commands();
Commands memory_monitor_commands();
Commands domain_device_commands();
Commands device_monitor_commands();
Commands domain_guest_commands();
Commands guest_monitor_commands();
Commands network_commands();
Commands pool_commands();
Commands volume_commands();
Commands secret_commands();
Commands node_device_commands();
Commands interface_commands();
Commands nwfilter_commands();
Commands shell_commands();
Commands up_commands();
Commands down_commands();
Commands host_commands();
Commands snapshot_commands();
Commands checkpoint_commands();
Commands backup_commands();
Commands block_job_commands();
Commands disk_commands();
Commands domain_text_commands();
Commands guest_agent_commands();
Commands interface_bridge_commands();
Commands iothread_commands();
Commands job_commands();
Commands memory_device_commands();
Commands migrate_commands();
Commands nic_commands();
Commands nic_monitor_commands();
Commands saved_image_commands();
Commands tune_commands();
Commands event_commands();
Commands network_event_commands();
Commands pool_event_commands();
Commands node_device_event_commands();
Commands secret_event_commands();
Commands monitor_event_commands();

}  // namespace virtue::shell
