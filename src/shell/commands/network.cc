// Networks, their leases and ports.
#include "protocol/remote/network.h"

#include <algorithm>
#include <ctime>

#include "driver/constants.h"
#include "shell/commands/commands.h"
#include "shell/commands/object.h"

namespace virtue::shell {
namespace {

using namespace proc;

Task<Result> define(Context& context, Arguments arguments) {
    uint32_t flags = flag_if(arguments, "validate", api::network_define_validate);
    return make_from_file<NetworkDefineXmlFlags, &NetworkDefineXmlFlags::Ret::network>(
        context, std::move(arguments), flags, {"Failed to define network from {}", "Network {} defined from {}"});
}

Task<Result> create(Context& context, Arguments arguments) {
    uint32_t flags = flag_if(arguments, "validate", api::network_create_validate);
    return make_from_file<NetworkCreateXmlFlags, &NetworkCreateXmlFlags::Ret::network>(
        context, std::move(arguments), flags, {"Failed to create network from {}", "Network {} created from {}"});
}

Task<Result> start(Context& context, Arguments arguments) {
    return act_on<NetworkCreate, NetworkKind>(context, std::move(arguments), 0,
                                              {"Failed to start network {}", "Network {} started"});
}

Task<Result> destroy(Context& context, Arguments arguments) {
    return act_on<NetworkDestroy, NetworkKind>(context, std::move(arguments), 0,
                                               {"Failed to destroy network {}", "Network {} destroyed"});
}

Task<Result> undefine(Context& context, Arguments arguments) {
    return act_on<NetworkUndefine, NetworkKind>(context, std::move(arguments), 0,
                                                {"Failed to undefine network {}", "Network {} has been undefined"});
}

Task<Result> autostart(Context& context, Arguments arguments) {
    return set_autostart<NetworkSetAutostart, NetworkKind>(context, std::move(arguments), "network");
}

Task<Result> dumpxml(Context& context, Arguments arguments) {
    uint32_t flags = flag_if(arguments, "inactive", api::network_xml_inactive);
    return xml_of<NetworkGetXmlDesc, NetworkKind>(context, std::move(arguments), flags);
}

Task<Result> edit(Context& context, Arguments arguments) {
    NetworkRef network = co_await NetworkKind::find(context, arguments);
    NetworkGetXmlDesc::Args ask{.network = network, .flags = api::network_xml_inactive};
    NetworkDefineXmlFlags::Args put{.flags = api::network_define_validate};
    std::string what = "Network " + network.name;
    Result result = co_await edit_object<NetworkGetXmlDesc, NetworkDefineXmlFlags>(context, std::move(ask),
                                                                                   std::move(put), std::move(what));
    co_return result;
}

struct Facts {
    bool active = false;
    bool persistent = false;
    std::optional<bool> autostart;
};

Task<Facts> facts_of(Context& context, NetworkRef network) {
    Facts facts;
    NetworkIsActive::Args active{.network = network};
    NetworkIsActive::Ret is_active = co_await context.call<NetworkIsActive>(std::move(active));
    facts.active = is_active.active != 0;
    NetworkIsPersistent::Args persistent{.network = network};
    NetworkIsPersistent::Ret is_persistent = co_await context.call<NetworkIsPersistent>(std::move(persistent));
    facts.persistent = is_persistent.persistent != 0;
    NetworkGetAutostart::Args autostart{.network = std::move(network)};
    std::optional<NetworkGetAutostart::Ret> starts =
        co_await ask_optional<NetworkGetAutostart>(context, std::move(autostart));
    if (starts) facts.autostart = starts->autostart != 0;
    co_return facts;
}

Task<Result> info(Context& context, Arguments arguments) {
    NetworkRef network = co_await NetworkKind::find(context, arguments);
    Facts facts = co_await facts_of(context, network);
    Fields out;
    out.fields = {{"Name", "name", network.name},
                  {"UUID", "uuid", network.uuid.to_string()},
                  {"Active", "active", facts.active},
                  {"Persistent", "persistent", facts.persistent},
                  {"Autostart", "autostart", facts.autostart ? Value(*facts.autostart) : Value(),
                   facts.autostart ? "" : "no autostart"}};
    NetworkGetBridgeName::Args ask{.network = std::move(network)};
    std::optional<NetworkGetBridgeName::Ret> bridge =
        co_await ask_optional<NetworkGetBridgeName>(context, std::move(ask));
    if (bridge) out.fields.push_back({"Bridge", "bridge", bridge->name});
    co_return out;
}

uint32_t list_flags(const Arguments& arguments) {
    uint32_t flags = api::connect_list_networks_active;
    if (arguments.has("inactive")) flags = api::connect_list_networks_inactive;
    if (arguments.has("all")) flags = api::connect_list_networks_active | api::connect_list_networks_inactive;
    return flags | flag_if(arguments, "persistent", api::connect_list_networks_persistent) |
           flag_if(arguments, "transient", api::connect_list_networks_transient) |
           flag_if(arguments, "autostart", api::connect_list_networks_autostart) |
           flag_if(arguments, "no-autostart", api::connect_list_networks_no_autostart);
}

Task<Result> list(Context& context, Arguments arguments) {
    if (arguments.has("table") + arguments.has("name") + arguments.has("uuid") > 1) {
        throw Failure{"Only one argument from --table, --name and --uuid may be specified."};
    }
    ConnectListAllNetworks::Args ask{.need_results = 1, .flags = list_flags(arguments)};
    ConnectListAllNetworks::Ret answer =
        co_await context.attempt<ConnectListAllNetworks>(ask, "Failed to list networks");
    std::sort(answer.networks.begin(), answer.networks.end(),
              [](const NetworkRef& one, const NetworkRef& other) { return one.name < other.name; });
    if (arguments.has("name") || arguments.has("uuid")) {
        bool uuids = arguments.has("uuid");
        Lines lines{{}, uuids ? "uuids" : "names"};
        for (const NetworkRef& network : answer.networks)
            lines.lines.push_back(uuids ? network.uuid.to_string() : network.name);
        co_return lines;
    }
    Table table{{{"Name", "name"}, {"State", "state"}, {"Autostart", "autostart"}, {"Persistent", "persistent"}}, {}};
    for (NetworkRef& network : answer.networks) {
        Facts facts = co_await facts_of(context, network);
        table.rows.push_back({network.name, facts.active ? "active" : "inactive",
                              facts.autostart ? Value(*facts.autostart) : Value("no autostart"), facts.persistent});
    }
    co_return table;
}

std::string local_time(int64_t seconds) {
    time_t when = seconds;
    std::tm parts{};
    ::localtime_r(&when, &parts);
    char text[32];
    size_t length = std::strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &parts);
    return {text, length};
}

Task<Result> leases(Context& context, Arguments arguments) {
    NetworkRef network = co_await NetworkKind::find(context, arguments);
    std::string failure = "Failed to get leases info for " + network.name;
    NetworkGetDhcpLeases::Args ask{.network = std::move(network), .mac = arguments.find("mac"), .need_results = 1};
    NetworkGetDhcpLeases::Ret answer =
        co_await context.attempt<NetworkGetDhcpLeases>(std::move(ask), std::move(failure));
    std::sort(answer.leases.begin(), answer.leases.end(),
              [](const NetworkDhcpLease& one, const NetworkDhcpLease& other) { return one.ipaddr < other.ipaddr; });
    Table table{{{"Expiry Time", "expires"},
                 {"MAC address", "mac"},
                 {"Protocol", "protocol"},
                 {"IP address", "address"},
                 {"Hostname", "hostname"},
                 {"Client ID or DUID", "client_id"}},
                {}};
    for (const NetworkDhcpLease& lease : answer.leases) {
        bool is_ipv6 = lease.type != 0;
        auto optional = [](const std::optional<std::string>& text) { return text ? Value(*text) : Value(); };
        table.rows.push_back({local_time(lease.expirytime), optional(lease.mac), is_ipv6 ? "ipv6" : "ipv4",
                              fmt::format("{}/{}", lease.ipaddr, lease.prefix), optional(lease.hostname),
                              optional(lease.clientid)});
    }
    co_return table;
}

template <size_t Count>
std::optional<uint32_t> index_in(const std::string_view (&words)[Count], std::string_view word) {
    auto found = std::find(std::begin(words), std::end(words), word);
    if (found == std::end(words)) return std::nullopt;
    return static_cast<uint32_t>(found - std::begin(words));
}

Task<Result> update(Context& context, Arguments arguments) {
    static constexpr std::string_view commands[] = {"none", "modify", "delete", "add", "add-first"};
    static constexpr std::string_view sections[] = {"none",         "bridge",        "domain",   "ip",
                                                    "ip-dhcp-host", "ip-dhcp-range", "forward",  "forward-interface",
                                                    "forward-pf",   "portgroup",     "dns-host", "dns-txt",
                                                    "dns-srv"};
    std::string verb = arguments.text("command") == "add-last" ? "add" : arguments.text("command");
    std::optional<uint32_t> command = index_in(commands, verb);
    if (!command || *command == 0) throw Failure{fmt::format("unrecognized command name '{}'", verb)};
    std::optional<uint32_t> section = index_in(sections, arguments.text("section"));
    if (!section || *section == 0) {
        throw Failure{fmt::format("unrecognized section name '{}'", arguments.text("section"))};
    }
    Affect affect = affect_of(arguments);
    NetworkRef network = co_await NetworkKind::find(context, arguments);
    std::string failure = "Failed to update network " + network.name;
    NetworkUpdate::Args call{.network = network,
                             .command = *command,
                             .section = *section,
                             .parent_index = static_cast<int32_t>(arguments.find_number("parent-index").value_or(-1)),
                             .xml = xml_or_file(arguments.text("xml")),
                             .flags = affect.flags};
    co_await context.attempt<NetworkUpdate>(std::move(call), std::move(failure));
    std::string where = "live state";
    if (affect.flags == api::network_update_affect_config) where = "persistent config";
    if (affect.flags == (api::network_update_affect_config | api::network_update_affect_live)) {
        where = "persistent config and live state";
    }
    co_return Sentence{fmt::format("Updated network {} {}", network.name, where), {{"name", network.name}}};
}

Task<NetworkPortRef> find_port(Context& context, const Arguments& arguments) {
    NetworkRef network = co_await NetworkKind::find(context, arguments);
    std::optional<Uuid> uuid = Uuid::parse(arguments.text("port"));
    std::string failure = fmt::format("failed to get network port '{}'", arguments.text("port"));
    if (!uuid) throw Failure{failure};
    NetworkPortLookupByUuid::Args call{.network = std::move(network), .uuid = *uuid};
    NetworkPortLookupByUuid::Ret found =
        co_await context.attempt<NetworkPortLookupByUuid>(std::move(call), std::move(failure));
    co_return std::move(found.port);
}

Task<Result> port_list(Context& context, Arguments arguments) {
    NetworkRef network = co_await NetworkKind::find(context, arguments);
    NetworkListAllPorts::Args ask{.network = std::move(network), .need_results = 1};
    NetworkListAllPorts::Ret answer = co_await context.call<NetworkListAllPorts>(std::move(ask));
    Table table{{{"UUID", "uuid"}}, {}};
    Lines lines{{}, "uuids"};
    for (const NetworkPortRef& port : answer.ports) {
        table.rows.push_back({port.uuid.to_string()});
        lines.lines.push_back(port.uuid.to_string());
    }
    if (arguments.has("uuid")) co_return lines;
    co_return table;
}

Task<Result> port_create(Context& context, Arguments arguments) {
    NetworkRef network = co_await NetworkKind::find(context, arguments);
    std::string file = arguments.text("file");
    NetworkPortCreateXml::Args call{.network = std::move(network),
                                    .xml = read_input(file),
                                    .flags = flag_if(arguments, "validate", api::network_port_create_validate)};
    std::string failure = "Failed to create network from " + file;
    NetworkPortCreateXml::Ret made =
        co_await context.attempt<NetworkPortCreateXml>(std::move(call), std::move(failure));
    co_return Sentence{fmt::format("Network port {} created from {}", made.port.uuid.to_string(), file),
                       {{"uuid", made.port.uuid.to_string()}}};
}

Task<Result> port_dumpxml(Context& context, Arguments arguments) {
    NetworkPortRef port = co_await find_port(context, arguments);
    NetworkPortGetXmlDesc::Args call{.port = std::move(port)};
    NetworkPortGetXmlDesc::Ret answer = co_await context.call<NetworkPortGetXmlDesc>(std::move(call));
    co_return xml_result(arguments, std::move(answer.xml));
}

Task<Result> port_delete(Context& context, Arguments arguments) {
    NetworkPortRef port = co_await find_port(context, arguments);
    std::string uuid = port.uuid.to_string();
    NetworkPortDelete::Args call{.port = std::move(port)};
    co_await context.attempt<NetworkPortDelete>(std::move(call), "Failed to delete network port " + uuid);
    co_return Sentence{fmt::format("Network port {} deleted", uuid), {{"uuid", uuid}}};
}

}  // namespace

