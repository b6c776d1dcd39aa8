#include "model/snapshot/snapshot.h"

#include <algorithm>
#include <cctype>
#include <chrono>

#include <fmt/format.h>

namespace virtue::model {

namespace {

constexpr auto none = SnapshotLocation::absent;

bool is_offline(SnapshotState state) {
    return state == SnapshotState::shutoff || state == SnapshotState::disk_snapshot;
}

void read_location(xml::Mapper& m, const char* what, SnapshotLocation& location) {
    const auto text = m.read_attribute("snapshot");
    if (!text) return;
    const auto known = xml::from_name<SnapshotLocation>(*text);
    if (!known) m.fail(fmt::format("unknown {} snapshot setting '{}'", what, *text));
    location = *known;
}

void read_memory(xml::Mapper& m, Snapshot& s) {
    m.group("memory", [&] {
        read_location(m, "memory", s.memory);
        m.attribute("file", s.memory_file);
        if (s.memory == none && !s.memory_file.empty()) s.memory = SnapshotLocation::external;
        if (!s.memory_file.empty() && s.memory != SnapshotLocation::external)
            m.fail(fmt::format("memory filename '{}' requires external snapshot", s.memory_file));
        if (s.memory == SnapshotLocation::external && s.memory_file.empty())
            m.fail("external memory snapshots require a filename");
        if (!s.memory_file.empty() && s.memory_file[0] != '/')
            m.fail(fmt::format("memory snapshot file path ({}) must be absolute", s.memory_file));
    });
}

void read_state(xml::Mapper& m, Snapshot& s) {
    std::string state;
    m.value("state", state);
    if (state.empty()) return;
    const auto known = xml::from_name<SnapshotState>(state);
    if (!known) s.unknown_state = state;
    s.state = known.value_or(SnapshotState::none);
}

void read_domain(xml::Mapper& m, Snapshot& s) {
    const xml::Element domain = m.element().child("domain");
    // Old snapshots hold no more than the UUID of the domain.
    if (domain && !domain.attribute("type")) {
        m.group("domain", [&] { m.value("uuid", s.domain_uuid); });
        return;
    }
    m.child("domain", s.domain);
    m.child("inactiveDomain", s.inactive_domain);
}

void check_new(Snapshot& s, bool offline) {
    if (s.creation_time == 0)
        s.creation_time =
            std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch())
                .count();
    if (s.name.empty()) s.name = std::to_string(s.creation_time);
    if (s.memory == none) s.memory = offline ? SnapshotLocation::no : SnapshotLocation::internal;
    if (offline && s.memory != SnapshotLocation::no)
        fail(ErrorCode::xml_error, Snapshot::error_domain,
             "memory state cannot be saved with offline or disk-only snapshot");
}

void check_old(Snapshot& s) {
    constexpr auto domain = Snapshot::error_domain;
    if (s.name.empty()) fail(ErrorCode::xml_error, domain, "a redefined snapshot must have a name");
    if (s.creation_time == 0) fail(ErrorCode::internal_error, domain, "missing creationTime from existing snapshot");
    if (!s.unknown_state.empty())
        fail(ErrorCode::config_unsupported, domain, "/domainsnapshot/state: Invalid state '{}' in domain snapshot XML",
             s.unknown_state);
    if (s.state == SnapshotState::none) fail(ErrorCode::xml_error, domain, "missing state from existing snapshot");
    if (s.memory == none) s.memory = is_offline(s.state) ? SnapshotLocation::no : SnapshotLocation::internal;
}

}  // namespace

void map(xml::Mapper& m, SnapshotDisk& d) {
    if (m.reading()) {
        if (!m.read_attribute("name")) m.fail("missing name from disk snapshot element");
        m.attribute("name", d.name);
        read_location(m, "disk", d.snapshot);
        d.source.type = StorageType::file;
        m.attribute("type", d.source.type);
    } else {
        m.attribute("name", d.name);
        m.attribute("snapshot", d.snapshot);
        if (d.source.empty() && d.source.format == StorageFormat::absent) return;
        m.attribute("type", d.source.type);
        m.keep_open();
    }
    m.group("driver", [&] {
        m.attribute("type", d.source.format);
        m.group("metadata_cache", [&] { m.child("max_size", d.source.metadata_cache_max); });
    });
    map_source(m, d.source);
    if (m.writing()) return;
    const bool has_file = !d.source.path.empty() || !d.source.name.empty() || d.source.format != StorageFormat::absent;
    if (d.snapshot == none && has_file) d.snapshot = SnapshotLocation::external;
}

