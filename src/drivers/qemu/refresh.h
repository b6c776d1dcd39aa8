// Asks guests' monitors for fresh figures, many at once, without letting a slow one hold up the others. Loop thread
// only.
#pragma once
#include "drivers/qemu/core.h"

namespace virtue::qemu {

/// What to ask for.
struct Wanted {
    bool disks = false;
    bool balloon = false;
    bool iothreads = false;
    bool dirty_rate = false;
};

/// Asks one guest and keeps the answer in its Run. Throws as Monitor::command() does.
Task<void> refresh_figures(Core& core, DomainOwner domain, Wanted wanted, io::Deadline deadline);

/// Asks all of `domains` at once and waits for the answers until `deadline`. A guest that still owes an answer from
/// an earlier time is not waited for.
Task<void> refresh_many(Core& core, std::vector<DomainOwner> domains, Wanted wanted, io::Deadline deadline);

}  // namespace virtue::qemu
