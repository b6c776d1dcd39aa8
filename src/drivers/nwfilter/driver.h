// Network filters: rules for the packets of guests' network cards, and which card has which. nwfilter:///system, and
// the filter calls of qemu:///system; there are none for an ordinary user, who may not touch the firewall. main() makes
// one for a daemon and hands its table to the hypervisor drivers. Loop thread only.
#pragma once
#include <memory>

#include "driver/backend.h"
#include "driver/filter_service.h"
#include "driver/handler_table.h"
#include "driver/paths.h"

namespace virtue::nwfilter {

/// Owns all filters of one daemon instance. Reads what an earlier daemon left in its constructor.
class FilterDriver final : public driver::Backend {
public:
    FilterDriver(io::Loop& loop, const driver::Paths& paths);
    ~FilterDriver() override;
    FilterDriver(const FilterDriver&) = delete;
    FilterDriver& operator=(const FilterDriver&) = delete;

    bool accepts(const driver::Uri& uri) const override;
    Task<driver::Route> open(driver::Call& call, driver::Uri uri) override;
    Task<void> stop() override;

    /// For the connections of other drivers; null in an ordinary user's daemon.
    const driver::HandlerTable* table() const;
    /// For hypervisor drivers; null in an ordinary user's daemon.
    driver::FilterService* service();

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace virtue::nwfilter
