// What of a definition goes into the languages of other programs: nft, iptables, tc and dnsmasq. A client's words must
// stay words there. Pure functions.
#pragma once
#include <string>

#include "model/network/network.h"

namespace virtue::network {

/// Throws config_unsupported, or system_error for a bridge of its own, naming the first device name, domain, record or
/// path that would be more than itself in the configuration of another program: one with a line break, or a name that
/// no network device has.
void require_plain_words(const model::Network& network);

/// Throws config_unsupported for a line that dnsmasq would take for two: it reads so many bytes at a time.
void require_short_lines(const std::string& network, const std::string& text);

/// A path as a value of dnsmasq's configuration: quoted where it would end at a '#' or a quote.
std::string dnsmasq_path(const std::string& path);

}  // namespace virtue::network
