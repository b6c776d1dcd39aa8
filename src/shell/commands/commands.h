// The commands of each file of this folder; groups.cc puts them together. Constant data.
#pragma once
#include <vector>

#include "shell/command.h"

namespace virtue::shell {

using Commands = std::vector<Command>;

Commands domain_definition_commands();
Commands domain_life_commands();
Commands domain_monitor_commands();
Commands domain_name_commands();
Commands console_commands();
Commands network_commands();
Commands pool_commands();
Commands volume_commands();
Commands secret_commands();
Commands node_device_commands();
Commands interface_commands();
Commands nwfilter_commands();
Commands shell_commands();
Commands host_commands();

}  // namespace virtue::shell
