#include "drivers/network/subnets.h"

#include <algorithm>

#include "base/error.h"
#include "host/links.h"

namespace virtue::network {
namespace {

model::HostAddress of_bytes(const std::array<uint8_t, 4>& bytes) {
    model::HostAddress address;
    address.family = model::AddressFamily::ipv4;
    std::copy(bytes.begin(), bytes.end(), address.bytes.begin());
    return address;
}

}  // namespace

std::optional<std::string> find_clash(const model::Network& network) {
    const std::vector<host::RouteEntry> routes = host::ipv4_routes();
    for (const host::RouteEntry& route : routes) {
        const unsigned width = of_bytes(route.mask).prefix_of_mask().value_or(32);
        // A default route is no claim to an address.
        if (width == 0) continue;
        const model::HostAddress target = of_bytes(route.target);
        for (const model::NetworkIp& ip : network.ips) {
            if (!ip.address.is_ipv4()) continue;
            const unsigned narrower = std::min(width, ip.effective_prefix());
            if (target.masked(narrower) != ip.address.masked(narrower)) continue;
            // One that we want to add ourselves is no clash.
            bool own = false;
            for (const model::NetworkRoute& wanted : network.routes)
                own = own || (wanted.address == target && wanted.effective_prefix() == width);
            if (!own) return route.device;
        }
    }
    return std::nullopt;
}

void check_subnets(const model::Network& network) {
    const std::optional<std::string> device = find_clash(network);
    if (!device) return;
    throw Error(ErrorCode::internal_error, ErrorDomain::network,
                fmt::format("Network is already in use by interface {}", *device),
                fmt::format("choose another subnet with 'virsh net-edit {}'; with <ip family='ipv4' address='auto'> a "
                            "free one is found",
                            network.name));
}

void release_subnet(model::NetworkIp& ip) {
    ip.prefix = ip.effective_prefix();
    ip.wants_address = true;
    ip.wants_range = !ip.ranges.empty();
    ip.netmask = {};
    ip.ranges.clear();
}

namespace {

struct Subnet {
    model::HostAddress address;
    unsigned prefix = 0;
    bool touches(const Subnet& other) const {
        const unsigned narrower = std::min(prefix, other.prefix);
        return narrower > 0 && address.masked(narrower) == other.address.masked(narrower);
    }
};

std::vector<Subnet> taken_subnets(const Core& core, const model::Network& definition) {
    std::vector<Subnet> taken;
    for (const host::RouteEntry& route : host::ipv4_routes())
        taken.push_back({of_bytes(route.target), of_bytes(route.mask).prefix_of_mask().value_or(32)});
    const auto add = [&](const model::Network& network) {
        for (const model::NetworkIp& ip : network.ips)
            if (ip.address.is_ipv4()) taken.push_back({ip.address, ip.effective_prefix()});
    };
    core.networks.for_each([&](const Network& network) {
        if (network.uuid() == *definition.uuid) return;
        if (network.persistent) add(*network.persistent);
        if (network.live) add(*network.live);
    });
    add(definition);
    return taken;
}

/// The address `number` hosts into a subnet.
model::HostAddress host_in(const model::HostAddress& subnet, uint32_t number) {
    model::HostAddress address = subnet;
    for (size_t i = 4; i-- > 0; number >>= 8U)
        address.bytes[i] = static_cast<uint8_t>(address.bytes[i] | (number & 255U));
    return address;
}

/// The subnets that are tried: 192.168.122.0 and on, then 192.168.0.0 and on, then those of 10.0.0.0/8 from the middle.
std::vector<model::HostAddress> candidates(unsigned prefix) {
    const uint32_t step = 1U << (32U - prefix);
    std::vector<model::HostAddress> all;
    const auto add = [&](uint32_t first, uint32_t last) {
        for (uint64_t at = first / step * uint64_t{step}; at <= last; at += step) {
            std::array<uint8_t, 4> bytes{};
            for (size_t i = 0; i < 4; i++) bytes[i] = static_cast<uint8_t>(at >> (24 - 8 * i));
            all.push_back(of_bytes(bytes));
            if (all.size() > 8192) return;
        }
    };
    constexpr uint32_t private_16 = 0xc0a80000, usual = 0xc0a87a00, middle = 0x0a800000;
    add(usual, private_16 | 0xffff);
    add(private_16, usual - 1);
    add(middle, middle | 0x7fffff);
    return all;
}

}  // namespace

void choose_subnets(const Core& core, model::Network& definition) {
    for (model::NetworkIp& ip : definition.ips) {
        if (!ip.wants_address) continue;
        constexpr unsigned usual_prefix = 24;
        const unsigned prefix = ip.prefix ? ip.prefix : usual_prefix;
        const std::vector<Subnet> taken = taken_subnets(core, definition);
        const std::vector<model::HostAddress> tried = candidates(prefix);
        const auto free = std::find_if(tried.begin(), tried.end(), [&](const model::HostAddress& subnet) {
            return std::none_of(taken.begin(), taken.end(), [&](const Subnet& other) {
                return other.touches({subnet, prefix});
            });
        });
        if (free == tried.end())
            fail(ErrorCode::internal_error, ErrorDomain::network, "no free subnet for network '{}': all are in use",
                 definition.name);
        ip.address = host_in(*free, 1);
        ip.prefix = 0;
        ip.netmask = model::HostAddress::mask(model::AddressFamily::ipv4, prefix);
        if (ip.wants_range) {
            model::DhcpRange& range = ip.ranges.emplace_back();
            range.start = host_in(*free, 2);
            range.end = host_in(*free, std::min((1U << (32U - prefix)) - 2U, 65000U));
        }
        ip.wants_address = ip.wants_range = false;
    }
}

}  // namespace virtue::network
