#include "drivers/qemu/snapshots/snapshot_prepare.h"

#include <sys/stat.h>

#include <algorithm>

#include "drivers/qemu/calls/support.h"
#include "drivers/qemu/live_definition.h"
#include "drivers/qemu/snapshots/inner_definition.h"
#include "io/offload.h"
#include "model/domain/abi.h"

namespace virtue::qemu {
namespace {

using model::Snapshot;
using model::SnapshotLocation;
using model::SnapshotState;
using model::StorageFormat;
using model::StorageType;

template <typename... Arguments>
[[noreturn]] void refuse(fmt::format_string<Arguments...> format, Arguments&&... arguments) {
    fail(ErrorCode::config_unsupported, ErrorDomain::qemu, format, std::forward<Arguments>(arguments)...);
}

constexpr auto part = ErrorDomain::domain_snapshot;

SnapshotState state_of(const Domain& domain) {
    switch (domain.state().state) {
        case api::domain_running:
            return SnapshotState::running;
        case api::domain_paused:
            return SnapshotState::paused;
        case api::domain_shutdown:
            return SnapshotState::shutdown;
        case api::domain_crashed:
            return SnapshotState::crashed;
        case api::domain_pmsuspended:
            return SnapshotState::pmsuspended;
        default:
            return SnapshotState::shutoff;
    }
}

bool is_live(SnapshotState state) {
    return state == SnapshotState::running || state == SnapshotState::paused;
}

/// A disk whose own image is to keep the snapshot.
void prepare_internal(const model::Disk& disk, const Snapshot& snapshot, bool active) {
    if (snapshot.state == SnapshotState::disk_snapshot && active) {
        refuse("active qemu domains require external disk snapshots; disk {} requested internal", disk.target);
    }
    if (!active && disk.source.type == StorageType::network) {
        refuse("internal inactive snapshots are not supported on 'network' disks using '{}' protocol",
               xml::to_name(disk.source.protocol));
    }
    const bool known = disk.source.is_local() || disk.source.type == StorageType::volume || disk.source.empty();
    if (!active && !known) {
        refuse("internal inactive snapshots are not supported on '{}' disks", xml::to_name(disk.source.type));
    }
    const StorageFormat format = disk.source.format;
    if (format != StorageFormat::absent && format != StorageFormat::qcow2) {
        refuse("internal snapshot for disk {} unsupported for storage type {}", disk.target, xml::to_name(format));
    }
}

void require_place_for_overlay(const model::Disk& disk, const model::StorageSource& overlay, bool active) {
    auto is_file = [](const model::StorageSource& source) {
        return source.type == StorageType::file || source.type == StorageType::block;
    };
    if (active) {
        if (disk.device == model::DiskDevice::lun) {
            throw Error(ErrorCode::operation_unsupported, ErrorDomain::qemu,
                        "external active snapshots are not supported on scsi passthrough devices");
        }
        if (disk.source.type == StorageType::vhostuser || !is_file(overlay)) {
            const auto type = is_file(overlay) ? disk.source.type : overlay.type;
            fail(ErrorCode::operation_unsupported, ErrorDomain::qemu,
                 "external active snapshots are not supported on '{}' disks", xml::to_name(type));
        }
        return;
    }
    for (const model::StorageSource* source : {&disk.source, &overlay}) {
        // A volume's place is asked for later.
        if (is_file(*source) || (source == &disk.source && source->type == StorageType::volume)) continue;
        if (source->type == StorageType::network) {
            fail(ErrorCode::internal_error, ErrorDomain::qemu,
                 "external inactive snapshots are not supported on 'network' disks using '{}' protocol",
                 xml::to_name(source->protocol));
        }
        fail(ErrorCode::internal_error, ErrorDomain::qemu,
             "external inactive snapshots are not supported on '{}' disks", xml::to_name(source->type));
    }
}

/// The file that a disk is to go on in.
struct WantedFile {
    std::string target;
    std::string path;
    bool is_block = false;
};

/// Runs on the pool.
void require_free(const WantedFile& file, bool reuse) {
    struct stat found {};
    if (::stat(file.path.c_str(), &found) != 0) {
        if (errno != ENOENT && errno != ENOTDIR) {
            throw Error::from_errno(errno, ErrorDomain::qemu,
                                    fmt::format("unable to stat for disk {}: {}", file.target, file.path));
        }
        if (file.is_block) {
            fail(ErrorCode::operation_invalid, ErrorDomain::qemu, "block device snapshot target '{}' doesn't exist",
                 file.path);
        }
        if (!reuse) return;
        throw Error::from_errno(errno, ErrorDomain::qemu,
                                fmt::format("missing existing file for disk {}: {}", file.target, file.path));
    }
    const bool is_block = S_ISBLK(found.st_mode);
    if (file.is_block != is_block) {
        refuse("mismatch between configured type for snapshot disk '{}' and the type of existing file '{}'",
               file.target, file.path);
    }
    if (!is_block && found.st_size > 0 && !reuse) {
        refuse("external snapshot file for disk {} already exists and is not a block device: {}", file.target,
               file.path);
    }
}

void require_whole(const Domain& domain, const Snapshot& snapshot, const SnapshotParts& parts, bool forbids_internal) {
    if (!parts.internal && !parts.external && snapshot.memory == SnapshotLocation::no) {
        refuse("nothing selected for snapshot");
    }
    const bool inside = snapshot.memory == SnapshotLocation::internal;
    if ((inside && !parts.internal) || (parts.internal && forbids_internal)) {
        refuse("internal and full system snapshots require all disks to be selected for snapshot");
    }
    if (snapshot.state == SnapshotState::disk_snapshot && !parts.external) {
        refuse("disk-only snapshots require at least one disk to be selected for snapshot");
    }
    const bool beside = snapshot.memory == SnapshotLocation::external;
    if ((parts.internal && parts.external) || (inside && parts.external) || (beside && parts.internal)) {
        refuse("mixing internal and external targets for a snapshot is not yet supported");
    }
    if (parts.internal && !nvram_path(domain.current()).empty()) {
        throw Error(ErrorCode::operation_unsupported, ErrorDomain::qemu,
                    "internal snapshots of a VM with pflash based firmware are not supported");
    }
}

}  // namespace

void require_snapshot_flags(uint32_t flags) {
    const uint32_t known = api::domain_snapshot_create_redefine | api::domain_snapshot_create_current |
                           api::domain_snapshot_create_no_metadata | api::domain_snapshot_create_halt |
                           api::domain_snapshot_create_disk_only | api::domain_snapshot_create_reuse_ext |
                           api::domain_snapshot_create_quiesce | api::domain_snapshot_create_atomic |
                           api::domain_snapshot_create_live | api::domain_snapshot_create_validate;
    require_flags(flags, known, "qemuSnapshotCreateXML");
    if ((flags & api::domain_snapshot_create_quiesce) && !(flags & api::domain_snapshot_create_disk_only)) {
        throw Error(ErrorCode::invalid_arg, ErrorDomain::qemu,
                    "flag 'VIR_DOMAIN_SNAPSHOT_CREATE_QUIESCE' requires flag 'VIR_DOMAIN_SNAPSHOT_CREATE_DISK_ONLY'");
    }
    require_exclusive(flags, api::domain_snapshot_create_live, "VIR_DOMAIN_SNAPSHOT_CREATE_LIVE",
                      api::domain_snapshot_create_redefine, "VIR_DOMAIN_SNAPSHOT_CREATE_REDEFINE");
}

Snapshot read_snapshot(const Domain& domain, const std::string& xml, uint32_t flags) {
    const bool active = domain.is_active();
    if (!domain.is_persistent() && (flags & api::domain_snapshot_create_halt)) {
        throw Error(ErrorCode::operation_invalid, ErrorDomain::qemu, "cannot halt after transient domain snapshot");
    }
    Snapshot::How how;
    how.redefine = (flags & api::domain_snapshot_create_redefine) != 0;
    how.offline = (flags & api::domain_snapshot_create_disk_only) != 0 || !active;
    how.validate = (flags & api::domain_snapshot_create_validate) != 0;
    Snapshot snapshot = Snapshot::parse(xml, how);
    if (!(flags & api::domain_snapshot_create_no_metadata)) {
        if (snapshot.name.find('/') != std::string::npos) {
            fail(ErrorCode::xml_detail, ErrorDomain::qemu, "invalid snapshot name '{}': name can't contain '/'",
                 snapshot.name);
        }
        if (snapshot.name.starts_with('.')) {
            fail(ErrorCode::xml_detail, ErrorDomain::qemu, "invalid snapshot name '{}': name can't start with '.'",
                 snapshot.name);
        }
    }
    if ((flags & api::domain_snapshot_create_live) && (!active || snapshot.memory != SnapshotLocation::external)) {
        refuse("live snapshot creation is supported only during full system snapshots");
    }
    if (domain.state().state == api::domain_pmsuspended) {
        refuse("qemu doesn't support taking snapshots of PMSUSPENDED guests");
    }
    return snapshot;
}

Task<void> align_snapshot(Core& core, DomainOwner domain, Snapshot& snapshot, uint32_t flags, io::Deadline deadline) {
    std::shared_ptr<model::Domain> now = co_await definition_now(core, domain, deadline);
    snapshot.domain = std::move(*now);
    if (domain->is_active() && domain->is_persistent()) {
        std::shared_ptr<const model::Domain> kept = domain->persistent();
        std::shared_ptr<model::Domain> next = co_await definition_copy(core, *kept, deadline);
        snapshot.inactive_domain = std::move(*next);
    }
    const bool active = domain->is_active();
    auto location = SnapshotLocation::internal;
    bool uniform = true;
    if (flags & api::domain_snapshot_create_disk_only) {
        location = SnapshotLocation::external;
        uniform = false;
        snapshot.state = active ? SnapshotState::disk_snapshot : SnapshotState::shutoff;
        snapshot.memory = SnapshotLocation::no;
    } else if (snapshot.memory == SnapshotLocation::external) {
        snapshot.state = state_of(*domain);
        location = SnapshotLocation::external;
        uniform = false;
    } else {
        snapshot.state = state_of(*domain);
        if (active && snapshot.memory == SnapshotLocation::no) {
            throw Error(ErrorCode::operation_unsupported, ErrorDomain::qemu,
                        "internal snapshot of a running VM must include the memory state");
        }
        snapshot.memory = snapshot.state == SnapshotState::shutoff ? SnapshotLocation::no : SnapshotLocation::internal;
    }
    model::align_disks(snapshot, *snapshot.domain, location, uniform);
}

Task<SnapshotParts> prepare_snapshot(Core& core, DomainOwner domain, Snapshot& snapshot, uint32_t flags,
                                     io::Deadline deadline) {
    const bool active = domain->is_active();
    const bool reuse = (flags & api::domain_snapshot_create_reuse_ext) != 0;
    SnapshotParts parts;
    bool forbids_internal = false;
    std::vector<WantedFile> files;
    const std::vector<model::Disk>& disks = domain->current().disks;
    for (size_t i = 0; i < snapshot.disks.size() && i < disks.size(); i++) {
        model::SnapshotDisk& line = snapshot.disks[i];
        const model::Disk& disk = disks[i];
        switch (line.snapshot) {
            case SnapshotLocation::internal:
                parts.internal = true;
                prepare_internal(disk, snapshot, active);
                break;
            case SnapshotLocation::external:
                if (line.source.format == StorageFormat::absent) line.source.format = StorageFormat::qcow2;
                if (line.source.format != StorageFormat::qcow2 && line.source.format != StorageFormat::qed) {
                    refuse("external snapshot format for disk {} is unsupported: {}", line.name,
                           xml::to_name(line.source.format));
                }
                if (line.source.encryption) refuse("the overlay of disk {} cannot be encrypted", line.name);
                require_place_for_overlay(disk, line.source, active);
                files.push_back({line.name, line.source.path, line.source.type == StorageType::block});
                parts.external = true;
                break;
            case SnapshotLocation::no:
                if (!disk.source.empty() && !disk.readonly) forbids_internal = true;
                break;
            default:
                throw Error(ErrorCode::internal_error, ErrorDomain::qemu, "unexpected code path");
        }
    }
    auto look = [files, reuse] {
        for (const WantedFile& file : files) require_free(file, reuse);
    };
    co_await io::offload(core.loop, std::move(look), deadline);
    require_whole(*domain, snapshot, parts, forbids_internal);
    co_return parts;
}

Task<void> prepare_redefined(Core& core, DomainOwner domain, Snapshot& snapshot, io::Deadline deadline) {
    require_no_circle(moments_of(*domain).snapshots, snapshot);
    require_same_guest(*domain, snapshot.domain, part, "snapshot", snapshot.name);
    if (snapshot.domain) co_await complete_inner(core, *snapshot.domain, deadline);
    if (snapshot.inactive_domain) co_await complete_inner(core, *snapshot.inactive_domain, deadline);
    if (SnapshotOwner other = moments_of(*domain).snapshots.find(snapshot.name)) {
        if (is_live(other->state) != is_live(snapshot.state)) {
            fail(ErrorCode::invalid_arg, part, "cannot change between online and offline snapshot state in snapshot {}",
                 snapshot.name);
        }
        const bool was_disks = other->state == SnapshotState::disk_snapshot;
        if (was_disks != (snapshot.state == SnapshotState::disk_snapshot)) {
            fail(ErrorCode::invalid_arg, part, "cannot change between disk only and full system in snapshot {}",
                 snapshot.name);
        }
        if (other->domain && snapshot.domain) {
            model::check_abi(*other->domain, *snapshot.domain);
        } else if (other->domain) {
            snapshot.domain = other->domain;
            if (!snapshot.inactive_domain) snapshot.inactive_domain = other->inactive_domain;
        }
    }
    model::check_redefined(snapshot);
    model::align_disks(snapshot, *snapshot.domain, snapshot.default_location(), false);
}

}  // namespace virtue::qemu
