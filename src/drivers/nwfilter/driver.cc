#include "drivers/nwfilter/driver.h"

#include "base/error.h"
#include "drivers/nwfilter/binding_calls.h"
#include "drivers/nwfilter/filter_calls.h"

namespace virtue::nwfilter {

struct FilterDriver::State {
    State(io::Loop& loop, const driver::Paths& paths)
        : core(loop, paths), bindings(core), filter_calls(core, bindings), binding_calls(core, bindings) {
        filter_calls.bind(table);
        binding_calls.bind(table);
        if (!core.bindings.empty()) bindings.restore();
    }

    Core core;
    Bindings bindings;
    FilterCalls filter_calls;
    BindingCalls binding_calls;
    driver::HandlerTable table;
};

FilterDriver::FilterDriver(io::Loop& loop, const driver::Paths& paths) {
    if (paths.privileged) state_ = std::make_unique<State>(loop, paths);
}

FilterDriver::~FilterDriver() = default;

const driver::HandlerTable* FilterDriver::table() const {
    return state_ ? &state_->table : nullptr;
}

bool FilterDriver::accepts(const driver::Uri& uri) const {
    return uri.scheme == "nwfilter" && state_;
}

Task<driver::Route> FilterDriver::open(driver::Call&, driver::Uri uri) {
    if (uri.path != "/system")
        fail(ErrorCode::internal_error, ErrorDomain::nwfilter,
             "unexpected nwfilter URI path '{}', try nwfilter:///system", uri.path);
    driver::Route route;
    route.tables[static_cast<size_t>(proc::DriverKind::nwfilter)] = &state_->table;
    route.uri = "nwfilter://" + uri.path;
    co_return route;
}

Task<void> FilterDriver::stop() {
    if (state_) co_await state_->bindings.stop();
}

driver::FilterService* FilterDriver::service() {
    return state_ ? &state_->bindings : nullptr;
}

}  // namespace virtue::nwfilter
