// table
#include "protocol/registry_rows.h"
#include "protocol/remote/domain_define.h"
#include "protocol/remote/domain_lifecycle.h"
#include "protocol/remote/domain_migrate.h"

namespace virtue::proc {

Rows domain_rows() {
    return Table<DomainLifecycleProcedures, DomainDefineProcedures, DomainMigrateProcedures>::rows;
}

}  // namespace virtue::proc
