#include "model/storage/permissions.h"

#include <algorithm>

#include <fmt/format.h>

namespace virtue::model {

namespace {

void map_id(xml::Mapper& m, const char* name, std::optional<uint32_t>& id) {
    if (m.writing()) {
        m.value(name, id);
        return;
    }
    m.group(name, [&] {
        const std::string text = m.element().text();
        const auto number = xml::parse_signed(text, -1, UINT32_MAX);
        if (!number) m.fail(fmt::format("malformed {} element: '{}' is no number", name, text));
        // -1 is libvirt's way to say nothing.
        if (*number >= 0) id = static_cast<uint32_t>(*number);
    });
}

}  // namespace

void map(xml::Mapper& m, Permissions& p) {
    std::string mode = p.mode ? fmt::format("0{:o}", *p.mode) : std::string();
    m.value("mode", mode);
    if (m.reading() && !mode.empty()) {
        const auto number = xml::parse_unsigned(mode, 07777, 8);
        if (!number) m.fail(fmt::format("malformed octal mode '{}'", mode));
        p.mode = static_cast<uint32_t>(*number);
    }
    map_id(m, "owner", p.owner);
    map_id(m, "group", p.group);
    m.value("label", p.label);
}

std::string clean_path(std::string_view path) {
    const size_t first = path.find_first_not_of('/');
    const size_t leading = std::min(first, path.size());
    std::string result(leading == 2 ? "//" : leading > 0 ? "/" : "");
    for (char c : path.substr(leading))
        if (c != '/' || result.back() != '/') result += c;
    if (result.size() > leading && result.back() == '/') result.pop_back();
    return result;
}

}  // namespace virtue::model
