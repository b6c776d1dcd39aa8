#include "model/nwfilter/filter.h"

#include <algorithm>

#include <fmt/format.h>

namespace virtue::model {

namespace {

constexpr auto internal = ErrorCode::internal_error;

struct Chain {
    std::string_view prefix;
    int priority;
};
// libvirt's chains, each with the priority it has where none is given.
constexpr Chain chains[] = {{"root", 0},    {"stp", -810},  {"mac", -800}, {"vlan", -750},
                            {"ipv4", -700}, {"ipv6", -600}, {"arp", -500}, {"rarp", -400}};

template <typename Enum>
void read_word(xml::Mapper& m, const char* name, Enum& value) {
    const auto text = m.read_attribute(name);
    if (!text) m.fail(internal, fmt::format("rule node requires {} attribute", name));
    const auto known = xml::from_name<Enum>(*text);
    if (!known)
        m.fail(ErrorCode::config_unsupported,
               fmt::format("unknown rule {} attribute value '{}', {}", name, *text, xml::words_of(xml_names(Enum{}))));
    value = *known;
}

// All elements of one protocol make one set of conditions; a later one replaces an earlier.
void read_conditions(xml::Mapper& m, FilterRule& r) {
    std::vector<std::optional<RuleCondition>> found(conditions_of(r.protocol).size());
    m.each(r.protocol.c_str(), [&] {
        const bool negated = m.read_attribute("match") == "no";
        const auto& kinds = conditions_of(r.protocol);
        for (size_t i = 0; i < kinds.size(); i++) {
            // The names are literals: the mapper keeps them for its check of unknown ones.
            const auto text = m.read_attribute(kinds[i].name.data());
            if (!text) continue;
            const auto value = canonical_condition(kinds[i].type, *text);
            const bool half = kinds[i].type == ConditionType::tcp_flags && text->ends_with('/');
            if (!value || (half && m.options().validate))
                m.fail(internal, fmt::format("{} has illegal value {}", kinds[i].name, *text));
            found[i] = RuleCondition{std::string(kinds[i].name), *value, negated};
        }
    });
    for (auto& condition : found)
        if (condition) r.conditions.push_back(std::move(*condition));
    for (RuleCondition& condition : r.conditions)
        for (const ConditionKind& kind : conditions_of(r.protocol)) {
            if (kind.name != condition.name || kind.sign_of.empty()) continue;
            const RuleCondition* leader = r.find(kind.sign_of);
            condition.negated = leader != nullptr && leader->negated;
        }
}

void read(xml::Mapper& m, FilterRule& r) {
    read_word(m, "action", r.action);
    read_word(m, "direction", r.direction);
    constexpr int limit = 1000;
    if (const auto text = m.read_attribute("priority"))
        if (const auto number = xml::parse_signed(*text, -limit, limit)) r.priority = static_cast<int>(*number);
    const auto match = m.read_attribute("statematch");
    r.state_match = !(match == "0" || match == "false");
    for (xml::Element e = m.element().first_child(); e && r.protocol.empty(); e = e.next())
        if (!conditions_of(e.name()).empty()) r.protocol = e.name();
    if (!r.protocol.empty()) read_conditions(m, r);
}

void write_conditions(xml::Mapper& m, FilterRule& r) {
    if (r.conditions.empty()) {
        m.group(
            r.protocol.c_str(), [] {}, true);
        return;
    }
    // One element for each run of conditions with the same sign.
    for (size_t i = 0; i < r.conditions.size();) {
        const bool negated = r.conditions[i].negated;
        std::string no = negated ? "no" : "";
        m.group(r.protocol.c_str(), [&] {
            m.attribute("match", no);
            for (; i < r.conditions.size() && r.conditions[i].negated == negated; i++)
                m.attribute(r.conditions[i].name.c_str(), r.conditions[i].value);
        });
    }
}

void read_chain(xml::Mapper& m, Filter& f) {
    constexpr int limit = 1000;
    m.attribute("chain", f.chain);
    const Chain* known = nullptr;
    for (const Chain& chain : chains) {
        const bool fits = chain.prefix == "root" ? f.chain == chain.prefix : f.chain.starts_with(chain.prefix);
        if (fits) known = &chain;
    }
    const bool good = f.chain.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.:") ==
                      std::string::npos;
    if (known == nullptr || !good || f.chain.size() > 12)
        m.fail(
            ErrorCode::invalid_arg,
            fmt::format("Invalid chain name '{}': it must be root, mac, stp, vlan, arp, rarp, ipv4 or ipv6, or start "
                        "with one of these but root",
                        f.chain));
    f.priority = known->priority;
    const auto text = m.read_attribute("priority");
    if (!text) return;
    const auto number = xml::parse_signed(*text, INT32_MIN, INT32_MAX);
    if (!number) m.fail(ErrorCode::invalid_arg, fmt::format("Could not parse filter priority '{}'", *text));
    if (*number < -limit || *number > limit)
        m.fail(ErrorCode::invalid_arg, fmt::format("Priority {} is outside valid range of [-1000, 1000]", *number));
    f.priority = static_cast<int>(*number);
}

void read(xml::Mapper& m, Filter& f) {
    m.attribute("name", f.name);
    if (f.name.empty()) m.fail(internal, "filter has no name");
    read_chain(m, f);
    std::string uuid;
    m.value("uuid", uuid);
    f.uuid = uuid.empty() ? Uuid::generate() : Uuid::parse(uuid);
    if (!f.uuid) m.fail(fmt::format("malformed uuid element '{}'", uuid));
    std::vector<FilterRule> rules;
    std::vector<FilterReference> references;
    m.children("rule", rules);
    m.each("filterref", [&] {
        m.accept_anything();
        if (!m.read_attribute("filter")) m.fail(internal, "a filterref needs the attribute 'filter'");
    });
    m.children("filterref", references);
    size_t rule = 0;
    size_t reference = 0;
    for (xml::Element e = m.element().first_child(); e; e = e.next()) {
        if (e.name() == "rule") f.entries.emplace_back().rule = rules[rule++];
        if (e.name() == "filterref") f.entries.emplace_back().reference = references[reference++];
    }
}

}  // namespace

const RuleCondition* FilterRule::find(std::string_view name) const {
    const auto found = std::find_if(conditions.begin(), conditions.end(),
                                    [&](const RuleCondition& condition) { return condition.name == name; });
    return found == conditions.end() ? nullptr : &*found;
}

void map(xml::Mapper& m, FilterRule& r) {
    if (m.reading()) {
        read(m, r);
        return;
    }
    m.attribute("action", r.action);
    m.attribute("direction", r.direction);
    m.attribute("priority", r.priority);
    std::string match = r.state_match ? "" : "false";
    m.attribute("statematch", match);
    if (!r.protocol.empty()) write_conditions(m, r);
}

void map(xml::Mapper& m, Filter& f) {
    if (m.reading()) {
        read(m, f);
        return;
    }
    m.attribute("name", f.name);
    m.attribute("chain", f.chain);
    m.attribute("priority", f.priority, 0);
    m.value("uuid", f.uuid);
    for (FilterEntry& entry : f.entries) {
        m.child("rule", entry.rule);
        m.child("filterref", entry.reference);
    }
}

Filter Filter::parse(std::string_view text, bool validate) {
    xml::Options options;
    options.domain = error_domain;
    options.source = "(nwfilter_definition)";
    options.validate = validate;
    if (!validate) return xml::parse<Filter>(text, options);
    try {
        return xml::parse<Filter>(text, options);
    } catch (const Error& error) {
        // A grammar judges before anybody reads: whatever is wrong is wrong by the grammar.
        if (error.code() == ErrorCode::xml_detail) throw;
        throw Error(ErrorCode::xml_invalid_schema, ErrorDomain::xml, error.detail());
    }
}

void map(xml::Mapper& m, FilterBinding& b) {
    m.group("owner", [&] {
        m.value("name", b.owner_name);
        m.value("uuid", b.owner_uuid);
    });
    m.attribute_of("portdev", "name", b.port_device);
    m.attribute_of("linkdev", "name", b.link_device);
    m.group("mac", [&] { m.attribute("address", b.mac); });
    const bool found = m.group(
        "filterref", [&] { map(m, b.filter); }, true);
    if (m.writing()) return;
    if (b.owner_name.empty()) m.fail(internal, "filter binding has no owner name");
    if (!b.owner_uuid) m.fail(internal, "filter binding has no owner UUID");
    if (b.port_device.empty()) m.fail(internal, "filter binding has no port dev name");
    if (!b.mac) m.fail(internal, "filter binding has no MAC address");
    if (!found) m.fail(internal, "filter binding has no filter reference");
}

FilterBinding FilterBinding::parse(std::string_view text, bool validate) {
    xml::Options options;
    options.domain = error_domain;
    options.source = "(nwfilterbinding_definition)";
    options.validate = validate;
    return xml::parse<FilterBinding>(text, options);
}

}  // namespace virtue::model
