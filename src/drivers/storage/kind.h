// What differs from one type of pool to the next: how it is started, what its volumes are, how they are made. One Kind
// object a type, owned by Core, without state. The methods run on the loop and leave what blocks to the blocking pool
// or to child processes; they own what they work on, so that pools and volumes may change meanwhile.
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "driver/siblings.h"
#include "drivers/storage/pool.h"
#include "io/loop.h"
#include "io/task.h"

namespace virtue::storage {

class Publishers;

/// What every operation needs.
struct Context {
    io::Loop& loop;
    std::shared_ptr<io::Lane> lane;  ///< where all that blocks runs
    Publishers& publishers;
    io::Deadline deadline;
    const driver::SecretValues* secrets = nullptr;  ///< may be missing
    VolumeJobOwner job = {};                        ///< where a long operation tells how far it is; may be missing

    void tell_total(uint64_t bytes) const {
        if (job) job->total = bytes;
    }
    void tell_done(uint64_t bytes) const {
        if (job) job->done = bytes;
    }
    /// From now on the file tells.
    void watch(const std::string& draft, uint64_t total) const {
        if (!job) return;
        job->draft = draft;
        job->total = total;
    }
};

/// What a look at the whole pool found.
struct Scan {
    SeenByName volumes;
    Figures figures;
    std::optional<model::Permissions> permissions;
};

using VolumeDefinition = std::shared_ptr<const model::Volume>;

/// A volume to be made. `wanted` is what prepare() made of the caller's definition.
struct NewVolume {
    PoolDefinition pool;
    model::Volume wanted;
    uint32_t flags = 0;       ///< VIR_STORAGE_VOL_CREATE_*
    VolumeDefinition source;  ///< whose content is copied, or nothing
};

class Kind {
public:
    virtual ~Kind() = default;

    /// False where this host cannot have such pools at all: they cannot even be defined then.
    virtual bool is_available() const { return true; }
    /// Asked for each pool that ran when the daemon ended.
    virtual Task<bool> is_running(Context context, PoolDefinition pool) = 0;
    virtual Task<void> start(Context context, PoolDefinition pool);
    virtual Task<void> stop(Context context, PoolDefinition pool);
    /// Throw no_support unless the type can.
    virtual Task<void> build(Context context, PoolDefinition pool, uint32_t flags);
    virtual Task<void> remove(Context context, PoolDefinition pool, uint32_t flags);
    virtual Task<Scan> scan(Context context, PoolDefinition pool, SeenByName known) = 0;
    /// True for types whose sources can be looked for.
    virtual bool finds_sources() const { return false; }
    virtual Task<std::string> find_sources(Context context, std::optional<std::string> specification);

    /// Checks a new volume's name and place, and fills in path, key and type. Throws no_support where volumes cannot be
    /// made.
    virtual void prepare(const model::Pool& pool, model::Volume& volume) const;
    /// Makes it; when it throws, nothing is left.
    virtual Task<void> make(Context context, NewVolume volume);
    /// Both in one, for types that see what they make.
    virtual Task<Seen> make_and_look(Context context, NewVolume volume);
    virtual Task<void> erase(Context context, PoolDefinition pool, VolumeDefinition volume, uint32_t flags);
    /// `capacity` is absolute; `flags` are VIR_STORAGE_VOL_RESIZE_ALLOCATE and _SHRINK.
    virtual Task<void> resize(Context context, PoolDefinition pool, VolumeDefinition volume, uint64_t capacity,
                              uint32_t flags);
    virtual Task<void> wipe(Context context, PoolDefinition pool, VolumeDefinition volume, uint32_t algorithm);
    virtual Task<Seen> look(Context context, PoolDefinition pool, VolumeDefinition volume);
    /// The same for a volume that was just made: what only the pool knows of it, too.
    virtual Task<Seen> look_new(Context context, PoolDefinition pool, VolumeDefinition volume);
    /// True if a volume's content is what lies at its path.
    virtual bool has_paths() const { return true; }
};

/// All of them, by type.
class Kinds {
public:
    Kinds();
    ~Kinds();
    Kind& of(model::PoolType type) const { return *kinds_.at(static_cast<size_t>(type)); }

private:
    std::vector<std::unique_ptr<Kind>> kinds_;
};

}  // namespace virtue::storage
