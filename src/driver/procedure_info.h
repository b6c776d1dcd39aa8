// From a procedure's type to its run-time facts. Constant data; usable from any thread.
#pragma once
#include "protocol/registry.h"

namespace virtue::driver {

/// The registry's row of P, looked up once.
template <typename P>
const proc::ProcedureInfo& info() {
    static const proc::ProcedureInfo& row = *proc::find(static_cast<uint32_t>(P::program), P::number);
    return row;
}

}  // namespace virtue::driver
