// Snapshots of domains.
#include <algorithm>

#include "driver/constants.h"
#include "protocol/remote/snapshot.h"
#include "shell/commands/commands.h"
#include "shell/commands/object.h"
#include "shell/commands/point.h"
#include "shell/editor.h"
#include "shell/tree.h"
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

// The snapshot of --snapshotname, or else the current one with --current.
Task<SnapshotRef> find_named_or_current(Context& context, Arguments arguments) {
    DomainRef domain = co_await find_domain(context, arguments.text("domain"));
    if (arguments.has("snapshotname")) {
        DomainSnapshotLookupByName::Args call{.domain = std::move(domain), .name = arguments.text("snapshotname")};
        DomainSnapshotLookupByName::Ret found = co_await context.call<DomainSnapshotLookupByName>(std::move(call));
        co_return std::move(found.snapshot);
    }
    if (!arguments.has("current")) throw Failure{"--snapshotname or --current is required"};
    DomainSnapshotCurrent::Args call{.domain = std::move(domain)};
    DomainSnapshotCurrent::Ret found = co_await context.call<DomainSnapshotCurrent>(std::move(call));
    co_return std::move(found.snapshot);
}

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

Task<Result> create_as(Context& context, Arguments arguments) {
    std::string xml = point_xml(arguments, "domainsnapshot");
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

Task<Result> edit(Context& context, Arguments arguments) {
    exclude(arguments, "rename", "clone");
    bool make_current = arguments.has("current");
    SnapshotRef snapshot = co_await find_named_or_current(context, arguments);
    std::string name = snapshot.name;
    DomainRef domain = snapshot.domain;
    DomainSnapshotGetXmlDesc::Args ask{.snapshot = snapshot, .flags = api::domain_snapshot_xml_secure};
    DomainSnapshotGetXmlDesc::Ret before = co_await context.call<DomainSnapshotGetXmlDesc>(std::move(ask));
    std::optional<std::string> edited = co_await edit_text(context, before.xml, "xml");
    if (!edited && !(make_current && arguments.has("snapshotname")))
        co_return Sentence{fmt::format("Snapshot {} XML configuration not changed.", name), {{"changed", false}}};
    DomainSnapshotCreateXml::Args call{
        .domain = domain,
        .xml_desc = edited.value_or(before.xml),
        .flags = api::domain_snapshot_create_redefine | (make_current ? api::domain_snapshot_create_current : 0)};
    std::optional<Failure> refused;
    DomainSnapshotCreateXml::Ret made;
    try {
        made = co_await context.call<DomainSnapshotCreateXml>(std::move(call));
    } catch (Error& error) {
        refused = Failure{keep_edited(edited.value_or(before.xml), "xml"), std::move(error)};
    }
    if (refused) throw std::move(*refused);
    std::string fresh = made.snapshot.name;
    if (fresh == name) co_return Sentence{fmt::format("Snapshot {} edited.", name), {{"changed", true}}};
    if (arguments.has("clone"))
        co_return Sentence{fmt::format("Snapshot {} cloned to {}.", name, fresh), {{"name", fresh}}};
    bool rename = arguments.has("rename");
    SnapshotRef extra = rename ? snapshot : made.snapshot;
    std::string extra_name = extra.name;
    DomainSnapshotDelete::Args clean{.snapshot = std::move(extra), .flags = api::domain_snapshot_delete_metadata_only};
    co_await context.attempt<DomainSnapshotDelete>(std::move(clean), "Failed to clean up " + extra_name);
    if (!rename) throw Failure{fmt::format("Cannot rename snapshot {} to {}", name, fresh)};
    co_return Sentence{fmt::format("Snapshot {} renamed to {}.", name, fresh), {{"name", fresh}}};
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
        std::string above = first_text(xml.xml, "/domainsnapshot/parent/name");
        items.push_back({snapshot.name, above.empty() ? std::nullopt : std::optional<std::string>(above)});
        std::vector<Value> row = {snapshot.name, local_time(first_text(xml.xml, "/domainsnapshot/creationTime")),
                                  first_text(xml.xml, "/domainsnapshot/state")};
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
    std::string state = first_text(xml.xml, "/domainsnapshot/state");
    std::string memory = first_text(xml.xml, "/domainsnapshot/memory/@snapshot");
    bool external = state == "disk-snapshot" || memory == "external" ||
                    !xml::find_texts(xml.xml, "/domainsnapshot/disks/disk[@snapshot='external']/@name").empty();
    DomainSnapshotNumChildren::Args ask_children{.snapshot = snapshot};
    DomainSnapshotNumChildren::Ret children = co_await context.call<DomainSnapshotNumChildren>(std::move(ask_children));
    DomainSnapshotNumChildren::Args ask_below{.snapshot = snapshot, .flags = api::domain_snapshot_list_descendants};
    DomainSnapshotNumChildren::Ret below = co_await context.call<DomainSnapshotNumChildren>(std::move(ask_below));
    DomainSnapshotHasMetadata::Args ask_metadata{.snapshot = snapshot};
    DomainSnapshotHasMetadata::Ret metadata = co_await context.call<DomainSnapshotHasMetadata>(std::move(ask_metadata));
    std::string above = first_text(xml.xml, "/domainsnapshot/parent/name");
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
        make_command("snapshot-edit", "<domain> --snapshotname= --current --rename --clone",
                     "edit the XML of a snapshot", edit),
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

}  // namespace virtue::shell
