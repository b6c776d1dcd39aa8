// table
#include "protocol/registry_rows.h"
#include "protocol/remote/checkpoint.h"
#include "protocol/remote/domain_guest.h"
#include "protocol/remote/domain_stats.h"
#include "protocol/remote/snapshot.h"

namespace virtue::proc {

Rows domain_guest_rows() {
    return Table<DomainGuestProcedures, DomainStatsProcedures, SnapshotProcedures, CheckpointProcedures>::rows;
}

}  // namespace virtue::proc
