// One memory device of a domain, changed by options.
#include "driver/constants.h"
#include "protocol/remote/domain_device.h"
#include "shell/commands/commands.h"
#include "shell/commands/device_xml.h"

namespace virtue::shell {
namespace {

using namespace proc;
using xml::EditableXml;

EditableXml::Node find_memory(const EditableXml& xml, const Arguments& arguments) {
    std::string expression = "/domain/devices/memory";
    if (std::optional<uint64_t> node = arguments.find_unsigned("node"))
        expression = fmt::format("/domain/devices/memory[./target/node='{}']", *node);
    if (std::optional<std::string> alias = arguments.find("alias"))
        expression = fmt::format("/domain/devices/memory[./alias/@name='{}']", *alias);
    std::vector<EditableXml::Node> found = xml.find(expression);
    if (found.empty()) throw Failure{"no memory device found"};
    if (found.size() > 1) throw Failure{"multiple memory devices found, use --alias or --node to select one"};
    return found.front();
}

Task<Result> update(Context& context, Arguments arguments) {
    exclude(arguments, "node", "alias");
    uint32_t flags = affect_of(arguments).flags;
    DomainRef domain = co_await the_domain(context, arguments);
    EditableXml xml = co_await editable_domain(context, domain, arguments.has("config"));
    EditableXml::Node memory = find_memory(xml, arguments);
    if (std::optional<uint64_t> size = arguments.find_size("requested-size", 1024)) {
        EditableXml::Node requested = xml.find_one("./target/requested", memory);
        if (!requested) throw Failure{"virtio-mem device is missing <requested/>"};
        EditableXml::set_attribute(requested, "unit", "KiB");
        EditableXml::set_text(requested, fmt::format("{}", *size / 1024));
    }
    std::string text = xml.to_text(memory);
    if (arguments.has("print-xml")) co_return Custom{text, Value(Record{{"xml", text}})};
    DomainUpdateDeviceFlags::Args call{.domain = std::move(domain), .xml = std::move(text), .flags = flags};
    co_await context.call<DomainUpdateDeviceFlags>(std::move(call));
    co_return std::monostate{};
}

}  // namespace

Commands memory_device_commands() {
    return {make_command("update-memory-device",
                         "<domain> --config --live --current --print-xml --alias= --node=:n --requested-size=:n",
                         "change how much of a memory device the guest gets", update)};
}

}  // namespace virtue::shell
