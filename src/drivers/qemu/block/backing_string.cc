#include "drivers/qemu/block/backing_string.h"

#include "base/error.h"
#include "drivers/qemu/monitor/json.h"

namespace virtue::qemu {
namespace {

using model::StorageFormat;
using model::StorageProtocol;
using model::StorageSource;
using model::StorageType;

StorageSource file_at(const std::string& path, const std::string& folder) {
    StorageSource source;
    source.type = StorageType::file;
    source.path = path.starts_with('/') ? path : folder + "/" + path;
    return source;
}

/// nbd://HOST[:PORT]/EXPORT and nbd+unix:///EXPORT?socket=PATH
std::optional<StorageSource> parse_nbd(const std::string& text) {
    StorageSource source;
    source.type = StorageType::network;
    source.protocol = StorageProtocol::nbd;
    source.hosts.emplace_back();
    model::NetworkHost& host = source.hosts.back();
    std::string rest = text.substr(text.find("://") + 3);
    std::string query;
    if (const size_t mark = rest.find('?'); mark != std::string::npos) {
        query = rest.substr(mark + 1);
        rest.resize(mark);
    }
    const size_t slash = rest.find('/');
    source.name = slash == std::string::npos ? "" : rest.substr(slash + 1);
    if (text.starts_with("nbd+unix:")) {
        if (!query.starts_with("socket=")) return std::nullopt;
        host.transport = model::HostTransport::unix_socket;
        host.socket = query.substr(7);
        return source;
    }
    std::string place = rest.substr(0, slash);
    const size_t colon = place.rfind(':');
    const bool has_port = colon != std::string::npos && place.find(']', colon) == std::string::npos;
    host.name = has_port ? place.substr(0, colon) : place;
    host.port = has_port ? place.substr(colon + 1) : "10809";
    return source;
}

/// {"file.driver": …} stands for {"file": {"driver": …}}.
Json nested(const Json& flat) {
    Json whole = Json::object();
    for (const Json::Member& member : flat.members()) {
        const size_t dot = member.key.find('.');
        if (dot == std::string::npos) {
            whole.set(member.key, member.value);
            continue;
        }
        const std::string head = member.key.substr(0, dot);
        const Json* before = whole.find(head);
        Json inner = before && before->is_object() ? *before : Json::object();
        inner.set(member.key.substr(dot + 1), member.value);
        whole.set(head, std::move(inner));
    }
    return whole;
}

std::optional<StorageSource> parse_protocol(const Json& node, const std::string& folder) {
    const std::string driver = node.string_or("driver", "");
    const std::string name = node.string_or("filename", "");
    if ((driver.empty() || driver == "file" || driver == "host_device") && !name.empty()) return file_at(name, folder);
    if (driver != "nbd") return std::nullopt;
    StorageSource source;
    source.type = StorageType::network;
    source.protocol = StorageProtocol::nbd;
    source.name = node.string_or("export", "");
    source.hosts.emplace_back();
    model::NetworkHost& host = source.hosts.back();
    const Json server = node.find("server") ? nested(node.at("server")) : node;
    host.name = server.string_or("host", "");
    host.port = server.string_or("port", "10809");
    host.socket = server.string_or("path", "");
    if (!host.socket.empty()) {
        host = {};
        host.transport = model::HostTransport::unix_socket;
        host.socket = server.string_or("path", "");
    }
    if (host.name.empty() && host.socket.empty()) return std::nullopt;
    return source;
}

std::optional<StorageSource> parse_json(const std::string& text, const std::string& folder) {
    Json node = nested(Json::parse(text));
    if (const Json* inner = node.find("file"); node.string_or("driver", "") == "json" && inner) node = nested(*inner);
    const Json* file = node.find("file");
    if (!file) return parse_protocol(node, folder);
    if (!file->is_object()) return std::nullopt;
    std::optional<StorageSource> source = parse_protocol(nested(*file), folder);
    if (!source) return std::nullopt;
    source->format = xml::from_name<StorageFormat>(node.string_or("driver", "")).value_or(StorageFormat::absent);
    if (node.find("offset") || node.find("size")) {
        model::StorageSlice slice;
        slice.type = "storage";
        slice.offset = node.uint_or("offset", 0);
        slice.size = node.uint_or("size", 0);
        source->slices.push_back(slice);
    }
    return source;
}

}  // namespace

std::optional<StorageSource> parse_backing_string(const std::string& text, const std::string& folder) {
    if (text.starts_with("json:")) {
        try {
            return parse_json(text.substr(5), folder);
        } catch (const Error&) {
            return std::nullopt;
        }
    }
    if (text.starts_with("nbd://") || text.starts_with("nbd+unix://") || text.starts_with("nbd+tcp://")) {
        return parse_nbd(text);
    }
    if (text.starts_with("file:")) {
        std::string path = text.substr(5);
        while (path.starts_with("//")) path.erase(0, 1);
        return file_at(path, folder);
    }
    const size_t colon = text.find(':');
    const bool is_other = colon != std::string::npos && text.find('/') > colon;
    if (is_other) return std::nullopt;
    return file_at(text, folder);
}

}  // namespace virtue::qemu
