#include "drivers/qemu/block/chain.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <algorithm>
#include <charconv>
#include <filesystem>
#include <set>

#include "base/error.h"
#include "drivers/qemu/block/backing_string.h"
#include "drivers/qemu/command/devices.h"
#include "drivers/qemu/volumes.h"
#include "host/image_header.h"
#include "io/offload.h"
#include "model/domain/domain.h"

namespace virtue::qemu {
namespace {

using model::StorageFormat;
using model::StorageSource;
using model::StorageType;

/// Formats whose images can have another below them.
bool can_have_backing(StorageFormat format) {
    return format >= StorageFormat::cow;
}

std::string folder_of(const std::string& path) {
    const size_t slash = path.rfind('/');
    return slash == std::string::npos ? "." : path.substr(0, std::max<size_t>(slash, 1));
}

struct Opened {
    Fd fd;
    struct stat status {};
};

Opened open_layer(const StorageSource& layer, const std::string& top) {
    Opened opened;
    opened.fd = Fd(::open(layer.path.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
    if (opened.fd && ::fstat(opened.fd.get(), &opened.status) == 0) return opened;
    const int problem = errno;
    if (layer.path == top) {
        throw Error::from_errno(problem, ErrorDomain::storage, fmt::format("Cannot access storage file '{}'", top));
    }
    throw Error::from_errno(problem, ErrorDomain::storage,
                            fmt::format("Cannot access backing file '{}' of storage file '{}'", layer.path, top));
}

host::ImageFacts facts_of(const StorageSource& layer, const std::string& top) {
    const Opened opened = open_layer(layer, top);
    return host::read_image_header(opened.fd.get(), static_cast<uint64_t>(opened.status.st_size));
}

StorageFormat format_named(std::string_view name) {
    if (name == "iso" || name == "luks" || name == "file" || name == "host_device") return StorageFormat::raw;
    return xml::from_name<StorageFormat>(name).value_or(StorageFormat::absent);
}

/// A file in the file system may be a device as well.
void settle_type(StorageSource& layer) {
    struct stat status {};
    if (layer.type != StorageType::file || ::stat(layer.path.c_str(), &status) != 0) return;
    if (S_ISBLK(status.st_mode)) layer.type = StorageType::block;
}

/// The image that a header names, as far as it can be told; nothing for what only QEMU understands.
std::optional<StorageSource> below(const StorageSource& layer, const host::ImageFacts& facts) {
    std::optional<StorageSource> next = parse_backing_string(*facts.backing, folder_of(layer.path));
    if (!next) return std::nullopt;
    next->detected = true;
    if (facts.backing_format) next->format = format_named(*facts.backing_format);
    settle_type(*next);
    return next;
}

/// The format that the file itself seems to have: good enough where nothing lies below it.
void guess_format(StorageSource& layer, const StorageSource& parent, const std::string& top) {
    const host::ImageFacts facts = facts_of(layer, top);
    if (facts.backing) {
        throw Error(ErrorCode::operation_invalid, ErrorDomain::storage,
                    fmt::format("format of backing image '{}' of image '{}' was not specified in the image metadata",
                                layer.path, parent.path),
                    fmt::format("write it there: qemu-img rebase -u -F {} -b '{}' '{}'", facts.format, layer.path,
                                parent.path));
    }
    layer.format = format_named(facts.format);
}

void terminate(StorageSource& layer) {
    layer.backing.emplace_back();
}

/// Same file by whatever way.
bool same_file(const std::string& one, const std::string& other) {
    if (one == other) return true;
    std::error_code problem;
    return std::filesystem::equivalent(one, other, problem) && !problem;
}

}  // namespace

void detect_layers(StorageSource& top) {
    StorageSource* layer = &top;
    std::set<std::string> seen;
    int depth = 0;
    while (!layer->backing.empty() && layer->backing[0].type != StorageType::none) layer = &layer->backing[0];
    // An image that came as a descriptor is opened by QEMU alone.
    if (!layer->backing.empty() || !layer->is_local() || layer->path.empty() || !layer->fdgroup.empty()) return;
    for (;;) {
        if (!can_have_backing(layer->format)) return terminate(*layer);
        if (!seen.insert(layer->path).second || ++depth > deepest_chain) {
            fail(ErrorCode::internal_error, ErrorDomain::storage, "backing store for {} ({}) is self-referential",
                 top.path, layer->path);
        }
        const host::ImageFacts facts = facts_of(*layer, top.path);
        // An image of another format than it is said to have names nothing that we would follow.
        if (!facts.backing || format_named(facts.format) != layer->format) return terminate(*layer);
        std::optional<StorageSource> next = below(*layer, facts);
        if (!next) return;
        if (next->is_local() && next->format == StorageFormat::absent) guess_format(*next, *layer, top.path);
        if (next->format == StorageFormat::absent) next->format = StorageFormat::raw;
        const bool ends = !next->is_local();
        layer->backing.push_back(std::move(*next));
        layer = &layer->backing[0];
        if (ends) return;
        static_cast<void>(open_layer(*layer, top.path));
    }
}

Task<void> detect_chains(Core& core, std::shared_ptr<model::Domain> domain, io::Deadline deadline) {
    const std::shared_ptr<const model::Domain> opened = co_await with_volumes(core, domain, deadline);
    std::vector<StorageSource> sources;
    bool any_image = false;
    for (const model::Disk& disk : opened->disks) {
        sources.push_back(disk.source);
        any_image = any_image || can_have_backing(disk.source.format);
    }
    auto look = [sources = std::move(sources)]() mutable {
        for (StorageSource& source : sources) detect_layers(source);
        return std::move(sources);
    };
    // Raw images are not opened: no need to go to the pool for them.
    std::vector<StorageSource> found;
    if (any_image) {
        std::vector<StorageSource> read = co_await io::offload(core.loop, std::move(look));
        found = std::move(read);
    } else {
        found = look();
    }
    for (size_t i = 0; i < found.size() && i < domain->disks.size(); i++) {
        StorageSource& source = domain->disks[i].source;
        source.backing = std::move(found[i].backing);
        // An empty drive has no format until something is put into it.
        if (source.empty()) source.format = StorageFormat::absent;
    }
}

Task<StorageSource> with_layers(Core& core, StorageSource source) {
    auto look = [source = std::move(source)]() mutable {
        detect_layers(source);
        return std::move(source);
    };
    StorageSource found = co_await io::offload(core.loop, std::move(look));
    co_return found;
}

bool has_backing(const StorageSource& layer) {
    return !layer.backing.empty() && layer.backing[0].type != StorageType::none;
}

StorageSource& layer_at(StorageSource& top, size_t depth) {
    StorageSource* layer = &top;
    for (size_t i = 0; i < depth; i++) layer = &layer->backing.at(0);
    return *layer;
}

const StorageSource& layer_at(const StorageSource& top, size_t depth) {
    return layer_at(const_cast<StorageSource&>(top), depth);
}

size_t depth_of(const StorageSource& top) {
    size_t depth = 1;
    for (const StorageSource* layer = &top; has_backing(*layer); layer = &layer->backing[0]) depth++;
    return depth;
}

std::optional<size_t> find_layer_number(const StorageSource& top, uint32_t index) {
    for (size_t i = 0; i < depth_of(top); i++) {
        if (layer_at(top, i).index == index) return i;
    }
    return std::nullopt;
}

std::optional<LayerName> parse_layer_name(const std::string& text) {
    const size_t open = text.find('[');
    if (open == std::string::npos) return LayerName{text, 0};
    LayerName name{text.substr(0, open), 0};
    const char* end = text.data() + text.size();
    const auto read = std::from_chars(text.data() + open + 1, end, name.index);
    if (open == 0 || read.ec != std::errc{} || read.ptr + 1 != end || *read.ptr != ']') return std::nullopt;
    return name;
}

size_t find_layer(const StorageSource& top, std::optional<size_t> above, const std::optional<std::string>& name,
                  const std::string& target) {
    uint32_t index = 0;
    const bool is_path = name && name->starts_with('/');
    if (name && !is_path && name->ends_with(']')) {
        if (std::optional<LayerName> parsed = parse_layer_name(*name)) {
            if (parsed->target != target) {
                fail(ErrorCode::invalid_arg, ErrorDomain::storage, "requested target '{}' does not match target '{}'",
                     parsed->target, target);
            }
            index = parsed->index;
        }
    }
    const size_t count = depth_of(top);
    for (size_t i = above ? *above + 1 : 0; i < count; i++) {
        const StorageSource& layer = layer_at(top, i);
        if (!name && i + 1 == count) return i;
        if (!name) continue;
        if (index != 0) {
            if (layer.index == index) return i;
            continue;
        }
        if (*name == layer.path || (!layer.is_local() && *name == layer.name)) return i;
        if (!layer.is_local()) continue;
        const std::string folder = i == 0 ? "." : folder_of(layer_at(top, i - 1).path);
        if (same_file(is_path ? *name : folder + "/" + *name, layer.path)) return i;
    }
    if (index != 0) {
        fail(ErrorCode::invalid_arg, ErrorDomain::storage, "could not find backing store index '{}' in chain for '{}'",
             index, target);
    }
    if (name && above) {
        fail(ErrorCode::invalid_arg, ErrorDomain::storage, "could not find image '{}' beneath '{}' in chain for '{}'",
             *name, layer_at(top, *above).path, target);
    }
    if (name) {
        fail(ErrorCode::invalid_arg, ErrorDomain::storage, "could not find image '{}' in chain for '{}'", *name,
             target);
    }
    fail(ErrorCode::invalid_arg, ErrorDomain::storage, "could not find base image in chain for '{}'", target);
}

std::optional<std::string> relative_name(const StorageSource& top, size_t layer, size_t base) {
    std::string whole;
    for (size_t i = layer; i <= base; i++) {
        const StorageSource& parent = layer_at(top, i - 1);
        if (!parent.is_local()) return std::nullopt;
        const host::ImageFacts facts = facts_of(parent, top.path);
        if (!facts.backing || facts.backing->starts_with('/') || facts.backing->find(':') != std::string::npos) {
            return std::nullopt;
        }
        const size_t slash = whole.rfind('/');
        whole = (slash == std::string::npos ? "" : whole.substr(0, slash + 1)) + *facts.backing;
    }
    return whole;
}

std::string backing_name(const StorageSource& layer) {
    if (layer.is_local()) return layer.path;
    Json node = Json::object({{"driver", "raw"}, {"file", storage_protocol(layer)}});
    if (layer.format != StorageFormat::absent) node.set("driver", xml::to_name(layer.format));
    return "json:" + node.to_text();
}

uint32_t next_node(Run& run) {
    auto note = [&run](const StorageSource& top) {
        for (size_t i = 0; i < depth_of(top); i++) run.last_node = std::max(run.last_node, layer_at(top, i).index);
    };
    for (const model::Disk& disk : run.domain->disks) {
        note(disk.source);
        if (disk.mirror) note(disk.mirror->source);
    }
    return ++run.last_node;
}

std::string format_node_name(const StorageSource& layer) {
    return fmt::format("libvirt-{}-format", layer.index);
}

}  // namespace virtue::qemu
