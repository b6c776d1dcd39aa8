// The variable store of a guest's firmware: made from its template before the first start. Loop thread only.
#pragma once
#include "drivers/qemu/core.h"

namespace virtue::qemu {

/// Makes the store if it is not there, or anew when `reset`. Throws operation_failed naming what is missing.
Task<void> prepare_nvram(Core& core, Run& run, bool reset);

}  // namespace virtue::qemu
