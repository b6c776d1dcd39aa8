#include "model/domain/storage_source.h"

#include <fmt/format.h>

namespace virtue::model {

VIRTUE_BIG_VALUE_CODE(StorageSource);

void map(xml::Mapper& m, NetworkHost& h) {
    m.attribute("name", h.name);
    m.attribute("port", h.port);
    m.attribute("transport", h.transport, HostTransport::tcp);
    m.attribute("socket", h.socket);
    if (m.writing()) return;
    if (h.transport == HostTransport::unix_socket) {
        if (h.socket.empty()) m.fail("missing socket for unix transport");
        if (!h.name.empty()) m.fail("transport 'unix' does not take a host name");
    } else {
        if (!h.socket.empty()) m.fail("attribute 'socket' is for transport 'unix'");
        if (!m.given("name")) m.fail("missing name for host");
    }
    if (m.given("port") && !xml::parse_unsigned(*m.read_attribute("port"), 65535))
        m.fail(ErrorCode::invalid_arg, ErrorDomain::none, fmt::format("failed to parse port number '{}'", h.port));
}

void map(xml::Mapper& m, SecretReference& s) {
    m.attribute("type", s.type);
    m.attribute("uuid", s.uuid);
    m.attribute("usage", s.usage);
    if (m.writing()) return;
    if (s.uuid ? !s.usage.empty() : !m.given("usage"))
        m.fail(ErrorCode::xml_error, ErrorDomain::none,
               s.uuid ? "either uuid or usage names a secret, not both" : "a secret needs 'uuid' or 'usage'");
}

void map(xml::Mapper& m, StorageAuth& a) {
    m.required("username", a.username);
    if (m.reading() && a.username.empty()) m.fail_missing_attribute("username");
    if (m.reading() && !m.has("secret"))
        m.fail(ErrorCode::xml_error, ErrorDomain::storage, "Missing <secret> element in auth");
    m.child("secret", a.secret);
    // Nobody looks at those of a variable store.
    if (m.writing() || m.element().path().find("/nvram") != std::string::npos) return;
    if (a.secret.type.empty()) m.fail(ErrorCode::config_unsupported, "unknown secret type: none is given");
    if (!xml::from_name<SecretType>(a.secret.type))
        m.fail(ErrorCode::config_unsupported, fmt::format("unknown secret type '{}'", a.secret.type));
}

void map(xml::Mapper& m, StorageEncryption& e) {
    m.required("format", e.format);
    m.attribute("engine", e.engine);
    m.keep_open();
    m.children("secret", e.secrets);
    if (m.reading())
        for (const SecretReference& secret : e.secrets)
            if (secret.type != "passphrase")
                m.fail(secret.type.empty() ? ErrorCode::xml_error : ErrorCode::config_unsupported, ErrorDomain::storage,
                       fmt::format("unknown volume encryption secret type '{}'", secret.type));
    if (m.reading() ? m.has("cipher") : e.cipher.has_value()) {
        if (m.reading()) e.cipher.emplace();
        m.group("cipher", [&] {
            m.attribute("name", e.cipher->name);
            m.attribute("size", e.cipher->size);
            m.attribute("mode", e.cipher->mode);
            m.attribute("hash", e.cipher->hash);
        });
    }
    m.group("ivgen", [&] {
        m.attribute("name", e.ivgen_name);
        m.attribute("hash", e.ivgen_hash);
    });
}

void map(xml::Mapper& m, StorageCookie& c) {
    m.required("name", c.name);
    m.text(c.value);
    if (m.reading() && c.name.empty()) m.fail("missing cookie name");
    if (m.reading() && c.value.empty()) m.fail(fmt::format("missing value for cookie '{}'", c.name));
}

void map(xml::Mapper& m, StorageSlice& s) {
    m.attribute("type", s.type);
    m.required("offset", s.offset);
    m.required("size", s.size);
}

void map(xml::Mapper& m, Reservations& r) {
    m.required("managed", r.managed);
    m.group("source", [&] {
        m.attribute("type", r.type);
        m.attribute("path", r.path);
        m.attribute("mode", r.mode);
    });
    if (m.reading() && r.managed == xml::YesNo::no && r.type.empty())
        m.fail(ErrorCode::xml_error, ErrorDomain::storage, "missing connection type for <reservations/>");
}

bool StorageSource::empty() const {
    switch (type) {
        case StorageType::network:
            return protocol == StorageProtocol::none;
        case StorageType::volume:
            return volume.empty();
        case StorageType::nvme:
            return false;
        default:
            return path.empty() && fdgroup.empty();
    }
}

namespace {

void map_network_attributes(xml::Mapper& m, StorageSource& s) {
    m.required("protocol", s.protocol);
    m.attribute("name", s.name);
    m.attribute("query", s.query);
    m.attribute("tls", s.tls);
    m.attribute("tlsHostname", s.tls_hostname);
    if (m.writing()) return;
    if (s.protocol == StorageProtocol::nbd || !s.name.empty()) {
        // Where a name has the form volume/image, both parts must be there.
        if (s.protocol == StorageProtocol::gluster || s.protocol == StorageProtocol::rbd) {
            const size_t slash = s.name.find('/');
            if (s.protocol == StorageProtocol::gluster && (slash == std::string::npos || slash + 1 == s.name.size()))
                m.fail(fmt::format("can't split path '{}' into pool name and image name", s.name));
        }
        return;
    }
    m.fail("missing name for disk source");
}

void map_network_children(xml::Mapper& m, StorageSource& s) {
    m.children("host", s.hosts);
    m.attribute_of("snapshot", "name", s.snapshot);
    m.attribute_of("config", "file", s.config_file);
    m.group("initiator", [&] { m.attribute_of("iqn", "name", s.initiator_iqn); });
    if (s.protocol == StorageProtocol::http || s.protocol == StorageProtocol::https ||
        s.protocol == StorageProtocol::ftp || s.protocol == StorageProtocol::ftps || m.writing()) {
        m.attribute_of("ssl", "verify", s.ssl_verify);
        // What is not encrypted has nothing to verify.
        if (m.reading() && (s.protocol == StorageProtocol::http || s.protocol == StorageProtocol::ftp))
            s.ssl_verify = xml::YesNo::absent;
        if (m.reading() || m.options().secure) m.group("cookies", [&] { m.children("cookie", s.cookies); });
        for (size_t i = 0; m.reading() && i < s.cookies.size(); i++)
            for (size_t j = 0; j < i; j++)
                if (s.cookies[i].name == s.cookies[j].name)
                    m.fail(ErrorCode::xml_error, ErrorDomain::storage,
                           fmt::format("duplicate cookie '{}'", s.cookies[i].name));
        if (m.reading() || s.readahead != 0) m.attribute_of("readahead", "size", s.readahead);
        if (m.reading() || s.timeout != 0) m.attribute_of("timeout", "seconds", s.timeout);
    }
    m.group("identity", [&] {
        m.attribute("user", s.identity_user);
        m.attribute("group", s.identity_group);
    });
}

// What sources of NVMe and of vhost-user stand for; each has one word.
constexpr std::string_view source_kinds[] = {"pci", "unix"};

void map_attributes(xml::Mapper& m, StorageSource& s) {
    switch (s.type) {
        case StorageType::file:
            m.attribute("file", s.path);
            m.attribute("fdgroup", s.fdgroup);
            break;
        case StorageType::block:
            m.attribute("dev", s.path);
            break;
        case StorageType::dir:
            m.attribute("dir", s.path);
            break;
        case StorageType::network:
            map_network_attributes(m, s);
            break;
        case StorageType::volume:
            m.attribute("pool", s.pool);
            m.attribute("volume", s.volume);
            m.attribute("mode", s.volume_mode);
            if (m.reading() && s.pool.empty() != s.volume.empty())
                m.fail("a volume source needs both 'pool' and 'volume'");
            break;
        case StorageType::nvme: {
            std::string pci = "pci";
            m.words("type", source_kinds);
            m.required("type", pci);
            m.attribute("managed", s.managed);
            m.required("namespace", s.nvme_namespace);
            if (m.reading() && s.managed == xml::YesNo::absent) s.managed = xml::YesNo::yes;
            break;
        }
        case StorageType::vhostuser: {
            std::string kind = "unix";
            m.words("type", source_kinds);
            m.required("type", kind);
            m.required("path", s.path);
            break;
        }
        case StorageType::none:
            break;
    }
}

// After everything is mapped, as what fails ends the description of the element, too.
void check_kind(xml::Mapper& m, const StorageSource& s) {
    if (s.type != StorageType::nvme && s.type != StorageType::vhostuser) return;
    const auto type = m.read_attribute("type");
    if (s.type == StorageType::nvme && type && *type != "pci")
        m.fail(fmt::format("unsupported source type '{}'", *type));
    if (s.type == StorageType::vhostuser && type && *type != "unix")
        m.fail("invalid 'type' attribute for vhostuser disk source");
}

/// A layer below the top one has its number beside its type.
void map_place(xml::Mapper& m, StorageSource& s, bool keep_empty, bool with_index) {
    m.group(
        "source",
        [&] {
            map_attributes(m, s);
            m.attribute("startupPolicy", s.startup_policy);
            const bool shown = with_index && !m.options().inactive && s.index != 0 && !s.empty();
            if (m.reading() || shown) m.attribute("index", s.index);
            if (s.type == StorageType::network) map_network_children(m, s);
            if (m.reading() && s.type == StorageType::nvme && !m.has("address"))
                m.fail("NVMe disk source is missing address");
            if (s.type == StorageType::nvme) m.child("address", s.pci);
            if (m.reading() && s.type == StorageType::nvme && s.nvme_namespace == 0)
                m.disagree(ErrorCode::config_unsupported, "NVMe namespace can't be zero");
            if (s.type == StorageType::vhostuser) m.child("reconnect", s.reconnect);
            m.group("slices", [&] { m.children("slice", s.slices); });
            // Slices of other kinds are not known, and forgotten.
            if (m.reading()) std::erase_if(s.slices, [](const auto& slice) { return slice.type != "storage"; });
            // Elsewhere nobody asks who it is.
            if (m.writing() || s.type == StorageType::network || s.type == StorageType::volume)
                m.child("auth", s.auth);
            else
                static_cast<void>(m.has("auth"));
            m.child("reservations", s.reservations);
            m.child("encryption", s.encryption);
            if (s.type != StorageType::network) m.children("seclabel", s.security_labels);
            for (size_t i = 0; m.reading() && i < s.security_labels.size(); i++)
                for (size_t j = 0; j < i; j++)
                    if (!s.security_labels[i].model.empty() && s.security_labels[i].model == s.security_labels[j].model)
                        m.disagree(ErrorCode::xml_detail, fmt::format("seclabel for model {} is already provided",
                                                                      s.security_labels[i].model));
            for (const DeviceSecurityLabel& l : s.security_labels)
                if (m.reading() && s.security_labels.size() > 1 && l.model.empty() && !l.labelskip)
                    m.fail("missing security model when using multiple labels");
            if (m.reading())
                std::erase_if(s.security_labels,
                              [](const DeviceSecurityLabel& l) { return l.labelskip && l.model.empty(); });
            if (m.reading()) check_kind(m, s);
        },
        keep_empty);
}

}  // namespace

void map_source(xml::Mapper& m, StorageSource& s, bool keep_empty) {
    map_place(m, s, keep_empty, true);
}

namespace {

void map_layer(xml::Mapper& m, StorageSource& s) {
    m.attribute("type", s.type);
    if (m.reading() || (!m.options().inactive && s.index != 0)) m.attribute("index", s.index);
    // Ours: a new daemon must not take what was found for what was asked for. libvirtd passes over it.
    if (m.options().status) m.attribute("detected", s.detected, false);
    if (m.reading() && s.type == StorageType::none) {
        if (!m.has("source") && !m.has("format")) return;
        // Without a word it is a file.
        s.type = StorageType::file;
    }
    m.group("format", [&] {
        m.required("type", s.format);
        m.group("metadata_cache", [&] {
            m.child("max_size", s.metadata_cache_max);
            if (!m.reading() || !s.metadata_cache_max) return;
            if (const auto bytes = xml::scale(s.metadata_cache_max->count, s.metadata_cache_max->unit))
                s.metadata_cache_max = SizeWithUnit{*bytes, "bytes"};
        });
    });
    if (m.reading() && s.format == StorageFormat::absent) m.fail("missing storage source format");
    if (m.reading() && !m.has("source")) m.fail("missing disk backing store source");
    map_place(m, s, false, false);
    map_backing(m, s);
}

}  // namespace

void map_backing(xml::Mapper& m, StorageSource& s) {
    if (m.writing() && (s.backing.empty() || (m.options().inactive && s.backing[0].detected))) return;
    m.group(
        "backingStore",
        [&] {
            if (m.reading()) s.backing.emplace_back();
            if (m.writing() && s.backing[0].type == StorageType::none) return;
            map_layer(m, s.backing[0]);
        },
        true);
}

}  // namespace virtue::model
