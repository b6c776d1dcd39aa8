// Storage pools.
#include "protocol/remote/storage_pool.h"

#include <algorithm>

#include "base/text.h"
#include "driver/constants.h"
#include "shell/commands/commands.h"
#include "shell/commands/object.h"
#include "shell/xml_text.h"

namespace virtue::shell {
namespace {

using namespace proc;

// The flags of --build, --overwrite and --no-overwrite at a pool's start.
uint32_t create_flags(const Arguments& arguments) {
    exclude(arguments, "overwrite", "no-overwrite");
    if (arguments.has("overwrite")) return api::storage_pool_create_with_build_overwrite;
    if (arguments.has("no-overwrite")) return api::storage_pool_create_with_build_no_overwrite;
    return flag_if(arguments, "build", api::storage_pool_create_with_build);
}

Task<Result> define(Context& context, Arguments arguments) {
    uint32_t flags = flag_if(arguments, "validate", api::storage_pool_define_validate);
    return make_from_file<StoragePoolDefineXml, &StoragePoolDefineXml::Ret::pool>(
        context, std::move(arguments), flags, {"Failed to define pool from {}", "Pool {} defined from {}"});
}
Task<Result> create(Context& context, Arguments arguments) {
    uint32_t flags = create_flags(arguments);
    return make_from_file<StoragePoolCreateXml, &StoragePoolCreateXml::Ret::pool>(
        context, std::move(arguments), flags, {"Failed to create pool from {}", "Pool {} created from {}"});
}
Task<Result> start(Context& context, Arguments arguments) {
    uint32_t flags = create_flags(arguments);
    return act_on<StoragePoolCreate, PoolKind>(context, std::move(arguments), flags,
                                               {"Failed to start pool {}", "Pool {} started"});
}
Task<Result> build(Context& context, Arguments arguments) {
    uint32_t flags = flag_if(arguments, "no-overwrite", api::storage_pool_build_no_overwrite) |
                     flag_if(arguments, "overwrite", api::storage_pool_build_overwrite);
    return act_on<StoragePoolBuild, PoolKind>(context, std::move(arguments), flags,
                                              {"Failed to build pool {}", "Pool {} built"});
}
Task<Result> destroy(Context& context, Arguments arguments) {
    return act_on<StoragePoolDestroy, PoolKind>(context, std::move(arguments), 0,
                                                {"Failed to destroy pool {}", "Pool {} destroyed"});
}
Task<Result> remove(Context& context, Arguments arguments) {
    return act_on<StoragePoolDelete, PoolKind>(context, std::move(arguments), 0,
                                               {"Failed to delete pool {}", "Pool {} deleted"});
}
Task<Result> refresh(Context& context, Arguments arguments) {
    return act_on<StoragePoolRefresh, PoolKind>(context, std::move(arguments), 0,
                                                {"Failed to refresh pool {}", "Pool {} refreshed"});
}
Task<Result> undefine(Context& context, Arguments arguments) {
    return act_on<StoragePoolUndefine, PoolKind>(context, std::move(arguments), 0,
                                                 {"Failed to undefine pool {}", "Pool {} has been undefined"});
}
Task<Result> autostart(Context& context, Arguments arguments) {
    return set_autostart<StoragePoolSetAutostart, PoolKind>(context, std::move(arguments), "pool");
}
Task<Result> dumpxml(Context& context, Arguments arguments) {
    uint32_t flags = flag_if(arguments, "inactive", api::storage_xml_inactive);
    return xml_of<StoragePoolGetXmlDesc, PoolKind>(context, std::move(arguments), flags);
}
Task<Result> edit(Context& context, Arguments arguments) {
    StoragePoolRef pool = co_await PoolKind::find(context, arguments);
    StoragePoolGetXmlDesc::Args ask{.pool = pool, .flags = api::storage_xml_inactive};
    StoragePoolDefineXml::Args put;
    std::string what = "Pool " + pool.name;
    Result result = co_await edit_object<StoragePoolGetXmlDesc, StoragePoolDefineXml>(context, std::move(ask),
                                                                                      std::move(put), std::move(what));
    co_return result;
}

// The XML that pool-define-as and pool-create-as make of their options.
std::string pool_xml(const Arguments& a) {
    XmlText xml;
    xml.open("pool", {{"type", a.text("type")}});
    xml.leaf("name", a.text("name"));
    xml.open("source", {});
    xml.empty("host", {{"name", a.find("source-host")}});
    xml.empty("dir", {{"path", a.find("source-path")}});
    xml.empty("device", {{"path", a.find("source-dev")}});
    if (a.has("adapter-wwnn") && a.has("adapter-wwpn")) {
        xml.empty("adapter", {{"type", "fc_host"},
                              {"parent", a.find("adapter-parent")},
                              {"parent_wwnn", a.find("adapter-parent-wwnn")},
                              {"parent_wwpn", a.find("adapter-parent-wwpn")},
                              {"parent_fabric_wwn", a.find("adapter-parent-fabric-wwn")},
                              {"wwnn", a.find("adapter-wwnn")},
                              {"wwpn", a.find("adapter-wwpn")}});
    } else if (a.has("adapter-name")) {
        xml.empty("adapter", {{"type", "scsi_host"}, {"name", a.find("adapter-name")}});
    }
    if (a.has("auth-type") && a.has("auth-username")) {
        xml.open("auth", {{"type", a.find("auth-type")}, {"username", a.find("auth-username")}});
        xml.empty("secret", {{"usage", a.find("secret-usage")}, {"uuid", a.find("secret-uuid")}});
        xml.close();
    }
    if (a.has("source-name")) xml.leaf("name", a.text("source-name"));
    xml.empty("format", {{"type", a.find("source-format")}});
    xml.empty("protocol", {{"ver", a.find("source-protocol-ver")}});
    if (a.has("source-initiator")) {
        xml.open("initiator", {});
        xml.empty("iqn", {{"name", a.find("source-initiator")}});
        xml.close();
    }
    xml.close();
    if (a.has("target")) {
        xml.open("target", {});
        xml.leaf("path", a.text("target"));
        xml.close();
    }
    return xml.finish();
}

Task<Result> define_as(Context& context, Arguments arguments) {
    std::string xml = pool_xml(arguments);
    if (arguments.has("print-xml")) co_return Text{std::move(xml), "xml"};
    StoragePoolDefineXml::Args call{.xml = std::move(xml)};
    std::string failure = "Failed to define pool " + arguments.text("name");
    StoragePoolDefineXml::Ret made =
        co_await context.attempt<StoragePoolDefineXml>(std::move(call), std::move(failure));
    co_return Sentence{fmt::format("Pool {} defined", made.pool.name), {{"name", made.pool.name}}};
}

Task<Result> create_as(Context& context, Arguments arguments) {
    uint32_t flags = create_flags(arguments);
    std::string xml = pool_xml(arguments);
    if (arguments.has("print-xml")) co_return Text{std::move(xml), "xml"};
    StoragePoolCreateXml::Args call{.xml = std::move(xml), .flags = flags};
    std::string failure = "Failed to create pool " + arguments.text("name");
    StoragePoolCreateXml::Ret made =
        co_await context.attempt<StoragePoolCreateXml>(std::move(call), std::move(failure));
    co_return Sentence{fmt::format("Pool {} created", made.pool.name), {{"name", made.pool.name}}};
}

std::string state_of(uint8_t state) {
    constexpr std::string_view words[] = {"inactive", "building", "running", "degraded", "inaccessible"};
    return std::string(state < std::size(words) ? words[state] : "unknown");
}

std::string sized(uint64_t bytes) {
    Scaled scale = scaled(bytes);
    return fmt::format("{:.2f} {}", scale.value, scale.unit);
}

Task<Value> autostart_of(Context& context, StoragePoolRef pool) {
    StoragePoolGetAutostart::Args ask{.pool = std::move(pool)};
    std::optional<StoragePoolGetAutostart::Ret> answer =
        co_await ask_optional<StoragePoolGetAutostart>(context, std::move(ask));
    if (!answer) co_return Value("no autostart");
    co_return Value(answer->autostart != 0);
}

Task<Result> info(Context& context, Arguments arguments) {
    StoragePoolRef pool = co_await PoolKind::find(context, arguments);
    StoragePoolGetInfo::Args ask{.pool = pool};
    StoragePoolGetInfo::Ret numbers = co_await context.call<StoragePoolGetInfo>(std::move(ask));
    StoragePoolIsPersistent::Args ask_persistent{.pool = pool};
    StoragePoolIsPersistent::Ret persistent = co_await context.call<StoragePoolIsPersistent>(std::move(ask_persistent));
    Value starts = co_await autostart_of(context, pool);
    Fields out;
    out.fields = {{"Name", "name", pool.name},
                  {"UUID", "uuid", pool.uuid.to_string()},
                  {"State", "state", state_of(numbers.state)},
                  {"Persistent", "persistent", persistent.persistent != 0},
                  {"Autostart", "autostart", starts}};
    bool active = numbers.state == api::storage_pool_running || numbers.state == api::storage_pool_degraded;
    if (active) {
        bool exact = arguments.has("bytes");
        auto add = [&](const char* title, const char* key, uint64_t bytes) {
            out.fields.push_back({title, key, bytes, exact ? fmt::format("{}", bytes) : sized(bytes)});
        };
        add("Capacity", "capacity", numbers.capacity);
        add("Allocation", "allocation", numbers.allocation);
        add("Available", "available", numbers.available);
    }
    co_return out;
}

uint32_t type_flags(const Arguments& arguments) {
    static constexpr std::string_view types[] = {"dir",     "fs",   "netfs",    "logical",     "disk",
                                                 "iscsi",   "scsi", "mpath",    "rbd",         "sheepdog",
                                                 "gluster", "zfs",  "vstorage", "iscsi-direct"};
    std::optional<std::string> list = arguments.find("type");
    uint32_t flags = 0;
    if (!list) return flags;
    for (std::string_view word : split(*list, ',')) {
        auto found = std::find(std::begin(types), std::end(types), word);
        if (found == std::end(types)) throw Failure{fmt::format("Invalid pool type '{}'", word)};
        flags |= api::connect_list_storage_pools_dir << (found - std::begin(types));
    }
    return flags;
}

uint32_t list_flags(const Arguments& arguments) {
    uint32_t flags = api::connect_list_storage_pools_active;
    if (arguments.has("inactive")) flags = api::connect_list_storage_pools_inactive;
    if (arguments.has("all")) {
        flags = api::connect_list_storage_pools_active | api::connect_list_storage_pools_inactive;
    }
    return flags | flag_if(arguments, "persistent", api::connect_list_storage_pools_persistent) |
           flag_if(arguments, "transient", api::connect_list_storage_pools_transient) |
           flag_if(arguments, "autostart", api::connect_list_storage_pools_autostart) |
           flag_if(arguments, "no-autostart", api::connect_list_storage_pools_no_autostart) | type_flags(arguments);
}

Task<std::vector<Value>> list_row(Context& context, StoragePoolRef pool, bool details) {
    StoragePoolGetInfo::Args ask{.pool = pool};
    StoragePoolGetInfo::Ret numbers = co_await context.call<StoragePoolGetInfo>(std::move(ask));
    Value starts = co_await autostart_of(context, pool);
    bool inactive = numbers.state == 0;
    std::vector<Value> row = {pool.name, details ? state_of(numbers.state) : inactive ? "inactive" : "active", starts};
    if (!details) co_return row;
    StoragePoolIsPersistent::Args ask_persistent{.pool = std::move(pool)};
    StoragePoolIsPersistent::Ret persistent = co_await context.call<StoragePoolIsPersistent>(std::move(ask_persistent));
    row.emplace_back(persistent.persistent != 0);
    for (uint64_t bytes : {numbers.capacity, numbers.allocation, numbers.available})
        row.push_back(inactive ? Value() : Value(sized(bytes)));
    co_return row;
}

Task<Result> list(Context& context, Arguments arguments) {
    bool details = arguments.has("details");
    ConnectListAllStoragePools::Args ask{.need_results = 1, .flags = list_flags(arguments)};
    ConnectListAllStoragePools::Ret answer =
        co_await context.attempt<ConnectListAllStoragePools>(ask, "Failed to list pools");
    std::sort(answer.pools.begin(), answer.pools.end(),
              [](const StoragePoolRef& one, const StoragePoolRef& other) { return one.name < other.name; });
    if (arguments.has("name") || arguments.has("uuid")) {
        std::string text;
        Values rows;
        for (const StoragePoolRef& pool : answer.pools) {
            Record record;
            if (arguments.has("uuid")) {
                text += pool.uuid.to_string() + (arguments.has("name") ? " " : "");
                record.emplace_back("uuid", pool.uuid.to_string());
            }
            if (arguments.has("name")) {
                text += fmt::format("{:<20}", pool.name);
                record.emplace_back("name", pool.name);
            }
            text += "\n";
            rows.emplace_back(std::move(record));
        }
        co_return Custom{std::move(text), Value(std::move(rows))};
    }
    Table table{{{"Name", "name"}, {"State", "state"}, {"Autostart", "autostart"}}, {}};
    if (details) {
        table.columns.insert(table.columns.end(), {{"Persistent", "persistent"},
                                                   {"Capacity", "capacity"},
                                                   {"Allocation", "allocation"},
                                                   {"Available", "available"}});
    }
    for (StoragePoolRef& pool : answer.pools) {
        std::vector<Value> row = co_await list_row(context, std::move(pool), details);
        table.rows.push_back(std::move(row));
    }
    co_return table;
}

Task<Result> sources(Context& context, Arguments arguments) {
    std::optional<std::string> file = arguments.find("srcSpec");
    ConnectFindStoragePoolSources::Args call{.type = arguments.text("type")};
    if (file) call.src_spec = read_input(*file);
    std::string failure = fmt::format("Failed to find any {} pool sources", call.type);
    ConnectFindStoragePoolSources::Ret answer =
        co_await context.attempt<ConnectFindStoragePoolSources>(std::move(call), std::move(failure));
    co_return Text{std::move(answer.xml), "xml"};
}

Task<Result> sources_as(Context& context, Arguments arguments) {
    ConnectFindStoragePoolSources::Args call{.type = arguments.text("type")};
    if (arguments.has("host")) {
        XmlText xml;
        xml.open("source", {});
        xml.empty("host", {{"name", arguments.find("host")}, {"port", arguments.find("port")}});
        if (arguments.has("initiator")) {
            xml.open("initiator", {});
            xml.empty("iqn", {{"name", arguments.find("initiator")}});
            xml.close();
        }
        call.src_spec = xml.finish();
    }
    std::string failure = fmt::format("Failed to find any {} pool sources", call.type);
    ConnectFindStoragePoolSources::Ret answer =
        co_await context.attempt<ConnectFindStoragePoolSources>(std::move(call), std::move(failure));
    co_return Text{std::move(answer.xml), "xml"};
}

Task<Result> capabilities(Context& context, Arguments) {
    ConnectGetStoragePoolCapabilities::Args none;
    ConnectGetStoragePoolCapabilities::Ret answer =
        co_await context.attempt<ConnectGetStoragePoolCapabilities>(none, "failed to get storage pool capabilities");
    co_return Text{std::move(answer.capabilities), "xml"};
}

constexpr std::string_view as_options =
    "<name> <type> --print-xml --source-host= --source-path= --source-dev= --source-name= --target= --source-format= "
    "--auth-type= --auth-username= --secret-usage= --secret-uuid= --adapter-name= --adapter-wwnn= --adapter-wwpn= "
    "--adapter-parent= --adapter-parent-wwnn= --adapter-parent-wwpn= --adapter-parent-fabric-wwn= "
    "--source-protocol-ver= --source-initiator=";

}  // namespace

Commands pool_commands() {
    return {
        make_command("find-storage-pool-sources-as",
                     "<type> --host= --port= --initiator=", "what pools of a type could be made of", sources_as),
        make_command("find-storage-pool-sources", "<type> --srcSpec=", "the same, the question in a file", sources),
        make_command("pool-autostart", "<pool> --disable", "start a pool when the host starts, or not", autostart),
        make_command("pool-build", "<pool> --no-overwrite --overwrite", "make what the pool is kept in", build),
        make_command("pool-create-as", std::string(as_options) + " --build --no-overwrite --overwrite",
                     "create and start a transient pool from options", create_as),
        make_command("pool-create", "<file> --build --no-overwrite --overwrite",
                     "create and start a transient pool from a file", create),
        make_command("pool-define-as", as_options, "define a pool from options", define_as),
        make_command("pool-define", "<file> --validate", "define a pool from a file", define),
        make_command("pool-delete", "<pool>", "delete what the pool is kept in", remove),
        make_command("pool-destroy", "<pool>", "stop a pool", destroy),
        make_command("pool-dumpxml", "<pool> --inactive --xpath= --wrap", "the XML of a pool", dumpxml),
        make_command("pool-edit", "<pool>", "edit the XML of a pool", edit),
        make_command("pool-info", "<pool> --bytes", "what there is to know of a pool at a glance", info),
        make_command(
            "pool-list",
            "--inactive --all --transient --persistent --autostart --no-autostart --type= --details --uuid --name",
            "the pools; without options those that are active", list),
        make_command("pool-name", "<pool>", "the name of a pool", name_of<PoolKind>),
        make_command("pool-refresh", "<pool>", "look again what is in a pool", refresh),
        make_command("pool-start", "<pool> --build --no-overwrite --overwrite", "start a pool", start),
        make_command("pool-undefine", "<pool>", "forget the definition of a pool", undefine),
        make_command("pool-uuid", "<pool>", "the UUID of a pool", uuid_of<PoolKind>),
        make_command("pool-capabilities", "", "what kinds of pools there can be", capabilities),
    };
}

}  // namespace virtue::shell
