#include "drivers/network/bandwidth.h"

#include "base/text.h"

#include <fmt/format.h>

namespace virtue::network {
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

std::vector<TrafficCommand> set_bandwidth(const std::string& device, const model::Bandwidth& bandwidth) {
    std::vector<TrafficCommand> all = clear_bandwidth(device);
    if (const auto& in = bandwidth.inbound; in && in->average != 0) {
        const uint64_t peak = in->peak != 0 ? in->peak : in->average;
        add(all, fmt::format("qdisc add dev {} root handle 1: htb default 2", device));
        // All classes below this one share the limit; the guests' guaranteed floors are its children.
        add(all, fmt::format("class add dev {} parent 1: classid 1:1 htb rate {}kbps ceil {}kbps quantum {}", device,
                             in->average, peak, quantum(in->average)));
        std::string shared = fmt::format("class add dev {} parent 1:1 classid 1:2 htb rate {}kbps ceil {}kbps", device,
                                         in->average, peak);
        if (in->burst != 0) shared += fmt::format(" burst {}kb", in->burst);
        add(all, shared + fmt::format(" quantum {}", quantum(in->average)));
        add(all, fmt::format("qdisc add dev {} parent 1:2 handle 2: sfq perturb 10", device));
        add(all, fmt::format("filter add dev {} parent 1:0 protocol all prio 1 handle 1 fw flowid 1", device));
    }
    if (const auto& out = bandwidth.outbound; out && out->average != 0) {
        add(all, fmt::format("qdisc add dev {} ingress", device));
        add(all, fmt::format("filter add dev {} parent ffff: protocol all u32 match u32 0 0 police rate {}kbps burst "
                             "{}kb mtu 64kb drop flowid :1",
                             device, out->average, out->burst != 0 ? out->burst : out->average));
    }
    return all;
}

}  // namespace virtue::network
