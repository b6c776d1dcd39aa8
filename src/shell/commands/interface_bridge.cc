// Puts an interface of the host into a new bridge, and takes it out again: the XML of one is made from the other's.
#include "driver/constants.h"
#include "protocol/remote/interface.h"
#include "shell/commands/commands.h"
#include "shell/commands/object.h"
#include "xml/editable.h"

namespace virtue::shell {
namespace {

using namespace proc;
using xml::EditableXml;

Task<EditableXml> stored_xml(Context& context, InterfaceRef interface) {
    InterfaceGetXmlDesc::Args ask{.interface = std::move(interface), .flags = api::interface_xml_inactive};
    InterfaceGetXmlDesc::Ret answer = co_await context.call<InterfaceGetXmlDesc>(std::move(ask));
    co_return EditableXml(answer.xml);
}

// What belongs to the device below the bridge goes with it.
void move_hardware(const EditableXml& xml, EditableXml::Node from, EditableXml::Node to) {
    for (EditableXml::Node node : xml.find("./mac | ./bond | ./vlan", from)) EditableXml::move(node, to);
}

// The type of the interface; checks that the XML is about it.
std::string checked_type(const EditableXml& xml, const std::string& name) {
    std::optional<std::string> type = EditableXml::attribute(xml.root(), "type");
    if (!type) throw Failure{fmt::format("Existing device {} has no type", name)};
    std::string its_name = EditableXml::attribute(xml.root(), "name").value_or("");
    if (its_name != name)
        throw Failure{
            fmt::format("Interface name from config {} doesn't match given supplied name {}", its_name, name)};
    return *type;
}

Task<InterfaceRef> define(Context& context, std::string xml, std::string failure) {
    InterfaceDefineXml::Args call{.xml = std::move(xml)};
    InterfaceDefineXml::Ret made = co_await context.attempt<InterfaceDefineXml>(std::move(call), std::move(failure));
    co_return std::move(made.interface);
}

std::string bridge_xml(const EditableXml& xml, const Arguments& arguments, const std::string& type) {
    std::string name = arguments.text("interface");
    bool stp = !arguments.has("no-stp");
    uint64_t delay = arguments.find_unsigned("delay").value_or(0);
    EditableXml::Node root = xml.root();
    EditableXml::Node bridge = EditableXml::add_child(root, "bridge");
    EditableXml::set_attribute(bridge, "stp", stp ? "on" : "off");
    if (delay != 0 || stp) EditableXml::set_attribute(bridge, "delay", fmt::format("{}", delay));
    EditableXml::set_attribute(root, "type", "bridge");
    EditableXml::set_attribute(root, "name", arguments.text("bridge"));
    EditableXml::Node inner = EditableXml::add_child(bridge, "interface");
    EditableXml::set_attribute(inner, "type", type);
    EditableXml::set_attribute(inner, "name", name);
    move_hardware(xml, root, inner);
    return xml.to_text();
}

Task<Result> bridge(Context& context, Arguments arguments) {
    InterfaceRef interface = co_await InterfaceKind::find(context, arguments);
    std::string name = arguments.text("interface");
    std::string bridge_name = arguments.text("bridge");
    InterfaceLookupByName::Args look{.name = bridge_name};
    std::optional<InterfaceLookupByName::Ret> there =
        co_await ask_optional<InterfaceLookupByName>(context, std::move(look));
    if (there) throw Failure{fmt::format("Network device {} already exists", bridge_name)};
    EditableXml xml = co_await stored_xml(context, std::move(interface));
    std::string type = checked_type(xml, name);
    if (type == "bridge") throw Failure{fmt::format("Existing device {} is already a bridge", name)};
    std::string text = bridge_xml(xml, arguments, type);
    InterfaceRef made =
        co_await define(context, std::move(text), "Failed to define new bridge interface " + bridge_name);
    Sentence done{fmt::format("Created bridge {} with attached device {}", bridge_name, name),
                  {{"bridge", bridge_name}, {"interface", name}}};
    if (arguments.has("no-start")) co_return done;
    context.print_extra(done.text + "\n");
    InterfaceCreate::Args start{.interface = std::move(made)};
    co_await context.attempt<InterfaceCreate>(std::move(start), "Failed to start bridge interface " + bridge_name);
    done.text = fmt::format("Bridge interface {} started", bridge_name);
    co_return done;
}

// Makes the XML that of the device below the bridge; gives its name.
std::string unbridge_xml(const EditableXml& xml, const std::string& bridge_name) {
    EditableXml::Node root = xml.root();
    EditableXml::Node bridge = xml.find_one("./bridge");
    if (!bridge) throw Failure{"No bridge node in xml document"};
    if (xml.find_one("./bridge/interface[2]")) throw Failure{"Multiple interfaces attached to bridge"};
    EditableXml::Node inner = xml.find_one("./bridge/interface");
    if (!inner) throw Failure{"No interface attached to bridge"};
    std::optional<std::string> name = EditableXml::attribute(inner, "name");
    std::optional<std::string> type = EditableXml::attribute(inner, "type");
    if (!name) throw Failure{fmt::format("Device attached to bridge {} has no name", bridge_name)};
    if (!type) throw Failure{fmt::format("Attached device {} has no type", *name)};
    EditableXml::set_attribute(root, "type", *type);
    EditableXml::set_attribute(root, "name", *name);
    move_hardware(xml, inner, root);
    EditableXml::remove(bridge);
    return *name;
}

Task<Result> unbridge(Context& context, Arguments arguments) {
    std::string bridge_name = arguments.text("bridge");
    InterfaceRef interface = co_await find_interface(context, bridge_name);
    EditableXml xml = co_await stored_xml(context, interface);
    std::string type = checked_type(xml, bridge_name);
    if (type != "bridge") throw Failure{fmt::format("Device {} is not a bridge", bridge_name)};
    std::string name = unbridge_xml(xml, bridge_name);
    // The bridge goes first: two definitions may not name one device.
    InterfaceIsActive::Args is{.interface = interface};
    InterfaceIsActive::Ret active = co_await context.call<InterfaceIsActive>(std::move(is));
    if (active.active != 0) {
        InterfaceDestroy::Args stop{.interface = interface};
        co_await context.attempt<InterfaceDestroy>(std::move(stop),
                                                   "Failed to destroy bridge interface " + bridge_name);
    }
    InterfaceUndefine::Args forget{.interface = std::move(interface)};
    co_await context.attempt<InterfaceUndefine>(std::move(forget),
                                                "Failed to undefine bridge interface " + bridge_name);
    std::string text = xml.to_text();
    InterfaceRef made = co_await define(context, std::move(text), "Failed to define new interface " + name);
    Sentence done{fmt::format("Device {} un-attached from bridge {}", name, bridge_name),
                  {{"interface", name}, {"bridge", bridge_name}}};
    if (arguments.has("no-start")) co_return done;
    context.print_extra(done.text + "\n");
    InterfaceCreate::Args start{.interface = std::move(made)};
    co_await context.attempt<InterfaceCreate>(std::move(start), "Failed to start interface " + name);
    done.text = fmt::format("Interface {} started", name);
    co_return done;
}

}  // namespace

Commands interface_bridge_commands() {
    return {
        make_command("iface-bridge", "<interface> <bridge> --no-stp --delay=:n --no-start",
                     "put an interface into a new bridge", bridge),
        make_command("iface-unbridge", "<bridge> --no-start", "take the interface out of its bridge again", unbridge),
    };
}

}  // namespace virtue::shell
