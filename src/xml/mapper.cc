#include "xml/mapper.h"

#include <algorithm>
#include <exception>

#include <fmt/format.h>

#include "base/excerpt.h"
#include "xml/describe.h"
#include "xml/scratch.h"

namespace virtue::xml {

namespace {

// How many single-letter edits lie between two names; for the hint about a mistyped one.
size_t distance(std::string_view a, std::string_view b) {
    std::vector<size_t> row(b.size() + 1);
    for (size_t j = 0; j <= b.size(); j++) row[j] = j;
    for (size_t i = 1; i <= a.size(); i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= b.size(); j++) {
            const size_t above = row[j];
            row[j] = std::min({above + 1, row[j - 1] + 1, diagonal + (a[i - 1] == b[j - 1] ? 0 : 1)});
            diagonal = above;
        }
    }
    return row[b.size()];
}

std::string nearest(std::string_view name, const std::vector<std::string_view>& known) {
    std::string_view best;
    size_t least = 3;
    for (std::string_view candidate : known) {
        const size_t d = distance(name.substr(0, 64), candidate);
        if (d >= least) continue;
        least = d;
        best = candidate;
    }
    return best.empty() ? std::string() : fmt::format("did you mean '{}'?", best);
}

constexpr size_t usual_depth = 12;

bool contains(const std::vector<std::string_view>& list, std::string_view name) {
    return std::find(list.begin(), list.end(), name) != list.end();
}

}  // namespace

Mapper::Mapper(Element element, const Options& options) : options_(options) {
    frames_.reserve(usual_depth);
    push(element);
}

Mapper::Mapper(Element element, const Options& options, Describer& describer, DescribedElement* described)
    : options_(options), describer_(&describer) {
    push(element);
    frames_.back().described = described;
}

Mapper::Mapper(Writer& writer, const Options& options) : options_(options), writer_(&writer) {
    push({});
}

Mapper::~Mapper() = default;

void Mapper::push(Element element, const char* name) {
    DescribedElement* described =
        describer_ != nullptr && name != nullptr ? describer_->part(frames_.back().described, name) : nullptr;
    Frame& frame = frames_.emplace_back();
    frame.element = element;
    frame.described = described;
}

Element Mapper::find_child(const char* name, bool many) {
    std::string_view local = name;
    if (describer_ != nullptr) describer_->child(frames_.back().described, frames_.back().element, name, many);
    if (options_.validate) frames_.back().known_elements.push_back(local);
    if (frames_.back().element.of_tree()) return frames_.back().element.child(local);
    std::string_view uri;
    for (const Namespace& space : namespaces_)
        if (local.size() > space.prefix.size() && local.substr(0, space.prefix.size()) == space.prefix &&
            local[space.prefix.size()] == ':') {
            uri = space.uri;
            local.remove_prefix(space.prefix.size() + 1);
            break;
        }
    return frames_.back().element.child(local, uri);
}

bool Mapper::enter(const char* name) {
    if (writing()) {
        writer_->begin(name);
        return true;
    }
    if (options_.validate) frames_.back().single_elements.push_back(name);
    Element found = find_child(name);
    if (!found) return false;
    push(found, name);
    return true;
}

void Mapper::leave(bool drop_empty) {
    if (writing()) {
        writer_->end(drop_empty);
        return;
    }
    if (options_.validate) check_known(frames_.back());
    frames_.pop_back();
}

void Mapper::check_root() const {
    if (reading() && options_.validate) check_known(frames_.back());
}

void Mapper::flag(const char* name, bool& value) {
    if (reading()) {
        Element found = find_child(name);
        if (!found) return;
        value = true;
        push(found, name);
        leave(false);
    } else if (value) {
        writer_->begin(name);
        writer_->end();
    }
}

void Mapper::raw(const char* name, RawXml& value) {
    if (reading()) {
        if (describer_ != nullptr) return describer_->anything(frames_.back().described, name);
        Element found = find_child(name);
        if (!found) return;
        // In JSON and YAML it is XML still, as a text.
        if (!found.of_tree()) {
            value = RawXml(found);
            return;
        }
        const std::string text = found.text();
        value = RawXml::parse(text);
        Scratch::replace(found, text);
    } else if (!value.empty()) {
        writer_->raw(name, writer_->to_tree() ? value.source() : value.laid_out(writer_->depth()));
    }
}

std::optional<std::string_view> Mapper::read_attribute(const char* name, const ValueType* type) {
    if (describer_ != nullptr) describer_->attribute(frames_.back().described, frames_.back().element, name, type);
    if (options_.validate) frames_.back().known_attributes.push_back(name);
    return frames_.back().element.attribute(name);
}

void Mapper::declare_namespace(const char* prefix, const char* uri, bool used) {
    namespaces_.push_back({prefix, uri});
    if (reading() && element().of_tree()) Scratch::declare(element(), prefix, uri);
    if (writing() && used) writer_->attribute(fmt::format("xmlns:{}", prefix), uri);
}

