// Snapshots and checkpoints of domains.
#include <algorithm>
#include <ctime>

#include "driver/constants.h"
#include "protocol/remote/checkpoint.h"
#include "protocol/remote/snapshot.h"
#include "shell/commands/commands.h"
#include "shell/commands/object.h"
#include "shell/tree.h"
#include "shell/xml_text.h"
#include "xml/xpath.h"

namespace virtue::shell {
namespace {

using namespace proc;

// A snapshot by --snapshotname or --current.
struct SnapshotKind {
    using Ref = SnapshotRef;
    static Task<Ref> find(Context& context, const Arguments& arguments) {
        exclude(arguments, "current", "snapshotname");
        DomainRef domain = co_await find_domain(context, arguments.text("domain"));
        if (arguments.has("current")) {
            DomainSnapshotCurrent::Args call{.domain = std::move(domain)};
            DomainSnapshotCurrent::Ret found = co_await context.call<DomainSnapshotCurrent>(std::move(call));
            co_return std::move(found.snapshot);
        }
        if (!arguments.has("snapshotname")) throw Failure{"--snapshotname or --current is required"};
        DomainSnapshotLookupByName::Args call{.domain = std::move(domain), .name = arguments.text("snapshotname")};
        DomainSnapshotLookupByName::Ret found = co_await context.call<DomainSnapshotLookupByName>(std::move(call));
        co_return std::move(found.snapshot);
    }
    static std::string name(const Ref& ref) { return ref.name; }
};

struct CheckpointKind {
    using Ref = CheckpointRef;
    static Task<Ref> find(Context& context, const Arguments& arguments) {
        DomainRef domain = co_await find_domain(context, arguments.text("domain"));
        if (!arguments.has("checkpointname")) throw Failure{"--checkpointname is required"};
        DomainCheckpointLookupByName::Args call{.domain = std::move(domain), .name = arguments.text("checkpointname")};
        DomainCheckpointLookupByName::Ret found = co_await context.call<DomainCheckpointLookupByName>(std::move(call));
        co_return std::move(found.checkpoint);
    }
    static std::string name(const Ref& ref) { return ref.name; }
};

uint32_t create_flags(const Arguments& arguments) {
    return flag_if(arguments, "redefine", api::domain_snapshot_create_redefine) |
           flag_if(arguments, "current", api::domain_snapshot_create_current) |
           flag_if(arguments, "no-metadata", api::domain_snapshot_create_no_metadata) |
           flag_if(arguments, "halt", api::domain_snapshot_create_halt) |
           flag_if(arguments, "disk-only", api::domain_snapshot_create_disk_only) |
           flag_if(arguments, "reuse-external", api::domain_snapshot_create_reuse_ext) |
           flag_if(arguments, "quiesce", api::domain_snapshot_create_quiesce) |
           flag_if(arguments, "atomic", api::domain_snapshot_create_atomic) |
           flag_if(arguments, "live", api::domain_snapshot_create_live) |
           flag_if(arguments, "validate", api::domain_snapshot_create_validate);
}

Task<Result> create_snapshot(Context& context, DomainRef domain, std::string xml, uint32_t flags, std::string from) {
    DomainSnapshotCreateXml::Args call{.domain = std::move(domain), .xml_desc = std::move(xml), .flags = flags};
    DomainSnapshotCreateXml::Ret made = co_await context.call<DomainSnapshotCreateXml>(std::move(call));
    std::string source = from.empty() ? "" : fmt::format(" from '{}'", from);
    co_return Sentence{
        fmt::format("Domain snapshot {} created{}", made.snapshot.name, source), {{"name", made.snapshot.name}}, false};
}

Task<Result> create(Context& context, Arguments arguments) {
    DomainRef domain = co_await the_domain(context, arguments);
    std::string file = arguments.find("xmlfile").value_or("");
    std::string xml = file.empty() ? "<domainsnapshot/>" : read_input(file);
    uint32_t flags = create_flags(arguments);
    co_return co_await create_snapshot(context, std::move(domain), std::move(xml), flags, std::move(file));
}

// "vda,snapshot=external,file=/x" as <disk>; a comma is doubled inside a value.
void add_disk(XmlText& xml, const std::string& spec) {
    XmlText::Attributes attributes;
    XmlText::Attributes source;
    XmlText::Attributes driver;
    std::vector<std::string_view> parts = split(spec, ',');
    std::string name(parts.front());
    for (std::string_view part : std::span(parts).subspan(1)) {
        size_t equals = part.find('=');
        std::string key(part.substr(0, equals));
        std::string value(equals == part.npos ? "" : part.substr(equals + 1));
        if (key == "snapshot")
            attributes.emplace_back("snapshot", value);
        else if (key == "checkpoint")
            attributes.emplace_back("checkpoint", value);
        else if (key == "bitmap")
            attributes.emplace_back("bitmap", value);
        else if (key == "file")
            source.emplace_back("file", value);
        else if (key == "driver")
            driver.emplace_back("type", value);
        else
            throw Failure{fmt::format("unable to parse diskspec: {}", spec)};
    }
    attributes.insert(attributes.begin(), {"name", name});
    if (source.empty() && driver.empty()) {
        xml.empty("disk", attributes);
        return;
    }
    xml.open("disk", attributes);
    xml.empty("driver", driver);
    xml.empty("source", source);
    xml.close();
}

std::string as_xml(const Arguments& arguments, const char* element) {
    XmlText xml;
    xml.open(element, {});
    if (arguments.has("name")) xml.leaf("name", arguments.text("name"));
    if (arguments.has("description")) xml.leaf("description", arguments.text("description"));
    if (std::optional<std::string> memory = arguments.find("memspec")) {
        XmlText::Attributes attributes;
        for (std::string_view part : split(*memory, ',')) {
            size_t equals = part.find('=');
            bool is_file = equals == part.npos || part.substr(0, equals) == "file";
            attributes.emplace_back(is_file ? "file" : "snapshot",
                                    std::string(equals == part.npos ? part : part.substr(equals + 1)));
        }
        xml.empty("memory", attributes);
    }
    if (!arguments.rest().empty()) {
        xml.open("disks", {});
        for (const std::string& disk : arguments.rest()) add_disk(xml, disk);
        xml.close();
    }
    return xml.finish();
}

Task<Result> create_as(Context& context, Arguments arguments) {
    std::string xml = as_xml(arguments, "domainsnapshot");
    if (arguments.has("print-xml")) co_return Text{std::move(xml), "xml", true};
    DomainRef domain = co_await the_domain(context, arguments);
    uint32_t flags = create_flags(arguments);
    co_return co_await create_snapshot(context, std::move(domain), std::move(xml), flags, std::string());
}

Task<Result> current(Context& context, Arguments arguments) {
    if (std::optional<std::string> chosen = arguments.find("snapshotname")) {
        SnapshotRef snapshot = co_await SnapshotKind::find(context, arguments);
        DomainSnapshotGetXmlDesc::Args ask{.snapshot = snapshot, .flags = api::domain_snapshot_xml_secure};
        DomainSnapshotGetXmlDesc::Ret xml = co_await context.call<DomainSnapshotGetXmlDesc>(std::move(ask));
        DomainSnapshotCreateXml::Args call{
            .domain = std::move(snapshot.domain),
            .xml_desc = std::move(xml.xml),
            .flags = api::domain_snapshot_create_redefine | api::domain_snapshot_create_current};
        co_await context.call<DomainSnapshotCreateXml>(std::move(call));
        co_return Sentence{fmt::format("Snapshot {} set as current", *chosen), {{"name", *chosen}}};
    }
    DomainRef domain = co_await the_domain(context, arguments);
    std::string domain_name = domain.name;
    DomainHasCurrentSnapshot::Args has{.domain = domain};
    DomainHasCurrentSnapshot::Ret any = co_await context.call<DomainHasCurrentSnapshot>(std::move(has));
    if (any.result == 0) throw Failure{fmt::format("domain '{}' has no current snapshot", domain_name)};
    DomainSnapshotCurrent::Args call{.domain = std::move(domain)};
    DomainSnapshotCurrent::Ret found = co_await context.call<DomainSnapshotCurrent>(std::move(call));
    if (arguments.has("name")) {
        co_return Custom{found.snapshot.name, Value(Record{{"name", found.snapshot.name}})};
    }
    DomainSnapshotGetXmlDesc::Args ask{.snapshot = std::move(found.snapshot),
                                       .flags = flag_if(arguments, "security-info", api::domain_snapshot_xml_secure)};
    DomainSnapshotGetXmlDesc::Ret xml = co_await context.call<DomainSnapshotGetXmlDesc>(std::move(ask));
    co_return Text{std::move(xml.xml), "xml"};
}

Task<Result> remove(Context& context, Arguments arguments) {
    uint32_t flags = flag_if(arguments, "children", api::domain_snapshot_delete_children) |
                     flag_if(arguments, "children-only", api::domain_snapshot_delete_children_only) |
                     flag_if(arguments, "metadata", api::domain_snapshot_delete_metadata_only);
    const char* done =
        arguments.has("children-only") ? "Domain snapshot {} children deleted" : "Domain snapshot {} deleted";
    return act_on<DomainSnapshotDelete, SnapshotKind>(context, std::move(arguments), flags,
                                                      {"Failed to delete snapshot {}", done});
}

Task<Result> revert(Context& context, Arguments arguments) {
    uint32_t flags = flag_if(arguments, "running", api::domain_snapshot_revert_running) |
                     flag_if(arguments, "paused", api::domain_snapshot_revert_paused) |
                     flag_if(arguments, "force", api::domain_snapshot_revert_force) |
                     flag_if(arguments, "reset-nvram", api::domain_snapshot_revert_reset_nvram);
    return act_on<DomainRevertToSnapshot, SnapshotKind>(
        context, std::move(arguments), flags, {"Failed to revert snapshot {}", "Domain snapshot {} reverted"});
}

Task<Result> dumpxml(Context& context, Arguments arguments) {
    uint32_t flags = flag_if(arguments, "security-info", api::domain_snapshot_xml_secure);
    return xml_of<DomainSnapshotGetXmlDesc, SnapshotKind>(context, std::move(arguments), flags);
}

Task<Result> parent(Context& context, Arguments arguments) {
    SnapshotRef snapshot = co_await SnapshotKind::find(context, arguments);
    std::string name = snapshot.name;
    DomainSnapshotGetParent::Args ask{.snapshot = std::move(snapshot)};
    std::optional<DomainSnapshotGetParent::Ret> above =
        co_await ask_optional<DomainSnapshotGetParent>(context, std::move(ask));
    if (!above) throw Failure{fmt::format("snapshot '{}' has no parent", name)};
    co_return Text{above->snapshot.name, "parent"};
}

std::string first(const std::string& xml, const std::string& expression) {
    std::vector<std::string> found = xml::find_texts(xml, expression);
    return found.empty() ? std::string() : found.front();
}

std::string local_time(const std::string& seconds) {
    time_t when = parse_number<int64_t>(seconds).value_or(0);
    std::tm parts{};
    ::localtime_r(&when, &parts);
    char text[40];
    size_t length = std::strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S %z", &parts);
    return {text, length};
}

uint32_t list_flags(const Arguments& arguments) {
    return flag_if(arguments, "roots", api::domain_snapshot_list_roots) |
           flag_if(arguments, "leaves", api::domain_snapshot_list_leaves) |
           flag_if(arguments, "no-leaves", api::domain_snapshot_list_no_leaves) |
           flag_if(arguments, "metadata", api::domain_snapshot_list_metadata) |
           flag_if(arguments, "no-metadata", api::domain_snapshot_list_no_metadata) |
           flag_if(arguments, "inactive", api::domain_snapshot_list_inactive) |
           flag_if(arguments, "active", api::domain_snapshot_list_active) |
           flag_if(arguments, "disk-only", api::domain_snapshot_list_disk_only) |
           flag_if(arguments, "internal", api::domain_snapshot_list_internal) |
           flag_if(arguments, "external", api::domain_snapshot_list_external) |
           flag_if(arguments, "descendants", api::domain_snapshot_list_descendants) |
           flag_if(arguments, "topological", api::domain_snapshot_list_topological);
}

// All of a domain, or what is below --from or --current.
Task<std::vector<SnapshotRef>> listed(Context& context, const Arguments& arguments) {
    DomainRef domain = co_await the_domain(context, arguments);
    uint32_t flags = list_flags(arguments);
    if (!arguments.has("from") && !arguments.has("current")) {
        DomainListAllSnapshots::Args ask{.domain = std::move(domain), .need_results = 1, .flags = flags};
        DomainListAllSnapshots::Ret answer = co_await context.call<DomainListAllSnapshots>(std::move(ask));
        co_return std::move(answer.snapshots);
    }
    SnapshotRef start;
    if (arguments.has("from")) {
        DomainSnapshotLookupByName::Args by_name{.domain = std::move(domain), .name = arguments.text("from")};
        DomainSnapshotLookupByName::Ret found = co_await context.call<DomainSnapshotLookupByName>(std::move(by_name));
        start = std::move(found.snapshot);
    } else {
        DomainSnapshotCurrent::Args now{.domain = std::move(domain)};
        DomainSnapshotCurrent::Ret found = co_await context.call<DomainSnapshotCurrent>(std::move(now));
        start = std::move(found.snapshot);
    }
    DomainSnapshotListAllChildren::Args ask{.snapshot = std::move(start), .need_results = 1, .flags = flags};
    DomainSnapshotListAllChildren::Ret answer = co_await context.call<DomainSnapshotListAllChildren>(std::move(ask));
    co_return std::move(answer.snapshots);
}

Task<Result> list(Context& context, Arguments arguments) {
    std::vector<SnapshotRef> snapshots = co_await listed(context, arguments);
    if (!arguments.has("topological")) {
        std::sort(snapshots.begin(), snapshots.end(),
                  [](const SnapshotRef& one, const SnapshotRef& other) { return one.name < other.name; });
    }
    bool with_parent = arguments.has("parent");
    Table table{{{"Name", "name"}, {"Creation Time", "created"}, {"State", "state"}}, {}};
    if (with_parent) table.columns.push_back({"Parent", "parent"});
    Lines lines{{}, "names"};
    std::vector<TreeItem> items;
    for (const SnapshotRef& snapshot : snapshots) {
        lines.lines.push_back(snapshot.name);
        if (arguments.has("name")) continue;
        DomainSnapshotGetXmlDesc::Args ask{.snapshot = snapshot};
        DomainSnapshotGetXmlDesc::Ret xml = co_await context.call<DomainSnapshotGetXmlDesc>(std::move(ask));
        std::string above = first(xml.xml, "/domainsnapshot/parent/name");
        items.push_back({snapshot.name, above.empty() ? std::nullopt : std::optional<std::string>(above)});
        std::vector<Value> row = {snapshot.name, local_time(first(xml.xml, "/domainsnapshot/creationTime")),
                                  first(xml.xml, "/domainsnapshot/state")};
        if (with_parent) row.push_back(above.empty() ? Value("") : Value(above));
        table.rows.push_back(std::move(row));
    }
    if (arguments.has("name")) co_return lines;
    if (arguments.has("tree")) co_return tree_result(items);
    co_return table;
}

Task<Result> info(Context& context, Arguments arguments) {
    SnapshotRef snapshot = co_await SnapshotKind::find(context, arguments);
    Fields out;
    DomainSnapshotGetXmlDesc::Args ask{.snapshot = snapshot};
    DomainSnapshotGetXmlDesc::Ret xml = co_await context.call<DomainSnapshotGetXmlDesc>(std::move(ask));
    DomainSnapshotIsCurrent::Args ask_current{.snapshot = snapshot};
    DomainSnapshotIsCurrent::Ret is_current = co_await context.call<DomainSnapshotIsCurrent>(std::move(ask_current));
    std::string state = first(xml.xml, "/domainsnapshot/state");
    std::string memory = first(xml.xml, "/domainsnapshot/memory/@snapshot");
    bool external = state == "disk-snapshot" || memory == "external" ||
                    !xml::find_texts(xml.xml, "/domainsnapshot/disks/disk[@snapshot='external']/@name").empty();
    DomainSnapshotNumChildren::Args ask_children{.snapshot = snapshot};
    DomainSnapshotNumChildren::Ret children = co_await context.call<DomainSnapshotNumChildren>(std::move(ask_children));
    DomainSnapshotNumChildren::Args ask_below{.snapshot = snapshot, .flags = api::domain_snapshot_list_descendants};
    DomainSnapshotNumChildren::Ret below = co_await context.call<DomainSnapshotNumChildren>(std::move(ask_below));
    DomainSnapshotHasMetadata::Args ask_metadata{.snapshot = snapshot};
    DomainSnapshotHasMetadata::Ret metadata = co_await context.call<DomainSnapshotHasMetadata>(std::move(ask_metadata));
    std::string above = first(xml.xml, "/domainsnapshot/parent/name");
    out.fields = {{"Name", "name", snapshot.name},
                  {"Domain", "domain", snapshot.domain.name},
                  {"Current", "current", is_current.current != 0},
                  {"State", "state", state},
                  {"Location", "location", external ? "external" : "internal"},
                  {"Parent", "parent", above.empty() ? Value() : Value(above)},
                  {"Children", "children", children.num},
                  {"Descendants", "descendants", below.num},
                  {"Metadata", "metadata", metadata.metadata != 0}};
    co_return out;
}

uint32_t checkpoint_flags(const Arguments& arguments) {
    return flag_if(arguments, "redefine", api::domain_checkpoint_create_redefine) |
           flag_if(arguments, "redefine-validate", api::domain_checkpoint_create_redefine_validate) |
           flag_if(arguments, "quiesce", api::domain_checkpoint_create_quiesce);
}

Task<Result> make_checkpoint(Context& context, DomainRef domain, std::string xml, uint32_t flags, std::string from) {
    DomainCheckpointCreateXml::Args call{.domain = std::move(domain), .xml_desc = std::move(xml), .flags = flags};
    DomainCheckpointCreateXml::Ret made = co_await context.call<DomainCheckpointCreateXml>(std::move(call));
    std::string source = from.empty() ? "" : fmt::format(" from '{}'", from);
    co_return Sentence{fmt::format("Domain checkpoint {} created{}", made.checkpoint.name, source),
                       {{"name", made.checkpoint.name}},
                       false};
}

Task<Result> checkpoint_create(Context& context, Arguments arguments) {
    DomainRef domain = co_await the_domain(context, arguments);
    std::string file = arguments.find("xmlfile").value_or("");
    std::string xml = file.empty() ? "<domaincheckpoint/>" : read_input(file);
    uint32_t flags = checkpoint_flags(arguments);
    co_return co_await make_checkpoint(context, std::move(domain), std::move(xml), flags, std::move(file));
}

Task<Result> checkpoint_create_as(Context& context, Arguments arguments) {
    std::string xml = as_xml(arguments, "domaincheckpoint");
    if (arguments.has("print-xml")) co_return Text{std::move(xml), "xml", true};
    DomainRef domain = co_await the_domain(context, arguments);
    uint32_t flags = checkpoint_flags(arguments);
    co_return co_await make_checkpoint(context, std::move(domain), std::move(xml), flags, std::string());
}

Task<Result> checkpoint_delete(Context& context, Arguments arguments) {
    uint32_t flags = flag_if(arguments, "children", api::domain_checkpoint_delete_children) |
                     flag_if(arguments, "children-only", api::domain_checkpoint_delete_children_only) |
                     flag_if(arguments, "metadata", api::domain_checkpoint_delete_metadata_only);
    const char* done =
        arguments.has("children-only") ? "Domain checkpoint {} children deleted" : "Domain checkpoint {} deleted";
    return act_on<DomainCheckpointDelete, CheckpointKind>(context, std::move(arguments), flags,
                                                          {"Failed to delete checkpoint {}", done});
}

Task<Result> checkpoint_dumpxml(Context& context, Arguments arguments) {
    uint32_t flags = flag_if(arguments, "security-info", api::domain_checkpoint_xml_secure) |
                     flag_if(arguments, "no-domain", api::domain_checkpoint_xml_no_domain) |
                     flag_if(arguments, "size", api::domain_checkpoint_xml_size);
    return xml_of<DomainCheckpointGetXmlDesc, CheckpointKind>(context, std::move(arguments), flags);
}

Task<Result> checkpoint_parent(Context& context, Arguments arguments) {
    CheckpointRef checkpoint = co_await CheckpointKind::find(context, arguments);
    std::string name = checkpoint.name;
    DomainCheckpointGetParent::Args ask{.checkpoint = std::move(checkpoint)};
    std::optional<DomainCheckpointGetParent::Ret> above =
        co_await ask_optional<DomainCheckpointGetParent>(context, std::move(ask));
    if (!above) throw Failure{fmt::format("checkpoint '{}' has no parent", name)};
    co_return Text{above->parent.name, "parent"};
}

}  // namespace

Commands snapshot_commands() {
    return {
        make_command("snapshot-create",
                     "<domain> --xmlfile= --redefine --current --no-metadata --halt --disk-only --reuse-external "
                     "--quiesce --atomic --live --validate",
                     "make a snapshot, from a file or from nothing", create),
        make_command("snapshot-create-as",
                     "<domain> [name] [description] --print-xml --no-metadata --halt --disk-only --reuse-external "
                     "--quiesce --atomic --live --validate --memspec= [diskspec]...",
                     "make a snapshot from options", create_as),
        make_command("snapshot-current", "<domain> --name --security-info --snapshotname=",
                     "the current snapshot, or make one the current", current),
        make_command("snapshot-delete", "<domain> --snapshotname= --current --children --children-only --metadata",
                     "delete a snapshot", remove),
        make_command("snapshot-dumpxml", "<domain> <snapshotname> --security-info --xpath= --wrap",
                     "the XML of a snapshot", dumpxml),
        make_command("snapshot-info", "<domain> --snapshotname= --current", "a snapshot at a glance", info),
        make_command("snapshot-list",
                     "<domain> --parent --roots --leaves --no-leaves --metadata --no-metadata --inactive --active "
                     "--disk-only --internal --external --tree --from= --current --descendants --name --topological",
                     "the snapshots of a domain", list),
        make_command("snapshot-parent", "<domain> --snapshotname= --current", "the snapshot before one", parent),
        make_command("snapshot-revert", "<domain> --snapshotname= --current --running --paused --force --reset-nvram",
                     "go back to a snapshot", revert),
    };
}

Commands checkpoint_commands() {
    return {
        make_command("checkpoint-create", "<domain> --xmlfile= --redefine --redefine-validate --quiesce",
                     "make a checkpoint, from a file or from nothing", checkpoint_create),
        make_command("checkpoint-create-as", "<domain> [name] [description] --print-xml --quiesce [diskspec]...",
                     "make a checkpoint from options", checkpoint_create_as),
        make_command("checkpoint-delete", "<domain> --checkpointname= --children --children-only --metadata",
                     "delete a checkpoint", checkpoint_delete),
        make_command("checkpoint-dumpxml",
                     "<domain> --checkpointname= --security-info --no-domain --size --xpath= --wrap",
                     "the XML of a checkpoint", checkpoint_dumpxml),
        make_command("checkpoint-parent", "<domain> --checkpointname=", "the checkpoint before one", checkpoint_parent),
    };
}

}  // namespace virtue::shell
