// What hypervisor drivers want of network filters: the rules for a guest's card while it runs. The filter driver
// implements it, main() hands it to the hypervisor drivers. Loop thread only.
#pragma once
#include <string>

#include "io/deadline.h"
#include "io/task.h"
#include "model/nwfilter/filter.h"

namespace virtue::driver {

class FilterService {
public:
    virtual ~FilterService() = default;
    /// Puts the filter's rules in place for a card. Throws internal_error, operation_failed; then the card has none.
    virtual Task<void> bind(model::FilterBinding binding, io::Deadline deadline) = 0;
    /// Takes them away; a card without any is fine.
    virtual Task<void> unbind(std::string port) = 0;
};

}  // namespace virtue::driver
