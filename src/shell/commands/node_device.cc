// Devices of the host.
#include "protocol/remote/node_device.h"

#include <algorithm>
#include <map>

#include "base/text.h"
#include "driver/constants.h"
#include "shell/commands/commands.h"
#include "shell/commands/object.h"
#include "shell/tree.h"

namespace virtue::shell {
namespace {

using namespace proc;

Task<Result> create(Context& context, Arguments arguments) {
    uint32_t flags = flag_if(arguments, "validate", api::node_device_create_xml_validate);
    return make_from_file<NodeDeviceCreateXml, &NodeDeviceCreateXml::Ret::device>(
        context, std::move(arguments), flags,
        {"Failed to create node device from {}", "Node device {} created from {}"});
}
Task<Result> define(Context& context, Arguments arguments) {
    uint32_t flags = flag_if(arguments, "validate", api::node_device_define_xml_validate);
    return make_from_file<NodeDeviceDefineXml, &NodeDeviceDefineXml::Ret::device>(
        context, std::move(arguments), flags,
        {"Failed to define node device from '{}'", "Node device '{}' defined from '{}'"});
}
Task<Result> destroy(Context& context, Arguments arguments) {
    return act_on<NodeDeviceDestroy, NodeDeviceKind>(
        context, std::move(arguments), 0, {"Failed to destroy node device '{}'", "Destroyed node device '{}'"});
}
Task<Result> undefine(Context& context, Arguments arguments) {
    return act_on<NodeDeviceUndefine, NodeDeviceKind>(
        context, std::move(arguments), 0, {"Failed to undefine node device '{}'", "Undefined node device '{}'"});
}
Task<Result> start(Context& context, Arguments arguments) {
    return act_on<NodeDeviceCreate, NodeDeviceKind>(context, std::move(arguments), 0,
                                                    {"Failed to start device {}", "Device {} started"});
}
Task<Result> reattach(Context& context, Arguments arguments) {
    return act_on<NodeDeviceReAttach, NodeDeviceKind>(context, std::move(arguments), 0,
                                                      {"Failed to re-attach device {}", "Device {} re-attached"});
}
Task<Result> reset(Context& context, Arguments arguments) {
    return act_on<NodeDeviceReset, NodeDeviceKind>(context, std::move(arguments), 0,
                                                   {"Failed to reset device {}", "Device {} reset"});
}
Task<Result> detach(Context& context, Arguments arguments) {
    std::string name = co_await NodeDeviceKind::find(context, arguments);
    NodeDeviceDetachFlags::Args call{.name = name, .driver_name = arguments.find("driver")};
    co_await context.attempt<NodeDeviceDetachFlags>(std::move(call), "Failed to detach device " + name);
    co_return Sentence{fmt::format("Device {} detached", name), {{"name", name}}};
}
Task<Result> autostart(Context& context, Arguments arguments) {
    return set_autostart<NodeDeviceSetAutostart, NodeDeviceKind>(context, std::move(arguments), "device");
}
Task<Result> dumpxml(Context& context, Arguments arguments) {
    return xml_of<NodeDeviceGetXmlDesc, NodeDeviceKind>(context, std::move(arguments), 0);
}

Task<Result> info(Context& context, Arguments arguments) {
    std::string name = co_await NodeDeviceKind::find(context, arguments);
    Fields out;
    NodeDeviceGetParent::Args ask_parent{.name = name};
    std::optional<NodeDeviceGetParent::Ret> parent =
        co_await ask_optional<NodeDeviceGetParent>(context, std::move(ask_parent));
    std::string above = parent && parent->parent_name ? *parent->parent_name : "";
    NodeDeviceIsActive::Args ask_active{.name = name};
    std::optional<NodeDeviceIsActive::Ret> active =
        co_await ask_optional<NodeDeviceIsActive>(context, std::move(ask_active));
    NodeDeviceIsPersistent::Args ask_persistent{.name = name};
    std::optional<NodeDeviceIsPersistent::Ret> persistent =
        co_await ask_optional<NodeDeviceIsPersistent>(context, std::move(ask_persistent));
    NodeDeviceGetAutostart::Args ask_autostart{.name = name};
    std::optional<NodeDeviceGetAutostart::Ret> starts =
        co_await ask_optional<NodeDeviceGetAutostart>(context, std::move(ask_autostart));
    out.fields = {
        {"Name", "name", name},
        {"Parent", "parent", above},
        {"Active", "active", !active || active->active != 0},
        {"Persistent", "persistent", !persistent || persistent->persistent != 0},
        {"Autostart", "autostart", starts ? Value(starts->autostart != 0) : Value(), starts ? "" : "no autostart"}};
    co_return out;
}

struct Capability {
    std::string_view name;
    uint32_t flag;
};
constexpr Capability capabilities[] = {
    {"system", api::connect_list_node_devices_cap_system},
    {"pci", api::connect_list_node_devices_cap_pci_dev},
    {"usb_device", api::connect_list_node_devices_cap_usb_dev},
    {"usb", api::connect_list_node_devices_cap_usb_interface},
    {"net", api::connect_list_node_devices_cap_net},
    {"scsi_host", api::connect_list_node_devices_cap_scsi_host},
    {"scsi_target", api::connect_list_node_devices_cap_scsi_target},
    {"scsi", api::connect_list_node_devices_cap_scsi},
    {"storage", api::connect_list_node_devices_cap_storage},
    {"fc_host", api::connect_list_node_devices_cap_fc_host},
    {"vports", api::connect_list_node_devices_cap_vports},
    {"scsi_generic", api::connect_list_node_devices_cap_scsi_generic},
    {"drm", api::connect_list_node_devices_cap_drm},
    {"mdev_types", api::connect_list_node_devices_cap_mdev_types},
    {"mdev", api::connect_list_node_devices_cap_mdev},
    {"ccw", api::connect_list_node_devices_cap_ccw_dev},
    {"css", api::connect_list_node_devices_cap_css_dev},
    {"vdpa", api::connect_list_node_devices_cap_vdpa},
    {"ap_card", api::connect_list_node_devices_cap_ap_card},
    {"ap_queue", api::connect_list_node_devices_cap_ap_queue},
    {"ap_matrix", api::connect_list_node_devices_cap_ap_matrix},
    {"vpd", api::connect_list_node_devices_cap_vpd},
};

uint32_t list_flags(const Arguments& arguments) {
    uint32_t flags = 0;
    if (std::optional<std::string> list = arguments.find("cap")) {
        for (std::string_view word : split(*list, ',')) {
            auto found = std::find_if(std::begin(capabilities), std::end(capabilities),
                                      [&](const Capability& known) { return known.name == word; });
            if (found == std::end(capabilities)) throw Failure{"Invalid capability type"};
            flags |= found->flag;
        }
    }
    if (arguments.has("inactive")) return flags | api::connect_list_node_devices_inactive;
    if (!arguments.has("all")) return flags | api::connect_list_node_devices_active;
    return flags | api::connect_list_node_devices_active | api::connect_list_node_devices_inactive;
}

Task<Result> list(Context& context, Arguments arguments) {
    ConnectListAllNodeDevices::Args ask{.need_results = 1, .flags = list_flags(arguments)};
    ConnectListAllNodeDevices::Ret answer =
        co_await context.attempt<ConnectListAllNodeDevices>(ask, "Failed to list node devices");
    std::sort(answer.devices.begin(), answer.devices.end(),
              [](const NodeDeviceRef& one, const NodeDeviceRef& other) { return one.name < other.name; });
    if (!arguments.has("tree")) {
        Lines lines{{}, "devices"};
        for (const NodeDeviceRef& device : answer.devices) lines.lines.push_back(device.name);
        co_return lines;
    }
    std::vector<TreeItem> items;
    for (const NodeDeviceRef& device : answer.devices) {
        NodeDeviceGetParent::Args ask_parent{.name = device.name};
        std::optional<NodeDeviceGetParent::Ret> parent =
            co_await ask_optional<NodeDeviceGetParent>(context, std::move(ask_parent));
        items.push_back({device.name, parent ? parent->parent_name : std::nullopt});
    }
    co_return tree_result(items);
}

}  // namespace

Commands node_device_commands() {
    return {
        make_command("nodedev-create", "<file> --validate", "create a device from a file", create),
        make_command("nodedev-destroy", "<device>", "remove a created device", destroy),
        make_command("nodedev-detach", "<device> --driver=", "take a device from its driver, for a guest", detach),
        make_command("nodedev-dumpxml", "<device> --xpath= --wrap", "the XML of a device", dumpxml),
        make_command("nodedev-list", "--tree --cap= --inactive --all", "the host's devices", list),
        make_command("nodedev-reattach", "<device>", "give a device back to its driver", reattach),
        make_command("nodedev-reset", "<device>", "reset a device", reset),
        make_command("nodedev-define", "<file> --validate", "define a mediated device from a file", define),
        make_command("nodedev-undefine", "<device>", "forget a defined device", undefine),
        make_command("nodedev-start", "<device>", "start a defined device", start),
        make_command("nodedev-autostart", "<device> --disable", "start a device when the host starts, or not",
                     autostart),
        make_command("nodedev-info", "<device>", "what there is to know of a device at a glance", info),
    };
}

}  // namespace virtue::shell
