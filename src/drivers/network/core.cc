#include "drivers/network/core.h"

#include "base/error.h"
#include "base/log.h"
#include "protocol/remote/event_object.h"

namespace virtue::network {
namespace {

constinit log::Module logger("network");

}  // namespace

Core::Core(io::Loop& on, Settings with)
    : loop(on),
      settings(std::move(with)),
      store(settings),
      firewall(on, settings),
      naming(on, 1),
      addressing(on, 1),
      gate(on, [](std::exception_ptr error) { logger.error("background work failed: {}", log::describe(error)); }) {}

NetworkOwner Core::at(const proc::NetworkRef& reference) const {
    NetworkOwner network = networks.hold(reference.uuid);
    if (!network) {
        fail(ErrorCode::no_network, ErrorDomain::network, "no network with matching uuid '{}' ({})",
             reference.uuid.to_string(), reference.name);
    }
    return network;
}

NetworkOwner Core::find(const std::string& name) const {
    const Network* found = networks.find(std::string_view(name));
    return found ? networks.hold(found->uuid()) : nullptr;
}

Task<Core::Held> Core::hold(std::string name, io::Deadline deadline) {
    for (;;) {
        Held held;
        held.network = find(name);
        if (!held.network) co_return held;
        held.turn = co_await turn(held.network, deadline);
        // Another may have taken the name meanwhile.
        if (find(name) == held.network) co_return held;
    }
}

Task<Core::Place> Core::place_of(Uuid uuid, io::Deadline deadline) {
    for (;;) {
        Place place;
        place.known.network = networks.hold(uuid);
        if (place.known.network) place.known.turn = co_await turn(place.known.network, deadline);
        place.naming = co_await naming.acquire(deadline, "another definition of a network");
        if (networks.hold(uuid) == place.known.network) co_return place;
    }
}

void Core::tell(const Network& network, uint32_t event) {
    proc::NetworkEventLifecycle::Msg message;
    message.network = network.reference();
    message.event = static_cast<int32_t>(event);
    events.publish<proc::NetworkEventLifecycle>(network.uuid().to_string(), message);
}

void require_flags(uint32_t flags, uint32_t known, const char* function) {
    if ((flags & ~known) == 0) return;
    // libvirt words this one without its fixed sentence.
    throw Error::with_message(ErrorCode::invalid_arg, ErrorDomain::network,
                              fmt::format("unsupported flags ({:#x}) in function {}", flags & ~known, function));
}

void require_known(const Network& network) {
    if (!network.removed) return;
    fail(ErrorCode::no_network, ErrorDomain::network, "no network with matching uuid '{}' ({})",
         network.uuid().to_string(), network.name());
}

}  // namespace virtue::network
