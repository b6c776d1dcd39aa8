#include "drivers/network/mac_map.h"

#include <map>
#include <set>

#include <fmt/format.h>

#include "base/log.h"
#include "drivers/network/leases.h"
#include "io/files.h"
#include "io/offload.h"

namespace virtue::network {
namespace {

constinit log::Module logger("network.names");

}  // namespace

std::string mac_map_path(const std::string& folder, const std::string& bridge) {
    return folder + "/" + bridge + ".macs";
}

std::string mac_map_text(const Network& network) {
    std::map<std::string, std::set<std::string>> guests;
    for (const auto& [uuid, port] : network.ports) {
        if (!port.owner_name.empty() && port.mac) guests[port.owner_name].insert(port.mac->to_string());
    }
    std::string text = "[\n";
    std::string_view between;
    for (const auto& [name, macs] : guests) {
        text += fmt::format("{}  {{\n    \"domain\": {},\n    \"macs\": [\n", between, json_text(name));
        std::string_view comma;
        for (const std::string& mac : macs) {
            text += fmt::format("{}      {}", comma, json_text(mac));
            comma = ",\n";
        }
        text += "\n    ]\n  }";
        between = ",\n";
    }
    return text + "\n]\n";
}

Task<void> save_mac_map(Core& core, NetworkOwner network) {
    if (!network->live || !network->live->owns_bridge()) co_return;
    const std::string path = mac_map_path(core.settings.dnsmasq_folder(), network->live->bridge);
    const std::string text = mac_map_text(*network);
    auto save = [path, text] { io::PreparedFile(path, text, 0644).put_in_place(); };
    std::string problem;
    try {
        co_await io::offload(core.loop, std::move(save));
    } catch (const Error& error) {
        problem = error.message();
    }
    if (!problem.empty()) logger.warn("network '{}': {}", network->name(), problem);
}

}  // namespace virtue::network
