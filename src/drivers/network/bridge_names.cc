#include "drivers/network/bridge_names.h"

#include "base/error.h"
#include "host/links.h"

namespace virtue::network {
namespace {

constexpr int most_bridges = 256;

/// True if another network has the bridge.
bool is_used(const Core& core, const std::string& bridge, const Uuid& except) {
    bool used = false;
    core.networks.for_each([&](const Network& network) {
        if (network.uuid() == except) return;
        used = used || (network.persistent && network.persistent->bridge == bridge) ||
               (network.live && network.live->bridge == bridge);
    });
    return used;
}

}  // namespace

void require_free_bridge(const Core& core, const model::Network& definition) {
    if (!definition.owns_bridge() || definition.bridge.empty() || definition.bridge.find("%d") != std::string::npos)
        return;
    core.networks.for_each([&](const Network& network) {
        if (network.name() == definition.name) return;
        const bool used = (network.persistent && network.persistent->bridge == definition.bridge) ||
                          (network.live && network.live->bridge == definition.bridge);
        if (!used) return;
        fail(ErrorCode::internal_error, ErrorDomain::network, "bridge name '{}' already in use.", definition.bridge);
    });
}

void choose_bridge_name(const Core& core, model::Network& definition) {
    if (!definition.owns_bridge()) return;
    const size_t place = definition.bridge.find("%d");
    const bool is_pattern = definition.bridge.empty() || place != definition.bridge.npos;
    if (!is_pattern) {
        return;
    }
    // A definition that comes again without a name keeps the one that it had.
    if (const Network* known = core.networks.find(*definition.uuid); known && definition.bridge.empty()) {
        const model::Network& before = known->persistent ? *known->persistent : known->current();
        if (before.owns_bridge() && !before.bridge.empty()) {
            definition.bridge = before.bridge;
            return;
        }
    }
    const std::string pattern = definition.bridge.empty() ? "virbr%d" : definition.bridge;
    const size_t at = pattern.find("%d");
    for (int i = 0; i <= most_bridges; i++) {
        std::string name = pattern.substr(0, at) + std::to_string(i) + pattern.substr(at + 2);
        if (is_used(core, name, *definition.uuid) || host::link_index(name) != 0) continue;
        definition.bridge = std::move(name);
        return;
    }
    fail(ErrorCode::internal_error, ErrorDomain::network, "Bridge generation exceeded max id {}", most_bridges);
}

}  // namespace virtue::network
