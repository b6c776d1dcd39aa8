// table
#include "protocol/admin/admin.h"
#include "protocol/keepalive.h"
#include "protocol/lxc/lxc.h"
#include "protocol/qemu/qemu.h"
#include "protocol/registry_rows.h"

namespace virtue::proc {

Rows other_program_rows() {
    return Table<QemuProcedures, LxcProcedures, AdminProcedures, KeepaliveProcedures>::rows;
}

}  // namespace virtue::proc
