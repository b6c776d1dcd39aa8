// table
#include "protocol/registry_rows.h"
#include "protocol/remote/node_device.h"
#include "protocol/remote/storage_pool.h"
#include "protocol/remote/storage_volume.h"

namespace virtue::proc {

Rows storage_rows() {
    return Table<StoragePoolProcedures, StorageVolumeProcedures, NodeDeviceProcedures>::rows;
}

}  // namespace virtue::proc
