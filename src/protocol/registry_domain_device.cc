// table
#include "protocol/registry_rows.h"
#include "protocol/remote/domain_block.h"
#include "protocol/remote/domain_cpu.h"
#include "protocol/remote/domain_device.h"
#include "protocol/remote/domain_tune.h"

namespace virtue::proc {

Rows domain_device_rows() {
    return Table<DomainDeviceProcedures, DomainBlockProcedures, DomainCpuProcedures, DomainTuneProcedures>::rows;
}

}  // namespace virtue::proc
