#include "driver/uri.h"

#include <charconv>

#include "base/error.h"

namespace virtue::driver {
namespace {

constexpr ErrorDomain here = ErrorDomain::uri;

int hex_value(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    c = static_cast<char>(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

std::string decode(std::string_view text) {
    std::string plain;
    for (size_t i = 0; i < text.size(); i++) {
        bool escaped =
            text[i] == '%' && i + 2 < text.size() && hex_value(text[i + 1]) >= 0 && hex_value(text[i + 2]) >= 0;
        if (!escaped) {
            plain += text[i];
            continue;
        }
        plain += static_cast<char>(hex_value(text[i + 1]) << 4 | hex_value(text[i + 2]));
        i += 2;
    }
    return plain;
}

std::string encode(std::string_view text, std::string_view also_plain) {
    constexpr std::string_view digits = "0123456789ABCDEF";
    constexpr std::string_view unreserved = "-._~";
    std::string escaped;
    for (char c : text) {
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (letter || unreserved.find(c) != unreserved.npos || also_plain.find(c) != also_plain.npos) {
            escaped += c;
        } else {
            escaped += '%';
            escaped += digits[static_cast<uint8_t>(c) >> 4];
            escaped += digits[static_cast<uint8_t>(c) & 15];
        }
    }
    return escaped;
}

void parse_authority(Uri& uri, std::string_view authority) {
    if (size_t at = authority.rfind('@'); at != authority.npos) {
        uri.user = decode(authority.substr(0, at));
        authority.remove_prefix(at + 1);
    }
    size_t host_end = authority.starts_with('[') ? authority.find(']') : 0;
    if (host_end == authority.npos) fail(ErrorCode::invalid_arg, here, "URI: '[' without ']' in '{}'", authority);
    size_t colon = authority.find(':', host_end);
    if (colon != authority.npos) {
        std::string_view port = authority.substr(colon + 1);
        auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), uri.port);
        bool whole = error == std::errc() && end == port.data() + port.size();
        if (!port.empty() && (!whole || uri.port < 0 || uri.port > 65535)) {
            fail(ErrorCode::invalid_arg, here, "URI: '{}' is no port number", port);
        }
        authority = authority.substr(0, colon);
    }
    if (host_end > 0) authority = authority.substr(1, host_end - 1);
    uri.server = decode(authority);
}

}  // namespace

Uri Uri::parse(std::string_view text) {
    Uri uri;
    if (size_t fragment = text.find('#'); fragment != text.npos) text = text.substr(0, fragment);
    size_t scheme_end = text.find(':');
    if (scheme_end == text.npos || scheme_end == 0) {
        fail(ErrorCode::invalid_arg, here, "Unable to parse URI '{}': it has no scheme, as in qemu:///system", text);
    }
    uri.scheme = std::string(text.substr(0, scheme_end));
    if (size_t plus = uri.scheme.find('+'); plus != uri.scheme.npos) {
        uri.transport = uri.scheme.substr(plus + 1);
        uri.scheme.resize(plus);
    }
    text.remove_prefix(scheme_end + 1);
    if (size_t mark = text.find('?'); mark != text.npos) {
        std::string_view query = text.substr(mark + 1);
        text = text.substr(0, mark);
        while (!query.empty()) {
            size_t end = std::min(query.find_first_of("&;"), query.size());
            std::string_view item = query.substr(0, end);
            query.remove_prefix(std::min(end + 1, query.size()));
            size_t equals = item.find('=');
            if (item.empty()) continue;
            std::string value = equals == item.npos ? "" : decode(item.substr(equals + 1));
            uri.query.emplace_back(decode(item.substr(0, equals)), std::move(value));
        }
    }
    if (text.starts_with("//")) {
        text.remove_prefix(2);
        size_t path = std::min(text.find('/'), text.size());
        parse_authority(uri, text.substr(0, path));
        text.remove_prefix(path);
    }
    uri.path = decode(text);
    return uri;
}

std::string Uri::to_string() const {
    std::string text = scheme;
    if (!transport.empty()) text += "+" + transport;
    text += "://";
    if (!user.empty()) text += encode(user, "") + "@";
    text += server.find(':') == server.npos ? encode(server, "") : "[" + server + "]";
    if (port != 0) text += fmt::format(":{}", port);
    text += encode(path, "/:@!$&'()*+,;=");
    char separator = '?';
    for (const auto& [name, value] : query) {
        text += separator + encode(name, "") + "=" + encode(value, "/:@");
        separator = '&';
    }
    return text;
}

std::optional<std::string> Uri::parameter(std::string_view name) const {
    for (const auto& [key, value] : query) {
        if (key == name) return value;
    }
    return std::nullopt;
}

}  // namespace virtue::driver
