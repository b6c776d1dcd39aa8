#include <algorithm>
#include <iterator>

#include "shell/commands/commands.h"

namespace virtue::shell {
namespace {

CommandGroup group(std::string title, std::string keyword, std::initializer_list<Commands> parts) {
    CommandGroup made{std::move(title), std::move(keyword), {}};
    for (const Commands& part : parts) made.commands.insert(made.commands.end(), part.begin(), part.end());
    std::sort(made.commands.begin(), made.commands.end(),
              [](const Command& one, const Command& other) { return one.name < other.name; });
    return made;
}

}  // namespace

std::vector<CommandGroup> all_groups() {
    return {
        group("Domain Management", "domain",
              {domain_definition_commands(), domain_life_commands(), domain_name_commands(), console_commands()}),
        group("Domain Monitoring", "monitor", {domain_monitor_commands()}),
        group("Host and Hypervisor", "host", {host_commands()}),
        group("Interface", "interface", {interface_commands()}),
        group("Network Filter", "filter", {nwfilter_commands()}),
        group("Networking", "network", {network_commands()}),
        group("Node Device", "nodedev", {node_device_commands()}),
        group("Secret", "secret", {secret_commands()}),
        group("Storage Pool", "pool", {pool_commands()}),
        group("Storage Volume", "volume", {volume_commands()}),
        group("Virtue itself", "virtue", {shell_commands()}),
    };
}

}  // namespace virtue::shell
