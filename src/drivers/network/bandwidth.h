// Bandwidth limits of a bridge or tap as tc commands. Pure.
#pragma once
#include <string>
#include <vector>

#include "model/domain/interface.h"

namespace virtue::network {

/// A tc command and whether its failure matters.
struct TrafficCommand {
    std::vector<std::string> words;
    bool may_fail = false;
};
/// What sets the limits of a network on its bridge: what leaves through the bridge goes to the guests, so their inbound
/// limit shapes it, and their outbound limit polices what arrives.
std::vector<TrafficCommand> set_bandwidth(const std::string& device, const model::Bandwidth& bandwidth);
std::vector<TrafficCommand> clear_bandwidth(const std::string& device);

}  // namespace virtue::network
