// A storage pool as the driver holds it: definition, state, volumes. Owned by Core's table and held by the calls that
// work on it; loop thread only.
#pragma once
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "driver/job.h"
#include "drivers/storage/scan.h"
#include "io/lane.h"
#include "model/storage/pool.h"
#include "protocol/references.h"

namespace virtue::storage {

using PoolDefinition = std::shared_ptr<const model::Pool>;

/// What a running pool holds, in bytes.
struct Figures {
    uint64_t capacity = 0, allocation = 0, available = 0;
};

/// A long operation on a volume, and how far it is: written by the operation, read by whoever asks meanwhile.
struct VolumeJob {
    std::string operation;  ///< "allocate", "clone", "wipe", "upload"
    uint64_t total = 0;     ///< bytes
    uint64_t done = 0;
    /// Where another program does the work: the file whose blocks on the disk tell how far it is.
    std::string draft;
};
using VolumeJobOwner = std::shared_ptr<VolumeJob>;

/// A volume. Its definition is replaced, never changed in place: whoever holds it may use it off the loop.
struct Volume {
    Seen seen;
    VolumeJobOwner job;  ///< what is being done to it, if that takes long
    bool building = false;
    /// How many use it: a second user that would change it is refused.
    int users = 0;
    int readers = 0;  ///< those of them that leave it as it is

    const model::Volume& definition() const { return *seen.volume; }
    const std::string& name() const { return seen.volume->name; }
};
using VolumeOwner = std::shared_ptr<Volume>;

class Pool {
public:
    Pool(io::Loop& loop, PoolDefinition of);

    const std::string& name() const { return definition->name; }
    const Uuid& uuid() const { return *definition->uuid; }
    proc::StoragePoolRef reference() const { return {name(), uuid()}; }
    proc::StorageVolumeRef reference(const Volume& volume) const {
        return {name(), volume.name(), volume.definition().key};
    }

    PoolDefinition definition;
    PoolDefinition next;  ///< a definition that waits for the pool to stop
    bool persistent = false;
    bool autostart = false;
    bool active = false;
    Figures figures;
    std::optional<model::Permissions> permissions;  ///< of its folder, as it was found
    std::map<std::string, VolumeOwner> volumes;
    /// Starting, stopping, refreshing, building: one at a time. Work on volumes takes no job.
    driver::JobQueue jobs;
    /// What looks at its files or changes them: where they lie may hang, and then no other pool is to wait for that.
    const std::shared_ptr<io::Lane> lane;
    int running_work = 0;  ///< operations on volumes that are under way
    /// While the pool is scanned: the volumes that changed meanwhile, of which the scan may know too little.
    int scans = 0;
    std::set<std::string> touched;

    void touch(const std::string& volume) {
        if (scans > 0) touched.insert(volume);
    }
    /// Takes over what a scan found.
    void merge(SeenByName found);
    SeenByName known() const;
    /// A volume came (bytes > 0) or went.
    void count(int64_t bytes);
    /// libvirt's XML; `inactive` shows the definition that the next start takes.
    std::string xml(bool inactive) const;
};
using PoolOwner = std::shared_ptr<Pool>;

/// Counts an operation on volumes of a pool, and notes the volume as changed at both ends.
class Work {
public:
    enum class Kind : uint8_t { changes, reads };
    Work(PoolOwner pool, VolumeOwner volume, Kind kind = Kind::changes)
        : pool_(std::move(pool)), volume_(std::move(volume)), readers_(kind == Kind::reads ? 1 : 0) {
        pool_->running_work++;
        volume_->users++;
        volume_->readers += readers_;
        pool_->touch(volume_->name());
    }
    ~Work() {
        pool_->touch(volume_->name());
        volume_->users--;
        volume_->readers -= readers_;
        pool_->running_work--;
    }
    Work(const Work&) = delete;
    Work& operator=(const Work&) = delete;

private:
    PoolOwner pool_;
    VolumeOwner volume_;
    const int readers_;
};

/// Shows a job at its volume while it runs.
class ShownJob {
public:
    ShownJob(VolumeOwner volume, std::string operation, uint64_t total)
        : volume_(std::move(volume)), job_(std::make_shared<VolumeJob>(VolumeJob{std::move(operation), total, 0, {}})) {
        volume_->job = job_;
    }
    ~ShownJob() {
        if (volume_->job == job_) volume_->job.reset();
    }
    ShownJob(const ShownJob&) = delete;
    ShownJob& operator=(const ShownJob&) = delete;

    const VolumeJobOwner& job() const { return job_; }

private:
    VolumeOwner volume_;
    VolumeJobOwner job_;
};

}  // namespace virtue::storage
