// Checkpoints of domains, and backups, which start from them.
#include "protocol/remote/checkpoint.h"

#include <algorithm>

#include "driver/constants.h"
#include "protocol/remote/domain_lifecycle.h"
#include "shell/commands/commands.h"
#include "shell/commands/object.h"
#include "shell/commands/point.h"
#include "shell/editor.h"
#include "shell/tree.h"

namespace virtue::shell {
namespace {

using namespace proc;

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
    std::string xml = point_xml(arguments, "domaincheckpoint");
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

Task<Result> checkpoint_edit(Context& context, Arguments arguments) {
    CheckpointRef checkpoint = co_await CheckpointKind::find(context, arguments);
    std::string name = checkpoint.name;
    DomainCheckpointGetXmlDesc::Args ask{.checkpoint = checkpoint, .flags = api::domain_checkpoint_xml_secure};
    DomainCheckpointGetXmlDesc::Ret before = co_await context.call<DomainCheckpointGetXmlDesc>(std::move(ask));
    std::optional<std::string> edited = co_await edit_text(context, before.xml, "xml");
    if (!edited)
        co_return Sentence{fmt::format("Checkpoint {} XML configuration not changed.", name), {{"changed", false}}};
    DomainCheckpointCreateXml::Args call{
        .domain = checkpoint.domain, .xml_desc = *edited, .flags = api::domain_checkpoint_create_redefine};
    std::optional<Failure> refused;
    DomainCheckpointCreateXml::Ret made;
    try {
        made = co_await context.call<DomainCheckpointCreateXml>(std::move(call));
    } catch (Error& error) {
        refused = Failure{keep_edited(*edited, "xml"), std::move(error)};
    }
    if (refused) throw std::move(*refused);
    std::string fresh = made.checkpoint.name;
    if (fresh == name) co_return Sentence{fmt::format("Checkpoint {} edited.", name), {{"changed", true}}};
    DomainCheckpointDelete::Args clean{.checkpoint = std::move(made.checkpoint),
                                       .flags = api::domain_checkpoint_delete_metadata_only};
    co_await context.attempt<DomainCheckpointDelete>(std::move(clean), "Failed to clean up " + fresh);
    throw Failure{fmt::format("Cannot rename checkpoint {} to {}", name, fresh)};
}

Task<int32_t> count_below(Context& context, CheckpointRef checkpoint, uint32_t flags) {
    DomainCheckpointListAllChildren::Args ask{.checkpoint = std::move(checkpoint), .need_results = 0, .flags = flags};
    DomainCheckpointListAllChildren::Ret answer =
        co_await context.call<DomainCheckpointListAllChildren>(std::move(ask));
    co_return answer.ret;
}

Task<Result> checkpoint_info(Context& context, Arguments arguments) {
    CheckpointRef checkpoint = co_await CheckpointKind::find(context, arguments);
    DomainCheckpointGetParent::Args ask{.checkpoint = checkpoint};
    std::optional<DomainCheckpointGetParent::Ret> above =
        co_await ask_optional<DomainCheckpointGetParent>(context, std::move(ask));
    int32_t children = co_await count_below(context, checkpoint, 0);
    int32_t below = co_await count_below(context, checkpoint, api::domain_checkpoint_list_descendants);
    Fields out;
    out.fields = {{"Name", "name", checkpoint.name},
                  {"Domain", "domain", checkpoint.domain.name},
                  {"Parent", "parent", above ? Value(above->parent.name) : Value()},
                  {"Children", "children", children},
                  {"Descendants", "descendants", below}};
    co_return out;
}

Task<std::vector<CheckpointRef>> listed(Context& context, Arguments arguments) {
    uint32_t flags = flag_if(arguments, "roots", api::domain_checkpoint_list_roots) |
                     flag_if(arguments, "leaves", api::domain_checkpoint_list_leaves) |
                     flag_if(arguments, "no-leaves", api::domain_checkpoint_list_no_leaves) |
                     flag_if(arguments, "descendants", api::domain_checkpoint_list_descendants) |
                     flag_if(arguments, "topological", api::domain_checkpoint_list_topological);
    if (arguments.has("tree")) flags |= arguments.has("from") ? api::domain_checkpoint_list_descendants : 0;
    DomainRef domain = co_await the_domain(context, arguments);
    if (!arguments.has("from")) {
        DomainListAllCheckpoints::Args ask{.domain = std::move(domain), .need_results = 1, .flags = flags};
        DomainListAllCheckpoints::Ret answer = co_await context.call<DomainListAllCheckpoints>(std::move(ask));
        co_return std::vector<CheckpointRef>(answer.checkpoints.begin(), answer.checkpoints.end());
    }
    DomainCheckpointLookupByName::Args by_name{.domain = std::move(domain), .name = arguments.text("from")};
    DomainCheckpointLookupByName::Ret found = co_await context.call<DomainCheckpointLookupByName>(std::move(by_name));
    DomainCheckpointListAllChildren::Args ask{
        .checkpoint = std::move(found.checkpoint), .need_results = 1, .flags = flags};
    DomainCheckpointListAllChildren::Ret answer =
        co_await context.call<DomainCheckpointListAllChildren>(std::move(ask));
    co_return std::vector<CheckpointRef>(answer.checkpoints.begin(), answer.checkpoints.end());
}

Task<Result> checkpoint_list(Context& context, Arguments arguments) {
    exclude(arguments, "tree", "name");
    for (const char* option : {"parent", "roots"}) exclude(arguments, option, "tree");
    if (arguments.has("roots")) exclude(arguments, "roots", "from");
    if (arguments.has("descendants") && !arguments.has("from")) throw Failure{"--descendants requires --from"};
    std::vector<CheckpointRef> checkpoints = co_await listed(context, arguments);
    if (!arguments.has("topological")) {
        std::sort(checkpoints.begin(), checkpoints.end(),
                  [](const CheckpointRef& one, const CheckpointRef& other) { return one.name < other.name; });
    }
    bool with_parent = arguments.has("parent");
    Table table{{{"Name", "name"}, {"Creation Time", "created"}}, {}};
    if (with_parent) table.columns.push_back({"Parent", "parent"});
    Lines names{{}, "names"};
    std::vector<TreeItem> items;
    for (const CheckpointRef& checkpoint : checkpoints) {
        names.lines.push_back(checkpoint.name);
        if (arguments.has("name")) continue;
        DomainCheckpointGetXmlDesc::Args ask{.checkpoint = checkpoint, .flags = api::domain_checkpoint_xml_no_domain};
        DomainCheckpointGetXmlDesc::Ret xml = co_await context.call<DomainCheckpointGetXmlDesc>(std::move(ask));
        std::string above = first_text(xml.xml, "/domaincheckpoint/parent/name");
        items.push_back({checkpoint.name, above.empty() ? std::nullopt : std::optional<std::string>(above)});
        std::vector<Value> row = {checkpoint.name, local_time(first_text(xml.xml, "/domaincheckpoint/creationTime"))};
        if (with_parent) row.push_back(above.empty() ? Value("") : Value(above));
        table.rows.push_back(std::move(row));
    }
    if (arguments.has("name")) co_return names;
    if (arguments.has("tree")) co_return tree_result(items);
    co_return table;
}

Task<Result> backup_begin(Context& context, Arguments arguments) {
    DomainRef domain = co_await the_domain(context, arguments);
    std::optional<std::string> file = arguments.find("backupxml");
    std::optional<std::string> checkpoint = arguments.find("checkpointxml");
    DomainBackupBegin::Args call{
        .domain = std::move(domain),
        .backup_xml = file ? read_input(*file) : "<domainbackup/>",
        .flags = flag_if(arguments, "reuse-external", api::domain_backup_begin_reuse_external)};
    if (checkpoint) call.checkpoint_xml = read_input(*checkpoint);
    co_await context.call<DomainBackupBegin>(std::move(call));
    co_return Sentence{"Backup started", {{"started", true}}};
}

Task<Result> backup_dumpxml(Context& context, Arguments arguments) {
    return xml_of<DomainBackupGetXmlDesc, DomainKind>(context, std::move(arguments), 0);
}

}  // namespace

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
        make_command("checkpoint-edit", "<domain> --checkpointname=", "edit the XML of a checkpoint", checkpoint_edit),
        make_command("checkpoint-info", "<domain> --checkpointname=", "a checkpoint at a glance", checkpoint_info),
        make_command("checkpoint-list",
                     "<domain> --parent --roots --leaves --no-leaves --tree --from= --descendants --name --topological",
                     "the checkpoints of a domain", checkpoint_list),
        make_command("checkpoint-parent", "<domain> --checkpointname=", "the checkpoint before one", checkpoint_parent),
    };
}

Commands backup_commands() {
    return {
        make_command("backup-begin", "<domain> --backupxml= --checkpointxml= --reuse-external",
                     "begin a backup of a running domain's disks", backup_begin),
        make_command("backup-dumpxml", "<domain> --xpath= --wrap", "the XML of the backup under way", backup_dumpxml),
    };
}

}  // namespace virtue::shell
