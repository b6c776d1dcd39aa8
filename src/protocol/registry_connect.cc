// table
#include "protocol/registry_rows.h"
#include "protocol/remote/auth.h"
#include "protocol/remote/connect.h"
#include "protocol/remote/domain_lookup.h"
#include "protocol/remote/node.h"

namespace virtue::proc {

Rows connect_rows() {
    return Table<ConnectProcedures, AuthProcedures, NodeProcedures, DomainLookupProcedures>::rows;
}

}  // namespace virtue::proc
