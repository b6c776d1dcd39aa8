// Storage volumes.
#include <fcntl.h>
#include <unistd.h>
#include <algorithm>

#include "driver/constants.h"
#include "protocol/remote/storage_pool.h"
#include "protocol/remote/storage_volume.h"
#include "shell/commands/commands.h"
#include "shell/commands/object.h"
#include "shell/transfer.h"
#include "shell/xml_text.h"
#include "xml/xpath.h"

namespace virtue::shell {
namespace {

using namespace proc;

uint64_t size_of(const Arguments& arguments, std::string_view option) {
    return arguments.find_size(option, 1).value_or(0);
}

// The volume that a document names. What is wrong with the document is the daemon's to say.
StorageVolumeRef named_in(const std::string& xml, const StoragePoolRef& pool) {
    StorageVolumeRef volume{pool.name, "", ""};
    try {
        const std::vector<std::string> names = xml::find_texts(xml, "/volume/name");
        if (!names.empty()) volume.name = names.front();
    } catch (const Error&) {
        return volume;
    }
    return volume;
}

Task<Result> create(Context& context, Arguments arguments) {
    StoragePoolRef pool = co_await PoolKind::find(context, arguments);
    std::string file = arguments.text("file");
    StorageVolCreateXml::Args call{
        .pool = std::move(pool),
        .xml = read_input(file),
        .flags = flag_if(arguments, "prealloc-metadata", api::storage_vol_create_prealloc_metadata) |
                 flag_if(arguments, "validate", api::storage_vol_create_validate)};
    std::string failure = "Failed to create vol from " + file;
    StorageVolumeRef fresh = named_in(call.xml, call.pool);
    StorageVolCreateXml::Ret made = co_await attempt_watched<StorageVolCreateXml>(
        context, std::move(call), std::move(failure), std::move(fresh), "Allocation");
    co_return Sentence{fmt::format("Vol {} created from {}", made.volume.name, file), {{"name", made.volume.name}}};
}

Task<std::string> backing_path(Context& context, const Arguments& arguments) {
    StorageVolumeRef backing = co_await find_volume(context, arguments.text("backing-vol"), arguments.find("pool"));
    StorageVolGetPath::Args ask{.volume = std::move(backing)};
    StorageVolGetPath::Ret answer = co_await context.call<StorageVolGetPath>(std::move(ask));
    co_return std::move(answer.name);
}

Task<Result> create_as(Context& context, Arguments arguments) {
    StoragePoolRef pool = co_await PoolKind::find(context, arguments);
    XmlText xml;
    xml.open("volume", {});
    xml.leaf("name", arguments.text("name"));
    xml.leaf("capacity", fmt::format("{}", size_of(arguments, "capacity")));
    if (arguments.has("allocation")) xml.leaf("allocation", fmt::format("{}", size_of(arguments, "allocation")));
    if (arguments.has("format")) {
        xml.open("target", {});
        xml.empty("format", {{"type", arguments.find("format")}});
        xml.close();
    }
    if (arguments.has("backing-vol")) {
        std::string path = co_await backing_path(context, arguments);
        xml.open("backingStore", {});
        xml.leaf("path", path);
        xml.empty("format", {{"type", arguments.find("backing-vol-format")}});
        xml.close();
    }
    std::string text = xml.finish();
    if (arguments.has("print-xml")) co_return Text{std::move(text), "xml"};
    StorageVolCreateXml::Args call{
        .pool = std::move(pool),
        .xml = std::move(text),
        .flags = flag_if(arguments, "prealloc-metadata", api::storage_vol_create_prealloc_metadata)};
    std::string failure = "Failed to create vol " + arguments.text("name");
    StorageVolumeRef fresh = named_in(call.xml, call.pool);
    StorageVolCreateXml::Ret made = co_await attempt_watched<StorageVolCreateXml>(
        context, std::move(call), std::move(failure), std::move(fresh), "Allocation");
    co_return Sentence{fmt::format("Vol {} created", made.volume.name), {{"name", made.volume.name}}};
}

Task<Result> create_from(Context& context, Arguments arguments) {
    StoragePoolRef pool = co_await PoolKind::find(context, arguments);
    std::optional<std::string> input_pool = arguments.find("inputpool");
    StorageVolumeRef source = co_await find_volume(context, arguments.text("vol"), std::move(input_pool), "inputpool");
    std::string source_name = source.name;
    StorageVolCreateXmlFrom::Args call{
        .pool = std::move(pool),
        .xml = read_input(arguments.text("file")),
        .clone_volume = std::move(source),
        .flags = flag_if(arguments, "prealloc-metadata", api::storage_vol_create_prealloc_metadata) |
                 flag_if(arguments, "reflink", api::storage_vol_create_reflink) |
                 flag_if(arguments, "validate", api::storage_vol_create_validate)};
    std::string failure = "Failed to create vol from " + arguments.text("file");
    StorageVolumeRef fresh = named_in(call.xml, call.pool);
    StorageVolCreateXmlFrom::Ret made = co_await attempt_watched<StorageVolCreateXmlFrom>(
        context, std::move(call), std::move(failure), std::move(fresh), "Clone of " + source_name);
    co_return Sentence{fmt::format("Vol {} created from input vol {}", made.volume.name, source_name),
                       {{"name", made.volume.name}}};
}

// The XML of a volume with another name, and without key and path.
std::string renamed(std::string xml, const std::string& name) {
    auto cut = [&](const std::string& element, const std::string& instead) {
        size_t start = xml.find("<" + element + ">");
        size_t end = xml.find("</" + element + ">", start);
        if (start != xml.npos && end != xml.npos) xml.replace(start, end + element.size() + 3 - start, instead);
    };
    cut("name", "<name>" + xml_escape(name) + "</name>");
    cut("key", "");
    cut("path", "");
    return xml;
}

Task<Result> clone(Context& context, Arguments arguments) {
    StorageVolumeRef source = co_await VolumeKind::find(context, arguments);
    std::string source_name = source.name;
    StoragePoolLookupByVolume::Args ask_pool{.volume = source};
    StoragePoolLookupByVolume::Ret pool =
        co_await context.attempt<StoragePoolLookupByVolume>(std::move(ask_pool), "failed to get parent pool");
    StorageVolGetXmlDesc::Args ask_xml{.volume = source};
    StorageVolGetXmlDesc::Ret xml = co_await context.call<StorageVolGetXmlDesc>(std::move(ask_xml));
    std::string text = renamed(std::move(xml.xml), arguments.text("newname"));
    if (arguments.has("print-xml")) co_return Text{std::move(text), "xml"};
    StorageVolCreateXmlFrom::Args call{
        .pool = std::move(pool.pool),
        .xml = std::move(text),
        .clone_volume = std::move(source),
        .flags = flag_if(arguments, "prealloc-metadata", api::storage_vol_create_prealloc_metadata) |
                 flag_if(arguments, "reflink", api::storage_vol_create_reflink)};
    std::string failure = "Failed to clone vol from " + source_name;
    StorageVolumeRef fresh = named_in(call.xml, call.pool);
    StorageVolCreateXmlFrom::Ret made = co_await attempt_watched<StorageVolCreateXmlFrom>(
        context, std::move(call), std::move(failure), std::move(fresh), "Clone of " + source_name);
    co_return Sentence{fmt::format("Vol {} cloned from {}", made.volume.name, source_name),
                       {{"name", made.volume.name}}};
}

Task<Result> remove(Context& context, Arguments arguments) {
    uint32_t flags = flag_if(arguments, "delete-snapshots", api::storage_vol_delete_with_snapshots);
    return act_on<StorageVolDelete, VolumeKind>(context, std::move(arguments), flags,
                                                {"Failed to delete vol {}", "Vol {} deleted"});
}

Task<Result> wipe(Context& context, Arguments arguments) {
    static constexpr std::string_view algorithms[] = {"zero",     "nnsa",      "dod",        "bsi",    "gutmann",
                                                      "schneier", "pfitzner7", "pfitzner33", "random", "trim"};
    std::optional<std::string> named = arguments.find("algorithm");
    const auto* found = std::find(std::begin(algorithms), std::end(algorithms), named.value_or("zero"));
    if (found == std::end(algorithms)) throw Failure{fmt::format("Unsupported algorithm '{}'", *named)};
    StorageVolumeRef volume = co_await VolumeKind::find(context, arguments);
    const std::string name = volume.name;
    const std::string label = "Wipe of " + name;
    const std::string failure = "Failed to wipe vol " + name;
    if (named) {
        StorageVolWipePattern::Args call{.volume = volume, .algorithm = static_cast<uint32_t>(found - algorithms)};
        co_await attempt_watched<StorageVolWipePattern>(context, std::move(call), failure, std::move(volume), label);
    } else {
        StorageVolWipe::Args call{.volume = volume};
        co_await attempt_watched<StorageVolWipe>(context, std::move(call), failure, std::move(volume), label);
    }
    co_return Sentence{fmt::format("Vol {} wiped", name), {{"name", name}}};
}

Task<Result> dumpxml(Context& context, Arguments arguments) {
    return xml_of<StorageVolGetXmlDesc, VolumeKind>(context, std::move(arguments), 0);
}

std::string type_of(int8_t type) {
    constexpr std::string_view words[] = {"file", "block", "dir", "network", "netdir", "ploop"};
    return std::string(type >= 0 && static_cast<size_t>(type) < std::size(words) ? words[type] : "unknown");
}

std::string sized(uint64_t bytes) {
    Scaled scale = scaled(bytes);
    return fmt::format("{:.2f} {}", scale.value, scale.unit);
}

Task<Result> info(Context& context, Arguments arguments) {
    StorageVolumeRef volume = co_await VolumeKind::find(context, arguments);
    std::string name = volume.name;
    bool physical = arguments.has("physical");
    bool exact = arguments.has("bytes");
    StorageVolGetInfo::Ret numbers;
    if (physical) {
        StorageVolGetInfoFlags::Args ask{.volume = std::move(volume), .flags = api::storage_vol_get_physical};
        StorageVolGetInfoFlags::Ret answer = co_await context.call<StorageVolGetInfoFlags>(std::move(ask));
        numbers = {answer.type, answer.capacity, answer.allocation};
    } else {
        StorageVolGetInfo::Args ask{.volume = std::move(volume)};
        numbers = co_await context.call<StorageVolGetInfo>(std::move(ask));
    }
    auto shown = [&](uint64_t bytes) { return exact ? fmt::format("{} bytes", bytes) : sized(bytes); };
    Fields out;
    out.fields = {{"Name", "name", name},
                  {"Type", "type", type_of(numbers.type)},
                  {"Capacity", "capacity", numbers.capacity, shown(numbers.capacity)},
                  {physical ? "Physical" : "Allocation", physical ? "physical" : "allocation", numbers.allocation,
                   shown(numbers.allocation)}};
    co_return out;
}

Task<Result> list(Context& context, Arguments arguments) {
    StoragePoolRef pool = co_await PoolKind::find(context, arguments);
    StoragePoolListAllVolumes::Args ask{.pool = std::move(pool), .need_results = 1};
    StoragePoolListAllVolumes::Ret answer =
        co_await context.attempt<StoragePoolListAllVolumes>(std::move(ask), "Failed to list volumes");
    std::sort(answer.volumes.begin(), answer.volumes.end(),
              [](const StorageVolumeRef& one, const StorageVolumeRef& other) { return one.name < other.name; });
    Table table{{{"Name", "name"}, {"Path", "path"}}, {}};
    bool details = arguments.has("details");
    if (details) {
        table.columns.insert(table.columns.end(),
                             {{"Type", "type"}, {"Capacity", "capacity"}, {"Allocation", "allocation"}});
    }
    for (const StorageVolumeRef& volume : answer.volumes) {
        StorageVolGetPath::Args ask_path{.volume = volume};
        std::optional<StorageVolGetPath::Ret> path =
            co_await ask_optional<StorageVolGetPath>(context, std::move(ask_path));
        std::vector<Value> row = {volume.name, path ? Value(path->name) : Value()};
        if (details) {
            StorageVolGetInfo::Args ask_info{.volume = volume};
            StorageVolGetInfo::Ret numbers = co_await context.call<StorageVolGetInfo>(std::move(ask_info));
            row.insert(row.end(), {type_of(numbers.type), sized(numbers.capacity), sized(numbers.allocation)});
        }
        table.rows.push_back(std::move(row));
    }
    co_return table;
}

Task<Result> key(Context& context, Arguments arguments) {
    StorageVolumeRef volume = co_await VolumeKind::find(context, arguments);
    co_return Text{volume.key, "key"};
}

Task<Result> name(Context& context, Arguments arguments) {
    StorageVolumeRef volume = co_await find_volume(context, arguments.text("vol"), std::nullopt);
    co_return Text{volume.name, "name"};
}

Task<Result> path(Context& context, Arguments arguments) {
    StorageVolumeRef volume = co_await VolumeKind::find(context, arguments);
    StorageVolGetPath::Args ask{.volume = std::move(volume)};
    StorageVolGetPath::Ret answer = co_await context.call<StorageVolGetPath>(std::move(ask));
    co_return Text{std::move(answer.name), "path"};
}

Task<Result> pool_of(Context& context, Arguments arguments) {
    StorageVolumeRef volume = co_await find_volume(context, arguments.text("vol"), std::nullopt);
    StoragePoolLookupByVolume::Args ask{.volume = std::move(volume)};
    StoragePoolLookupByVolume::Ret answer =
        co_await context.attempt<StoragePoolLookupByVolume>(std::move(ask), "failed to get parent pool");
    co_return Text{arguments.has("uuid") ? answer.pool.uuid.to_string() : answer.pool.name, "pool"};
}

Task<Result> resize(Context& context, Arguments arguments) {
    std::string text = arguments.text("capacity");
    bool delta = arguments.has("delta");
    bool shrink = arguments.has("shrink") || text.starts_with('-');
    if (text.starts_with('-')) {
        delta = true;
        arguments.set("capacity", text.substr(1));
        text.erase(0, 1);
    }
    uint64_t capacity = size_of(arguments, "capacity");
    StorageVolumeRef volume = co_await VolumeKind::find(context, arguments);
    std::string name_text = volume.name;
    StorageVolResize::Args call{.volume = std::move(volume),
                                .capacity = capacity,
                                .flags = flag_if(arguments, "allocate", api::storage_vol_resize_allocate) |
                                         (delta ? api::storage_vol_resize_delta : 0) |
                                         (shrink ? api::storage_vol_resize_shrink : 0)};
    std::string how = fmt::format("size of volume '{}' {} {}", name_text, delta ? "by" : "to", text);
    co_await context.attempt<StorageVolResize>(std::move(call), "Failed to change " + how);
    std::string done =
        fmt::format("Size of volume '{}' successfully changed {} {}", name_text, delta ? "by" : "to", text);
    co_return Sentence{done, {{"name", name_text}}};
}

TransferOptions transfer_of(const Arguments& arguments) {
    return {.offset = size_of(arguments, "offset"),
            .length = size_of(arguments, "length"),
            .sparse = arguments.has("sparse")};
}

Task<Result> download(Context& context, Arguments arguments) {
    std::string file = arguments.text("file");
    StorageVolumeRef volume = co_await VolumeKind::find(context, arguments);
    Fd out(::open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666));
    if (!out) throw Failure{"cannot create " + file, Error::from_errno(errno, ErrorDomain::none, file)};
    TransferOptions options = transfer_of(arguments);
    co_await download_file(context, std::move(volume), out.get(), options);
    co_return std::monostate{};
}

Task<Result> upload(Context& context, Arguments arguments) {
    std::string file = arguments.text("file");
    StorageVolumeRef volume = co_await VolumeKind::find(context, arguments);
    Fd in(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
    if (!in) throw Failure{"cannot read " + file, Error::from_errno(errno, ErrorDomain::none, file)};
    TransferOptions options = transfer_of(arguments);
    co_await upload_file(context, std::move(volume), in.get(), options);
    co_return std::monostate{};
}

}  // namespace

Commands volume_commands() {
    return {
        make_command("vol-clone", "<vol> <newname> --pool= --prealloc-metadata --reflink --print-xml", "copy a volume",
                     clone),
        make_command("vol-create-as",
                     "<pool> <name> <capacity> --allocation= --format= --backing-vol= --backing-vol-format= "
                     "--prealloc-metadata --print-xml",
                     "create a volume from options", create_as),
        make_command("vol-create", "<pool> <file> --prealloc-metadata --validate", "create a volume from a file",
                     create),
        make_command("vol-create-from", "<pool> <file> <vol> --inputpool= --prealloc-metadata --reflink --validate",
                     "create a volume with another one's content", create_from),
        make_command("vol-delete", "<vol> --pool= --delete-snapshots", "delete a volume", remove),
        make_command("vol-download", "<vol> <file> --pool= --offset=:n --length=:n --sparse",
                     "copy a volume's content into a file", download),
        make_command("vol-dumpxml", "<vol> --pool= --xpath= --wrap", "the XML of a volume", dumpxml),
        make_command("vol-info", "<vol> --pool= --bytes --physical", "type and size of a volume", info),
        make_command("vol-key", "<vol> --pool=", "the key of a volume", key),
        make_command("vol-list", "<pool> --details", "the volumes of a pool", list),
        make_command("vol-name", "<vol>", "the name of a volume, by its key or path", name),
        make_command("vol-path", "<vol> --pool=", "the path of a volume", path),
        make_command("vol-pool", "<vol> --uuid", "the pool of a volume, by its key or path", pool_of),
        make_command("vol-resize", "<vol> <capacity> --pool= --allocate --delta --shrink", "change a volume's size",
                     resize),
        make_command("vol-upload", "<vol> <file> --pool= --offset=:n --length=:n --sparse",
                     "copy a file's content into a volume", upload),
        make_command("vol-wipe", "<vol> --pool= --algorithm=", "overwrite a volume's content", wipe),
    };
}

}  // namespace virtue::shell
