#include "drivers/network/driver.h"

#include "base/error.h"
#include "base/log.h"
#include "driver/handler_table.h"
#include "drivers/network/calls/change_calls.h"
#include "drivers/network/calls/lookup_calls.h"
#include "drivers/network/calls/port_calls.h"
#include "drivers/network/load.h"
#include "drivers/network/service.h"
#include "drivers/network/watcher.h"

namespace virtue::network {
namespace {

constinit log::Module logger("network");

}  // namespace

struct NetworkDriver::State {
    State(io::Loop& loop, Settings settings)
        : core(loop, std::move(settings)), service(core), lookups(core), changes(core), ports(core, service) {
        lookups.bind(table);
        changes.bind(table);
        ports.bind(table);
        core.events.bind(table, driver::EventClass::network);
    }

    Core core;
    Service service;
    driver::HandlerTable table;
    LookupCalls lookups;
    ChangeCalls changes;
    PortCalls ports;
    std::unique_ptr<Watcher> watcher;
};

NetworkDriver::NetworkDriver(io::Loop& loop, Settings settings)
    : state_(std::make_unique<State>(loop, std::move(settings))) {
    auto begin = [](State& state) -> Task<void> {
        std::exception_ptr problem;
        try {
            co_await load_networks(state.core);
        } catch (const std::exception& error) {
            problem = std::current_exception();
            logger.error("the network driver cannot work: {}", error.what());
        }
        state.service.set_ready(problem);
        try {
            if (state.core.settings.paths.privileged) state.watcher = std::make_unique<Watcher>(state.core);
        } catch (const Error& error) {
            logger.warn("what others do to our networks stays unnoticed: {}", error.message());
        }
        if (!problem) co_await autostart_networks(state.core);
    };
    state_->core.spawn(begin(*state_));
}

NetworkDriver::~NetworkDriver() = default;

bool NetworkDriver::accepts(const driver::Uri& uri) const {
    return uri.scheme == "network";
}

Task<driver::Route> NetworkDriver::open(driver::Call& call, driver::Uri uri) {
    const bool privileged = state_->core.settings.paths.privileged;
    const std::string wanted = privileged ? "/system" : "/session";
    if (uri.path != wanted && !(privileged && uri.path == "/session")) {
        fail(ErrorCode::internal_error, ErrorDomain::network, "unexpected network URI path '{}', try network://{}",
             uri.path, wanted);
    }
    co_await state_->service.ready(call.deadline);
    driver::Route route;
    route.tables[static_cast<size_t>(proc::DriverKind::network)] = &state_->table;
    route.uri = "network://" + uri.path;
    co_return route;
}

bool NetworkDriver::is_busy() const {
    bool any = false;
    state_->core.networks.for_each([&](const Network& network) { any = any || network.active; });
    return any;
}

Task<void> NetworkDriver::stop() {
    state_->watcher.reset();
    co_await state_->core.gate.close();
}

const driver::HandlerTable& NetworkDriver::table() const {
    return state_->table;
}

driver::NetworkService& NetworkDriver::service() {
    return state_->service;
}

}  // namespace virtue::network
