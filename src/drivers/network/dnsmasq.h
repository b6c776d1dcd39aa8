// The dnsmasq process of a network: written files, started, watched, told of changes, found again. Loop thread only.
#pragma once
#include "drivers/network/core.h"

namespace virtue::network {

/// Writes the files and starts dnsmasq for a network that wants it. Throws internal_error with dnsmasq's own words.
Task<void> start_dnsmasq(Core& core, NetworkOwner network);
/// Ends it; one that is gone already is fine.
Task<void> stop_dnsmasq(Core& core, NetworkOwner network);
/// Writes the files after a change of the live definition; dnsmasq reads hosts again, or is started anew.
Task<void> refresh_dnsmasq(Core& core, NetworkOwner network);
/// Finds the dnsmasq that an earlier daemon started; starts one if there is none, again and again until one runs.
Task<void> adopt_dnsmasq(Core& core, NetworkOwner network);
/// Starts it; if that fails now it is tried again after a pause, and again.
Task<void> keep_dnsmasq(Core& core, NetworkOwner network);
/// Ends every process that runs with the network's configuration, known or not: a daemon that was killed while it
/// started one left it unnoted.
Task<void> end_stray_dnsmasq(Core& core, Definition live);
/// Removes what dnsmasq's files say about a network that is gone.
void remove_dnsmasq_files(const Settings& settings, const model::Network& network);

}  // namespace virtue::network
