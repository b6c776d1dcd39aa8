// Character devices: serial and parallel ports, consoles, channels, and the sources (files, sockets, ptys) behind them.
// Value types.
#pragma once
#include "base/big_value.h"
#include "model/domain/chardev_reconnect.h"
#include "model/domain/device_info.h"

namespace virtue::model {

enum class ChardevType : uint8_t {
    null,
    vc,
    pty,
    dev,
    file,
    pipe,
    stdio,
    udp,
    tcp,
    unix_socket,
    spicevmc,
    spiceport,
    nmdm,
    qemu_vdagent,
    dbus,
};
VIRTUE_XML_NAMES(ChardevType, "null", "vc", "pty", "dev", "file", "pipe", "stdio", "udp", "tcp", "unix", "spicevmc",
                 "spiceport", "nmdm", "qemu-vdagent", "dbus")

enum class ChardevProtocol : uint8_t { raw, telnet, telnets, tls };
VIRTUE_XML_NAMES(ChardevProtocol, "raw", "telnet", "telnets", "tls")

enum class MouseMode : uint8_t { absent, server, client };
VIRTUE_XML_NAMES(MouseMode, "", "server", "client")

struct ChardevSource {
    VIRTUE_BIG_VALUE(ChardevSource);
    ChardevType type = ChardevType::null;
    std::string path;  ///< pty (as allotted), dev, file, pipe, unix; the slave of nmdm
    std::string master;
    xml::Switch append = xml::Switch::absent;
    bool listen = false;  ///< tcp, unix: the guest's side waits for connections
    std::string host;     ///< tcp; udp: where to send
    std::string service;
    std::string bind_host;  ///< udp: where to receive
    std::string bind_service;
    ChardevProtocol protocol = ChardevProtocol::raw;
    xml::YesNo tls = xml::YesNo::absent;
    Reconnect reconnect;
    std::string channel;  ///< spiceport, dbus
    xml::YesNo clipboard = xml::YesNo::absent;
    MouseMode mouse = MouseMode::absent;
    std::string log_file;
    xml::Switch log_append = xml::Switch::absent;
    std::vector<DeviceSecurityLabel> security_labels;
    bool operator==(const ChardevSource&) const = default;
};

/// The type attribute is the caller's; this maps <source>, <protocol>, <log>.
void map_chardev_source(xml::Mapper& m, ChardevSource& source);

enum class ChardevKind : uint8_t { serial, parallel, console, channel };

enum class SerialTarget : uint8_t {
    absent,
    isa_serial,
    usb_serial,
    pci_serial,
    spapr_vio_serial,
    system_serial,
    sclp_serial,
    isa_debug,
};
VIRTUE_XML_NAMES(SerialTarget, "", "isa-serial", "usb-serial", "pci-serial", "spapr-vio-serial", "system-serial",
                 "sclp-serial", "isa-debug")

enum class SerialModel : uint8_t {
    absent,
    isa_serial,
    usb_serial,
    pci_serial,
    spapr_vty,
    pl011,
    sclpconsole,
    sclplmconsole,
    uart_16550a,
    isa_debugcon,
};
VIRTUE_XML_NAMES(SerialModel, "", "isa-serial", "usb-serial", "pci-serial", "spapr-vty", "pl011", "sclpconsole",
                 "sclplmconsole", "16550a", "isa-debugcon")

enum class ConsoleTarget : uint8_t { absent, serial, xen, uml, virtio, lxc, openvz, sclp, sclplm };
VIRTUE_XML_NAMES(ConsoleTarget, "", "serial", "xen", "uml", "virtio", "lxc", "openvz", "sclp", "sclplm")

enum class ChannelTarget : uint8_t { absent, guestfwd, virtio, xen };
VIRTUE_XML_NAMES(ChannelTarget, "", "guestfwd", "virtio", "xen")

enum class ChannelState : uint8_t { absent, connected, disconnected };
VIRTUE_XML_NAMES(ChannelState, "", "connected", "disconnected")

/// What all four kinds share.
struct Chardev {
    VIRTUE_BIG_VALUE(Chardev);
    ChardevSource source;
    DeviceInfo info;
    bool operator==(const Chardev&) const = default;
};

struct Serial : Chardev {
    static constexpr const char* element = "serial";
    SerialTarget target = SerialTarget::absent;
    SerialModel model = SerialModel::absent;
    int port = -1;  ///< -1: to be chosen
    bool operator==(const Serial&) const = default;
};
void map(xml::Mapper& m, Serial& serial);

struct Parallel : Chardev {
    static constexpr const char* element = "parallel";
    int port = -1;
    bool operator==(const Parallel&) const = default;
};
void map(xml::Mapper& m, Parallel& parallel);

struct Console : Chardev {
    static constexpr const char* element = "console";
    ConsoleTarget target = ConsoleTarget::absent;
    int port = -1;
    bool operator==(const Console&) const = default;
};
void map(xml::Mapper& m, Console& console);

struct Channel : Chardev {
    static constexpr const char* element = "channel";
    ChannelTarget target = ChannelTarget::absent;
    std::string name;                           ///< virtio, xen: "org.qemu.guest_agent.0"
    ChannelState state = ChannelState::absent;  ///< virtio, while it runs
    std::string guest_address;                  ///< guestfwd
    uint32_t guest_port = 0;
    bool operator==(const Channel&) const = default;
};
void map(xml::Mapper& m, Channel& channel);

/// A character device on the USB redirection bus.
struct RedirectedDevice {
    static constexpr const char* element = "redirdev";
    std::string bus = "usb";
    ChardevSource source;
    DeviceInfo info;
    bool operator==(const RedirectedDevice&) const = default;
};
void map(xml::Mapper& m, RedirectedDevice& device);

struct RedirectFilterRule {
    std::string usb_class, vendor, product, version;
    bool allow = false;
    bool operator==(const RedirectFilterRule&) const = default;
};
void map(xml::Mapper& m, RedirectFilterRule& rule);

struct RedirectFilter {
    std::vector<RedirectFilterRule> rules;
    bool operator==(const RedirectFilter&) const = default;
};
void map(xml::Mapper& m, RedirectFilter& filter);

enum class SmartcardMode : uint8_t { host, host_certificates, passthrough };
VIRTUE_XML_NAMES(SmartcardMode, "host", "host-certificates", "passthrough")

struct Smartcard {
    static constexpr const char* element = "smartcard";
    SmartcardMode mode = SmartcardMode::host;
    std::vector<std::string> certificates;
    std::string database;
    ChardevSource source;
    DeviceInfo info;
    bool operator==(const Smartcard&) const = default;
};
void map(xml::Mapper& m, Smartcard& smartcard);

}  // namespace virtue::model
