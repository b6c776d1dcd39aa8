#include "drivers/storage/kind.h"

#include <unistd.h>

#include "drivers/storage/errors.h"
#include "drivers/storage/image.h"
#include "drivers/storage/kinds/block.h"
#include "drivers/storage/kinds/folder.h"
#include "drivers/storage/kinds/remote.h"
#include "io/offload.h"

namespace virtue::storage {

Task<void> Kind::start(Context, PoolDefinition) {
    co_return;
}

Task<void> Kind::stop(Context, PoolDefinition) {
    co_return;
}

Task<void> Kind::build(Context, PoolDefinition pool, uint32_t) {
    refuse(ErrorCode::no_support, "pool type '{}' does not support building", xml::to_name(pool->type));
    co_return;
}

Task<void> Kind::remove(Context, PoolDefinition pool, uint32_t) {
    refuse(ErrorCode::no_support, "pool type '{}' does not support pool deletion", xml::to_name(pool->type));
    co_return;
}

Task<std::string> Kind::find_sources(Context, std::optional<std::string>) {
    throw Error(ErrorCode::no_support, here, "this type of pool does not support source discovery");
    co_return std::string();
}

void Kind::prepare(const model::Pool&, model::Volume&) const {
    throw Error(ErrorCode::no_support, here, "storage pool does not support volume creation");
}

Task<void> Kind::make(Context, NewVolume) {
    throw Error(ErrorCode::no_support, here, "storage pool does not support volume creation");
    co_return;
}

Task<void> Kind::erase(Context, PoolDefinition, VolumeDefinition, uint32_t) {
    throw Error(ErrorCode::no_support, here, "storage pool does not support vol deletion");
    co_return;
}

Task<void> Kind::resize(Context, PoolDefinition, VolumeDefinition, uint64_t, uint32_t) {
    throw Error(ErrorCode::no_support, here, "storage pool does not support changing of volume capacity");
    co_return;
}

Task<void> Kind::wipe(Context context, PoolDefinition, VolumeDefinition volume, uint32_t algorithm) {
    co_await wipe_content(context, std::move(volume), algorithm);
}

Task<Seen> Kind::look(Context context, PoolDefinition, VolumeDefinition volume) {
    auto look = [volume] { return look_again(*volume); };
    Seen seen = co_await io::offload(context.lane, std::move(look), context.deadline);
    co_return seen;
}

Task<Seen> Kind::look_new(Context context, PoolDefinition pool, VolumeDefinition volume) {
    Seen seen = co_await look(context, std::move(pool), std::move(volume));
    co_return seen;
}

Task<Seen> Kind::make_and_look(Context context, NewVolume volume) {
    PoolDefinition pool = volume.pool;
    auto made = std::make_shared<const model::Volume>(volume.wanted);
    co_await make(context, std::move(volume));
    Seen seen = co_await look_new(context, std::move(pool), std::move(made));
    co_return seen;
}

Kinds::Kinds() {
    // In the order of the types' numbers.
    auto add = [this](auto kind) { kinds_.push_back(std::move(kind)); };
    add(std::make_unique<FolderKind>());
    add(std::make_unique<MountKind>(model::PoolType::fs));
    add(std::make_unique<MountKind>(model::PoolType::netfs));
    add(std::make_unique<LogicalKind>());
    add(std::make_unique<DiskKind>());
    add(std::make_unique<IscsiKind>());
    add(std::make_unique<UnreachableKind>("an iSCSI client library", false));
    add(std::make_unique<ScsiKind>());
    add(std::make_unique<MultipathKind>());
    add(std::make_unique<UnreachableKind>("Ceph's client library, which this build does not have", true));
    add(std::make_unique<UnreachableKind>("Sheepdog, whose development has ended", false));
    add(std::make_unique<UnreachableKind>("Gluster's client library; a pool of type netfs can mount the same", true));
    add(std::make_unique<ZfsKind>());
    add(std::make_unique<MountKind>(model::PoolType::vstorage));
}

Kinds::~Kinds() = default;

}  // namespace virtue::storage
