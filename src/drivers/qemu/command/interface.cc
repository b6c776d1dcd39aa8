#include <fmt/format.h>

#include "drivers/qemu/command/devices.h"

namespace virtue::qemu {

using model::Interface;
using model::InterfaceType;

namespace {

void add_fds(Builder& builder, Json& json, std::vector<Fd>& fds, const char* one, const char* many) {
    if (fds.size() == 1) {
        json.set(one, std::to_string(builder.pass(std::move(fds.front()))));
        return;
    }
    std::string list;
    for (Fd& fd : fds) {
        if (!list.empty()) list += ':';
        list += std::to_string(builder.pass(std::move(fd)));
    }
    json.set(many, list);
}

Json tap(Builder& builder, const Interface& interface) {
    Json json = Json::object({{"type", "tap"}});
    auto opened = builder.context.interface_fds.find(interface.info.alias);
    if (opened == builder.context.interface_fds.end() || opened->second.taps.empty()) {
        // Text only: nobody opened anything.
        if (builder.context.domain_id >= 0) {
            fail(ErrorCode::internal_error, ErrorDomain::qemu, "no tap device was opened for interface '{}'",
                 interface.info.alias);
        }
        json.set("fd", std::to_string(builder.imagine()));
        return json;
    }
    add_fds(builder, json, opened->second.taps, "fd", "fds");
    if (!opened->second.vhosts.empty()) {
        json.set("vhost", true);
        add_fds(builder, json, opened->second.vhosts, "vhostfd", "vhostfds");
    }
    return json;
}

Json user(const Interface& interface) {
    Json json = Json::object({{"type", "user"}});
    for (const model::IpAddress& ip : interface.guest_ips) {
        if (ip.family == "ipv6") {
            json.set("ipv6-prefix", ip.address);
            if (ip.prefix) json.set("ipv6-prefixlen", *ip.prefix);
        } else {
            json.set("net", ip.prefix ? fmt::format("{}/{}", ip.address, *ip.prefix) : ip.address);
        }
    }
    return json;
}

Json socket_peer(const Interface& interface) {
    Json json = Json::object({{"type", "socket"}});
    const std::string address = fmt::format("{}:{}", interface.address, interface.port);
    switch (interface.type) {
        case InterfaceType::client:
            json.set("connect", address);
            break;
        case InterfaceType::server:
            json.set("listen", address);
            break;
        case InterfaceType::mcast:
            json.set("mcast", address);
            break;
        default:
            json.set("udp", address);
            json.set("localaddr", fmt::format("{}:{}", interface.local_address, interface.local_port));
            break;
    }
    return json;
}

Json vhost_user(Builder& builder, const Interface& interface) {
    const std::string id = "char" + interface.info.alias;
    std::string text = fmt::format("socket,id={},path={}", id, escape_commas(interface.socket_path));
    if (interface.socket_listen) {
        text += ",server=on";
    } else if (interface.reconnect.enabled == xml::YesNo::yes) {
        text += fmt::format(",reconnect={}", interface.reconnect.timeout);
    }
    builder.add("-chardev", text);
    Json json = Json::object({{"type", "vhost-user"}, {"chardev", id}});
    if (interface.driver.queues > 1) json.set("queues", interface.driver.queues);
    return json;
}

Json netdev(Builder& builder, const Interface& interface) {
    switch (interface.actual_type()) {
        case InterfaceType::network:
        case InterfaceType::bridge:
        case InterfaceType::direct:
        case InterfaceType::ethernet: {
            Json json = tap(builder, interface);
            if (interface.sndbuf) json.set("sndbuf", *interface.sndbuf);
            return json;
        }
        case InterfaceType::user:
            return user(interface);
        case InterfaceType::client:
        case InterfaceType::server:
        case InterfaceType::mcast:
        case InterfaceType::udp:
            return socket_peer(interface);
        case InterfaceType::vhostuser:
            return vhost_user(builder, interface);
        case InterfaceType::null:
            return Json::object({{"type", "hubport"}, {"hubid", 0}});
        case InterfaceType::vdpa: {
            auto opened = builder.context.device_fds.find(interface.info.alias);
            if (opened == builder.context.device_fds.end()) {
                fail(ErrorCode::internal_error, ErrorDomain::qemu, "no vDPA device was opened for interface '{}'",
                     interface.info.alias);
            }
            const int number = builder.pass(std::move(opened->second));
            builder.add("-add-fd", fmt::format("set={},fd={}", number, number));
            return Json::object({{"type", "vhost-vdpa"}, {"vhostdev", fmt::format("/dev/fdset/{}", number)}});
        }
        case InterfaceType::internal:
        case InterfaceType::hostdev:
        case InterfaceType::vds:
            break;
    }
    refuse_config(fmt::format("network device type '{}' is not supported by this hypervisor",
                              xml::to_name(interface.actual_type())));
}

void set_virtio_options(Json& json, const Interface& interface, size_t taps) {
    const model::InterfaceDriver& driver = interface.driver;
    if (driver.txmode != model::TxMode::absent) {
        json.set("tx", driver.txmode == model::TxMode::iothread ? "bh" : "timer");
    }
    set_switch(json, "ioeventfd", driver.ioeventfd);
    set_switch(json, "event_idx", driver.event_idx);
    set_switch(json, "csum", driver.host.csum);
    set_switch(json, "gso", driver.host.gso);
    set_switch(json, "host_tso4", driver.host.tso4);
    set_switch(json, "host_tso6", driver.host.tso6);
    set_switch(json, "host_ecn", driver.host.ecn);
    set_switch(json, "host_ufo", driver.host.ufo);
    set_switch(json, "mrg_rxbuf", driver.host.mrg_rxbuf);
    set_switch(json, "guest_csum", driver.guest.csum);
    set_switch(json, "guest_tso4", driver.guest.tso4);
    set_switch(json, "guest_tso6", driver.guest.tso6);
    set_switch(json, "guest_ecn", driver.guest.ecn);
    set_switch(json, "guest_ufo", driver.guest.ufo);
    if (taps > 1) {
        json.set("mq", true);
        if (interface.info.address.is(model::AddressType::pci)) json.set("vectors", 2 * taps + 2);
    }
    if (driver.rx_queue_size != 0) json.set("rx_queue_size", driver.rx_queue_size);
    if (driver.tx_queue_size != 0) json.set("tx_queue_size", driver.tx_queue_size);
    if (interface.mtu != 0) json.set("host_mtu", interface.mtu);
}

// Boards of Arm have cards of their own beside those on a bus: "-device" cannot make them.
bool is_on_board(const Builder& builder, const Interface& interface) {
    const bool on_bus = interface.info.address.is(model::AddressType::pci) ||
                        interface.info.address.is(model::AddressType::virtio_mmio);
    return builder.shape.is_arm() && !on_bus;
}

void add_board_card(Builder& builder, const Interface& interface) {
    std::string text = "nic";
    if (interface.mac) text += fmt::format(",macaddr={}", interface.mac->to_string());
    text += fmt::format(",netdev=host{}", interface.info.alias);
    if (!interface.model.empty()) text += fmt::format(",model={}", interface.model);
    builder.add("-net", fmt::format("{},id={}", text, interface.info.alias));
}

}  // namespace

void add_interface(Builder& builder, const Interface& interface) {
    size_t queues = interface.driver.queues;
    auto opened = builder.context.interface_fds.find(interface.info.alias);
    if (opened != builder.context.interface_fds.end()) queues = opened->second.taps.size();
    Json back = netdev(builder, interface);
    back.set("id", "host" + interface.info.alias);
    builder.add_json("-netdev", back);
    if (is_on_board(builder, interface)) return add_board_card(builder, interface);
    Json json;
    if (interface.is_virtio()) {
        json = builder.virtio_device("virtio-net", interface.info, interface.model, &interface.driver.virtio);
        set_virtio_options(json, interface, queues);
    } else {
        json = Json::object({{"driver", interface.model == "netfront" ? "xen-net-device" : interface.model}});
    }
    json.set("netdev", "host" + interface.info.alias);
    json.set("id", interface.info.alias);
    if (interface.mac) json.set("mac", interface.mac->to_string());
    builder.set_boot_index(json, interface.info);
    builder.set_address(json, interface.info);
    set_rom(json, interface.info);
    builder.add_device(std::move(json));
}

}  // namespace virtue::qemu
