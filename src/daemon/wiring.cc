#include "daemon/wiring.h"

#include <filesystem>

#include "drivers/interface/driver.h"
#include "drivers/network/driver.h"
#include "drivers/nodedev/driver.h"
#include "drivers/nwfilter/driver.h"
#include "drivers/qemu/driver.h"
#include "drivers/secret/driver.h"
#include "drivers/storage/driver.h"
#include "drivers/test/driver.h"

namespace virtue::daemon {
namespace {

qemu::Settings qemu_settings(const WiringContext& context) {
    const Configuration& configuration = context.configuration;
    qemu::Settings settings;
    settings.paths = context.paths;
    settings.user = configuration.user;
    settings.group = configuration.group;
    settings.dynamic_ownership = configuration.dynamic_ownership != 0;
    settings.open_images = configuration.open_images != 0;
    settings.remember_owner = configuration.remember_owner != 0;
    settings.monitor_deadline = io::Milliseconds(1000LL * configuration.monitor_timeout);
    settings.start_deadline = io::Milliseconds(1000LL * configuration.start_timeout);
    settings.agent_deadline = io::Milliseconds(1000LL * configuration.agent_timeout);
    settings.first_display_port = static_cast<int>(configuration.remote_display_port_min);
    settings.last_display_port = static_cast<int>(configuration.remote_display_port_max);
    settings.max_open_files = configuration.max_files;
    settings.cgroup_controllers = configuration.cgroup_controllers;
    settings.host_uuid = configuration.host_uuid;
    settings.vnc_listen = configuration.vnc_listen;
    settings.spice_listen = configuration.spice_listen;
    return settings;
}

/// The program that dnsmasq runs: beside the daemon's own, in the build tree as where it is installed.
std::string leases_program() {
    std::error_code error;
    const std::filesystem::path self = std::filesystem::read_symlink("/proc/self/exe", error);
    return error ? "virtue-leases" : (self.parent_path() / "virtue-leases").string();
}

network::Settings network_settings(const WiringContext& context) {
    network::Settings settings;
    settings.paths = context.paths;
    settings.firewall = context.configuration.firewall_backend == "iptables" ? network::FirewallBackend::iptables
                                                                             : network::FirewallBackend::nftables;
    settings.dnsmasq = context.configuration.dnsmasq;
    settings.leases_program =
        context.configuration.leases_program.empty() ? leases_program() : context.configuration.leases_program;
    return settings;
}

}  // namespace

std::vector<std::unique_ptr<driver::Backend>> make_backends(const WiringContext& context) {
    auto secrets = std::make_unique<secret::SecretDriver>(context.loop, context.paths);
    auto storage = std::make_unique<storage::StorageDriver>(context.loop, context.paths, secrets.get());
    qemu::QemuDriver::Tables tables{};
    tables[static_cast<size_t>(proc::DriverKind::secret)] = &secrets->table();
    tables[static_cast<size_t>(proc::DriverKind::storage)] = &storage->table();
    std::vector<std::unique_ptr<driver::Backend>> backends;
    auto networks = std::make_unique<network::NetworkDriver>(context.loop, network_settings(context));
    tables[static_cast<size_t>(proc::DriverKind::network)] = &networks->table();
    auto devices =
        std::make_unique<nodedev::NodeDeviceDriver>(context.loop, context.paths, context.configuration.host_uuid);
    tables[static_cast<size_t>(proc::DriverKind::node_device)] = &devices->table();
    auto interfaces = std::make_unique<interface::InterfaceDriver>(context.loop, context.paths);
    tables[static_cast<size_t>(proc::DriverKind::interface)] = &interfaces->table();
    auto filters = std::make_unique<nwfilter::FilterDriver>(context.loop, context.paths);
    tables[static_cast<size_t>(proc::DriverKind::nwfilter)] = filters->table();
    // The hypervisor first: it uses the others, so it must go before them.
    auto qemu = std::make_unique<qemu::QemuDriver>(context.loop, qemu_settings(context), tables, &networks->service());
    qemu->meet(storage.get(), secrets.get(), filters->service());
    devices->meet(qemu.get());
    backends.push_back(std::move(qemu));
    backends.push_back(std::move(networks));
    backends.push_back(std::move(storage));
    backends.push_back(std::move(secrets));
    backends.push_back(std::move(devices));
    backends.push_back(std::move(interfaces));
    backends.push_back(std::move(filters));
    backends.push_back(std::make_unique<test::TestDriver>());
    return backends;
}

}  // namespace virtue::daemon
