// What network cards may not say: first for every hypervisor, then for QEMU.
#include <algorithm>

#include "model/domain/complete/machine.h"
#include "model/domain/complete/refuse.h"
#include "model/domain/complete/steps.h"

namespace virtue::model {

void refuse_virtio_options(const VirtioOptions& options) {
    const auto refuse_option = [](xml::Switch value, const char* name) {
        if (value != xml::Switch::absent) contradiction("{} driver option is only supported for virtio devices", name);
    };
    refuse_option(options.iommu, "iommu");
    refuse_option(options.ats, "ats");
    refuse_option(options.packed, "packed");
    refuse_option(options.page_per_vq, "page_per_vq");
}

namespace {

using enum InterfaceType;

std::string name_of(const Interface& n) {
    return n.mac ? n.mac->to_string() : "";
}

void check_port(const Interface& n) {
    if (n.port_isolated == xml::YesNo::absent) return;
    if (n.type != network && n.type != bridge)
        contradiction("interface {} - <port isolated='yes'/> is not supported for network interfaces with type='{}'",
                      name_of(n), xml::to_name(n.type));
    if (n.virtual_port && !n.virtual_port->type.empty() && n.virtual_port->type != "none")
        contradiction(
            "interface {} - <port isolated='yes'/> is not supported for network interfaces with virtualport type='{}'",
            name_of(n), n.virtual_port->type);
}

void check_card(const Interface& n) {
    if (n.type != ethernet && !(n.host_ips.empty() && n.host_routes.empty()))
        contradiction(
            "Invalid attempt to set network interface host-side IP route and/or address info on interface of type "
            "'{}'. This is only supported on interfaces of type 'ethernet'",
            xml::to_name(n.type));
    if (n.type != ethernet && n.target_managed == xml::YesNo::no)
        contradiction("unmanaged target dev is not supported on interfaces of type '{}'", xml::to_name(n.type));
    check_port(n);
    if (!n.is_virtio()) refuse_virtio_options(n.driver.virtio);
    if (n.type == vhostuser && n.socket_listen && n.reconnect.enabled == xml::YesNo::yes)
        contradiction("'reconnect' attribute unsupported 'server' mode for <interface type='vhostuser'>");
    if (n.type == vhostuser && !n.is_virtio())
        refuse(ErrorCode::internal_error,
               "Wrong or no <model> 'type' attribute specified with <interface type='vhostuser'/>. vhostuser requires "
               "the virtio-net* frontend");
}

}  // namespace

void check_cards(const Domain& d) {
    for (const Interface& n : d.interfaces) check_card(n);
    each_info(d, [](const DeviceInfo& info) {
        const bool tuned = info.rom_bar != xml::Switch::absent || (info.rom_file && !info.rom_file->empty());
        if (info.rom_enabled == xml::YesNo::no && tuned)
            contradiction("ROM tuning is not supported when ROM is disabled");
    });
}

namespace {

void check_guest_addresses(const Interface& n) {
    if (n.type != user) {
        if (!n.guest_ips.empty() || !n.guest_routes.empty())
            unsupported(
                "Invalid attempt to set network interface guest-side IP route and/or address info, not supported by "
                "QEMU");
        return;
    }
    if (!n.guest_routes.empty())
        unsupported("Invalid attempt to set network interface guest-side IP route, not supported by QEMU");
    int v4 = 0, v6 = 0;
    for (const IpAddress& ip : n.guest_ips) {
        if (!ip.peer.empty()) unsupported("Invalid attempt to set peer IP for guest");
        if (ip.family == "ipv6") {
            if (++v6 > 1) unsupported("Only one IPv6 address per interface is allowed");
            if (ip.prefix.value_or(64) != 64)
                unsupported("unsupported IPv6 address prefix='{}' - must be 64", *ip.prefix);
        } else {
            if (++v4 > 1) unsupported("Only one IPv4 address per interface is allowed");
            if (ip.prefix && (*ip.prefix < 4 || *ip.prefix > 27))
                throw Error(ErrorCode::xml_error, ErrorDomain::qemu, "invalid prefix, must be in range of 4-27");
        }
    }
}

void check_teaming(const Interface& n) {
    if (!n.teaming) return;
    if (n.teaming->type == "persistent" && !n.is_virtio())
        unsupported("virtio-net teaming persistent interface must be <model type='virtio'/>, not '{}'", n.model);
    if (n.teaming->type == "transient" && n.type != hostdev && n.type != network)
        unsupported("virtio-net teaming transient interface must be type='hostdev', not '{}'", xml::to_name(n.type));
}

}  // namespace

void check_interfaces(const Domain& d) {
    for (const Interface& n : d.interfaces) {
        check_guest_addresses(n);
        if (n.type == vdpa && !n.is_virtio()) unsupported("invalid model for interface of type 'vdpa': '{}'", n.model);
        const auto power_of_two = [](uint32_t v) { return (v & (v - 1)) == 0; };
        if (!power_of_two(n.driver.rx_queue_size)) unsupported("rx_queue_size has to be a power of two");
        if (!power_of_two(n.driver.tx_queue_size)) unsupported("tx_queue_size has to be a power of two");
        if (n.mtu != 0 && n.type != network && n.type != bridge && n.type != ethernet && n.type != vhostuser)
            unsupported("setting MTU on interface type {} is not supported yet", xml::to_name(n.type));
        check_teaming(n);
        if (n.coalesce_rx_frames_max && n.type != network && n.type != bridge)
            unsupported("coalesce settings on interface type {} are not supported", xml::to_name(n.type));
        const bool floor = n.bandwidth && n.bandwidth->inbound && n.bandwidth->inbound->floor != 0;
        if (floor && n.type != network)
            throw Error(ErrorCode::config_unsupported, ErrorDomain::none,
                        "floor attribute is not supported for this config: only networks of ours can keep it");
    }
}

}  // namespace virtue::model
