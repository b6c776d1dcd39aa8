#include "model/storage/volume.h"

#include <algorithm>
#include <span>

#include <fmt/format.h>

namespace virtue::model {

namespace {

constexpr std::string_view image_formats[] = {"raw", "dir", "bochs", "cloop", "dmg",  "iso",   "vpc", "vdi",
                                              "fat", "vhd", "ploop", "cow",   "qcow", "qcow2", "qed", "vmdk"};
constexpr std::string_view partition_formats[] = {"none",       "linux",     "fat16",      "fat32",
                                                  "linux-swap", "linux-lvm", "linux-raid", "extended"};

std::span<const std::string_view> formats(PoolType pool) {
    switch (pool) {
        case PoolType::dir:
        case PoolType::fs:
        case PoolType::netfs:
        case PoolType::rbd:
        case PoolType::gluster:
        case PoolType::vstorage:
            return image_formats;
        case PoolType::disk:
            return partition_formats;
        default:
            return {};
    }
}

// A size in any unit; bytes.
std::optional<uint64_t> read_size(xml::Mapper& m, const char* name) {
    std::optional<uint64_t> result;
    m.group(name, [&] {
        const std::string text = m.element().text();
        const std::string unit(m.read_attribute("unit").value_or("bytes"));
        const auto number = xml::parse_unsigned(text, UINT64_MAX);
        if (!number) m.fail(fmt::format("malformed {} element: '{}' is no number", name, text));
        // libvirt raises these two in no part of its own.
        const std::string path = m.element().path();
        if (!xml::scale(0, unit))
            fail(ErrorCode::invalid_arg, ErrorDomain::none, "{}: unknown suffix '{}'", path, unit);
        result = xml::scale(*number, unit);
        if (!result) fail(ErrorCode::overflow, ErrorDomain::none, "{}: value too large: {}{}", path, *number, unit);
    });
    return result;
}

void write_size(xml::Mapper& m, const char* name, const char* unit, uint64_t bytes) {
    std::string text = unit;
    m.group(name, [&] {
        m.attribute("unit", text);
        m.text(bytes);
    });
}

void write_extents(xml::Mapper& m, Volume& v) {
    m.group("source", [&] {
        for (size_t i = 0; i < v.extents.size();) {
            const size_t first = i;
            m.group("device", [&] {
                m.attribute("path", v.extents[first].path);
                for (; i < v.extents.size() && v.extents[i].path == v.extents[first].path; i++)
                    m.group("extent", [&] {
                        m.attribute("start", v.extents[i].start);
                        m.attribute("end", v.extents[i].end);
                    });
            });
        }
    });
}

void check(Volume& v, PoolType pool, Volume::Capacity capacity) {
    const auto refuse = [](ErrorCode code, const std::string& sentence) {
        throw Error(code, ErrorDomain::storage, sentence);
    };
    if (!v.capacity) {
        const bool may_miss = capacity == Volume::Capacity::optional ||
                              (capacity == Volume::Capacity::from_backing && v.backing && !v.backing->path.empty());
        if (!may_miss) refuse(ErrorCode::xml_error, "/volume: missing capacity element");
    }
    if (!v.allocation) v.allocation = v.capacity;
    const auto check_format = [&](VolumeTarget& target, const char* path) {
        if (formats(pool).empty()) target.format.clear();
        if (target.format.empty()) target.format = default_volume_format(pool);
        if (!target.format.empty() && !is_volume_format(pool, target.format))
            refuse(ErrorCode::config_unsupported,
                   fmt::format("{}/format: unknown volume format type {}", path, target.format));
    };
    check_format(v.target, "/volume/target");
    if (v.backing) check_format(*v.backing, "/volume/backingStore");
}

}  // namespace

std::string_view default_volume_format(PoolType pool) {
    return formats(pool).empty() ? std::string_view() : formats(pool).front();
}

bool is_volume_format(PoolType pool, std::string_view format) {
    const auto known = formats(pool);
    return std::find(known.begin(), known.end(), format) != known.end();
}

void map(xml::Mapper& m, VolumeTimestamps& t) {
    m.value("atime", t.atime);
    m.value("mtime", t.mtime);
    m.value("ctime", t.ctime);
    m.value("btime", t.btime);
}

void map(xml::Mapper& m, VolumeFeatures& f) {
    m.flag("lazy_refcounts", f.lazy_refcounts);
    m.flag("extended_l2", f.extended_l2);
    if (m.writing()) return;
    for (xml::Element e = m.element().first_child(); e; e = e.next())
        if (e.name() != "lazy_refcounts" && e.name() != "extended_l2")
            m.fail(ErrorCode::xml_error, fmt::format("unsupported feature {}", e.name()));
}

void map(xml::Mapper& m, VolumeTarget& t) {
    m.value("path", t.path);
    m.attribute_of("format", "type", t.format);
    m.child("permissions", t.permissions);
    if (m.writing()) m.child("timestamps", t.timestamps);
    if (m.reading()) static_cast<void>(m.has("timestamps"));
    m.child("encryption", t.encryption);
    m.value("compat", t.compat);
    if (m.reading()) {
        t.cluster_size = read_size(m, "clusterSize").value_or(0);
        m.flag("nocow", t.nocow);
    } else if (t.cluster_size != 0) {
        write_size(m, "clusterSize", "B", t.cluster_size);
    }
    m.child("features", t.features);
    if (m.writing()) return;
    if (t.compat.find_first_not_of("0123456789.") != std::string::npos)
        m.fail(fmt::format("forbidden characters in 'compat' attribute: '{}'", t.compat));
    if (t.features && t.compat.empty()) t.compat = "1.1";
}

void map(xml::Mapper& m, Volume& v) {
    m.attribute("type", v.type);
    m.value("name", v.name);
    if (m.reading() && v.name.empty()) m.fail("missing volume name element");
    m.value("key", v.key);
    if (m.reading()) {
        for (const char* known : {"source", "physical"}) static_cast<void>(m.has(known));
        v.capacity = read_size(m, "capacity");
        v.allocation = read_size(m, "allocation");
    } else {
        write_extents(m, v);
        write_size(m, "capacity", "bytes", v.capacity.value_or(0));
        write_size(m, "allocation", "bytes", v.allocation.value_or(0));
        if (v.physical != 0) write_size(m, "physical", "bytes", v.physical);
    }
    m.child("target", v.target);
    m.child("backingStore", v.backing);
}

Volume Volume::parse(std::string_view text, PoolType pool, Capacity capacity, bool validate) {
    xml::Options options;
    options.domain = error_domain;
    options.source = "(storage_volume_definition)";
    options.validate = validate;
    Volume result = xml::parse<Volume>(text, options);
    check(result, pool, capacity);
    return result;
}

}  // namespace virtue::model