void map(xml::Mapper& m, Snapshot& s) {
    m.value("name", s.name);
    m.value("description", s.description);
    if (m.reading()) {
        read_state(m, s);
    } else {
        m.value("state", s.state);
    }
    m.group("parent", [&] { m.value("name", s.parent); });
    if (m.reading() || s.creation_time != 0) m.value("creationTime", s.creation_time);
    if (m.reading()) {
        read_memory(m, s);
    } else if (s.memory != none) {
        m.group("memory", [&] {
            m.attribute("snapshot", s.memory);
            m.attribute("file", s.memory_file);
        });
    }
    m.group("disks", [&] { m.children("disk", s.disks); });
    if (m.reading()) {
        read_domain(m, s);
    } else if (s.domain) {
        m.child("domain", s.domain);
        m.child("inactiveDomain", s.inactive_domain);
    } else if (s.domain_uuid) {
        m.group("domain", [&] { m.value("uuid", s.domain_uuid); });
    }
    if (m.reading()) m.raw("cookie", s.cookie);
    if (!m.options().status && m.writing()) return;
    uint32_t active = s.active.value_or(false) ? 1 : 0;
    if (m.reading() ? m.has("active") : s.active.has_value()) {
        m.value("active", active);
        s.active = active != 0;
    }
}

namespace {

// What libvirt's schema asks for beyond the names of elements and attributes.
void check_form(const Snapshot& s) {
    const auto refuse = [](const std::string& sentence) {
        throw Error(ErrorCode::xml_invalid_schema, ErrorDomain::xml, sentence);
    };
    if (!s.unknown_state.empty())
        refuse(fmt::format("/domainsnapshot/state: '{}' is no state of a snapshot", s.unknown_state));
    for (const SnapshotDisk& disk : s.disks) {
        if (!is_disk_name(disk.name))
            refuse(fmt::format("/domainsnapshot/disks: '{}' cannot be the name of a disk", disk.name));
        if (disk.snapshot == SnapshotLocation::manual)
            refuse(fmt::format("/domainsnapshot/disks: disk '{}' cannot have a 'manual' snapshot", disk.name));
    }
}

// With validation, what the document's form does not allow is refused as such, whatever part finds it.
Snapshot read_whole(std::string_view text, const xml::Options& options) {
    try {
        return xml::parse<Snapshot>(text, options);
    } catch (const xml::Disagreement&) {
        throw;
    } catch (const Error& error) {
        const bool is_other = error.message().find("expecting root element") != std::string::npos;
        if (!options.validate || is_other || error.code() == ErrorCode::xml_detail) throw;
        if (error.code() == ErrorCode::xml_invalid_schema) throw;
        throw Error(ErrorCode::xml_invalid_schema, ErrorDomain::xml, error.detail());
    }
}

}  // namespace

bool is_disk_name(std::string_view name) {
    if (name.starts_with('/')) return true;
    for (std::string_view prefix : {"fd", "hd", "sd", "vd", "xvd", "ubd"}) {
        if (!name.starts_with(prefix) || name.size() == prefix.size()) continue;
        const auto rest = name.substr(prefix.size());
        return std::all_of(rest.begin(), rest.end(),
                           [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; });
    }
    return false;
}

Snapshot Snapshot::parse(std::string_view text, How how) {
    xml::Options options;
    options.domain = error_domain;
    options.source = "(domain_snapshot)";
    options.validate = how.validate;
    Snapshot result = read_whole(text, options);
    if (how.validate) check_form(result);
    if (how.redefine) {
        check_old(result);
    } else {
        // What is being made takes these from the guest, whatever was said.
        result.creation_time = 0;
        result.cookie = {};
        result.parent.clear();
        result.state = SnapshotState::none;
        result.unknown_state.clear();
        result.domain.reset();
        result.inactive_domain.reset();
        check_new(result, how.offline);
    }
    return result;
}

bool Snapshot::is_external() const {
    if (memory == SnapshotLocation::external) return true;
    return std::any_of(disks.begin(), disks.end(),
                       [](const SnapshotDisk& d) { return d.snapshot == SnapshotLocation::external; });
}

SnapshotLocation Snapshot::default_location() const {
    return state == SnapshotState::disk_snapshot || memory == SnapshotLocation::external ? SnapshotLocation::external
                                                                                         : SnapshotLocation::internal;
}

void check_redefined(const Snapshot& s) {
    if (!s.domain) fail(ErrorCode::internal_error, Snapshot::error_domain, "missing domain in snapshot");
}

}  // namespace virtue::model
