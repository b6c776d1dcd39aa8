// The order in which a domain keeps its disks and controllers. Pure functions; any thread.
#pragma once
#include "model/domain/domain.h"

namespace virtue::model {

/// Controllers stand together by type, and by number within it.
void settle_controllers(Domain& domain);
/// Disks of one bus stand in the order of their names.
void settle_disks(Domain& domain);

}  // namespace virtue::model
