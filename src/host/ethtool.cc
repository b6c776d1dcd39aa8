#include "host/ethtool.h"

#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <cstring>
#include <filesystem>

#include "base/fd.h"

namespace virtue::host {

namespace {

class Card {
public:
    explicit Card(const std::string& name) : socket_(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
        std::strncpy(request_.ifr_name, name.c_str(), IFNAMSIZ - 1);
    }
    bool ask(void* command) {
        request_.ifr_data = static_cast<char*>(command);
        return ::ioctl(socket_.get(), SIOCETHTOOL, &request_) == 0;
    }
    uint32_t value(uint32_t command) {
        ethtool_value value{};
        value.cmd = command;
        return ask(&value) ? value.data : 0;
    }

private:
    Fd socket_;
    ifreq request_{};
};

/// The two that have no ioctl of their own: a card whose InfiniBand side lies on the same device.
bool has_rdma(const std::string& name) {
    std::error_code error;
    const auto device = std::filesystem::canonical("/sys/class/net/" + name + "/device", error);
    return !error && std::filesystem::is_directory(device / "infiniband", error);
}

bool has_tunnel_offload(Card& card) {
    constexpr unsigned tunnel_bit = 25;  // NETIF_F_GSO_UDP_TUNNEL_BIT
    constexpr unsigned blocks = 2;
    alignas(ethtool_gfeatures) char space[sizeof(ethtool_gfeatures) + blocks * sizeof(ethtool_get_features_block)] = {};
    auto* features = reinterpret_cast<ethtool_gfeatures*>(space);
    features->cmd = ETHTOOL_GFEATURES;
    features->size = blocks;
    return card.ask(features) && features->features[0].active & 1U << tunnel_bit;
}

}  // namespace

std::vector<std::string> link_features(const std::string& name) {
    constexpr std::pair<const char*, uint32_t> commands[] = {{"rx", ETHTOOL_GRXCSUM}, {"tx", ETHTOOL_GTXCSUM},
                                                             {"sg", ETHTOOL_GSG},     {"tso", ETHTOOL_GTSO},
                                                             {"gso", ETHTOOL_GGSO},   {"gro", ETHTOOL_GGRO}};
    constexpr std::pair<const char*, uint32_t> flags[] = {{"lro", ETH_FLAG_LRO},
                                                          {"rxvlan", ETH_FLAG_RXVLAN},
                                                          {"txvlan", ETH_FLAG_TXVLAN},
                                                          {"ntuple", ETH_FLAG_NTUPLE},
                                                          {"rxhash", ETH_FLAG_RXHASH}};
    std::vector<std::string> features;
    Card card(name);
    for (const auto& [feature, command] : commands)
        if (card.value(command) != 0) features.emplace_back(feature);
    const uint32_t set = card.value(ETHTOOL_GFLAGS);
    for (const auto& [feature, flag] : flags)
        if (set & flag) features.emplace_back(feature);
    if (has_rdma(name)) features.emplace_back("rdma");
    if (has_tunnel_offload(card)) features.emplace_back("txudptnl");
    return features;
}

}  // namespace virtue::host
