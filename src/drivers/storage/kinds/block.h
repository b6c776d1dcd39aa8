// Pools whose volumes are block devices: a volume group, a partitioned disk, the units of a SCSI host or of an iSCSI
// target, multipath maps. Owned by Kinds; loop thread only.
#pragma once
#include "drivers/storage/kind.h"

namespace virtue::storage {

/// What they share: volumes are devices below a folder of the pool.
class BlockKind : public Kind {
public:
    Task<Seen> look(Context context, PoolDefinition pool, VolumeDefinition volume) override;
    Task<Seen> look_new(Context context, PoolDefinition pool, VolumeDefinition volume) override;
};

/// Type logical: an LVM volume group.
class LogicalKind final : public BlockKind {
public:
    Task<bool> is_running(Context context, PoolDefinition pool) override;
    Task<void> start(Context context, PoolDefinition pool) override;
    Task<void> stop(Context context, PoolDefinition pool) override;
    Task<void> build(Context context, PoolDefinition pool, uint32_t flags) override;
    Task<void> remove(Context context, PoolDefinition pool, uint32_t flags) override;
    Task<Scan> scan(Context context, PoolDefinition pool, SeenByName known) override;
    bool finds_sources() const override { return true; }
    Task<std::string> find_sources(Context context, std::optional<std::string> specification) override;
    void prepare(const model::Pool& pool, model::Volume& volume) const override;
    Task<void> make(Context context, NewVolume volume) override;
    Task<void> erase(Context context, PoolDefinition pool, VolumeDefinition volume, uint32_t flags) override;
    Task<void> resize(Context context, PoolDefinition pool, VolumeDefinition volume, uint64_t capacity,
                      uint32_t flags) override;
};

/// Type disk: partitions, by parted.
class DiskKind final : public BlockKind {
public:
    Task<bool> is_running(Context context, PoolDefinition pool) override;
    Task<void> start(Context context, PoolDefinition pool) override;
    Task<void> build(Context context, PoolDefinition pool, uint32_t flags) override;
    Task<Scan> scan(Context context, PoolDefinition pool, SeenByName known) override;
    void prepare(const model::Pool& pool, model::Volume& volume) const override;
    Task<void> make(Context context, NewVolume volume) override;
    Task<void> erase(Context context, PoolDefinition pool, VolumeDefinition volume, uint32_t flags) override;
};

/// Type scsi: the units behind a host adapter.
class ScsiKind : public BlockKind {
public:
    Task<bool> is_running(Context context, PoolDefinition pool) override;
    Task<void> start(Context context, PoolDefinition pool) override;
    Task<Scan> scan(Context context, PoolDefinition pool, SeenByName known) override;
};

/// Type iscsi: a session to a target, by iscsiadm.
class IscsiKind final : public BlockKind {
public:
    Task<bool> is_running(Context context, PoolDefinition pool) override;
    Task<void> start(Context context, PoolDefinition pool) override;
    Task<void> stop(Context context, PoolDefinition pool) override;
    Task<Scan> scan(Context context, PoolDefinition pool, SeenByName known) override;
    bool finds_sources() const override { return true; }
    Task<std::string> find_sources(Context context, std::optional<std::string> specification) override;
};

/// Type mpath: the multipath maps of the host.
class MultipathKind final : public BlockKind {
public:
    Task<bool> is_running(Context context, PoolDefinition pool) override;
    Task<Scan> scan(Context context, PoolDefinition pool, SeenByName known) override;
};

/// The units of a SCSI host as volumes; blocks.
SeenByName scan_scsi_host(uint32_t host, const std::string& folder);

/// A device as a volume of that name: its size, its owner; nothing if it is none.
std::optional<Seen> device_volume(const std::string& path, const std::string& name, const std::string& key);

/// The pool's figures from its volumes: all is taken.
void sum_up(Scan& scan);

}  // namespace virtue::storage
