// Network interfaces of a domain: plugged in and out by options in place of XML, links, limits of traffic.
#include <algorithm>

#include "base/mac_address.h"
#include "base/text.h"
#include "driver/constants.h"
#include "protocol/remote/domain_define.h"
#include "protocol/remote/domain_device.h"
#include "protocol/remote/domain_tune.h"
#include "shell/commands/commands.h"
#include "shell/commands/device_xml.h"
#include "shell/xml_text.h"

namespace virtue::shell {
namespace {

using namespace proc;
using xml::EditableXml;
using Attributes = XmlText::Attributes;

constexpr uint64_t rate_max = UINT64_MAX / 1024;

// AVERAGE,PEAK,BURST,FLOOR of --inbound or --outbound; zero where it is left out.
struct Rate {
    uint64_t average = 0;
    uint64_t peak = 0;
    uint64_t burst = 0;
    uint64_t floor = 0;
};

Rate parse_rate(const std::string& text) {
    Rate rate;
    uint64_t* fields[] = {&rate.average, &rate.peak, &rate.burst, &rate.floor};
    constexpr std::string_view names[] = {"average", "peak", "burst", "floor"};
    std::vector<std::string_view> parts = split(text, ',');
    if (parts.size() > std::size(fields)) throw Failure{fmt::format("Rate string '{}' has too many fields", text)};
    for (size_t i = 0; i < parts.size(); i++) {
        if (parts[i].empty()) continue;
        std::optional<uint64_t> number = parse_number<uint64_t>(parts[i]);
        if (!number) throw Failure{fmt::format("field '{}' is malformed", names[i])};
        *fields[i] = *number;
    }
    return rate;
}

std::optional<Rate> inbound_of(const Arguments& arguments) {
    std::optional<std::string> text = arguments.find("inbound");
    if (!text) return std::nullopt;
    Rate rate = parse_rate(*text);
    if (rate.average == 0 && rate.floor == 0) throw Failure{"either inbound average or floor is mandatory"};
    return rate;
}

std::optional<Rate> outbound_of(const Arguments& arguments) {
    std::optional<std::string> text = arguments.find("outbound");
    if (!text) return std::nullopt;
    Rate rate = parse_rate(*text);
    if (rate.average == 0) throw Failure{"outbound average is mandatory"};
    if (rate.floor != 0) throw Failure{"outbound floor is unsupported yet"};
    return rate;
}

void add_rate(XmlText& xml, const char* direction, const Rate& rate) {
    auto number = [](uint64_t value) {
        return value == 0 ? std::nullopt : std::optional<std::string>(fmt::format("{}", value));
    };
    xml.empty(direction, {{"average", number(rate.average)},
                          {"peak", number(rate.peak)},
                          {"burst", number(rate.burst)},
                          {"floor", number(rate.floor)}});
}

// <source> for the type of interface.
void add_source(XmlText& xml, const Arguments& arguments, const std::string& type) {
    std::string source = arguments.text("source");
    std::optional<std::string> mode = arguments.find("source-mode");
    if (mode && *mode != "server" && *mode != "client") throw Failure{"Invalid source mode: " + *mode};
    if (type == "network" || type == "bridge") {
        xml.empty("source", {{type == "network" ? "network" : "bridge", source}});
    } else if (type == "direct") {
        xml.empty("source", {{"dev", source}});
    } else if (type == "vhostuser") {
        if (!mode) throw Failure{"source-mode is mandatory"};
        xml.empty("source", {{"type", "unix"}, {"path", source}, {"mode", mode}});
    } else {
        std::vector<uint64_t> n;
        for (std::string_view part : split(source, ':')) {
            for (std::string_view piece : split(part, '.')) {
                std::optional<uint64_t> number = parse_number<uint64_t>(piece, 16);
                if (number) n.push_back(*number);
            }
        }
        if (n.size() != 4) throw Failure{fmt::format("cannot parse pci address '{}' for network interface", source)};
        xml.open("source", {});
        xml.empty("address", {{"type", "pci"},
                              {"domain", fmt::format("0x{:04x}", n[0])},
                              {"bus", fmt::format("0x{:02x}", n[1])},
                              {"slot", fmt::format("0x{:02x}", n[2])},
                              {"function", fmt::format("0x{:0x}", n[3])}});
        xml.close();
    }
}

std::string nic_xml(const Arguments& arguments) {
    std::string type = arguments.text("type");
    constexpr std::string_view types[] = {"network", "bridge", "direct", "hostdev", "vhostuser"};
    if (std::find(std::begin(types), std::end(types), type) == std::end(types))
        throw Failure{fmt::format("No support for {} in command 'attach-interface'", type)};
    std::optional<Rate> inbound = inbound_of(arguments);
    std::optional<Rate> outbound = outbound_of(arguments);
    XmlText xml;
    Attributes head = {{"type", type}};
    if (arguments.has("managed")) head.emplace_back("managed", "yes");
    xml.open("interface", head);
    add_source(xml, arguments, type);
    xml.empty("target", {{"dev", arguments.find("target")}});
    xml.empty("mac", {{"address", arguments.find("mac")}});
    xml.empty("script", {{"path", arguments.find("script")}});
    xml.empty("model", {{"type", arguments.find("model")}});
    xml.empty("alias", {{"name", arguments.find("alias")}});
    if (inbound || outbound) {
        xml.open("bandwidth", {});
        if (inbound) add_rate(xml, "inbound", *inbound);
        if (outbound) add_rate(xml, "outbound", *outbound);
        xml.close();
    }
    return xml.finish();
}

Task<Result> attach(Context& context, Arguments arguments) {
    Affect affect = affect_of(arguments);
    std::string xml = nic_xml(arguments);
    if (arguments.has("print-xml")) co_return Text{std::move(xml), "xml"};
    DomainRef domain = co_await the_domain(context, arguments);
    if (arguments.has("persistent") && domain.id >= 0) affect.flags |= api::domain_affect_live;
    co_await attach_device(context, std::move(domain), std::move(xml), affect, "Failed to attach interface");
    co_return Sentence{"Interface attached successfully", {}};
}

// The only interface of that type, or the one with that MAC address.
EditableXml::Node find_to_detach(const EditableXml& xml, const Arguments& arguments) {
    constexpr std::string_view and_so = "\nerror: Failed to detach interface";
    std::string type = arguments.text("type");
    std::vector<EditableXml::Node> nodes = xml.find("/domain/devices/interface[@type='" + type + "']");
    if (nodes.empty()) throw Failure{fmt::format("No interface found whose type is {}{}", type, and_so)};
    std::optional<std::string> wanted = arguments.find("mac");
    if (!wanted) {
        if (nodes.size() == 1) return nodes.front();
        throw Failure{fmt::format("Domain has {} interfaces. Please specify which one to detach using --mac{}",
                                  nodes.size(), and_so)};
    }
    std::optional<MacAddress> mac = MacAddress::parse(*wanted);
    EditableXml::Node found = nullptr;
    for (EditableXml::Node node : nodes) {
        std::optional<MacAddress> its = MacAddress::parse(xml.text("string(./mac/@address)", node));
        if (!its || its != mac) continue;
        if (found)
            throw Failure{
                fmt::format("Domain has multiple interfaces matching MAC address {}. You must use detach-device and "
                            "specify the device pci address to remove it.{}",
                            *wanted, and_so)};
        found = node;
    }
    if (!found) throw Failure{fmt::format("No interface with MAC address {} was found{}", *wanted, and_so)};
    return found;
}

Task<Result> detach_one(Context& context, DomainRef domain, Arguments arguments, Affect affect) {
    bool stored = (affect.flags & api::domain_affect_config) != 0;
    EditableXml xml = co_await editable_domain(context, domain, stored);
    std::string text = xml.to_text(find_to_detach(xml, arguments));
    if (arguments.has("print-xml")) co_return Custom{text, Value(Record{{"xml", text}})};
    co_await detach_device(context, std::move(domain), std::move(text), affect, "Failed to detach interface");
    co_return Sentence{"Interface detached successfully", {}};
}

Task<Result> detach(Context& context, Arguments arguments) {
    Affect affect = affect_of(arguments);
    DomainRef domain = co_await the_domain(context, arguments);
    // What runs and what is stored may name the device's address differently: each has its own XML.
    if (arguments.has("persistent") && domain.id >= 0) affect.flags |= api::domain_affect_live;
    uint32_t both = api::domain_affect_live | api::domain_affect_config;
    if ((affect.flags & both) != both || arguments.has("print-xml"))
        co_return co_await detach_one(context, std::move(domain), std::move(arguments), affect);
    Affect live{api::domain_affect_live, true};
    Affect config{api::domain_affect_config, true};
    co_await detach_one(context, domain, arguments, live);
    co_return co_await detach_one(context, std::move(domain), std::move(arguments), config);
}

// The interface of that name or MAC address, or null.
EditableXml::Node find_nic(const EditableXml& xml, const std::string& name) {
    std::vector<EditableXml::Node> nodes = xml.find("/domain/devices/interface");
    if (nodes.empty()) throw Failure{"Failed to extract interface information or no interfaces found"};
    std::optional<MacAddress> mac = MacAddress::parse(name);
    for (EditableXml::Node node : nodes) {
        if (mac && MacAddress::parse(xml.text("string(./mac/@address)", node)) == mac) return node;
        if (!mac && xml.text("string(./target/@dev)", node) == name) return node;
    }
    return nullptr;
}

Task<Result> get_link(Context& context, Arguments arguments) {
    DomainRef domain = co_await the_domain(context, arguments);
    std::string name = arguments.text("interface");
    EditableXml xml = co_await editable_domain(context, std::move(domain), arguments.has("config"));
    EditableXml::Node nic = find_nic(xml, name);
    if (!nic)
        throw Failure{fmt::format("Interface ({}: {}) not found.", MacAddress::parse(name) ? "mac" : "dev", name)};
    std::string state = xml.text("string(./link/@state)", nic);
    if (state.empty()) state = "up";
    co_return Sentence{fmt::format("{} {}", name, state), {{"interface", name}, {"state", state}}, false};
}

Task<Result> set_link(Context& context, Arguments arguments) {
    std::string state = arguments.text("state");
    if (state != "up" && state != "down") throw Failure{fmt::format("invalid link state '{}'", state)};
    DomainRef domain = co_await the_domain(context, arguments);
    EditableXml xml = co_await editable_domain(context, domain, arguments.has("config"));
    EditableXml::Node nic = find_nic(xml, arguments.text("interface"));
    if (!nic) throw Failure{fmt::format("interface '{}' not found", arguments.text("interface"))};
    EditableXml::Node link = xml.find_one("./link", nic);
    if (!link) link = EditableXml::add_child(nic, "link");
    EditableXml::set_attribute(link, "state", state);
    std::string text = xml.to_text(nic);
    if (arguments.has("print-xml")) co_return Custom{text, Value(Record{{"xml", text}})};
    uint32_t flags = arguments.has("config") ? api::domain_affect_config : 0;
    if (domain.id >= 0) flags = flags == 0 ? api::domain_affect_live : flags;
    DomainUpdateDeviceFlags::Args call{.domain = std::move(domain), .xml = std::move(text), .flags = flags};
    co_await context.attempt<DomainUpdateDeviceFlags>(std::move(call), "Failed to update interface link state");
    co_return Sentence{"Device updated successfully", {{"state", state}}};
}

void add_parameters(std::vector<TypedParameter>& parameters, const std::string& direction,
                    const std::optional<Rate>& rate) {
    if (!rate) return;
    auto add = [&](const char* name, uint64_t value, bool always) {
        if (always || value != 0) parameters.push_back({direction + name, static_cast<uint32_t>(value)});
    };
    add(".average", rate->average, true);
    add(".peak", rate->peak, false);
    add(".burst", rate->burst, false);
    add(".floor", rate->floor, false);
}

std::optional<Rate> tuned(const Arguments& arguments, const char* direction) {
    std::optional<std::string> text = arguments.find(direction);
    if (!text) return std::nullopt;
    Rate rate = parse_rate(*text);
    for (uint64_t value : {rate.average, rate.peak, rate.burst}) {
        if (value > rate_max || value > UINT32_MAX)
            throw Failure{fmt::format("{} rate larger than maximum {}", direction, UINT32_MAX)};
    }
    bool is_inbound = std::string_view(direction) == "inbound";
    if (is_inbound && rate.average == 0 && rate.floor == 0 && (rate.burst != 0 || rate.peak != 0))
        throw Failure{"either inbound average or floor is mandatory"};
    if (!is_inbound && rate.average == 0 && (rate.burst != 0 || rate.peak != 0))
        throw Failure{"outbound average is mandatory"};
    if (!is_inbound && rate.floor != 0) throw Failure{"outbound floor is unsupported yet"};
    return rate;
}

Task<Result> tune(Context& context, Arguments arguments) {
    uint32_t flags = affect_of(arguments).flags;
    DomainRef domain = co_await the_domain(context, arguments);
    std::string device = arguments.text("interface");
    DomainSetInterfaceParameters::Args call{.domain = domain, .device = device, .flags = flags};
    add_parameters(call.params, "inbound", tuned(arguments, "inbound"));
    add_parameters(call.params, "outbound", tuned(arguments, "outbound"));
    if (!call.params.empty()) {
        co_await context.attempt<DomainSetInterfaceParameters>(std::move(call), "Unable to set interface parameters");
        co_return std::monostate{};
    }
    flags |= api::typed_param_string_okay;
    DomainGetInterfaceParameters::Args count{.domain = domain, .device = device, .flags = flags};
    DomainGetInterfaceParameters::Ret known = co_await context.attempt<DomainGetInterfaceParameters>(
        std::move(count), "Unable to get number of interface parameters");
    DomainGetInterfaceParameters::Args ask{
        .domain = std::move(domain), .device = std::move(device), .nparams = known.nparams, .flags = flags};
    DomainGetInterfaceParameters::Ret answer =
        co_await context.attempt<DomainGetInterfaceParameters>(std::move(ask), "Unable to get interface parameters");
    co_return parameters_result(answer.params, 15);
}

}  // namespace

Commands nic_commands() {
    return {
        make_command("attach-interface",
                     "<domain> <type> <source> --target= --mac= --script= --model= --alias= --inbound= --outbound= "
                     "--persistent --config --live --current --print-xml --managed --source-mode=",
                     "plug a network interface in, from options", attach),
        make_command("detach-interface", "<domain> <type> --mac= --persistent --config --live --current --print-xml",
                     "unplug a network interface", detach),
        make_command("domif-setlink", "<domain> <interface> <state> --config --print-xml",
                     "plug the cable of an interface in or out", set_link),
        make_command("domiftune", "<domain> <interface> --inbound= --outbound= --config --live --current",
                     "limits of an interface's traffic", tune),
    };
}

Commands nic_monitor_commands() {
    return {
        make_command("domif-getlink", "<domain> <interface> --config", "whether an interface's cable is in", get_link)};
}

}  // namespace virtue::shell
