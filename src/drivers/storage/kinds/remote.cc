#include "drivers/storage/kinds/remote.h"

#include "drivers/storage/errors.h"

namespace virtue::storage {

void UnreachableKind::refuse_all(const model::Pool& pool) const {
    refuse(ErrorCode::operation_unsupported, "pool '{}' cannot be used: type '{}' needs {}", pool.name,
           xml::to_name(pool.type), missing_);
}

Task<bool> UnreachableKind::is_running(Context, PoolDefinition) {
    co_return false;
}

Task<void> UnreachableKind::start(Context, PoolDefinition pool) {
    refuse_all(*pool);
    co_return;
}

Task<Scan> UnreachableKind::scan(Context, PoolDefinition pool, SeenByName) {
    refuse_all(*pool);
    co_return Scan{};
}

}  // namespace virtue::storage
