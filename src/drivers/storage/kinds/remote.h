// Pools behind a program or library of their own: Ceph, ZFS, and those that this build cannot reach. Owned by Kinds;
// loop thread only.
#pragma once
#include "drivers/storage/kinds/block.h"

namespace virtue::storage {

/// A type that can be defined and shown, and says what is missing when it is started.
class UnreachableKind final : public Kind {
public:
    /// `missing` ends the sentence "type … needs …".
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

/// Type zfs: the volumes of a ZFS pool, by zfs and zpool.
class ZfsKind final : public BlockKind {
public:
    Task<bool> is_running(Context context, PoolDefinition pool) override;
    Task<void> start(Context context, PoolDefinition pool) override;
    Task<void> build(Context context, PoolDefinition pool, uint32_t flags) override;
    Task<void> remove(Context context, PoolDefinition pool, uint32_t flags) override;
    Task<Scan> scan(Context context, PoolDefinition pool, SeenByName known) override;
    void prepare(const model::Pool& pool, model::Volume& volume) const override;
    Task<void> make(Context context, NewVolume volume) override;
    Task<void> erase(Context context, PoolDefinition pool, VolumeDefinition volume, uint32_t flags) override;
};

}  // namespace virtue::storage
