// Bandwidth limits of bridges, taps and macvtaps as tc commands. Pure.
#pragma once
#include <string>
#include <vector>

#include "base/mac_address.h"
#include "model/domain/interface.h"

namespace virtue::driver {

/// A tc command and whether its failure matters.
struct TrafficCommand {
    std::vector<std::string> words;
    bool may_fail = false;
};

/// What a device is, seen from the limits.
enum class Shaped : uint8_t {
    bridge,   ///< of a network: what leaves through it goes to the guests, who share the limit
    tap,      ///< of one guest: what leaves through it goes to the guest
    macvtap,  ///< it is the guest's own end: what leaves through it comes from the guest
};

/// What sets the limits on a device: what leaves through it is shaped, what arrives is policed. Limits that were there
/// go first.
std::vector<TrafficCommand> set_bandwidth(const std::string& device, const model::Bandwidth& bandwidth, Shaped what);
std::vector<TrafficCommand> clear_bandwidth(const std::string& device);

/// What a network guarantees to one guest: a class of its own below that of the bridge.
struct Guarantee {
    unsigned class_id = 0;  ///< from 3 on
    MacAddress mac;
    uint64_t floor = 0;  ///< KiB/s
};
/// Gives a guest its class on a bridge whose limit is `whole`, or takes it away.
std::vector<TrafficCommand> add_guarantee(const std::string& bridge, const model::BandwidthLimit& whole,
                                          const Guarantee& guarantee);
std::vector<TrafficCommand> remove_guarantee(const std::string& bridge, const Guarantee& guarantee);
/// What is left to all others when `guaranteed` KiB/s are given to some.
std::vector<TrafficCommand> share_rest(const std::string& bridge, const model::BandwidthLimit& whole,
                                       uint64_t guaranteed);

}  // namespace virtue::driver
