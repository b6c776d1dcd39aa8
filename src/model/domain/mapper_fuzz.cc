// Any bytes as domain XML, YAML or JSON: an Error or a domain that can be written, read again, completed and compared;
// never a crash. Half of the inputs are taken as they are; the others are mutated by structure: an element of the
// document is doubled, dropped, moved into another or given another's attribute or value, so that the fuzzer gets past
// the parser from the first.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "model/domain/abi.h"
#include "model/domain/complete/complete.h"

namespace {

class AnyQemu : public virtue::model::Platform {
public:
    std::string emulator(virtue::model::DomainType, std::string_view arch) const override {
        return "/usr/bin/qemu-system-" + std::string(arch);
    }
    std::string machine(const virtue::model::Domain&, std::string_view name) const override {
        return name.empty() || name == "q35" ? "pc-q35-7.2" : name == "pc" ? "pc-i440fx-7.2" : std::string(name);
    }
    std::string default_cpu(const virtue::model::Domain&) const override { return "qemu64"; }
};

struct Span {
    size_t begin;
    size_t end;
};

// The elements of a document by their bytes; what is no XML gives none.
std::vector<Span> elements(std::string_view text) {
    std::vector<Span> found;
    std::vector<size_t> open;
    for (size_t at = 0; at < text.size() && found.size() < 4096;) {
        const size_t begin = text.find('<', at);
        if (begin == std::string_view::npos) break;
        const size_t end = text.find('>', begin);
        if (end == std::string_view::npos) break;
        at = end + 1;
        if (begin + 1 < text.size() && text[begin + 1] == '/') {
            if (open.empty()) continue;
            found.push_back({open.back(), at});
            open.pop_back();
        } else if (text[end - 1] == '/') {
            found.push_back({begin, at});
        } else {
            open.push_back(begin);
        }
    }
    return found;
}

// The value of the first attribute of an element by its bytes; 0, 0 if it has none.
Span value_in(std::string_view text, Span element) {
    const size_t close = text.find('>', element.begin);
    const size_t quote = text.find_first_of("'\"", element.begin);
    if (quote == std::string_view::npos || quote > close) return {0, 0};
    const size_t end = text.find(text[quote], quote + 1);
    return end == std::string_view::npos || end > close ? Span{0, 0} : Span{quote + 1, end};
}

// Two bytes choose the elements, the third what happens to them.
std::string mutate(std::string text, uint8_t first, uint8_t second, uint8_t how) {
    const std::vector<Span> all = elements(text);
    if (all.size() < 2) return text;
    const Span one = all[first * 131u % all.size()];
    const Span other = all[second * 137u % all.size()];
    const std::string piece = text.substr(one.begin, one.end - one.begin);
    switch (how % 5) {
        case 0:  // stands twice, or many times
            for (int i = 0; i <= how / 32; i++) text.insert(one.end, piece);
            break;
        case 1:
            text.erase(one.begin, one.end - one.begin);
            break;
        case 2:  // beside or in an element where it does not belong
            text.insert(other.begin, piece);
            break;
        case 3: {  // with a value of another
            const Span mine = value_in(text, one);
            const Span its = value_in(text, other);
            if (mine.end != 0 && its.end != 0)
                text.replace(mine.begin, mine.end - mine.begin, text.substr(its.begin, its.end - its.begin));
            break;
        }
        default: {  // with an attribute of another
            const std::string_view tag(text.data() + other.begin, other.end - other.begin);
            const size_t blank = tag.find(' ');
            const size_t close = tag.find_first_of("/>", blank == std::string_view::npos ? 0 : blank);
            if (blank == std::string_view::npos || close == std::string_view::npos || close < blank) break;
            const std::string attribute(tag.substr(blank, close - blank));
            const size_t name_end = text.find_first_of(" />", one.begin + 1);
            if (name_end != std::string::npos) text.insert(name_end, attribute);
        }
    }
    return text;
}

virtue::model::Domain read(std::string_view text, const virtue::xml::Options& options, uint8_t form) {
    using namespace virtue;
    if (text.starts_with('{'))
        return xml::from_tree<model::Domain>(xml::parse_json(text, "(json)", ErrorDomain::domain), options);
    if (text.starts_with("domain:"))
        return xml::from_tree<model::Domain>(xml::parse_yaml(text, "(yaml)", ErrorDomain::domain), options);
    auto domain = xml::parse<model::Domain>(text, options);
    if (form % 8 != 0) return domain;
    // What was read goes through the other forms.
    const xml::Tree tree = xml::to_tree(domain, options);
    const std::string written = form % 16 == 0 ? xml::to_json(tree) : xml::to_yaml(tree);
    const xml::Tree again = form % 16 == 0 ? xml::parse_json(written, "(json)", ErrorDomain::domain)
                                           : xml::parse_yaml(written, "(yaml)", ErrorDomain::domain);
    return xml::from_tree<model::Domain>(again, options);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    using namespace virtue;
    std::string text(reinterpret_cast<const char*>(data), size);
    const uint8_t form = size < 8 ? 1 : data[size - 4];
    if (size > 8 && data[size - 1] % 2 == 0)
        text = mutate(text.substr(0, size - 4), data[size - 2], data[size - 3], form);
    xml::Options options;
    options.validate = size % 2 == 0;
    options.inactive = size % 3 != 0;
    try {
        auto domain = read(text, options, form);
        const auto before = domain;
        static_cast<void>(xml::parse<model::Domain>(xml::format(domain, options)));
        model::complete_for_qemu(domain, AnyQemu());
        static_cast<void>(xml::format(domain, options));
        static_cast<void>(model::abi_difference(before, domain));
    } catch (const Error&) {
        // What is wrong is told; that is all that is asked of it.
    }
    return 0;
}
