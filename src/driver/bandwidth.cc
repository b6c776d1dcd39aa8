#include "driver/bandwidth.h"

#include <fmt/format.h>

#include "base/text.h"

namespace virtue::driver {
namespace {

void add(std::vector<TrafficCommand>& all, const std::string& text, bool may_fail = false) {
    TrafficCommand command;
    command.words.emplace_back("tc");
    for (std::string_view word : split_words(text)) command.words.emplace_back(word);
    command.may_fail = may_fail;
    all.push_back(std::move(command));
}

/// libvirt's quantum: what a class may send at a turn, 1500 bytes at least.
uint64_t quantum(uint64_t average) {
    return std::max<uint64_t>(1500, average * 1024 / 8 / 10);
}

}  // namespace

std::vector<TrafficCommand> clear_bandwidth(const std::string& device) {
    std::vector<TrafficCommand> all;
    add(all, fmt::format("qdisc del dev {} root", device), true);
    add(all, fmt::format("qdisc del dev {} ingress", device), true);
    return all;
}

namespace {

void shape(std::vector<TrafficCommand>& all, const std::string& device, const model::BandwidthLimit& limit,
           bool is_shared) {
    const uint64_t peak = limit.peak != 0 ? limit.peak : limit.average;
    const uint64_t turn = quantum(limit.average);
    const std::string burst = limit.burst != 0 ? fmt::format(" burst {}kb", limit.burst) : "";
    add(all, fmt::format("qdisc add dev {} root handle 1: htb default {}", device, is_shared ? 2 : 1));
    const std::string rate = fmt::format("htb rate {}kbps ceil {}kbps", limit.average, peak);
    if (is_shared) {
        // All classes below the first share the limit; the guests' guaranteed floors are its children.
        add(all, fmt::format("class add dev {} parent 1: classid 1:1 {} quantum {}", device, rate, turn));
        add(all, fmt::format("class add dev {} parent 1:1 classid 1:2 {}{} quantum {}", device, rate, burst, turn));
    } else {
        add(all, fmt::format("class add dev {} parent 1: classid 1:1 {}{} quantum {}", device, rate, burst, turn));
    }
    // Fair turns among one guest's connections are a comfort that some kernels do not have.
    add(all, fmt::format("qdisc add dev {} parent 1:{} handle 2: sfq perturb 10", device, is_shared ? 2 : 1),
        !is_shared);
    add(all, fmt::format("filter add dev {} parent 1:0 protocol all prio 1 handle 1 fw flowid 1", device), !is_shared);
}

void police(std::vector<TrafficCommand>& all, const std::string& device, const model::BandwidthLimit& limit) {
    add(all, fmt::format("qdisc add dev {} ingress", device));
    add(all, fmt::format("filter add dev {} parent ffff: protocol all u32 match u32 0 0 police rate {}kbps burst "
                         "{}kb mtu 64kb drop flowid :1",
                         device, limit.average, limit.burst != 0 ? limit.burst : limit.average));
}

}  // namespace

std::vector<TrafficCommand> set_bandwidth(const std::string& device, const model::Bandwidth& bandwidth, Shaped what) {
    std::vector<TrafficCommand> all = clear_bandwidth(device);
    const bool swapped = what == Shaped::macvtap;
    const auto& leaving = swapped ? bandwidth.outbound : bandwidth.inbound;
    const auto& arriving = swapped ? bandwidth.inbound : bandwidth.outbound;
    if (leaving && leaving->average != 0) shape(all, device, *leaving, what == Shaped::bridge);
    if (arriving && arriving->average != 0) police(all, device, *arriving);
    return all;
}

std::vector<TrafficCommand> add_guarantee(const std::string& bridge, const model::BandwidthLimit& whole,
                                          const Guarantee& guarantee) {
    std::vector<TrafficCommand> all;
    // tc reads the numbers of classes and filters as hexadecimal ones, a filter's with three digits at most.
    const unsigned id = guarantee.class_id;
    add(all, fmt::format("class add dev {} parent 1:1 classid 1:{:x} htb rate {}kbps ceil {}kbps quantum {}", bridge,
                         id, guarantee.floor, whole.peak != 0 ? whole.peak : whole.average, quantum(guarantee.floor)));
    add(all, fmt::format("qdisc add dev {} parent 1:{:x} handle {:x}: sfq perturb 10", bridge, id, id), true);
    // IPv4 packets to the guest's MAC, which stands before the network header.
    const auto& mac = guarantee.mac.bytes;
    add(all,
        fmt::format("filter add dev {} protocol ip prio 2 handle 800::{:x} u32 match u16 0x0800 0xffff at -2 match "
                    "u32 0x{:02x}{:02x}{:02x}{:02x} 0xffffffff at -12 match u16 0x{:02x}{:02x} 0xffff at -14 "
                    "flowid 1:{:x}",
                    bridge, id, mac[2], mac[3], mac[4], mac[5], mac[0], mac[1], id));
    return all;
}

std::vector<TrafficCommand> remove_guarantee(const std::string& bridge, const Guarantee& guarantee) {
    std::vector<TrafficCommand> all;
    const unsigned id = guarantee.class_id;
    add(all, fmt::format("filter del dev {} prio 2 handle 800::{:x} u32", bridge, id), true);
    add(all, fmt::format("qdisc del dev {} handle {:x}:", bridge, id), true);
    add(all, fmt::format("class del dev {} classid 1:{:x}", bridge, id), true);
    return all;
}

std::vector<TrafficCommand> share_rest(const std::string& bridge, const model::BandwidthLimit& whole,
                                       uint64_t guaranteed) {
    std::vector<TrafficCommand> all;
    const uint64_t ceiling = whole.peak != 0 ? whole.peak : whole.average;
    const uint64_t rest = ceiling > guaranteed ? ceiling - guaranteed : 1;
    add(all, fmt::format("class change dev {} classid 1:2 htb rate {}kbps ceil {}kbps quantum {}", bridge, rest,
                         ceiling, quantum(whole.average)));
    return all;
}

}  // namespace virtue::driver
