// Pools behind a program or library of their own: Ceph, ZFS, and those that this build cannot reach. Owned by Kinds;
// loop thread only.
#pragma once
#include "drivers/storage/kind.h"

namespace virtue::storage {

/// A type that can be defined and shown, and says what is missing when it is started.
class UnreachableKind final : public Kind {
public:
    /// `missing` ends the sentence "a pool of this type needs …".
    UnreachableKind(std::string missing, bool is_available)
        : missing_(std::move(missing)), is_available_(is_available) {}
    bool is_available() const override { return is_available_; }
    Task<bool> is_running(Context context, PoolDefinition pool) override;
    Task<void> start(Context context, PoolDefinition pool) override;
    Task<Scan> scan(Context context, PoolDefinition pool, SeenByName known) override;

private:
    [[noreturn]] void refuse_all(const model::Pool& pool) const;
    std::string missing_;
    bool is_available_;
};

}  // namespace virtue::storage
