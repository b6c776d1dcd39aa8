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
              {domain_definition_commands(), domain_life_commands(), domain_name_commands(), console_commands(),
               domain_cpu_memory_commands(), domain_device_commands(), domain_guest_commands(),
               monitor_event_commands(), block_job_commands(), disk_commands(), domain_text_commands(),
               guest_agent_commands(), iothread_commands(), job_commands(), memory_device_commands(),
               migrate_commands(), nic_commands(), saved_image_commands(), tune_commands()}),
        group("Domain Monitoring", "monitor",
              {domain_monitor_commands(), memory_monitor_commands(), device_monitor_commands(),
               guest_monitor_commands(), nic_monitor_commands()}),
        group("Domain Events", "events", {event_commands()}),
        group("Host and Hypervisor", "host", {host_commands()}),
        group("Domain Checkpoint", "checkpoint", {checkpoint_commands()}),
        group("Domain Snapshot", "snapshot", {snapshot_commands()}),
        group("Backup", "backup", {backup_commands(), down_commands()}),
        group("Interface", "interface", {interface_commands(), interface_bridge_commands()}),
        group("Network Filter", "filter", {nwfilter_commands()}),
        group("Networking", "network", {network_commands(), network_event_commands()}),
        group("Node Device", "nodedev", {node_device_commands(), node_device_event_commands()}),
        group("Secret", "secret", {secret_commands(), secret_event_commands()}),
        group("Storage Pool", "pool", {pool_commands(), pool_event_commands()}),
        group("Storage Volume", "volume", {volume_commands()}),
        group("Virtue itself", "virtue", {shell_commands(), up_commands(), down_commands()}),
    };
}

}  // namespace virtue::shell
