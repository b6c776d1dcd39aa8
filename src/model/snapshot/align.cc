#include <fmt/format.h>

#include "model/snapshot/snapshot.h"

namespace virtue::model {

const Disk* find_disk(const Domain& domain, std::string_view name) {
    for (const Disk& disk : domain.disks)
        if (name.starts_with('/') ? disk.source.path == name : disk.target == name) return &disk;
    return nullptr;
}

namespace {

template <typename... Arguments>
[[noreturn]] void refuse(fmt::format_string<Arguments...> format, Arguments&&... arguments) {
    fail(ErrorCode::config_unsupported, ErrorDomain::domain_snapshot, format, std::forward<Arguments>(arguments)...);
}

SnapshotLocation location_of(const Disk& disk, SnapshotLocation by_default) {
    if (disk.source.empty()) return SnapshotLocation::no;
    if (disk.snapshot != SnapshotLocation::absent) return disk.snapshot;
    return disk.readonly ? SnapshotLocation::no : by_default;
}

// "/images/vda.qcow2" and "s1" give "/images/vda.s1".
void name_file(SnapshotDisk& line, const Disk& disk, const std::string& snapshot) {
    const std::string& path = disk.source.path;
    if (disk.source.type != StorageType::file || path.empty())
        refuse("cannot generate external snapshot name for disk '{}' on a '{}' device", disk.target,
               xml::to_name(disk.source.type));
    const size_t dot = path.rfind('.');
    const bool has_suffix = dot != std::string::npos && path.find('/', dot) == std::string::npos;
    line.source.path = (has_suffix ? path.substr(0, dot) : path) + "." + snapshot;
}

// A disk that has nothing to keep may be left out of a snapshot of all.
bool is_left_out(const SnapshotDisk& line, const Disk& disk) {
    return line.snapshot == SnapshotLocation::no && (disk.source.empty() || disk.readonly);
}

void check_line(SnapshotDisk& line, const Disk& disk, SnapshotLocation by_default, bool uniform) {
    if (line.snapshot == SnapshotLocation::absent) {
        line.snapshot = location_of(disk, by_default);
    } else if (uniform && line.snapshot != by_default && !is_left_out(line, disk)) {
        refuse("disk '{}' must use snapshot mode '{}'", line.name, xml::to_name(by_default));
    }
    if (line.snapshot != SnapshotLocation::external && !line.source.path.empty())
        refuse("file '{}' for disk '{}' requires use of external snapshot mode", line.source.path, line.name);
    line.name = disk.target;
}

}  // namespace

void align_disks(Snapshot& s, const Domain& domain, SnapshotLocation by_default, bool uniform) {
    if (s.disks.size() > domain.disks.size()) refuse("too many disk snapshot requests for domain");
    std::vector<std::optional<SnapshotDisk>> lines(domain.disks.size());
    for (SnapshotDisk& line : s.disks) {
        const Disk* disk = find_disk(domain, line.name);
        if (disk == nullptr) refuse("no disk named '{}'", line.name);
        auto& place = lines[static_cast<size_t>(disk - domain.disks.data())];
        if (place) refuse("disk '{}' specified twice", line.name);
        check_line(line, *disk, by_default, uniform);
        place = std::move(line);
    }
    s.disks.clear();
    for (size_t i = 0; i < lines.size(); i++) {
        const Disk& disk = domain.disks[i];
        if (!lines[i]) {
            SnapshotDisk& line = lines[i].emplace();
            line.name = disk.target;
            line.source.type = StorageType::file;
            line.snapshot = location_of(disk, by_default);
        }
        if (lines[i]->snapshot == SnapshotLocation::external && lines[i]->source.empty())
            name_file(*lines[i], disk, s.name);
        s.disks.push_back(std::move(*lines[i]));
    }
}

}  // namespace virtue::model
