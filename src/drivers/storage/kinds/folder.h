// Pools whose volumes are the files of a folder: a folder of its own, or one that something is mounted on. Owned by
// Kinds; loop thread only.
#pragma once
#include "drivers/storage/kind.h"

namespace virtue::storage {

/// Type dir.
class FolderKind : public Kind {
public:
    Task<bool> is_running(Context context, PoolDefinition pool) override;
    Task<void> build(Context context, PoolDefinition pool, uint32_t flags) override;
    Task<void> remove(Context context, PoolDefinition pool, uint32_t flags) override;
    Task<Scan> scan(Context context, PoolDefinition pool, SeenByName known) override;
    void prepare(const model::Pool& pool, model::Volume& volume) const override;
    Task<Seen> make_and_look(Context context, NewVolume volume) override;
    Task<void> erase(Context context, PoolDefinition pool, VolumeDefinition volume, uint32_t flags) override;
    Task<void> resize(Context context, PoolDefinition pool, VolumeDefinition volume, uint64_t capacity,
                      uint32_t flags) override;
};

/// Types fs, netfs and vstorage: mounted at the start, unmounted at the stop.
class MountKind final : public FolderKind {
public:
    explicit MountKind(model::PoolType type) : type_(type) {}
    bool is_available() const override;
    Task<bool> is_running(Context context, PoolDefinition pool) override;
    Task<void> start(Context context, PoolDefinition pool) override;
    Task<void> stop(Context context, PoolDefinition pool) override;
    Task<void> build(Context context, PoolDefinition pool, uint32_t flags) override;
    bool finds_sources() const override { return type_ == model::PoolType::netfs; }
    Task<std::string> find_sources(Context context, std::optional<std::string> specification) override;

private:
    model::PoolType type_;
};

}  // namespace virtue::storage
