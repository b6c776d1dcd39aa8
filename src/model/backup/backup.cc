#include "model/backup/backup.h"

#include <fmt/format.h>

#include "model/snapshot/snapshot.h"

namespace virtue::model {

namespace {

[[noreturn]] void refuse_form(xml::Mapper& m, const std::string& sentence) {
    throw Error(ErrorCode::xml_invalid_schema, ErrorDomain::xml, fmt::format("{}: {}", m.element().path(), sentence));
}

template <typename... Arguments>
[[noreturn]] void refuse(fmt::format_string<Arguments...> format, Arguments&&... arguments) {
    fail(ErrorCode::config_unsupported, ErrorDomain::domain, format, std::forward<Arguments>(arguments)...);
}

void map_store(xml::Mapper& m, BackupDisk& d) {
    if (m.reading()) d.scratch = d.scratch || m.has("scratch");
    m.group(d.scratch ? "scratch" : "target", [&] {
        m.attribute(d.type == StorageType::block ? "dev" : "file", d.path);
        if (!m.reading()) return;
        if (m.has("encryption")) refuse("the backup of disk '{}' cannot be encrypted", d.name);
        if (!d.path.empty() && d.path[0] != '/') refuse_form(m, fmt::format("'{}' is no absolute path", d.path));
    });
}

}  // namespace

void map(xml::Mapper& m, BackupServer& s) {
    m.attribute("tls", s.tls);
    m.attribute("transport", s.transport);
    if (m.reading() || s.transport == BackupTransport::tcp) m.attribute("name", s.name);
    if (m.reading() || s.port != 0) m.attribute("port", s.port);
    m.attribute("socket", s.socket);
    if (m.writing()) return;
    if (s.transport == BackupTransport::tcp && s.name.empty()) refuse_form(m, "attribute 'name' is missing");
    if (s.transport == BackupTransport::unix_socket && !s.socket.starts_with('/'))
        refuse_form(m, "attribute 'socket' must be an absolute path");
}

void map(xml::Mapper& m, BackupDisk& d) {
    if (m.reading() && !m.given("name")) refuse_form(m, "attribute 'name' is missing");
    m.attribute("name", d.name);
    if (m.reading() && (!is_disk_name(d.name) || d.name.starts_with('/')))
        refuse_form(m, fmt::format("'{}' cannot be the name of a disk", d.name));
    m.attribute("backup", d.backup);
    if (m.writing() && d.backup != xml::YesNo::yes) return;
    if (m.reading() || d.type != StorageType::none) m.attribute("type", d.type);
    m.attribute("backupmode", d.mode);
    m.attribute("incremental", d.incremental);
    m.attribute("exportname", d.export_name);
    m.attribute("exportbitmap", d.export_bitmap);
    if (m.reading() || d.index != 0) m.attribute("index", d.index);
    m.group("driver", [&] { m.attribute("type", d.format); });
    map_store(m, d);
    if (m.writing()) return;
    const bool told = d.backup != xml::YesNo::no;
    if (told && d.type != StorageType::file && d.type != StorageType::block)
        refuse_form(m, "attribute 'type' must be 'file' or 'block'");
    if (d.mode == BackupDiskMode::full && !d.incremental.empty())
        refuse_form(m, "a full backup has no attribute 'incremental'");
}

void map(xml::Mapper& m, Backup& b) {
    m.attribute("mode", b.mode);
    m.value("incremental", b.incremental);
    m.child("server", b.server);
    if (m.writing()) {
        for (BackupDisk& disk : b.disks) disk.scratch = b.mode == BackupMode::pull;
    }
    m.group("disks", [&] { m.children("disk", b.disks); });
    if (m.writing()) return;
    const bool pull = b.mode == BackupMode::pull;
    if (pull != b.server.has_value())
        refuse_form(m, pull ? "element 'server' is missing" : "only a pull has an element 'server'");
    for (const BackupDisk& disk : b.disks) {
        if (!disk.path.empty() && disk.scratch != pull)
            refuse_form(m, fmt::format("disk '{}' needs <{}>", disk.name, pull ? "scratch" : "target"));
    }
}

Backup Backup::parse(std::string_view text) {
    xml::Options options;
    options.domain = error_domain;
    options.source = "(domain_backup)";
    options.validate = true;
    try {
        return xml::parse<Backup>(text, options);
    } catch (const Error& error) {
        const bool is_other = error.message().find("expecting root element") != std::string::npos;
        if (is_other || error.code() != ErrorCode::xml_error) throw;
        throw Error(ErrorCode::xml_invalid_schema, ErrorDomain::xml, error.detail());
    }
}

namespace {

void settle_mode(BackupDisk& line, const Backup& backup) {
    const std::string& since = line.incremental.empty() ? backup.incremental : line.incremental;
    if (line.mode == BackupDiskMode::absent) {
        line.mode = since.empty() ? BackupDiskMode::full : BackupDiskMode::incremental;
    }
    if (line.mode != BackupDiskMode::incremental) return;
    if (since.empty()) {
        refuse("'incremental' backup mode of disk '{}' requires setting 'incremental' field for disk or backup",
               line.name);
    }
    line.incremental = since;
}

void settle_store(BackupDisk& line, const Backup& backup, const Disk& disk, const std::string& suffix) {
    const bool pull = backup.mode == BackupMode::pull;
    if (line.type == StorageType::none) line.type = StorageType::file;
    if (line.format == StorageFormat::absent) line.format = StorageFormat::qcow2;
    if (pull && line.format != StorageFormat::qcow2)
        refuse("pull mode backup for disk '{}' requires qcow2 driver", line.name);
    if (line.path.empty()) {
        if (line.type != StorageType::file || disk.source.type != StorageType::file)
            refuse("refusing to generate file name for disk '{}'", line.name);
        line.path = disk.source.path + "." + suffix;
    }
    if (!pull) return;
    line.scratch = true;
    if (line.export_name.empty()) line.export_name = line.name;
    if (line.mode == BackupDiskMode::incremental && line.export_bitmap.empty())
        line.export_bitmap = "backup-" + line.name;
}

}  // namespace

void align_disks(Backup& backup, const Domain& domain, const std::string& suffix) {
    const bool all = backup.disks.empty();
    std::vector<BackupDisk> lines(domain.disks.size());
    for (BackupDisk& line : backup.disks) {
        const Disk* disk = find_disk(domain, line.name);
        if (disk == nullptr) refuse("no disk named '{}'", line.name);
        BackupDisk& place = lines[static_cast<size_t>(disk - domain.disks.data())];
        if (!place.name.empty()) refuse("backup for disk '{}' specified twice", line.name);
        if (line.backup == xml::YesNo::absent) line.backup = xml::YesNo::yes;
        if (line.backup == xml::YesNo::yes && (disk->source.empty() || disk->readonly))
            refuse("disk '{}' is empty or readonly", line.name);
        place = std::move(line);
    }
    for (size_t i = 0; i < lines.size(); i++) {
        const Disk& disk = domain.disks[i];
        BackupDisk& line = lines[i];
        if (line.name.empty()) {
            line.name = disk.target;
            const bool wanted = all && !disk.source.empty() && !disk.readonly;
            line.backup = wanted ? xml::YesNo::yes : xml::YesNo::no;
        }
        if (line.backup != xml::YesNo::yes) continue;
        settle_mode(line, backup);
        settle_store(line, backup, disk, suffix);
    }
    backup.disks = std::move(lines);
}

}  // namespace virtue::model
