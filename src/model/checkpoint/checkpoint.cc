#include "model/checkpoint/checkpoint.h"

#include <algorithm>
#include <chrono>

#include <fmt/format.h>

#include "model/snapshot/snapshot.h"

namespace virtue::model {

namespace {

// libvirt reads every checkpoint against its schema; these are the schema's demands.
[[noreturn]] void refuse_form(xml::Mapper& m, const std::string& sentence) {
    throw Error(ErrorCode::xml_invalid_schema, ErrorDomain::xml, fmt::format("{}: {}", m.element().path(), sentence));
}

}  // namespace

void map(xml::Mapper& m, CheckpointDisk& d) {
    if (m.reading() && !m.read_attribute("name")) refuse_form(m, "attribute 'name' is missing");
    m.attribute("name", d.name);
    if (m.reading() && !is_disk_name(d.name)) refuse_form(m, fmt::format("'{}' cannot be the name of a disk", d.name));
    if (m.reading()) {
        const auto text = m.read_attribute("checkpoint");
        if (text && *text != "no" && *text != "bitmap")
            refuse_form(m, fmt::format("attribute 'checkpoint' must be 'no' or 'bitmap', got '{}'", *text));
    }
    m.attribute("checkpoint", d.checkpoint);
    m.attribute("bitmap", d.bitmap);
    if (m.reading()) {
        // The size is an answer, never a demand.
        static_cast<void>(m.read_attribute("size"));
        if (!d.bitmap.empty() && d.checkpoint == CheckpointType::absent) d.checkpoint = CheckpointType::bitmap;
        if (!d.bitmap.empty() && d.checkpoint == CheckpointType::no)
            m.fail(fmt::format("disk '{}' has no checkpoint, so it cannot have a bitmap", d.name));
    } else {
        m.attribute("size", d.size);
    }
}

void map(xml::Mapper& m, Checkpoint& c) {
    m.value("name", c.name);
    if (m.reading() && (c.name.find('/') != std::string::npos || c.name.starts_with('.')))
        refuse_form(m, fmt::format("the name '{}' would not make a file name", c.name));
    m.value("description", c.description);
    m.group("parent", [&] { m.value("name", c.parent); });
    if (m.reading() || c.creation_time != 0) m.value("creationTime", c.creation_time);
    m.group("disks", [&] { m.children("disk", c.disks); });
    m.child("domain", c.domain);
}

Checkpoint Checkpoint::parse(std::string_view text, bool redefine) {
    xml::Options options;
    options.domain = error_domain;
    options.source = "(domain_checkpoint)";
    Checkpoint result = xml::parse<Checkpoint>(text, options);
    if (redefine) {
        if (result.name.empty()) fail(ErrorCode::xml_error, error_domain, "a redefined checkpoint must have a name");
        if (result.creation_time == 0)
            fail(ErrorCode::internal_error, error_domain, "missing creationTime from existing checkpoint");
        return result;
    }
    result.parent.clear();
    result.domain.reset();
    result.creation_time =
        std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch()).count();
    if (result.name.empty()) result.name = std::to_string(result.creation_time);
    return result;
}

void align_disks(Checkpoint& c, const Domain& domain) {
    const auto refuse = [](const std::string& sentence) {
        throw Error(ErrorCode::config_unsupported, Checkpoint::error_domain, sentence);
    };
    if (c.disks.size() > domain.disks.size()) refuse("too many disk checkpoint requests for domain");
    // Where no disk is named, all that can be are noted.
    const bool all = c.disks.empty();
    std::vector<CheckpointDisk> lines(domain.disks.size());
    for (CheckpointDisk& line : c.disks) {
        const Disk* disk = find_disk(domain, line.name);
        if (disk == nullptr) refuse(fmt::format("no disk named '{}'", line.name));
        CheckpointDisk& place = lines[static_cast<size_t>(disk - domain.disks.data())];
        if (!place.name.empty()) refuse(fmt::format("disk '{}' specified twice", line.name));
        const bool readable = !disk->source.empty() && !disk->readonly;
        if (line.checkpoint == CheckpointType::absent) line.checkpoint = CheckpointType::bitmap;
        if (line.checkpoint == CheckpointType::bitmap && !readable)
            refuse(fmt::format("disk '{}' is empty or readonly", line.name));
        line.name = disk->target;
        place = line;
    }
    for (size_t i = 0; i < lines.size(); i++) {
        const Disk& disk = domain.disks[i];
        if (lines[i].name.empty()) {
            const bool noted = all && !disk.source.empty() && !disk.readonly;
            lines[i].name = disk.target;
            lines[i].checkpoint = noted ? CheckpointType::bitmap : CheckpointType::no;
        }
        if (lines[i].checkpoint == CheckpointType::bitmap && lines[i].bitmap.empty()) lines[i].bitmap = c.name;
    }
    c.disks = std::move(lines);
}

}  // namespace virtue::model
