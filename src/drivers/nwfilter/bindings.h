// Cards and their filters: binding, rules in the kernel, and what must be done anew when a filter changes. Answers the
// hypervisor drivers as the FilterService. Owned by FilterDriver; loop thread only.
#pragma once
#include "driver/filter_service.h"
#include "drivers/nwfilter/core.h"
#include "drivers/nwfilter/firewall.h"
#include "drivers/nwfilter/learner.h"
#include "io/gate.h"

namespace virtue::nwfilter {

class Bindings final : public driver::FilterService {
public:
    explicit Bindings(Core& core);
    /// Joins what runs in the background.
    Task<void> stop();

    /// Puts the rules of the bindings that an earlier daemon left in place again, in the background.
    void restore();

    Task<void> bind(model::FilterBinding binding, io::Deadline deadline) override;
    Task<void> unbind(std::string port) override;

    /// The same for who has the turn already. Throw operation_failed, no_nwfilter_binding, internal_error.
    Task<void> add(model::FilterBinding binding);
    Task<void> remove(std::string port);
    /// Builds the rules of all cards that use a filter anew, with `wanted` in its place; the caller has the turn.
    /// Throws internal_error, then all are as they were.
    Task<void> rebuild(model::Filter wanted);
    /// The same with the filter as it is known, where `wanted` could not be kept. Never throws.
    Task<void> rebuild_as_before(std::string name);

private:
    /// The rules of a card with what was learned of it; those for learning where its address is not known yet.
    CardRuleSet rules_for(const std::map<std::string, model::Filter>& filters, const model::FilterBinding& binding,
                          std::optional<LearnMode>& learns) const;
    Task<void> restore_all();
    void begin_learning(const model::FilterBinding& binding, LearnMode mode);
    Task<void> take_address(std::string port, std::string address);

    Core& core_;
    Firewall firewall_;
    std::map<std::string, std::string> learned_;  ///< addresses by card
    std::map<std::string, std::unique_ptr<AddressLearner>> learners_;
    io::Gate gate_;
};

}  // namespace virtue::nwfilter