Commands network_commands() {
    return {
        make_command("net-autostart", "<network> --disable", "start a network when the host starts, or not", autostart),
        make_command("net-create", "<file> --validate", "create and start a transient network from a file", create),
        make_command("net-define", "<file> --validate", "define a network from a file", define),
        make_command("net-destroy", "<network>", "stop a network", destroy),
        make_command("net-dhcp-leases", "<network> --mac=", "the DHCP leases of a network", leases),
        make_command("net-dumpxml", "<network> --inactive --xpath= --wrap", "the XML of a network", dumpxml),
        make_command("net-edit", "<network>", "edit the XML of a network", edit),
        make_command("net-info", "<network>", "what there is to know of a network at a glance", info),
        make_command("net-list",
                     "--inactive --all --persistent --transient --autostart --no-autostart --uuid --name --table",
                     "the networks; without options those that are active", list),
        make_command("net-name", "<network>", "the name of a network", name_of<NetworkKind>),
        make_command("net-start", "<network>", "start a network", start),
        make_command("net-undefine", "<network>", "forget the definition of a network", undefine),
        make_command("net-update", "<network> <command> <section> <xml> --parent-index=:n --config --live --current",
                     "change a part of a network", update),
        make_command("net-uuid", "<network>", "the UUID of a network", uuid_of<NetworkKind>),
        make_command("net-port-list", "<network> --uuid --table", "the ports of a network", port_list),
        make_command("net-port-create", "<network> <file> --validate", "create a port from a file", port_create),
        make_command("net-port-dumpxml", "<network> <port> --xpath= --wrap", "the XML of a port", port_dumpxml),
        make_command("net-port-delete", "<network> <port>", "delete a port", port_delete),
    };
}

}  // namespace virtue::shell
