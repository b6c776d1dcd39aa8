#include <charconv>

#include <fmt/format.h>

#include "drivers/qemu/command/devices.h"

namespace virtue::qemu {

using model::Disk;
using model::DiskCache;
using model::HostTransport;
using model::NetworkHost;
using model::StorageFormat;
using model::StorageProtocol;
using model::StorageSource;
using model::StorageType;

namespace {

Json socket_address(const NetworkHost& host, bool with_type) {
    if (host.transport == HostTransport::unix_socket) {
        return Json::object({{"type", "unix"}, {"path", host.socket}});
    }
    Json json = Json::object();
    if (with_type) json.set("type", "inet");
    json.set("host", host.name);
    json.set("port", host.port);
    return json;
}

const NetworkHost& only_host(const StorageSource& source) {
    if (source.hosts.size() != 1) {
        fail(ErrorCode::internal_error, ErrorDomain::qemu, "protocol '{}' accepts only one host",
             xml::to_name(source.protocol));
    }
    return source.hosts.front();
}

std::string secret_id(const StorageSource& source) {
    return fmt::format("libvirt-{}-storage-auth-secret0", source.index);
}

Json gluster(const StorageSource& source) {
    const size_t slash = source.name.find('/');
    if (slash == std::string::npos) {
        fail(ErrorCode::xml_error, ErrorDomain::qemu, "missing volume or image in Gluster source path '{}'",
             source.name);
    }
    Json servers = Json::array();
    for (const NetworkHost& host : source.hosts) servers.add(socket_address(host, true));
    return Json::object({{"driver", "gluster"},
                         {"volume", source.name.substr(0, slash)},
                         {"path", source.name.substr(slash + 1)},
                         {"server", servers},
                         {"debug", 4}});
}

Json rbd(const StorageSource& source) {
    const size_t slash = source.name.find('/');
    Json json = Json::object({{"driver", "rbd"}});
    json.set("pool", source.name.substr(0, slash));
    json.set("image", slash == std::string::npos ? "" : source.name.substr(slash + 1));
    if (!source.snapshot.empty()) json.set("snapshot", source.snapshot);
    if (!source.config_file.empty()) json.set("conf", source.config_file);
    if (!source.hosts.empty()) {
        Json servers = Json::array();
        for (const NetworkHost& host : source.hosts) servers.add(socket_address(host, false));
        json.set("server", std::move(servers));
    }
    if (source.encryption && source.encryption->engine == model::EncryptionEngine::librbd)
        json.set("encrypt",
                 Json::object({{"format", xml::to_name(source.encryption->format)},
                               {"key-secret", fmt::format("libvirt-{}-format-encryption-secret0", source.index)}}));
    if (source.auth) {
        Json modes = Json::array();
        modes.add("cephx").add("none");
        json.set("user", source.auth->username);
        json.set("auth-client-required", std::move(modes));
        json.set("key-secret", secret_id(source));
    }
    return json;
}

Json iscsi(const StorageSource& source) {
    const NetworkHost& host = only_host(source);
    const size_t slash = source.name.find('/');
    const bool v6 = host.name.find(':') != std::string::npos;
    Json json = Json::object({{"driver", "iscsi"}});
    json.set("portal",
             fmt::format(fmt::runtime(v6 ? "[{}]:{}" : "{}:{}"), host.name, host.port.empty() ? "0" : host.port));
    json.set("target", source.name.substr(0, slash));
    json.set("lun", slash == std::string::npos ? 0u : static_cast<unsigned>(atoi(source.name.c_str() + slash + 1)));
    json.set("transport", "tcp");
    if (source.auth) {
        json.set("user", source.auth->username);
        json.set("password-secret", secret_id(source));
    }
    if (!source.initiator_iqn.empty()) json.set("initiator-name", source.initiator_iqn);
    return json;
}

Json nbd(const StorageSource& source) {
    Json json = Json::object({{"driver", "nbd"}, {"server", socket_address(only_host(source), true)}});
    if (!source.name.empty()) json.set("export", source.name);
    if (source.tls == xml::YesNo::yes) {
        json.set("tls-creds", fmt::format("objlibvirt-{}-storage_tls0", source.index));
    }
    if (!source.tls_hostname.empty()) json.set("tls-hostname", source.tls_hostname);
    return json;
}

Json web(const StorageSource& source) {
    const NetworkHost& host = only_host(source);
    const std::string_view scheme = xml::to_name(source.protocol);
    std::string_view path = source.name;
    while (path.starts_with('/')) path.remove_prefix(1);
    std::string url = fmt::format("{}://{}:{}/{}", scheme, host.name, host.port, path);
    if (!source.query.empty()) url += "?" + source.query;
    Json json = Json::object({{"driver", scheme}, {"url", url}});
    if (source.auth) {
        json.set("username", source.auth->username);
        json.set("password-secret", secret_id(source));
    }
    if (source.ssl_verify != xml::YesNo::absent) json.set("sslverify", source.ssl_verify == xml::YesNo::yes);
    if (!source.cookies.empty())
        json.set("cookie-secret", fmt::format("libvirt-{}-storage-httpcookie-secret0", source.index));
    if (source.timeout != 0) json.set("timeout", source.timeout);
    if (source.readahead != 0) json.set("readahead", source.readahead);
    return json;
}

// "+100" and "0" are numbers; names are looked up by whoever starts the guest.
void set_identity(Json& json, const char* key, std::string_view text) {
    if (text.starts_with('+')) text.remove_prefix(1);
    uint32_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (!text.empty() && error == std::errc() && end == text.data() + text.size()) json.set(key, number);
}

Json nfs(const StorageSource& source) {
    const NetworkHost& host = only_host(source);
    Json json = Json::object(
        {{"driver", "nfs"}, {"server", Json::object({{"host", host.name}, {"type", "inet"}})}, {"path", source.name}});
    set_identity(json, "user", source.identity_user);
    set_identity(json, "group", source.identity_group);
    return json;
}

Json network(const StorageSource& source) {
    if (source.tls == xml::YesNo::yes && source.protocol != StorageProtocol::nbd)
        refuse_config(
            fmt::format("TLS transport is not supported for disk protocol '{}'", xml::to_name(source.protocol)));
    switch (source.protocol) {
        case StorageProtocol::gluster:
            return gluster(source);
        case StorageProtocol::rbd:
            return rbd(source);
        case StorageProtocol::iscsi:
            return iscsi(source);
        case StorageProtocol::nbd:
            return nbd(source);
        case StorageProtocol::http:
        case StorageProtocol::https:
        case StorageProtocol::ftp:
        case StorageProtocol::ftps:
        case StorageProtocol::tftp:
            return web(source);
        case StorageProtocol::sheepdog:
            return Json::object(
                {{"driver", "sheepdog"}, {"server", socket_address(only_host(source), true)}, {"vdi", source.name}});
        case StorageProtocol::ssh:
            return Json::object(
                {{"driver", "ssh"}, {"path", source.name}, {"server", socket_address(only_host(source), false)}});
        case StorageProtocol::nfs:
            return nfs(source);
        default:
            refuse_config(fmt::format("disk source protocol '{}' is not supported by QEMU's block layer",
                                      xml::to_name(source.protocol)));
    }
}

// cache={'direct':…, 'no-flush':…}, if the document chooses a mode.
void set_cache(Json& json, const Disk* disk) {
    if (disk == nullptr || effective_cache(*disk) == DiskCache::absent) return;
    const DiskCache mode = effective_cache(*disk);
    json.set("cache", Json::object({{"direct", mode == DiskCache::none || mode == DiskCache::directsync},
                                    {"no-flush", mode == DiskCache::unsafe}}));
}

std::string format_driver(StorageFormat format) {
    switch (format) {
        case StorageFormat::absent:
        case StorageFormat::raw:
        case StorageFormat::dir:
        case StorageFormat::fat:
        case StorageFormat::iso:
            return "raw";
        case StorageFormat::vhd:
            return "vpc";
        default:
            return std::string(xml::to_name(format));
    }
}

// What QEMU decrypts itself: librbd's encryption is below it.
bool is_encrypted(const StorageSource& source) {
    return source.encryption && source.encryption->engine != model::EncryptionEngine::librbd;
}

bool is_luks(const StorageSource& source) {
    return is_encrypted(source) && source.encryption->format != model::EncryptionFormat::qcow;
}

bool is_raw(const StorageSource& source) {
    return format_driver(source.format) == "raw";
}

void add_secrets(Builder& builder, const StorageSource& source) {
    if (source.type == StorageType::network && source.auth) add_secret(builder, secret_id(source));
    if (source.encryption) {
        add_secret(builder, fmt::format("libvirt-{}-format-encryption-secret0", source.index));
    }
    if (source.type != StorageType::network) return;
    if (!source.cookies.empty())
        add_secret(builder, fmt::format("libvirt-{}-storage-httpcookie-secret0", source.index));
    if (source.tls == xml::YesNo::yes) {
        builder.add_json("-object", Json::object({{"qom-type", "tls-creds-x509"},
                                                  {"id", fmt::format("objlibvirt-{}-storage_tls0", source.index)},
                                                  {"dir", builder.context.default_tls_folder.empty()
                                                              ? "/etc/pki/qemu"
                                                              : builder.context.default_tls_folder},
                                                  {"endpoint", "client"},
                                                  {"verify-peer", true}}));
    }
}

Json storage_node(const StorageSource& source, const Disk* disk) {
    Json json = storage_protocol(source);
    if (disk != nullptr && source.is_local() && source.type != StorageType::dir &&
        disk->driver.io != model::DiskIo::absent) {
        json.set("aio", xml::to_name(disk->driver.io));
    }
    if (source.reservations) {
        const bool managed = source.reservations->managed == xml::YesNo::yes;
        json.set("pr-manager", managed ? "pr-helper0" : fmt::format("pr-helper-libvirt-{}-storage", source.index));
    }
    json.set("node-name", fmt::format("libvirt-{}-storage", source.index));
    set_cache(json, disk);
    if (source.fdgroup.empty()) {
        json.set("auto-read-only", true);
    } else {
        // A descriptor cannot be opened again for writing when that is needed.
        json.set("read-only", disk != nullptr && (disk->readonly || disk->device == model::DiskDevice::cdrom));
    }
    json.set("discard", "unmap");
    return json;
}

Json format_node(const StorageSource& source, const Disk* disk, bool top, bool read_only, const std::string& file) {
    Json json = Json::object({{"node-name", fmt::format("libvirt-{}-format", source.index)}, {"read-only", read_only}});
    set_cache(json, disk);
    if (disk != nullptr && top) {
        const bool unmap = disk->driver.discard == model::DiskDiscard::unmap;
        if (disk->driver.discard != model::DiskDiscard::absent) json.set("discard", unmap ? "unmap" : "ignore");
        model::DiskDetectZeroes zeroes = disk->driver.detect_zeroes;
        // QEMU refuses unmap here unless discard is unmap too.
        if (zeroes == model::DiskDetectZeroes::unmap && !unmap) zeroes = model::DiskDetectZeroes::on;
        if (zeroes != model::DiskDetectZeroes::absent) json.set("detect-zeroes", xml::to_name(zeroes));
    }
    const std::string secret = fmt::format("libvirt-{}-format-encryption-secret0", source.index);
    if (is_raw(source) && is_luks(source)) {
        json.set("driver", "luks");
        json.set("key-secret", secret);
    } else {
        json.set("driver", format_driver(source.format));
        if (is_encrypted(source) && !is_raw(source)) {
            json.set("encrypt", Json::object({{"format", is_luks(source) ? "luks" : "aes"}, {"key-secret", secret}}));
        }
    }
    if (source.metadata_cache_max) json.set("cache-size", source.metadata_cache_max->count);
    json.set("file", file);
    return json;
}

}  // namespace

void add_secret(Builder& builder, const std::string& id) {
    auto found = builder.context.secrets.find(id);
    Json json = Json::object({{"qom-type", "secret"}, {"id", id}});
    json.set("data", found == builder.context.secrets.end() ? "@DATA@" : found->second);
    json.set("keyid", "masterKey0");
    auto iv = builder.context.secrets.find(id + "/iv");
    json.set("iv", iv == builder.context.secrets.end() ? "@IV@" : iv->second);
    json.set("format", "base64");
    builder.add_json("-object", json);
}

Json storage_protocol(const StorageSource& source) {
    switch (source.type) {
        case StorageType::file:
            return Json::object({{"driver", "file"}, {"filename", source.path}});
        case StorageType::block:
            return Json::object({{"driver", "host_device"}, {"filename", source.path}});
        case StorageType::dir:
            return Json::object({{"driver", "vvfat"}, {"dir", source.path}, {"floppy", false}, {"rw", false}});
        case StorageType::nvme: {
            const model::PciAddress& pci = source.pci;
            return Json::object(
                {{"driver", "nvme"},
                 {"device", fmt::format("{:04x}:{:02x}:{:02x}.{:x}", pci.domain, pci.bus, pci.slot, pci.function)},
                 {"namespace", source.nvme_namespace}});
        }
        case StorageType::network:
            return network(source);
        case StorageType::none:
        case StorageType::volume:
        case StorageType::vhostuser:
            fail(ErrorCode::internal_error, ErrorDomain::qemu, "storage of type '{}' was not resolved before the start",
                 xml::to_name(source.type));
    }
    return {};
}

std::string add_storage(Builder& builder, const StorageSource& source, const Disk* disk, bool read_only) {
    // The layers from the bottom up: QEMU looks up "backing" among nodes that exist.
    std::vector<const StorageSource*> layers;
    for (const StorageSource* layer = &source; layer != nullptr && layer->type != StorageType::none;
         layer = layer->backing.empty() ? nullptr : &layer->backing.front()) {
        layers.push_back(layer);
    }
    std::string below;
    for (size_t i = layers.size(); i-- > 0;) {
        const StorageSource& layer = *layers[i];
        const bool is_top = i == 0;
        add_secrets(builder, layer);
        Json storage = storage_node(layer, disk);
        if (layer.type == StorageType::dir && disk != nullptr) {
            storage.set("floppy", disk->device == model::DiskDevice::floppy);
        }
        builder.add_json("-blockdev", storage);
        std::string file = fmt::format("libvirt-{}-storage", layer.index);
        // The raw format can cut out a part itself; other formats need a node for it.
        const bool plain_slice = !layer.slices.empty() && is_raw(layer) && !layer.encryption;
        if (!layer.slices.empty() && !plain_slice) {
            Json slice = Json::object({{"driver", "raw"},
                                       {"node-name", fmt::format("libvirt-{}-slice-sto", layer.index)},
                                       {"offset", layer.slices.front().offset},
                                       {"size", layer.slices.front().size},
                                       {"file", file},
                                       {"auto-read-only", true},
                                       {"discard", "unmap"}});
            set_cache(slice, disk);
            builder.add_json("-blockdev", slice);
            file = fmt::format("libvirt-{}-slice-sto", layer.index);
        }
        Json format = format_node(layer, disk, is_top, is_top ? read_only : true, file);
        if (plain_slice) {
            format.remove("file");
            format.set("offset", layer.slices.front().offset);
            format.set("size", layer.slices.front().size);
            format.set("file", file);
        }
        if (!below.empty()) {
            format.set("backing", below);
        } else if (!layer.backing.empty() && !is_raw(layer)) {
            // The document, or a look at the image, says that the chain ends here.
            format.set("backing", Json());
        }
        builder.add_json("-blockdev", format);
        below = fmt::format("libvirt-{}-format", layer.index);
    }
    return below;
}

}  // namespace virtue::qemu
