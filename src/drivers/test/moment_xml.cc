#include "drivers/test/moment_xml.h"

#include <algorithm>
#include <array>

#include "base/error.h"
#include "base/text.h"
#include "xml/document.h"
#include "xml/mapper.h"
#include "xml/writer.h"

namespace virtue::test {
namespace {

constexpr ErrorDomain snapshot_part = ErrorDomain::domain_snapshot;
constexpr ErrorDomain checkpoint_part = ErrorDomain::domain_checkpoint;

constexpr std::array<std::string_view, 10> states{"nostate", "running", "blocked",     "paused",        "shutdown",
                                                  "shutoff", "crashed", "pmsuspended", "disk-snapshot", ""};

std::string text_of(xml::Element parent, const char* name) {
    xml::Element child = parent.child(name);
    return child ? child.text() : std::string();
}

std::string attribute_of(xml::Element element, const char* name) {
    return std::string(element.attribute(name).value_or(""));
}

xml::Document parse(std::string_view text, const char* source, const char* root, ErrorDomain part) {
    xml::Document document = xml::Document::parse(text, source, part);
    if (document.root().name() != root)
        fail(ErrorCode::xml_error, ErrorDomain::xml, "expecting root element of '{}', not '{}'", root,
             document.root().name());
    return document;
}

void read_common(MomentRequest& request, xml::Element root, bool redefine, ErrorDomain part, const char* kind) {
    Moment& moment = request.moment;
    moment.name = text_of(root, "name");
    if (moment.name.empty() && redefine) fail(ErrorCode::xml_error, part, "a redefined {} must have a name", kind);
    if (moment.name.find('/') != std::string::npos)
        fail(ErrorCode::xml_error, part, "name {} cannot contain '/'", moment.name);
    moment.description = text_of(root, "description");
    if (!redefine) return;
    if (xml::Element created = root.child("creationTime")) {
        auto number = parse_number<int64_t>(trim(created.text()));
        if (number) moment.created = *number;
        request.has_created = number.has_value();
    }
    if (!request.has_created)
        fail(part == checkpoint_part ? ErrorCode::internal_error : ErrorCode::xml_error, part,
             "missing creationTime from existing {}", kind);
    if (xml::Element parent = root.child("parent")) moment.parent = text_of(parent, "name");
    if (xml::Element domain = root.child("domain")) {
        xml::Options options;
        options.domain = ErrorDomain::domain;
        moment.domain = xml::read<model::Domain>(domain, options);
    }
}

void write_parent(xml::Writer& w, const Moment& moment) {
    if (moment.parent.empty()) return;
    w.begin("parent");
    w.begin("name");
    w.text(moment.parent);
    w.end();
    w.end();
}

void write_text(xml::Writer& w, const char* name, const std::string& text) {
    if (text.empty()) return;
    w.begin(name);
    w.text(text);
    w.end();
}

void write_domain(xml::Writer& w, const Moment& moment, bool secure) {
    if (!moment.domain) return;
    xml::Options options;
    options.domain = ErrorDomain::domain;
    options.inactive = true;
    options.secure = secure;
    options.indent = 1;
    std::string text = xml::format(*moment.domain, options);
    // raw() indents the first line and ends the last.
    std::string_view body = text;
    body.remove_prefix(std::min<size_t>(body.find('<'), body.size()));
    if (body.ends_with('\n')) body.remove_suffix(1);
    w.raw("domain", body);
}

MomentDisk* find(Moment& moment, const model::Disk& disk) {
    for (MomentDisk& entry : moment.disks)
        if (entry.name == disk.target || (!entry.name.empty() && entry.name == disk.source.path)) return &entry;
    return nullptr;
}

/// Puts the entries into the domain's order; `fill` makes those that were not said.
template <typename Fill>
void align(Moment& moment, const model::Domain& domain, ErrorDomain part, Fill fill) {
    std::vector<MomentDisk> ordered;
    size_t used = 0;
    for (const model::Disk& disk : domain.disks) {
        MomentDisk* said = find(moment, disk);
        MomentDisk entry = said ? *said : MomentDisk{};
        used += said != nullptr;
        entry.name = disk.target;
        fill(entry, disk);
        ordered.push_back(std::move(entry));
    }
    if (used < moment.disks.size()) {
        for (const MomentDisk& entry : moment.disks) {
            bool known = std::any_of(domain.disks.begin(), domain.disks.end(), [&](const model::Disk& disk) {
                return disk.target == entry.name || disk.source.path == entry.name;
            });
            if (!known) fail(ErrorCode::config_unsupported, part, "no disk named '{}'", entry.name);
        }
        fail(ErrorCode::config_unsupported, part, "disk '{}' specified twice", moment.disks.front().name);
    }
    moment.disks = std::move(ordered);
}

}  // namespace

MomentRequest read_snapshot(std::string_view text, bool redefine) {
    xml::Document document = parse(text, "(domain_snapshot)", "domainsnapshot", snapshot_part);
    xml::Element root = document.root();
    MomentRequest request;
    Moment& moment = request.moment;
    read_common(request, root, redefine, snapshot_part, "snapshot");
    if (redefine) {
        moment.state = text_of(root, "state");
        if (moment.state.empty())
            throw Error(ErrorCode::xml_error, snapshot_part, "missing state from existing snapshot");
        if (std::find(states.begin(), states.end(), moment.state) == states.end())
            fail(ErrorCode::xml_error, snapshot_part, "Invalid state '{}' in domain snapshot XML", moment.state);
    }
    if (xml::Element memory = root.child("memory")) {
        request.has_memory = true;
        moment.memory = attribute_of(memory, "snapshot");
        moment.memory_file = attribute_of(memory, "file");
        if (moment.memory.empty()) moment.memory = moment.memory_file.empty() ? "" : "external";
        constexpr std::array<std::string_view, 4> places{"", "no", "internal", "external"};
        if (std::find(places.begin(), places.end(), moment.memory) == places.end())
            fail(ErrorCode::xml_error, snapshot_part, "unknown memory snapshot setting '{}'", moment.memory);
    }
    if (xml::Element disks = root.child("disks")) {
        for (xml::Element disk = disks.child("disk"); disk; disk = disk.next_same()) {
            MomentDisk entry;
            entry.name = attribute_of(disk, "name");
            if (entry.name.empty())
                throw Error(ErrorCode::xml_error, snapshot_part, "missing name from disk snapshot element");
            entry.mode = attribute_of(disk, "snapshot");
            if (xml::Element driver = disk.child("driver")) entry.driver = attribute_of(driver, "type");
            if (xml::Element source = disk.child("source")) entry.file = attribute_of(source, "file");
            moment.disks.push_back(std::move(entry));
        }
    }
    return request;
}

MomentRequest read_checkpoint(std::string_view text, bool redefine) {
    xml::Document document = parse(text, "(domain_checkpoint)", "domaincheckpoint", checkpoint_part);
    xml::Element root = document.root();
    MomentRequest request;
    read_common(request, root, redefine, checkpoint_part, "checkpoint");
    if (xml::Element disks = root.child("disks")) {
        for (xml::Element disk = disks.child("disk"); disk; disk = disk.next_same()) {
            MomentDisk entry;
            entry.name = attribute_of(disk, "name");
            if (entry.name.empty())
                throw Error(ErrorCode::xml_error, checkpoint_part, "missing name from disk checkpoint element");
            entry.mode = attribute_of(disk, "checkpoint");
            entry.bitmap = attribute_of(disk, "bitmap");
            if (entry.mode.empty()) entry.mode = "bitmap";
            if (entry.mode != "no" && entry.mode != "bitmap")
                fail(ErrorCode::xml_error, checkpoint_part, "unknown disk checkpoint setting '{}'", entry.mode);
            request.moment.disks.push_back(std::move(entry));
        }
    }
    return request;
}

void align_snapshot_disks(Moment& moment, const model::Domain& domain, bool disk_only) {
    align(moment, domain, snapshot_part, [&](MomentDisk& entry, const model::Disk& disk) {
        if (!entry.mode.empty()) return;
        if (disk.snapshot != model::SnapshotLocation::absent) {
            entry.mode = xml::to_name(disk.snapshot);
        } else {
            entry.mode = disk.readonly || disk.source.path.empty() ? "no" : disk_only ? "external" : "internal";
        }
    });
    if (!disk_only) return;
    for (size_t i = 0; i < moment.disks.size(); i++) {
        MomentDisk& entry = moment.disks[i];
        if (entry.mode != "external") continue;
        if (entry.driver.empty()) entry.driver = "qcow2";
        const std::string& base = domain.disks[i].source.path;
        if (!entry.file.empty() || base.empty()) continue;
        size_t dot = base.rfind('.');
        size_t slash = base.rfind('/');
        bool has_suffix = dot != std::string::npos && (slash == std::string::npos || dot > slash);
        entry.file = (has_suffix ? base.substr(0, dot) : base) + "." + moment.name;
    }
}

void align_checkpoint_disks(Moment& moment, const model::Domain& domain) {
    bool said = !moment.disks.empty();
    align(moment, domain, checkpoint_part, [&](MomentDisk& entry, const model::Disk& disk) {
        if (entry.mode.empty()) entry.mode = said || disk.readonly || disk.source.path.empty() ? "no" : "bitmap";
        if (entry.mode == "bitmap" && entry.bitmap.empty()) entry.bitmap = moment.name;
    });
}

std::string write_snapshot(const Moment& moment, bool secure) {
    xml::Writer w;
    w.begin("domainsnapshot");
    write_text(w, "name", moment.name);
    write_text(w, "description", moment.description);
    write_text(w, "state", moment.state);
    write_parent(w, moment);
    write_text(w, "creationTime", std::to_string(moment.created));
    if (!moment.memory.empty()) {
        w.begin("memory");
        w.attribute("snapshot", moment.memory);
        if (!moment.memory_file.empty()) w.attribute("file", moment.memory_file);
        w.end();
    }
    if (!moment.disks.empty()) {
        w.begin("disks");
        for (const MomentDisk& disk : moment.disks) {
            w.begin("disk");
            w.attribute("name", disk.name);
            if (!disk.mode.empty()) w.attribute("snapshot", disk.mode);
            if (disk.mode == "external") {
                w.attribute("type", "file");
                if (!disk.driver.empty()) {
                    w.begin("driver");
                    w.attribute("type", disk.driver);
                    w.end();
                }
                if (!disk.file.empty()) {
                    w.begin("source");
                    w.attribute("file", disk.file);
                    w.end();
                }
            }
            w.end();
        }
        w.end();
    }
    write_domain(w, moment, secure);
    w.end();
    return w.take();
}

std::string write_checkpoint(const Moment& moment, bool secure, bool with_domain) {
    xml::Writer w;
    w.begin("domaincheckpoint");
    write_text(w, "name", moment.name);
    write_text(w, "description", moment.description);
    write_parent(w, moment);
    write_text(w, "creationTime", std::to_string(moment.created));
    if (!moment.disks.empty()) {
        w.begin("disks");
        for (const MomentDisk& disk : moment.disks) {
            w.begin("disk");
            w.attribute("name", disk.name);
            w.attribute("checkpoint", disk.mode);
            if (!disk.bitmap.empty()) w.attribute("bitmap", disk.bitmap);
            w.end();
        }
        w.end();
    }
    if (with_domain) write_domain(w, moment, secure);
    w.end();
    return w.take();
}

}  // namespace virtue::test
