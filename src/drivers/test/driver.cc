#include "drivers/test/driver.h"

#include "drivers/test/default_objects.h"
#include "drivers/test/file_config.h"
#include "drivers/test/instance.h"
#include "drivers/test/refusals.h"

namespace virtue::test {

Instance::Instance() {
    bind_host(*this);
    bind_cpu_baseline(*this);
    bind_domain_lookups(*this);
    bind_domain_definitions(*this);
    bind_domain_lifecycle(*this);
    bind_domain_saves(*this);
    bind_domain_cpus(*this);
    bind_domain_memory(*this);
    bind_domain_tuning(*this);
    bind_domain_block_tuning(*this);
    bind_domain_guest_agent(*this);
    bind_domain_statistics(*this);
    bind_domain_display(*this);
    bind_snapshots(*this);
    bind_checkpoints(*this);
    bind_networks(*this);
    bind_pools(*this);
    bind_volumes(*this);
    bind_interfaces(*this);
    bind_node_devices(*this);
    events.bind(hypervisor, driver::EventClass::domain);
    events.bind(network, driver::EventClass::network);
    events.bind(storage, driver::EventClass::storage_pool);
    events.bind(node_device, driver::EventClass::node_device);
}

TestDriver::TestDriver() = default;
TestDriver::~TestDriver() = default;

bool TestDriver::accepts(const driver::Uri& uri) const {
    return uri.scheme == "test";
}

namespace {

driver::Route route_to(std::shared_ptr<Instance> instance, const driver::Uri& uri) {
    driver::Route route;
    auto set = [&](proc::DriverKind kind, const driver::HandlerTable& table) {
        route.tables[static_cast<size_t>(kind)] = &table;
    };
    set(proc::DriverKind::hypervisor, instance->hypervisor);
    set(proc::DriverKind::network, instance->network);
    set(proc::DriverKind::storage, instance->storage);
    set(proc::DriverKind::interface, instance->interface);
    set(proc::DriverKind::node_device, instance->node_device);
    route.uri = "test://" + uri.path;
    route.owner = std::move(instance);
    return route;
}

}  // namespace

Task<driver::Route> TestDriver::open(driver::Call& call, driver::Uri uri) {
    if (uri.path.empty() || uri.path == "/")
        refuse(ErrorCode::invalid_arg, "testOpen: supply a path or use test:///default");
    if (uri.path == "/default") {
        std::shared_ptr<Instance> instance = shared_.lock();
        if (!instance) {
            instance = std::make_shared<Instance>();
            fill_default(*instance);
            shared_ = instance;
        }
        co_return route_to(std::move(instance), uri);
    }
    auto instance = std::make_shared<Instance>();
    std::string path = uri.path;
    co_await load_file_config(call.loop(), *instance, std::move(path));
    co_return route_to(std::move(instance), uri);
}

}  // namespace virtue::test