void Mapper::check_known(const Frame& frame) const {
    if (frame.anything) return;
    const Element at = frame.element;
    at.each_attribute([&](std::string_view name, std::string_view uri) {
        if (!uri.empty() || contains(frame.known_attributes, name)) return;
        throw Error(ErrorCode::xml_invalid_schema, ErrorDomain::xml,
                    fmt::format("{} (line {}): there is no attribute '{}' in element '{}'", at.path(), at.line(), name,
                                at.name()),
                    nearest(name, frame.known_attributes));
    });
    for (Element e = at.first_child(); e; e = e.next()) {
        std::string name(e.name());
        for (const Namespace& space : namespaces_)
            if (!e.namespace_uri().empty() && space.uri == e.namespace_uri())
                name = fmt::format("{}:{}", space.prefix, e.name());
        if (contains(frame.single_elements, name) && e.next_same())
            throw Error(
                ErrorCode::xml_invalid_schema, ErrorDomain::xml,
                fmt::format("{} (line {}): element '{}' stands twice in '{}'", e.path(), e.line(), name, at.name()));
        if (contains(frame.known_elements, name)) continue;
        if (e.is_scalar() && contains(frame.known_attributes, name)) continue;
        throw Error(
            ErrorCode::xml_invalid_schema, ErrorDomain::xml,
            fmt::format("{} (line {}): element '{}' cannot hold an element '{}'", e.path(), e.line(), at.name(), name),
            nearest(name, frame.known_elements));
    }
}

void Mapper::describe_inside(void* body, void (*run)(void*)) {
    const size_t depth = frames_.size();
    try {
        run(body);
    } catch (const Error&) {
        while (frames_.size() > depth) frames_.pop_back();
        describer_->refused(frames_.back().described);
    }
}

void Mapper::describe_text(ValueType type) {
    describer_->text(frames_.back().described, frames_.back().element, std::move(type));
}

void Mapper::describe_words(const char* name, Names names) {
    const ValueType type{ValueType::Kind::words, names, words_of(names), true};
    static_cast<void>(read_attribute(name, &type));
}

void Mapper::describe_required(const char* name) {
    describer_->required(frames_.back().described, name);
}

bool Mapper::describe_child(const char* name, bool many, const void* type, void (*map_type)(Mapper&)) {
    std::vector<std::pair<std::string_view, std::string_view>> spaces;
    for (const Namespace& space : namespaces_) spaces.emplace_back(space.prefix, space.uri);
    if (!find_child(name, many)) return false;
    describer_->of_type(frames_.back().described, name, type, map_type, spaces);
    return true;
}

void Mapper::check_words(const char* name, Names names) {
    const auto text = read_attribute(name, nullptr);
    if (!text || std::find(names.begin(), names.end(), *text) != names.end() || answers_for(name, *text)) return;
    fail_value(name, *text, words_of(names));
}

void Mapper::single(const char* name, ErrorCode code) const {
    if (writing() || describer_ != nullptr || element().count(name) < 2) return;
    fail(code, fmt::format("only one <{}> may stand here", name));
}

void Mapper::fail(ErrorCode code, ErrorDomain domain, std::string_view sentence) const {
    const Element at = frames_.back().element;
    if (!at) throw Error(code, domain, std::string(sentence));
    throw Error(code, domain, fmt::format("{}: {}", at.path(), sentence));
}

void Mapper::disagree(ErrorCode code, std::string_view sentence) const {
    const Element at = frames_.back().element;
    throw Disagreement(code, options_.domain, at ? fmt::format("{}: {}", at.path(), sentence) : std::string(sentence));
}

const Refusal* Mapper::refusal_of(const char* name) const {
    if (options_.refusal_at == nullptr || describer_ != nullptr || !frames_.back().element) return nullptr;
    std::string place;
    // Without the numbers of siblings.
    bool skipped = false;
    for (const char c : frames_.back().element.path()) {
        skipped = c == '[' || (skipped && c != ']');
        if (!skipped && c != ']') place += c;
    }
    if (name != nullptr) place.append("@").append(name);
    return options_.refusal_at(place);
}

bool Mapper::answers_for(const char* name, std::string_view text) const {
    const Refusal* refusal = refusal_of(name);
    if (refusal == nullptr) return false;
    const Answer& answer = text.empty() && refusal->empty.kind != Answer::Kind::usual ? refusal->empty : refusal->wrong;
    // The schema knows no values that count as absent.
    return answer.kind == Answer::Kind::absent && !options_.validate;
}

void Mapper::fail_value(const char* attribute, std::string_view text, std::string_view wanted) const {
    // libvirt raises most of these in its XML part, whatever is being read; clients see the number.
    const Element at = frames_.back().element;
    const std::string shown = text.size() > 100 ? std::string(excerpt(text, 100)) + "…" : std::string(text);
    const std::string what = attribute != nullptr ? fmt::format("attribute '{}'", attribute) : std::string("the text");
    const Refusal* refusal = refusal_of(attribute);
    const Answer answer = refusal == nullptr                                           ? Answer{}
                          : text.empty() && refusal->empty.kind == Answer::Kind::error ? refusal->empty
                                                                                       : refusal->wrong;
    const bool usual = answer.kind != Answer::Kind::error;
    throw Error(usual ? ErrorCode::xml_error : answer.code, usual ? ErrorDomain::xml : answer.domain,
                fmt::format("{}: {} must be {}, got '{}'", at.path(), what, wanted, shown));
}

void Mapper::lack_attribute(const char* name) const {
    const Refusal* refusal = refusal_of(name);
    if (refusal != nullptr && refusal->missing.kind == Answer::Kind::absent && !options_.validate) return;
    fail_missing_attribute(name);
}

void Mapper::fail_missing_attribute(const char* name) const {
    const Refusal* refusal = refusal_of(name);
    const bool usual = refusal == nullptr || refusal->missing.kind != Answer::Kind::error;
    throw Error(usual ? ErrorCode::xml_error : refusal->missing.code,
                usual ? ErrorDomain::xml : refusal->missing.domain,
                fmt::format("{}: attribute '{}' is missing", frames_.back().element.path(), name));
}

void Mapper::fail_missing_element(const char* name) const {
    throw Error(ErrorCode::xml_error, ErrorDomain::xml,
                fmt::format("{}: element '{}' is missing", frames_.back().element.path(), name));
}

}  // namespace virtue::xml
