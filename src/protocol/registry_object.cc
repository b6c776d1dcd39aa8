// table
#include "protocol/registry_rows.h"
#include "protocol/remote/interface.h"
#include "protocol/remote/network.h"
#include "protocol/remote/nwfilter.h"
#include "protocol/remote/secret.h"

namespace virtue::proc {

Rows object_rows() {
    return Table<NetworkProcedures, InterfaceProcedures, SecretProcedures, NwfilterProcedures>::rows;
}

}  // namespace virtue::proc
