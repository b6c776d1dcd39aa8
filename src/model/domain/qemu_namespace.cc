#include "model/domain/qemu_namespace.h"

#include <fmt/format.h>

namespace virtue::model {

VIRTUE_BIG_VALUE_CODE(QemuNamespace);

void map(xml::Mapper& m, QemuArgument& a) {
    if (m.reading() && !m.given("value"))
        m.fail(ErrorCode::internal_error, ErrorDomain::qemu, "No qemu command-line argument specified");
    if (m.writing()) return m.writer().attribute("value", a.value);
    m.attribute("value", a.value);
}

void map(xml::Mapper& m, QemuEnvironment& e) {
    m.attribute("name", e.name);
    m.attribute("value", e.value);
    if (m.writing()) return;
    if (e.name.empty()) m.fail(ErrorCode::internal_error, ErrorDomain::qemu, "No qemu environment name specified");
    const auto allowed = [](char c) {
        return c == '_' || (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
    };
    for (char c : e.name)
        if (!allowed(c) || (e.name[0] >= '0' && e.name[0] <= '9'))
            m.fail(ErrorCode::internal_error, ErrorDomain::qemu,
                   fmt::format("Invalid environment name '{}', it must contain only "
                               "alphanumerics and underscore, and not begin with a digit",
                               e.name));
}

void map(xml::Mapper& m, QemuCapability& c) {
    m.required("capability", c.name);
}

namespace {

bool fits(std::string_view type, std::string_view value) {
    if (type == "bool") return value == "true" || value == "false";
    if (type == "unsigned") return xml::parse_unsigned(value, UINT64_MAX).has_value();
    if (type == "signed") return xml::parse_signed(value, INT64_MIN, INT64_MAX).has_value();
    return true;
}

}  // namespace

void map(xml::Mapper& m, QemuProperty& p) {
    m.required("name", p.name);
    m.required("type", p.type);
    m.attribute("value", p.value);
    if (m.writing()) return;
    if (p.type != "string" && p.type != "unsigned" && p.type != "signed" && p.type != "bool" && p.type != "remove")
        m.fail_value("type", p.type, "one of 'string', 'unsigned', 'signed', 'bool', 'remove'");
    if (p.type == "remove") return;
    if (!p.value) m.fail_missing_attribute("value");
    if (!fits(p.type, *p.value))
        m.fail(ErrorCode::xml_error, ErrorDomain::qemu,
               fmt::format("invalid value '{}' of 'value' attribute of 'qemu:property'", *p.value));
}

void map(xml::Mapper& m, QemuDeviceOverride& d) {
    m.required("alias", d.alias);
    m.group("qemu:frontend", [&] { m.children("qemu:property", d.properties); });
}

void map(xml::Mapper& m, QemuNamespace& q) {
    m.group("qemu:commandline", [&] {
        m.children("qemu:arg", q.arguments);
        m.children("qemu:env", q.environment);
    });
    m.group("qemu:capabilities", [&] {
        m.children("qemu:add", q.added);
        m.children("qemu:del", q.removed);
    });
    m.group("qemu:override", [&] { m.children("qemu:device", q.overrides); });
    m.attribute_of("qemu:deprecation", "behavior", q.deprecation);
}

}  // namespace virtue::model
