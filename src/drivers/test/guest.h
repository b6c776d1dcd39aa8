// One mock guest: its definition, what it is while it "runs", and what calls put into it. Owned by an Instance's
// table; loop thread only.
#pragma once
#include <array>
#include <map>
#include <memory>
#include <optional>

#include "driver/constants.h"
#include "drivers/test/moments.h"
#include "model/domain/domain.h"
#include "protocol/references.h"

namespace virtue::test {

/// A mock domain.
class Guest {
public:
    explicit Guest(model::Domain definition) : current(std::move(definition)) {}

    const Uuid& uuid() const { return *current.uuid; }
    const std::string& name() const { return current.name; }
    bool is_active() const { return current.id != -1; }
    proc::DomainRef reference() const { return {current.name, *current.uuid, current.id}; }

    /// What lasts: the definition that the next start will use. The running one itself if the guest is transient.
    model::Domain& lasting() { return next ? *next : current; }
    /// The definition that flags (VIR_DOMAIN_AFFECT_…) mean. Errors: operation_invalid when the guest does not run or
    /// has nothing lasting, invalid_arg when both are asked for.
    model::Domain& chosen(uint32_t flags);
    /// The same for calls that may change both at once: the running one and the lasting one, null where not meant.
    std::pair<model::Domain*, model::Domain*> both(uint32_t flags);
    /// Turns "current" into live or config. Errors: as chosen().
    uint32_t impact(uint32_t flags) const;
    /// Errors: operation_invalid "domain is not running".
    void require_active() const;

    model::Domain current;              ///< the running one, or the only one
    std::optional<model::Domain> next;  ///< the definition beside a running persistent guest
    int state = api::domain_shutoff;
    int reason = 0;
    bool persistent = true;
    bool autostart = false;
    bool has_managed_save = false;
    std::array<bool, 2> frozen{};       ///< the two file systems that every mock guest has
    int64_t clock_seconds = 627319920;  ///< what its clock shows
    uint32_t clock_nanoseconds = 0;
    /// Running only: pins that do not last, by vCPU.
    std::vector<std::optional<Bitmap>> live_pins;
    /// What setIOThreadParams left, by thread id.
    std::map<uint32_t, IoThreadPolling> polling;
    std::vector<std::string> taints;  ///< what of its definition is beyond support, in words
    Moments snapshots;
    Moments checkpoints;
};

}  // namespace virtue::test
