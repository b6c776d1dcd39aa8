// Everything that one test connection (or all of test:///default) shares: mock host, guests, networks, pools,
// interfaces, devices, and the handler tables that answer for them. Owned by the routes of the connections that have it
// open; loop thread only.
#pragma once
#include <memory>
#include <string>
#include <utility>

#include "driver/event_hub.h"
#include "driver/handler_table.h"
#include "driver/object_table.h"
#include "drivers/test/guest.h"
#include "drivers/test/host.h"
#include "drivers/test/interfaces.h"
#include "drivers/test/networks.h"
#include "drivers/test/node_devices.h"
#include "drivers/test/pools.h"

namespace virtue::test {

/// One mock world.
class Instance {
public:
    Instance();
    Instance(const Instance&) = delete;
    Instance& operator=(const Instance&) = delete;

    driver::HandlerTable hypervisor, network, storage, interface, node_device;
    Host host;
    driver::ObjectTable<Guest> guests;
    Networks networks;
    Pools pools;
    Interfaces interfaces;
    NodeDevices node_devices;
    driver::EventHub events;
    int next_id = 1;
};

/// Binds a handler that is a function of the instance.
template <typename P>
void bind(driver::HandlerTable& on, Instance& in, typename P::Ret (*handler)(Instance&, typename P::Args)) {
    on.call<P>([&in, handler](driver::Call&, typename P::Args&& args) { return handler(in, std::move(args)); });
}

/// The same for one that needs the call.
template <typename P>
void bind(driver::HandlerTable& on, Instance& in,
          typename P::Ret (*handler)(Instance&, driver::Call&, typename P::Args)) {
    on.call<P>(
        [&in, handler](driver::Call& call, typename P::Args&& args) { return handler(in, call, std::move(args)); });
}

// Each group of calls binds itself.
void bind_host(Instance& in);
void bind_cpu_baseline(Instance& in);
void bind_domain_lookups(Instance& in);
void bind_domain_definitions(Instance& in);
void bind_domain_lifecycle(Instance& in);
void bind_domain_saves(Instance& in);
void bind_domain_cpus(Instance& in);
void bind_domain_memory(Instance& in);
void bind_domain_tuning(Instance& in);
void bind_domain_block_tuning(Instance& in);
void bind_domain_guest_agent(Instance& in);
void bind_domain_statistics(Instance& in);
void bind_domain_display(Instance& in);
void bind_snapshots(Instance& in);
void bind_checkpoints(Instance& in);
void bind_networks(Instance& in);
void bind_pools(Instance& in);
void bind_volumes(Instance& in);
void bind_interfaces(Instance& in);
void bind_node_devices(Instance& in);

}  // namespace virtue::test
