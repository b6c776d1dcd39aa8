#include "model/storage/pool.h"

#include <algorithm>
#include <span>

#include <fmt/format.h>

namespace virtue::model {

namespace {

// What the source of each type of pool may hold, what it must hold, and its formats, the default one first.
enum Part : unsigned { host = 1, device = 2, dir = 4, adapter = 8, name = 16, initiator = 32, network = 64 };

struct PoolTraits {
    unsigned parts = 0;
    unsigned required = 0;
    std::span<const std::string_view> formats;
};

constexpr std::string_view fs_formats[] = {"auto", "ext2", "ext3", "ext4", "ufs", "iso9660", "udf",
                                           "gfs",  "gfs2", "vfat", "hfs+", "xfs", "ocfs2",   "vmfs"};
constexpr std::string_view netfs_formats[] = {"auto", "nfs", "glusterfs", "cifs"};
constexpr std::string_view disk_formats[] = {"unknown", "dos", "dvh", "gpt", "mac", "bsd", "pc98", "sun", "lvm2"};
constexpr std::string_view logical_formats[] = {"lvm2", "unknown"};

PoolTraits traits(PoolType type) {
    switch (type) {
        case PoolType::fs:
            return {device, device, fs_formats};
        case PoolType::netfs:
            return {host | dir, host | dir, netfs_formats};
        case PoolType::logical:
            return {name | device, 0, logical_formats};
        case PoolType::disk:
            return {device, device, disk_formats};
        case PoolType::iscsi:
            return {host | device | initiator, host, {}};
        case PoolType::iscsi_direct:
            return {host | device | initiator | network, host, {}};
        case PoolType::scsi:
            return {adapter, adapter, {}};
        case PoolType::rbd:
        case PoolType::sheepdog:
            return {host | name | network, host | name, {}};
        case PoolType::gluster:
            return {host | name | dir | network, host | name, {}};
        case PoolType::zfs:
            return {name | device, name, {}};
        case PoolType::vstorage:
            return {name, name, {}};
        case PoolType::dir:
        case PoolType::mpath:
            break;
    }
    return {};
}

void read_source(xml::Mapper& m, Pool& p) {
    PoolSource& s = p.source;
    m.children("host", s.hosts);
    m.children("device", s.devices);
    m.attribute_of("dir", "path", s.dir);
    m.child("adapter", s.adapter);
    m.value("name", s.name);
    m.group("initiator", [&] { m.attribute_of("iqn", "name", s.initiator_iqn); });
    m.group("format", [&] {
        const PoolTraits& type = traits(p.type);
        m.attribute("type", s.format);
        if (type.formats.empty() || s.format.empty()) return;
        if (std::find(type.formats.begin(), type.formats.end(), s.format) == type.formats.end())
            m.fail(ErrorCode::config_unsupported, fmt::format("unknown pool format type {}", s.format));
    });
    m.child("auth", s.auth);
    m.group("protocol", [&] { m.attribute("ver", s.protocol_version); });
    m.attribute_of("vendor", "name", s.vendor);
    m.attribute_of("product", "name", s.product);
}

// Only what the type of pool knows is kept.
void complete_source(Pool& p) {
    PoolSource& s = p.source;
    const PoolTraits type = traits(p.type);
    if ((type.parts & host) == 0) s.hosts.clear();
    if ((type.parts & device) == 0) s.devices.clear();
    if ((type.parts & dir) == 0) s.dir.clear();
    if ((type.parts & adapter) == 0) s.adapter = {};
    if ((type.parts & name) == 0) s.name.clear();
    if ((type.parts & initiator) == 0) s.initiator_iqn.clear();
    if ((type.parts & name) != 0 && s.name.empty() && p.type != PoolType::rbd) s.name = p.name;
    if (p.type == PoolType::gluster && s.dir.empty()) s.dir = "/";
    if (type.formats.empty()) {
        s.format.clear();
    } else if (s.format.empty()) {
        s.format = type.formats.front();
    }
}

void check_source(xml::Mapper& m, const Pool& p) {
    const PoolSource& s = p.source;
    const unsigned required = traits(p.type).required;
    if ((required & host) != 0 && s.hosts.empty()) m.fail("missing storage pool source host name");
    if ((required & device) != 0 && s.devices.empty()) m.fail("missing storage pool source device name");
    if ((required & dir) != 0 && s.dir.empty()) m.fail("missing storage pool source path");
    if ((required & adapter) != 0 && s.adapter.type == AdapterType::none) m.fail("missing storage pool source adapter");
    if (p.type == PoolType::rbd && s.name.empty()) m.fail("element 'name' is mandatory for RBD pool");
    if (p.type == PoolType::iscsi_direct && s.initiator_iqn.empty())
        m.fail(ErrorCode::config_unsupported, "missing initiator IQN");
}

void write_source(xml::Mapper& m, Pool& p) {
    PoolSource& s = p.source;
    m.group(
        "source",
        [&] {
            m.keep_open();
            m.children("host", s.hosts);
            m.children("device", s.devices);
            m.attribute_of("dir", "path", s.dir);
            if (s.adapter.type != AdapterType::none) m.child("adapter", s.adapter);
            m.value("name", s.name);
            m.group("initiator", [&] { m.attribute_of("iqn", "name", s.initiator_iqn); });
            m.attribute_of("format", "type", s.format);
            m.child("auth", s.auth);
            m.attribute_of("protocol", "ver", s.protocol_version);
            m.attribute_of("vendor", "name", s.vendor);
            m.attribute_of("product", "name", s.product);
        },
        true);
}

void read_target(xml::Mapper& m, Pool& p) {
    std::string path;
    m.group("target", [&] {
        m.value("path", path);
        m.child("permissions", p.permissions);
        // Old definitions hold it; nothing was ever done with it.
        static_cast<void>(m.has("encryption"));
    });
    if (!p.has_target()) {
        p.permissions = {};
        return;
    }
    if (p.type == PoolType::logical) path = "/dev/" + p.source.name;
    if (p.type == PoolType::zfs) path = "/dev/zvol/" + p.source.name;
    if (path.empty()) m.fail("missing storage pool target path");
    p.target_path = clean_path(path);
}

// The names are literals: the mapper keeps them for its check of unknown ones.
void map_options(xml::Mapper& m, const char* outer, const char* inner, std::vector<PoolOption>& options,
                 bool has_value) {
    const auto one = [&](PoolOption& option) {
        m.attribute("name", option.name);
        if (has_value) m.attribute("value", option.value);
        if (m.reading() && option.name.empty()) m.fail("an option needs a name");
        if (m.reading() && has_value && option.value.empty()) m.fail("an option needs a value");
    };
    m.group(outer, [&] {
        if (m.reading()) m.each(inner, [&] { one(options.emplace_back()); });
        if (m.writing())
            for (PoolOption& option : options) m.group(inner, [&] { one(option); });
    });
}

void read_name(xml::Mapper& m, Pool& p) {
    m.value("name", p.name);
    if (p.name.empty() && (traits(p.type).parts & name) != 0 && m.has("source"))
        if (const auto inner = m.element().child("source").child("name")) p.name = inner.text();
    if (p.name.empty()) m.fail("missing pool source name element");
    if (p.name.find('/') != std::string::npos) m.fail(fmt::format("name {} cannot contain '/'", p.name));
}

void read(xml::Mapper& m, Pool& p) {
    read_name(m, p);
    std::string uuid;
    m.value("uuid", uuid);
    p.uuid = uuid.empty() ? Uuid::generate() : Uuid::parse(uuid);
    if (!p.uuid) m.fail(fmt::format("malformed uuid element '{}'", uuid));
    for (const char* known : {"capacity", "allocation", "available"}) static_cast<void>(m.has(known));
    m.group("features", [&] { m.attribute_of("cow", "state", p.cow); });
    const auto source = [&] { read_source(m, p); };
    m.group("source", source);
    complete_source(p);
    check_source(m, p);
    read_target(m, p);
}

}  // namespace

void map(xml::Mapper& m, PoolHost& h) {
    if (m.reading() && !m.read_attribute("name")) m.fail("missing storage pool host name");
    m.attribute("name", h.name);
    m.attribute("port", h.port, 0);
}

void map(xml::Mapper& m, PoolDevice& d) {
    if (m.reading() && !m.read_attribute("path")) m.fail("missing storage pool source device path");
    m.attribute("path", d.path);
    m.attribute("part_separator", d.part_separator);
    if (m.reading()) static_cast<void>(m.has("freeExtent"));
}

void map(xml::Mapper& m, PoolAdapter& a) {
    m.attribute("type", a.type);
    if (m.reading() && a.type == AdapterType::none) a.type = AdapterType::scsi_host;
    if (a.type == AdapterType::scsi_host) m.attribute("name", a.name);
    if (a.type == AdapterType::fc_host || m.reading()) {
        m.attribute("parent", a.parent);
        m.attribute("parent_wwnn", a.parent_wwnn);
        m.attribute("parent_wwpn", a.parent_wwpn);
        m.attribute("parent_fabric_wwn", a.parent_fabric_wwn);
        m.attribute("managed", a.managed);
        m.attribute("wwnn", a.wwnn);
        m.attribute("wwpn", a.wwpn);
    }
    if (m.reading() || a.unique_id)
        m.group("parentaddr", [&] {
            m.attribute("unique_id", a.unique_id);
            m.child("address", a.parent_address);
        });
    if (m.writing()) return;
    if (a.type == AdapterType::fc_host && (a.wwnn.empty() || a.wwpn.empty()))
        m.fail("'wwnn' and 'wwpn' must be specified for adapter type 'fc_host'");
    if (a.type == AdapterType::scsi_host && a.name.empty() == !a.unique_id)
        m.fail("an adapter of type 'scsi_host' needs either 'name' or <parentaddr>");
}

void map(xml::Mapper& m, PoolAuth& a) {
    m.attribute("type", a.type);
    m.attribute("username", a.username);
    const bool has_secret = m.group("secret", [&] {
        m.attribute("type", a.secret_type);
        m.attribute("uuid", a.secret_uuid);
        m.attribute("usage", a.secret_usage);
        if (m.reading() && a.secret_uuid.has_value() == !a.secret_usage.empty())
            throw Error(ErrorCode::xml_error, ErrorDomain::none,
                        fmt::format("{}: a secret is named by either 'uuid' or 'usage'", m.element().path()));
    });
    if (m.writing()) return;
    if (a.username.empty()) m.fail("missing username for auth");
    if (!has_secret) m.fail("Missing <secret> element in auth");
    if (a.type.empty()) m.fail(ErrorCode::config_unsupported, "storage pool missing auth type");
    if (a.type != "chap" && a.type != "ceph")
        m.fail(ErrorCode::config_unsupported, fmt::format("unknown auth type '{}'", a.type));
}

bool Pool::has_target() const {
    return (traits(type).parts & network) == 0;
}

void map(xml::Mapper& m, Pool& p) {
    m.required("type", p.type);
    m.declare_namespace("fs", "http://libvirt.org/schemas/storagepool/fs/1.0", !p.mount_options.empty());
    m.declare_namespace("rbd", "http://libvirt.org/schemas/storagepool/rbd/1.0", !p.config_options.empty());
    if (m.reading()) {
        read(m, p);
    } else {
        m.value("name", p.name);
        m.value("uuid", p.uuid);
        std::string unit = "bytes";
        const auto size = [&](const char* element, uint64_t& bytes) {
            m.group(element, [&] {
                m.attribute("unit", unit);
                m.text(bytes);
            });
        };
        size("capacity", p.capacity);
        size("allocation", p.allocation);
        size("available", p.available);
        m.group("features", [&] { m.attribute_of("cow", "state", p.cow); });
        write_source(m, p);
        if (p.has_target())
            m.group("target", [&] {
                m.value("path", p.target_path);
                m.child("permissions", p.permissions);
            });
    }
    m.group("refresh", [&] {
        m.group("volume", [&] {
            const auto text = m.reading() ? m.read_attribute("allocation") : std::nullopt;
            if (text && !xml::from_name<RefreshAllocation>(*text))
                m.fail(ErrorCode::config_unsupported,
                       fmt::format("unknown storage pool volume refresh allocation type {}", *text));
            m.attribute("allocation", p.refresh);
        });
    });
    if (p.type == PoolType::fs || p.type == PoolType::netfs)
        map_options(m, "fs:mount_opts", "fs:option", p.mount_options, false);
    if (p.type == PoolType::rbd) map_options(m, "rbd:config_opts", "rbd:option", p.config_options, true);
}

namespace {

// What libvirt's grammar demands beyond what a definition needs: which types say their source, and which never.
void check_grammar(std::string_view text, const Pool& pool) {
    const xml::Document document = xml::Document::parse(text, "(storage_pool_definition)", Pool::error_domain);
    const xml::Element source = document.root().child("source");
    const auto refuse = [](const char* sentence) {
        throw Error(ErrorCode::xml_invalid_schema, ErrorDomain::xml, sentence);
    };
    const bool has_no_source = pool.type == PoolType::dir || pool.type == PoolType::mpath;
    if (has_no_source && source && source.first_child()) refuse("/pool/source: this type of pool has no source");
    if (!has_no_source && !source) refuse("/pool: an element source is expected");
    const bool needs_target = pool.has_target() && pool.type != PoolType::zfs;
    if (needs_target && !document.root().child("target")) refuse("/pool: an element target is expected");
}

}  // namespace

Pool Pool::parse(std::string_view text, bool validate) {
    xml::Options options;
    options.domain = error_domain;
    options.source = "(storage_pool_definition)";
    options.validate = validate;
    if (!validate) return xml::parse<Pool>(text, options);
    try {
        Pool pool = xml::parse<Pool>(text, options);
        check_grammar(text, pool);
        return pool;
    } catch (const Error& error) {
        // A grammar judges before anybody reads: whatever is wrong is wrong by the grammar.
        const bool is_other = error.detail().find("expecting root element") != std::string::npos;
        if (is_other || error.code() == ErrorCode::xml_detail) throw;
        throw Error(ErrorCode::xml_invalid_schema, ErrorDomain::xml, error.detail());
    }
}

}  // namespace virtue::model
