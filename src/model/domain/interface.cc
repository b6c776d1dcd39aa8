#include "model/domain/interface.h"

#include <fmt/format.h>

#include "model/domain/card_models.h"

namespace virtue::model {

VIRTUE_BIG_VALUE_CODE(Interface);

namespace {

void map_mac(xml::Mapper& m, Interface& n) {
    if (m.writing() && !n.mac) return;
    m.group("mac", [&] {
        m.attribute("address", n.mac);
        m.attribute("type", n.mac_source);
        m.attribute("check", n.mac_check);
    });
    if (m.reading() && n.mac && n.mac->is_multicast())
        m.fail(fmt::format("expected unicast mac address, found multicast '{}'", n.mac->to_string()));
}

void map_vhostuser(xml::Mapper& m, Interface& n) {
    std::string kind = "unix";
    std::string mode = n.socket_listen ? "server" : "client";
    m.required("type", kind);
    m.required("path", n.socket_path);
    m.required("mode", mode);
    m.child("reconnect", n.reconnect);
    if (m.writing()) return;
    if (kind != "unix")
        m.fail(ErrorCode::config_unsupported,
               fmt::format("Type='{}' unsupported for <interface type='vhostuser'>", kind));
    if (mode != "server" && mode != "client") m.fail_value("mode", mode, "'server' or 'client'");
    n.socket_listen = mode == "server";
}

void map_source(xml::Mapper& m, Interface& n) {
    const bool live = m.reading() || !m.options().inactive;
    switch (n.type) {
        case InterfaceType::network:
            m.required("network", n.network);
            m.attribute("portgroup", n.portgroup);
            if (live) m.attribute("portid", n.port_id);
            if (m.writing() && live && n.actual) {
                // What it became, for whoever reads the XML of a running guest.
                if (n.actual->type == InterfaceType::direct) m.attribute("dev", n.actual->dev);
                if (n.actual->type == InterfaceType::direct) m.attribute("mode", n.actual->mode);
                m.attribute("bridge", n.actual->bridge);
            }
            break;
        case InterfaceType::bridge:
            m.required("bridge", n.bridge);
            break;
        case InterfaceType::internal:
            m.required("name", n.name);
            break;
        case InterfaceType::direct:
            m.required("dev", n.dev);
            m.attribute("mode", n.macvtap_mode);
            if (m.reading() && n.macvtap_mode == MacvtapMode::absent) n.macvtap_mode = MacvtapMode::vepa;
            break;
        case InterfaceType::vdpa:
            m.required("dev", n.dev);
            break;
        case InterfaceType::vhostuser:
            map_vhostuser(m, n);
            break;
        case InterfaceType::server:
        case InterfaceType::client:
        case InterfaceType::mcast:
        case InterfaceType::udp:
            m.attribute("address", n.address);
            m.required("port", n.port);
            if (n.type == InterfaceType::udp) {
                if (m.reading() && !m.has("local")) m.fail("'<local>' element missing for 'udp' socket interface");
                m.group("local", [&] {
                    m.required("address", n.local_address);
                    m.required("port", n.local_port);
                });
            }
            if (m.reading() && n.address.empty() && n.type != InterfaceType::server)
                m.fail_missing_attribute("address");
            break;
        case InterfaceType::hostdev: {
            std::string pci = "pci";
            m.group("address", [&] {
                m.attribute("type", pci);
                map(m, n.host_pci);
            });
            if (m.reading() && !m.has("address")) m.fail("missing source address type");
            break;
        }
        case InterfaceType::user:
            m.attribute("dev", n.source_dev);
            break;
        case InterfaceType::ethernet:
        case InterfaceType::null:
        case InterfaceType::vds:
            break;
    }
    m.children("ip", n.host_ips);
    m.children("route", n.host_routes);
}

bool wants_source(InterfaceType type) {
    return type != InterfaceType::user && type != InterfaceType::ethernet && type != InterfaceType::null &&
           type != InterfaceType::vds;
}

void map_driver(xml::Mapper& m, Interface& n) {
    m.group("driver", [&] {
        InterfaceDriver& d = n.driver;
        m.attribute("name", d.name);
        m.attribute("txmode", d.txmode);
        m.attribute("ioeventfd", d.ioeventfd);
        m.attribute("event_idx", d.event_idx);
        m.attribute("queues", d.queues, 0);
        // One queue is what there is anyway.
        if (m.reading() && d.queues == 1) d.queues = 0;
        m.attribute("rx_queue_size", d.rx_queue_size, 0);
        m.attribute("tx_queue_size", d.tx_queue_size, 0);
        m.attribute("rss", d.rss);
        m.attribute("rss_hash_report", d.rss_hash_report);
        map(m, d.virtio);
        m.child("host", d.host);
        m.child("guest", d.guest);
    });
}

void map_target(xml::Mapper& m, Interface& n) {
    m.group("target", [&] {
        m.attribute("dev", n.target);
        m.attribute("managed", n.target_managed);
    });
    // Names that we give are not kept in a definition.
    if (m.reading() && m.options().inactive)
        for (const char* prefix : {"vnet", "macvtap", "macvlan"})
            if (n.target.starts_with(prefix)) n.target.clear();
}

void map_links(xml::Mapper& m, Interface& n) {
    m.attribute_of("link", "state", n.link);
    if (m.reading() || n.mtu != 0) m.attribute_of("mtu", "size", n.mtu);
    m.group("coalesce", [&] { m.group("rx", [&] { m.attribute_of("frames", "max", n.coalesce_rx_frames_max); }); });
    if (n.coalesce_rx_frames_max == 0u) n.coalesce_rx_frames_max.reset();
}

void map_host_side(xml::Mapper& m, Interface& n) {
    const bool switched = n.type == InterfaceType::network || n.type == InterfaceType::bridge ||
                          n.type == InterfaceType::direct || n.type == InterfaceType::hostdev;
    m.child("vlan", n.vlan);
    // Where it has no meaning its contents are not looked at.
    if (m.reading() && !switched && m.has("virtualport"))
        m.fail(ErrorCode::config_unsupported,
               fmt::format("<virtualport> element unsupported for <interface type='{}'>", xml::to_name(n.type)));
    m.child("virtualport", n.virtual_port);
    m.child("bandwidth", n.bandwidth);
    m.attribute_of("port", "isolated", n.port_isolated);
    m.children("ip", n.guest_ips);
    m.children("route", n.guest_routes);
    m.children("portForward", n.port_forwards);
    m.attribute_of("script", "path", n.script);
    m.attribute_of("downscript", "path", n.downscript);
    if (!m.reading()) return;
    if (n.bandwidth && !n.bandwidth->inbound && !n.bandwidth->outbound) n.bandwidth.reset();
}

}  // namespace

void map(xml::Mapper& m, Interface& n) {
    if (m.reading() && !m.given("type")) {
        n.type = InterfaceType::user;
    } else {
        m.attribute("type", n.type);
    }
    if (n.type == InterfaceType::hostdev || n.type == InterfaceType::ethernet) m.attribute("managed", n.managed);
    m.attribute("trustGuestRxFilters", n.trust_guest_rx_filters);
    map_mac(m, n);
    const bool socket = n.type == InterfaceType::mcast || n.type == InterfaceType::client ||
                        n.type == InterfaceType::server || n.type == InterfaceType::udp;
    if (m.reading() && socket && !m.has("source"))
        m.fail(fmt::format("interface type='{}' requires a 'source' element", xml::to_name(n.type)));
    if (m.reading() && wants_source(n.type) && !m.has("source"))
        m.disagree(fmt::format("interface type='{}' requires a 'source' element", xml::to_name(n.type)));
    if (n.type == InterfaceType::hostdev) {
        m.group("driver", [&] {
            m.attribute("name", n.pci_driver);
            // What else may stand there is of other types, and has no meaning here.
            if (m.reading()) m.accept_anything();
        });
    }
    m.group(
        "source", [&] { map_source(m, n); }, wants_source(n.type) && n.type != InterfaceType::vds);
    map_host_side(m, n);
    map_target(m, n);
    m.attribute_of("guest", "dev", n.guest_name);
    m.group("model", [&] { m.attribute("type", n.model); });
    constexpr std::string_view model_letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
    if (const auto word = known_card(n.model); m.reading() && word) n.model = *word;
    if (m.reading() && n.model.find_first_not_of(model_letters) != std::string::npos)
        m.fail(ErrorCode::invalid_arg, "Model name contains invalid characters");
    if (n.type != InterfaceType::hostdev) map_driver(m, n);
    // The options of the driver are virtio's; other models have none.
    const bool plain = m.reading() && !n.is_virtio();
    if (plain) n.driver = {.virtio = n.driver.virtio};
    m.group("backend", [&] {
        static constexpr std::string_view backends[] = {"passt"};
        m.words("type", backends);
        m.attribute("type", n.backend_type);
        m.attribute("tap", n.backend_tap);
        m.attribute("vhost", n.backend_vhost);
        m.attribute("logFile", n.backend_log);
    });
    if (plain) n.backend_vhost.clear();
    // Filters work on taps of a bridge; elsewhere they are forgotten.
    if (n.type == InterfaceType::ethernet || n.type == InterfaceType::network || n.type == InterfaceType::bridge) {
        m.child("filterref", n.filter);
    } else {
        static_cast<void>(m.reading() && m.has("filterref"));
    }
    m.child("teaming", n.teaming);
    if (m.reading() && n.teaming && n.teaming->type.empty()) n.teaming.reset();
    m.group("tune", [&] { m.value("sndbuf", n.sndbuf); });
    map_links(m, n);
    if (m.options().status) m.child("actual", n.actual);
    map_info(m, n.info, InfoParts::boot_and_rom);
}

}  // namespace virtue::model
