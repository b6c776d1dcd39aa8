#include "drivers/network/watcher.h"

#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <array>
#include <cstring>

#include "base/error.h"
#include "base/log.h"
#include "drivers/network/run.h"
#include "host/links.h"

namespace virtue::network {
namespace {

constinit log::Module logger("network.watcher");

/// Somebody who flushes mostly writes anew at once: what is then there is looked at together.
constexpr io::Milliseconds settle{100};
/// What could not be put back is tried again.
constexpr io::Milliseconds before_retry{2000};

bool is_removal(const nlmsghdr& header, bool is_firewall) {
    if (!is_firewall) return header.nlmsg_type == RTM_DELLINK;
    if (NFNL_SUBSYS_ID(header.nlmsg_type) != NFNL_SUBSYS_NFTABLES) return false;
    const unsigned message = NFNL_MSG_TYPE(header.nlmsg_type);
    return message == NFT_MSG_DELTABLE || message == NFT_MSG_DELCHAIN || message == NFT_MSG_DELRULE;
}

}  // namespace

Watcher::Source::Source(io::Loop& loop, int protocol, uint32_t groups)
    : fd(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, protocol)) {
    sockaddr_nl address{};
    address.nl_family = AF_NETLINK;
    address.nl_groups = groups;
    if (!fd || ::bind(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
        throw Error::from_errno(errno, ErrorDomain::network, "cannot listen to the kernel's network events");
    watch = std::make_unique<io::FdWatch>(loop, fd.get());
}

Watcher::Watcher(Core& core)
    : core_(core),
      links_(core.loop, NETLINK_ROUTE, RTMGRP_LINK),
      firewall_(core.loop, NETLINK_NETFILTER, 1U << (NFNLGRP_NFTABLES - 1)),
      timer_(core.loop, [this] {
          due_ = false;
          if (looking_) return look_soon();
          const bool rules = std::exchange(rules_touched_, false);
          const bool bridges = std::exchange(bridges_touched_, false);
          core_.spawn(look(rules, bridges));
      }) {
    links_.watch->on_readable([this] { heard(links_, false); });
    firewall_.watch->on_readable([this] { heard(firewall_, true); });
    // What happened between the taking up of the networks and now.
    note(true, true);
}

Watcher::~Watcher() = default;

void Watcher::look_soon() {
    // A look that is due is not put off: on a host where links come and go all the time there would never be one.
    if (std::exchange(due_, true)) return;
    timer_.start_after(settle);
}

void Watcher::heard(Source& source, bool is_firewall) {
    std::array<uint8_t, 32768> buffer;
    bool removed = false;
    while (true) {
        const ssize_t got = ::recv(source.fd.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
        // Events were lost: anything may have happened.
        if (got < 0 && errno == ENOBUFS) removed = true;
        if (got < 0 && (errno == EINTR || errno == ENOBUFS)) continue;
        if (got <= 0) break;
        size_t at = 0;
        while (at + sizeof(nlmsghdr) <= static_cast<size_t>(got)) {
            nlmsghdr header{};
            std::memcpy(&header, &buffer[at], sizeof header);
            if (header.nlmsg_len < sizeof header) break;
            removed = removed || is_removal(header, is_firewall);
            at += NLMSG_ALIGN(header.nlmsg_len);
        }
    }
    if (removed) note(is_firewall, !is_firewall);
}

void Watcher::note(bool rules, bool bridges) {
    bool any = false;
    core_.networks.for_each([&](const Network& network) { any = any || network.active; });
    if (!any) return;
    rules_touched_ = rules_touched_ || rules;
    bridges_touched_ = bridges_touched_ || bridges;
    look_soon();
}

Task<void> Watcher::look(bool rules, bool bridges) {
    looking_ = true;
    Core& core = core_;
    std::string problem;
    try {
        std::vector<NetworkOwner> missing;
        if (bridges) {
            core.networks.for_each([&](const Network& network) {
                const bool ours = network.active && network.live->owns_bridge();
                if (ours && host::link_index(network.live->bridge) == 0)
                    missing.push_back(core.networks.hold(network.uuid()));
            });
        }
        // The rules first: guests that are on the network again are not to meet a host without them.
        bool repaired = false;
        if (rules) repaired = co_await core.firewall.repair();
        if (repaired) logger.warn("firewall rules of our networks were gone; they are back");
        bool any_busy = false;
        for (const NetworkOwner& network : missing) {
            // One that is being changed is looked at again: a hook of it may take long, and others are not to wait.
            if (network->turn.available() == 0) {
                any_busy = true;
                continue;
            }
            const io::Deadline until_end = io::Deadline::never().with_cancel(core.gate.cancel_source());
            io::Semaphore::Permit turn = co_await core.turn(network, until_end);
            co_await repair_bridge(core, network);
        }
        if (any_busy) look_again_later(false, true);
    } catch (const Error& error) {
        problem = error.message();
    }
    if (core.gate.cancel_source().is_cancelled()) co_return;
    looking_ = false;
    if (problem.empty()) co_return;
    logger.error("what others removed could not be put back and is tried again: {}", problem);
    look_again_later(rules, bridges);
}

void Watcher::look_again_later(bool rules, bool bridges) {
    rules_touched_ = rules_touched_ || rules;
    bridges_touched_ = bridges_touched_ || bridges;
    due_ = true;
    timer_.start_after(before_retry);
}

}  // namespace virtue::network
