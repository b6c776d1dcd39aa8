#include <fmt/format.h>

#include "drivers/qemu/command/devices.h"

namespace virtue::qemu {

using model::ChardevProtocol;
using model::ChardevSource;
using model::ChardevType;

namespace {

std::string server_options(const ChardevSource& source) {
    if (source.listen) return ",server=on,wait=off";
    if (source.reconnect.enabled == xml::YesNo::yes) return fmt::format(",reconnect={}", source.reconnect.timeout);
    if (source.reconnect.enabled == xml::YesNo::no) return ",reconnect=0";
    return {};
}

std::string tcp(const ChardevSource& source, const std::string& id) {
    std::string text = fmt::format("socket,id={},host={},port={}", id, escape_commas(source.host), source.service);
    if (source.protocol == ChardevProtocol::telnet) text += ",telnet=on";
    text += server_options(source);
    if (source.tls == xml::YesNo::yes) text += fmt::format(",tls-creds=obj{}_tls0", id);
    return text;
}

std::string udp(const ChardevSource& source, const std::string& id) {
    const std::string& bind_service = source.bind_service.empty() ? std::string("0") : source.bind_service;
    return fmt::format("udp,id={},host={},port={},localaddr={},localport={}", id, escape_commas(source.host),
                       source.service, escape_commas(source.bind_host), bind_service);
}

std::string file(const ChardevSource& source, const std::string& id) {
    std::string text = fmt::format("file,id={},path={}", id, escape_commas(source.path));
    if (source.append != xml::Switch::absent) text += fmt::format(",append={}", xml::to_name(source.append));
    return text;
}

std::string describe(Builder& builder, const ChardevSource& source, const std::string& id, const std::string& fd_key) {
    switch (source.type) {
        case ChardevType::null:
            return fmt::format("null,id={}", id);
        case ChardevType::vc:
            return fmt::format("vc,id={}", id);
        case ChardevType::pty:
            return fmt::format("pty,id={}", id);
        case ChardevType::dev: {
            const bool parallel = id.starts_with("charparallel");
            return fmt::format("{},id={},path={}", parallel ? "parallel" : "serial", id, escape_commas(source.path));
        }
        case ChardevType::file:
            return file(source, id);
        case ChardevType::pipe:
            return fmt::format("pipe,id={},path={}", id, escape_commas(source.path));
        case ChardevType::stdio:
            return fmt::format("stdio,id={}", id);
        case ChardevType::udp:
            return udp(source, id);
        case ChardevType::tcp:
            return tcp(source, id);
        case ChardevType::unix_socket: {
            auto opened = builder.context.device_fds.find(fd_key);
            if (opened != builder.context.device_fds.end() && opened->second) {
                const int number = builder.pass(std::move(opened->second));
                return fmt::format("socket,id={},fd={}{}", id, number, server_options(source));
            }
            return fmt::format("socket,id={},path={}{}", id, escape_commas(source.path), server_options(source));
        }
        case ChardevType::spicevmc: {
            const char* name = "vdagent";
            if (id.starts_with("charredir")) name = "usbredir";
            if (id.starts_with("charsmartcard")) name = "smartcard";
            return fmt::format("spicevmc,id={},name={}", id, name);
        }
        case ChardevType::spiceport:
            return fmt::format("spiceport,id={},name={}", id, source.channel);
        case ChardevType::qemu_vdagent: {
            std::string text = fmt::format("qemu-vdagent,id={},name=vdagent", id);
            if (source.clipboard != xml::YesNo::absent) {
                text += fmt::format(",clipboard={}", on_off_word(source.clipboard == xml::YesNo::yes));
            }
            if (source.mouse != model::MouseMode::absent) {
                text += fmt::format(",mouse={}", on_off_word(source.mouse == model::MouseMode::client));
            }
            return text;
        }
        case ChardevType::dbus:
            return fmt::format("dbus,id={},name={}", id, source.channel);
        case ChardevType::nmdm:
            refuse_config("unsupported chardev 'nmdm'");
    }
    return {};
}

void refuse_unless_virtio_serial(const model::DeviceInfo& info, const char* what) {
    if (info.address.type != model::AddressType::virtio_serial) {
        fail(ErrorCode::internal_error, ErrorDomain::qemu, "{} '{}' has no virtio-serial address", what, info.alias);
    }
}

}  // namespace

void add_chardev(Builder& builder, const ChardevSource& source, const std::string& id, const std::string& fd_key) {
    if (source.type == ChardevType::tcp && source.tls == xml::YesNo::yes) {
        const std::string& folder = builder.context.default_tls_folder;
        builder.add_json("-object", Json::object({{"qom-type", "tls-creds-x509"},
                                                  {"id", fmt::format("obj{}_tls0", id)},
                                                  {"dir", folder.empty() ? "/etc/pki/qemu" : folder},
                                                  {"endpoint", source.listen ? "server" : "client"},
                                                  {"verify-peer", true}}));
    }
    std::string text = describe(builder, source, id, fd_key);
    if (!source.log_file.empty()) {
        text += fmt::format(",logfile={}", escape_commas(source.log_file));
        if (source.log_append != xml::Switch::absent)
            text += fmt::format(",logappend={}", xml::to_name(source.log_append));
    }
    builder.add("-chardev", text);
}

void add_serial(Builder& builder, const model::Serial& serial) {
    using model::SerialModel;
    const std::string id = "char" + serial.info.alias;
    add_chardev(builder, serial.source, id, serial.info.alias);
    // What is part of the machine itself, as on boards that nobody knows better, is no -device.
    const bool on_board = serial.model == SerialModel::pl011 || serial.model == SerialModel::uart_16550a;
    if (on_board || serial.target == model::SerialTarget::absent) {
        builder.add("-serial", fmt::format("chardev:{}", id));
        return;
    }
    std::string driver(xml::to_name(serial.model));
    if (serial.model == SerialModel::absent) driver = builder.shape.is_pseries() ? "spapr-vty" : "isa-serial";
    Json json = Json::object({{"driver", driver}, {"chardev", id}, {"id", serial.info.alias}});
    if (driver == "isa-serial" && serial.port >= 0) json.set("index", serial.port);
    builder.set_address(json, serial.info);
    builder.add_device(std::move(json));
}

void add_parallel(Builder& builder, const model::Parallel& parallel) {
    const std::string id = "char" + parallel.info.alias;
    add_chardev(builder, parallel.source, id, parallel.info.alias);
    builder.add_device(Json::object({{"driver", "isa-parallel"}, {"chardev", id}, {"id", parallel.info.alias}}));
}

void add_console(Builder& builder, const model::Console& console) {
    using model::ConsoleTarget;
    const char* driver = nullptr;
    if (console.target == ConsoleTarget::virtio) driver = "virtconsole";
    if (console.target == ConsoleTarget::sclp) driver = "sclpconsole";
    if (console.target == ConsoleTarget::sclplm) driver = "sclplmconsole";
    // A serial console is the other face of a <serial>, which has been added.
    if (console.target == ConsoleTarget::serial || console.target == ConsoleTarget::absent) return;
    if (driver == nullptr) {
        refuse_config(fmt::format("unsupported console target type {}", xml::to_name(console.target)));
    }
    const std::string id = "char" + console.info.alias;
    add_chardev(builder, console.source, id, console.info.alias);
    Json json = Json::object({{"driver", driver}});
    // libvirt names the bus of a virtio console only where it is another than the first one's.
    if (console.target == ConsoleTarget::virtio && console.info.address.is(model::AddressType::virtio_serial) &&
        console.info.address.virtio_serial.port != 0) {
        builder.set_address(json, console.info);
    }
    json.set("chardev", id);
    json.set("id", console.info.alias);
    builder.add_device(std::move(json));
}

void add_channel(Builder& builder, const model::Channel& channel) {
    const std::string id = "char" + channel.info.alias;
    if (channel.target == model::ChannelTarget::guestfwd) {
        add_chardev(builder, channel.source, id, channel.info.alias);
        const std::string forward = fmt::format("tcp:{}:{}-chardev:{}", channel.guest_address, channel.guest_port, id);
        Json list = Json::array();
        list.add(Json::object({{"str", forward}}));
        builder.add_json("-netdev", Json::object({{"type", "user"}, {"guestfwd", list}, {"id", channel.info.alias}}));
        return;
    }
    if (channel.target != model::ChannelTarget::virtio) {
        refuse_config(fmt::format("unsupported channel target type {}", xml::to_name(channel.target)));
    }
    refuse_unless_virtio_serial(channel.info, "channel");
    model::ChardevSource source = channel.source;
    if (source.type == ChardevType::unix_socket && source.path.empty()) {
        source.path = channel_socket_path(builder.context, builder.shape.name, channel);
        source.listen = true;
    }
    add_chardev(builder, source, id, channel.info.alias);
    Json json = Json::object({{"driver", "virtserialport"}});
    builder.set_address(json, channel.info);
    json.set("chardev", id);
    json.set("id", channel.info.alias);
    std::string name = channel.name;
    if (name.empty() && channel.source.type == ChardevType::spicevmc) name = "com.redhat.spice.0";
    if (channel.source.type == ChardevType::spicevmc && name != "com.redhat.spice.0")
        refuse_config(fmt::format("Unsupported spicevmc target name '{}'", name));
    if (!name.empty()) json.set("name", name);
    builder.add_device(std::move(json));
}

std::string channel_socket_path(const LaunchContext& context, const std::string& guest, const model::Channel& channel) {
    std::string name = channel.name;
    if (name.empty()) {
        const model::VirtioSerialAddress& place = channel.info.address.virtio_serial;
        name = fmt::format("vioser-{:02}-{:02}-{:02}.sock", place.controller, place.bus, place.port);
    }
    return fmt::format("{}/{}/{}", context.paths.channel_target, short_name(context.domain_id, guest), name);
}

namespace {

/// "2.10" of a USB device's version as the descriptor has it: 0x0210.
std::string version_number(const std::string& text) {
    if (text.empty()) return "-1";
    const size_t dot = std::min(text.find('.'), text.size());
    const std::string minor = dot < text.size() ? text.substr(dot + 1) : "";
    return fmt::format("0x{:0>2}{:0>2}", text.substr(0, dot), minor);
}

}  // namespace

void add_redirected(Builder& builder, const model::RedirectedDevice& device, const model::RedirectFilter* filter) {
    const std::string id = "char" + device.info.alias;
    add_chardev(builder, device.source, id, device.info.alias);
    Json json = Json::object({{"driver", "usb-redir"}, {"chardev", id}, {"id", device.info.alias}});
    builder.set_boot_index(json, device.info);
    if (filter != nullptr && !filter->rules.empty()) {
        std::string rules;
        auto or_any = [](const std::string& text) { return text.empty() ? std::string("-1") : text; };
        for (const model::RedirectFilterRule& rule : filter->rules) {
            if (!rules.empty()) rules += '|';
            rules += fmt::format("{}:{}:{}:{}:{}", or_any(rule.usb_class), or_any(rule.vendor), or_any(rule.product),
                                 version_number(rule.version), rule.allow ? 1 : 0);
        }
        json.set("filter", rules);
    }
    builder.set_address(json, device.info);
    builder.add_device(std::move(json));
}

void add_smartcard(Builder& builder, const model::Smartcard& smartcard) {
    Json json;
    switch (smartcard.mode) {
        case model::SmartcardMode::host:
            json = Json::object({{"driver", "ccid-card-emulated"}, {"backend", "nss-emulated"}});
            break;
        case model::SmartcardMode::host_certificates: {
            json = Json::object({{"driver", "ccid-card-emulated"}, {"backend", "certificates"}});
            for (size_t i = 0; i < smartcard.certificates.size(); i++) {
                json.set(fmt::format("cert{}", i + 1), smartcard.certificates[i]);
            }
            json.set("db", smartcard.database.empty() ? "/etc/pki/nssdb" : smartcard.database);
            break;
        }
        case model::SmartcardMode::passthrough: {
            const std::string id = "char" + smartcard.info.alias;
            add_chardev(builder, smartcard.source, id, smartcard.info.alias);
            json = Json::object({{"driver", "ccid-card-passthru"}, {"chardev", id}});
            break;
        }
    }
    json.set("id", smartcard.info.alias);
    builder.set_address(json, smartcard.info);
    builder.add_device(std::move(json));
}

}  // namespace virtue::qemu
