#include "shell/domain_forms.h"

#include <fmt/core.h>

#include "base/text.h"
#include "model/domain/domain.h"
#include "shell/lookup.h"
#include "xml/convert.h"
#include "xml/grammar.h"

namespace virtue::shell {
namespace {

// As much as there is in the document: of a running guest too, and with what was given as a secret.
xml::Options whole() {
    xml::Options options;
    options.inactive = false;
    options.secure = true;
    return options;
}

Value value_of(const xml::Tree& tree) {
    if (tree.kind == xml::Tree::Kind::text) return tree.scalar;
    if (tree.kind == xml::Tree::Kind::number) {
        if (tree.scalar == "true" || tree.scalar == "false") return tree.scalar == "true";
        if (const auto number = xml::parse_unsigned(tree.scalar, UINT64_MAX)) return *number;
        if (const auto number = xml::parse_signed(tree.scalar, INT64_MIN, INT64_MAX)) return *number;
        return tree.scalar;
    }
    if (tree.kind == xml::Tree::Kind::list) {
        Values values;
        for (const xml::Tree::Member& member : tree.members) values.push_back(value_of(member.value));
        return values;
    }
    Record record;
    for (const xml::Tree::Member& member : tree.members) record.emplace_back(member.name, value_of(member.value));
    return record;
}

bool is_yaml(const std::string& file, std::string_view text) {
    return file.ends_with(".yaml") || file.ends_with(".yml") || text.starts_with("domain:");
}

}  // namespace

std::string domain_xml(std::string text, const std::string& file) {
    const std::string_view begin = trim(text);
    const bool json = file.ends_with(".json") || begin.starts_with('{');
    if (begin.starts_with('<') || (!json && !is_yaml(file, begin))) return text;
    try {
        const xml::Tree tree =
            json ? xml::parse_json(text, file, ErrorDomain::domain) : xml::parse_yaml(text, file, ErrorDomain::domain);
        xml::Options options = whole();
        options.source = file;
        return xml::xml_of_tree<model::Domain>(tree, options);
    } catch (Error& error) {
        throw Failure{"Failed to read the domain in " + file, std::move(error)};
    }
}

std::string read_domain(const std::string& file) {
    return domain_xml(read_input(file), file);
}

Result domain_forms(std::string xml) {
    const xml::Options options = whole();
    const auto domain = xml::parse<model::Domain>(xml, options);
    if (xml::format(domain, options) != xml)
        throw Failure{
            "The definition has parts that this shell does not know, which would get lost; its XML has them all"};
    Value data = value_of(xml::to_tree(domain, options));
    return Custom{std::move(xml), std::move(data)};
}

Result domain_schema() {
    const xml::Grammar grammar = model::domain_grammar();
    return Custom{xml::to_relax_ng(grammar), value_of(xml::json_schema(grammar))};
}

std::string domain_reference() {
    return xml::to_reference(model::domain_grammar(), "The domain XML, element by element",
                             "virtue schema domain --markdown");
}

}  // namespace virtue::shell
