// Interfaces of the host.
#include "protocol/remote/interface.h"

#include <algorithm>

#include "driver/constants.h"
#include "shell/commands/commands.h"
#include "shell/commands/object.h"

namespace virtue::shell {
namespace {

using namespace proc;

Task<Result> define(Context& context, Arguments arguments) {
    uint32_t flags = flag_if(arguments, "validate", api::interface_define_validate);
    return make_from_file<InterfaceDefineXml, &InterfaceDefineXml::Ret::interface>(
        context, std::move(arguments), flags, {"Failed to define interface from {}", "Interface {} defined from {}"});
}
Task<Result> undefine(Context& context, Arguments arguments) {
    return act_on<InterfaceUndefine, InterfaceKind>(context, std::move(arguments), 0,
                                                    {"Failed to undefine interface {}", "Interface {} undefined"});
}
Task<Result> start(Context& context, Arguments arguments) {
    return act_on<InterfaceCreate, InterfaceKind>(context, std::move(arguments), 0,
                                                  {"Failed to start interface {}", "Interface {} started"});
}
Task<Result> destroy(Context& context, Arguments arguments) {
    return act_on<InterfaceDestroy, InterfaceKind>(context, std::move(arguments), 0,
                                                   {"Failed to destroy interface {}", "Interface {} destroyed"});
}
Task<Result> dumpxml(Context& context, Arguments arguments) {
    uint32_t flags = flag_if(arguments, "inactive", api::interface_xml_inactive);
    return xml_of<InterfaceGetXmlDesc, InterfaceKind>(context, std::move(arguments), flags);
}
Task<Result> edit(Context& context, Arguments arguments) {
    InterfaceRef interface = co_await InterfaceKind::find(context, arguments);
    InterfaceGetXmlDesc::Args ask{.interface = interface, .flags = api::interface_xml_inactive};
    InterfaceDefineXml::Args put;
    std::string what = "Interface " + interface.name;
    Result result = co_await edit_object<InterfaceGetXmlDesc, InterfaceDefineXml>(context, std::move(ask),
                                                                                  std::move(put), std::move(what));
    co_return result;
}

Task<Result> list(Context& context, Arguments arguments) {
    uint32_t flags = api::connect_list_interfaces_active;
    if (arguments.has("inactive")) flags = api::connect_list_interfaces_inactive;
    if (arguments.has("all")) flags = api::connect_list_interfaces_active | api::connect_list_interfaces_inactive;
    ConnectListAllInterfaces::Args ask{.need_results = 1, .flags = flags};
    ConnectListAllInterfaces::Ret answer =
        co_await context.attempt<ConnectListAllInterfaces>(ask, "Failed to list interfaces");
    std::sort(answer.interfaces.begin(), answer.interfaces.end(),
              [](const InterfaceRef& one, const InterfaceRef& other) { return one.name < other.name; });
    Table table{{{"Name", "name"}, {"State", "state"}, {"MAC Address", "mac"}}, {}};
    for (const InterfaceRef& interface : answer.interfaces) {
        InterfaceIsActive::Args is{.interface = interface};
        InterfaceIsActive::Ret active = co_await context.call<InterfaceIsActive>(std::move(is));
        table.rows.push_back({interface.name, active.active ? "active" : "inactive", interface.mac});
    }
    co_return table;
}

Task<Result> mac(Context& context, Arguments arguments) {
    InterfaceRef interface = co_await InterfaceKind::find(context, arguments);
    co_return Text{interface.mac, "mac"};
}

template <typename P>
Task<Result> transaction(Context& context, std::string failure, std::string done) {
    typename P::Args call;
    co_await context.attempt<P>(call, std::move(failure));
    co_return Sentence{std::move(done), {}};
}

Task<Result> begin(Context& context, Arguments) {
    return transaction<InterfaceChangeBegin>(context, "Failed to begin network config change transaction",
                                             "Network config change transaction started");
}
Task<Result> commit(Context& context, Arguments) {
    return transaction<InterfaceChangeCommit>(context, "Failed to commit network config change transaction",
                                              "Network config change transaction committed");
}
Task<Result> rollback(Context& context, Arguments) {
    return transaction<InterfaceChangeRollback>(context, "Failed to rollback network config change transaction",
                                                "Network config change transaction rolled back");
}

}  // namespace

Commands interface_commands() {
    return {
        make_command("iface-begin", "", "remember the host's interfaces, to go back to them", begin),
        make_command("iface-commit", "", "keep the changes since iface-begin", commit),
        make_command("iface-rollback", "", "go back to what iface-begin remembered", rollback),
        make_command("iface-define", "<file> --validate", "define an interface from a file", define),
        make_command("iface-destroy", "<interface>", "take an interface down", destroy),
        make_command("iface-dumpxml", "<interface> --inactive --xpath= --wrap", "the XML of an interface", dumpxml),
        make_command("iface-edit", "<interface>", "edit the XML of an interface", edit),
        make_command("iface-list", "--inactive --all", "the host's interfaces; without options the active ones", list),
        make_command("iface-mac", "<interface>", "the MAC address of an interface", mac),
        make_command("iface-name", "<interface>", "the name of an interface", name_of<InterfaceKind>),
        make_command("iface-start", "<interface>", "bring an interface up", start),
        make_command("iface-undefine", "<interface>", "forget the definition of an interface", undefine),
    };
}

}  // namespace virtue::shell
