#include "model/secret/secret.h"

#include <fmt/format.h>

namespace virtue::model {

namespace {

void map_yes_no(xml::Mapper& m, const char* name, bool& value) {
    if (m.writing()) {
        m.attribute(name, value);
        return;
    }
    const auto text = m.read_attribute(name);
    if (text && *text != "yes" && *text != "no")
        m.fail(fmt::format("invalid value of '{0}': it must be 'yes' or 'no', got '{1}'", name, *text));
    value = text == "yes";
}

const char* usage_element(SecretType type) {
    return type == SecretType::volume ? "volume" : type == SecretType::iscsi ? "target" : "name";
}

void read_usage(xml::Mapper& m, Secret& s) {
    const auto type = m.read_attribute("type");
    if (!type) m.fail("missing usage type");
    const auto known = xml::from_name<SecretType>(*type);
    if (!known && *type != "none")
        m.fail(ErrorCode::config_unsupported, fmt::format("unknown secret usage type {}", *type));
    s.usage_type = known.value_or(SecretType::none);
    if (s.usage_type == SecretType::none) return;
    m.value(usage_element(s.usage_type), s.usage_id);
    if (s.usage_id.empty())
        m.fail(ErrorCode::internal_error,
               fmt::format("{0} usage specified, but element '{1}' is missing", *type, usage_element(s.usage_type)));
}

}  // namespace

void map(xml::Mapper& m, Secret& s) {
    map_yes_no(m, "ephemeral", s.ephemeral);
    map_yes_no(m, "private", s.private_to_host);
    if (m.reading()) {
        std::string text;
        m.value("uuid", text);
        s.uuid = text.empty() ? Uuid::generate() : Uuid::parse(text);
        if (!s.uuid) m.fail(ErrorCode::internal_error, fmt::format("malformed uuid element '{}'", text));
    } else {
        m.value("uuid", s.uuid);
    }
    m.value("description", s.description);
    if (m.writing() && s.usage_type == SecretType::none) return;
    m.group("usage", [&] {
        if (m.reading()) {
            read_usage(m, s);
            return;
        }
        m.attribute("type", s.usage_type);
        m.value(usage_element(s.usage_type), s.usage_id);
    });
}

Secret Secret::parse(std::string_view text, bool validate) {
    xml::Options options;
    options.domain = error_domain;
    options.validate = validate;
    try {
        return xml::parse<Secret>(text, options);
    } catch (const Error& error) {
        // A grammar judges before anybody reads: whatever is wrong is wrong by the grammar.
        const bool is_other = error.detail().find("expecting root element") != std::string::npos;
        if (!validate || is_other || error.code() == ErrorCode::xml_detail) throw;
        throw Error(ErrorCode::xml_invalid_schema, ErrorDomain::xml, error.detail());
    }
}

}  // namespace virtue::model
