#include <fmt/format.h>

#include "model/domain/chardev.h"

namespace virtue::model {

namespace {

void write_udp(xml::Mapper& m, const ChardevSource& s) {
    const auto one = [&](const char* mode, const std::string& host, const std::string& service) {
        if (host.empty() && service.empty()) return;
        m.writer().begin("source");
        m.writer().attribute("mode", mode);
        if (!host.empty()) m.writer().attribute("host", host);
        if (!service.empty()) m.writer().attribute("service", service);
        m.writer().end();
    };
    one("bind", s.bind_host, s.bind_service);
    one("connect", s.host, s.service);
}

void read_udp(xml::Mapper& m, ChardevSource& s) {
    m.each("source", [&] {
        std::string mode;
        std::string host;
        std::string service;
        static constexpr std::string_view modes[] = {"connect", "bind"};
        m.words("mode", modes);
        m.attribute("mode", mode);
        m.attribute("host", host);
        m.attribute("service", service);
        (mode == "bind" ? s.bind_host : s.host) = host;
        (mode == "bind" ? s.bind_service : s.service) = service;
    });
    if (s.service.empty()) m.disagree(ErrorCode::internal_error, "Missing source service attribute for char device");
}

void map_socket(xml::Mapper& m, ChardevSource& s) {
    std::string mode = s.listen ? "bind" : "connect";
    static constexpr std::string_view modes[] = {"connect", "bind"};
    m.words("mode", modes);
    m.attribute("mode", mode);
    if (m.reading()) {
        s.listen = mode == "bind";
    }
    if (s.type == ChardevType::tcp) {
        m.attribute("host", s.host);
        m.attribute("service", s.service);
        m.attribute("tls", s.tls);
    } else {
        m.attribute("path", s.path);
    }
    if (s.type == ChardevType::unix_socket || s.type == ChardevType::tcp) m.child("reconnect", s.reconnect);
    if (s.type == ChardevType::unix_socket) m.children("seclabel", s.security_labels);
    if (m.reading() && s.listen && s.reconnect.enabled == xml::YesNo::yes)
        m.fail(ErrorCode::internal_error, "chardev reconnect is possible only for connect mode");
}

void map_file(xml::Mapper& m, ChardevSource& s) {
    if (s.type == ChardevType::pty && m.reading() && m.options().inactive) return m.accept_anything();
    m.attribute("path", s.path);
    if (s.type == ChardevType::file) m.attribute("append", s.append);
    m.children("seclabel", s.security_labels);
}

bool has_path(ChardevType type) {
    return type == ChardevType::pty || type == ChardevType::dev || type == ChardevType::file ||
           type == ChardevType::pipe;
}

void map_one_source(xml::Mapper& m, ChardevSource& s) {
    if (m.reading() && m.element().count("source") > 1)
        m.disagree("only one source element is allowed for character device");
    if (m.writing() && s.type == ChardevType::unix_socket && s.path.empty()) return;
    if (m.writing() && s.type == ChardevType::pty && (s.path.empty() || m.options().inactive)) return;
    m.group("source", [&] {
        if (has_path(s.type)) map_file(m, s);
        if (s.type == ChardevType::tcp || s.type == ChardevType::unix_socket) map_socket(m, s);
        if (s.type == ChardevType::nmdm) {
            m.attribute("master", s.master);
            m.attribute("slave", s.path);
        }
        if (s.type == ChardevType::spiceport || s.type == ChardevType::dbus) m.attribute("channel", s.channel);
        if (s.type == ChardevType::qemu_vdagent) {
            m.required_of("clipboard", "copypaste", s.clipboard);
            m.required_of("mouse", "mode", s.mouse);
        }
    });
}

/// A console that is a serial port under another name, which tells its source.
bool repeats_serial(const xml::Element& console) {
    if (console.name() != "console" || !console.parent() || !console.parent().child("serial")) return false;
    const xml::Element target = console.child("target");
    const auto type = target ? target.attribute("type") : std::nullopt;
    return !type || type == "serial";
}

void check(xml::Mapper& m, const ChardevSource& s) {
    if (repeats_serial(m.element())) return;
    // What is there and empty is another's to refuse.
    const xml::Element source = m.element().child("source");
    const auto given = [&](const char* name) { return source && source.attribute(name).has_value(); };
    const auto missing = [&](const char* what) {
        m.disagree(ErrorCode::internal_error, fmt::format("Missing source {} attribute for char device", what));
    };
    switch (s.type) {
        case ChardevType::dev:
        case ChardevType::file:
        case ChardevType::pipe:
            if (!given("path")) missing("path");
            break;
        case ChardevType::unix_socket: {
            // Channels of guests get a socket of their own.
            const std::string_view of = m.element().name();
            const bool made = of == "channel" || of == "smartcard" || of == "backend" || of == "console";
            if (!made && !given("path")) missing("path");
            break;
        }
        case ChardevType::tcp:
            if (!given("host")) missing("host");
            if (!given("service")) missing("service");
            break;
        case ChardevType::spiceport:
            if (!given("channel"))
                m.disagree(ErrorCode::config_unsupported, "Missing source channel attribute for char device");
            break;
        case ChardevType::nmdm:
            if (s.master.empty()) missing("master path");
            if (s.path.empty()) missing("slave path");
            break;
        default:
            break;
    }
}

}  // namespace

void map_chardev_source(xml::Mapper& m, ChardevSource& s) {
    if (s.type == ChardevType::udp) {
        m.writing() ? write_udp(m, s) : read_udp(m, s);
    } else {
        map_one_source(m, s);
    }
    m.single("protocol");
    m.single("log");
    if (s.type == ChardevType::tcp || m.reading()) m.attribute_of("protocol", "type", s.protocol);
    m.group("log", [&] {
        m.attribute("file", s.log_file);
        m.attribute("append", s.log_append);
    });
    if (m.reading()) check(m, s);
}

}  // namespace virtue::model
