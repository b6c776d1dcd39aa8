// <networkport>: what one guest's interface plugs into. Plain values.
#pragma once
#include <optional>
#include <string>

#include "model/network/network.h"

namespace virtue::model {

/// How a port reaches its network.
enum class PlugType : uint8_t { none, network, bridge, direct, hostdev_pci };
VIRTUE_XML_NAMES(PlugType, "none", "network", "bridge", "direct", "hostdev-pci")

struct NetworkPort {
    static constexpr const char* element = "networkport";
    static constexpr ErrorDomain error_domain = ErrorDomain::network;

    std::optional<Uuid> uuid;  ///< always there after parse()
    std::string owner_name;
    std::optional<Uuid> owner_uuid;
    std::string group;  ///< the network's portgroup
    std::optional<MacAddress> mac;
    std::optional<VirtualPort> virtual_port;
    xml::YesNo trust_guest_rx_filters = xml::YesNo::absent;
    xml::YesNo isolated = xml::YesNo::absent;
    std::optional<Vlan> vlan;
    std::optional<Bandwidth> bandwidth;
    uint32_t class_id = 0;  ///< of the bridge's traffic classes, where the bandwidth has a floor; 0 for none
    PlugType plug = PlugType::none;
    std::string bridge;  ///< network, bridge
    MacTableManager mac_table_manager = MacTableManager::absent;
    std::string dev;  ///< direct
    MacvtapMode mode = MacvtapMode::absent;
    PciAddress pci;  ///< hostdev-pci
    bool managed = false;
    ForwardDriver driver = ForwardDriver::absent;
    bool operator==(const NetworkPort&) const = default;

    /// Reads a port; a missing UUID is made up. Throws Error.
    static NetworkPort parse(std::string_view text, bool validate = false);
};
void map(xml::Mapper& m, NetworkPort& port);

}  // namespace virtue::model
