// <domainsnapshot>: the state of a guest at one moment. Plain values: the drivers own theirs, copies are independent.
// The guest's definition of that moment stands inside, whole.
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/domain/domain.h"

namespace virtue::model {

/// libvirt's virDomainSnapshotState: the states of a domain, and a snapshot of disks alone.
enum class SnapshotState : uint8_t {
    none,
    running,
    blocked,
    paused,
    shutdown,
    shutoff,
    crashed,
    pmsuspended,
    disk_snapshot,
};
VIRTUE_XML_NAMES(SnapshotState, "", "running", "blocked", "paused", "shutdown", "shutoff", "crashed", "pmsuspended",
                 "disk-snapshot")

struct SnapshotDisk {
    std::string name;  ///< the target ("vda"), or the path of the image until align_disks()
    SnapshotLocation snapshot = SnapshotLocation::absent;
    StorageSource source;  ///< the new file; of type file where nothing was said
    bool operator==(const SnapshotDisk&) const = default;
};
void map(xml::Mapper& m, SnapshotDisk& disk);

struct Snapshot {
    static constexpr const char* element = "domainsnapshot";
    static constexpr ErrorDomain error_domain = ErrorDomain::domain_snapshot;

    std::string name;
    std::string description;
    SnapshotState state = SnapshotState::none;
    std::string unknown_state;  ///< a word that is no state; refused only where it matters, in redefining
    std::string parent;
    int64_t creation_time = 0;  ///< seconds since 1970
    SnapshotLocation memory = SnapshotLocation::absent;
    std::string memory_file;
    std::vector<SnapshotDisk> disks;
    std::optional<Domain> domain;
    std::optional<Domain> inactive_domain;
    std::optional<bool> active;       ///< status files of old: whether it is the current one
    xml::RawXml cookie;               ///< what libvirt notes for itself in its files; never shown to clients
    std::optional<Uuid> domain_uuid;  ///< where only that much was said of the domain
    bool operator==(const Snapshot&) const = default;

    struct How {
        bool redefine = false;  ///< metadata of a snapshot that is there already
        bool offline = false;   ///< the guest does not run, or only its disks are wanted: no memory
        bool validate = false;  ///< unknown elements are errors
    };
    /// Reads a snapshot; without a name (and unless it is redefined) it gets the time as one. Throws Error.
    static Snapshot parse(std::string_view text, How how);
    static Snapshot parse(std::string_view text) { return parse(text, How{}); }

    /// True if any disk or the memory goes to a file beside the disks' images.
    bool is_external() const;
    /// What disks get that say nothing, from state and memory.
    SnapshotLocation default_location() const;
};
void map(xml::Mapper& m, Snapshot& snapshot);

/// Gives each disk of `domain` its line, in the domain's order, names by target, locations and file names filled in.
/// `uniform`: all snapshots must be of that location. Throws config_unsupported as libvirt does
/// (virDomainSnapshotAlignDisks).
void align_disks(Snapshot& snapshot, const Domain& domain, SnapshotLocation by_default, bool uniform);
/// Checks a redefined snapshot: its domain must be there. Throws internal_error.
void check_redefined(const Snapshot& snapshot);

/// True for a target as libvirt's schemas have them, or an absolute path.
bool is_disk_name(std::string_view name);
/// The disk of that target or image path; nothing if there is none. libvirt: virDomainDiskByName.
const Disk* find_disk(const Domain& domain, std::string_view name);

}  // namespace virtue::model
