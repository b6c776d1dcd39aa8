// One function `void map(xml::Mapper&, T&)` per element type says what the element holds; the Mapper makes it read,
// write, check and describe (grammar.h). map() calls attributes first, then text or children, in the order in which
// they are written. Lives on the stack of parse() or format(); one thread.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "xml/codec.h"
#include "xml/document.h"
#include "xml/raw.h"
#include "xml/refusal.h"
#include "xml/tree.h"
#include "xml/writer.h"

namespace virtue::xml {

/// How to read or write. The flags are reachable from every map() through Mapper::options().
struct Options {
    ErrorDomain domain = ErrorDomain::xml;  ///< the part that errors name
    std::string_view source = "(input)";    ///< the document's name in messages, "(domain_definition)"
    bool validate = false;                  ///< reading: unknown elements and attributes are errors
    bool inactive = true;                   ///< writing: the definition, without what only a running object has
    bool secure = false;                    ///< writing: with passwords
    bool migratable = false;                ///< writing: for older libvirt at the other side
    bool status = false;                    ///< a status file: with everything a restart needs
    int indent = 0;                         ///< writing: levels to indent by
    Limits limits;
    RefusalAt refusal_at = nullptr;  ///< reading: where wrong values have an answer of their own
};

/// An error about what is well formed and contradicts itself, which validation of the form does not find.
struct Disagreement : Error {
    using Error::Error;
};

class Describer;
struct DescribedElement;

/// Its address stands for the type.
template <typename T>
inline char type_tag = 0;

class Mapper;
template <typename T>
void map_fresh(Mapper& m) {
    T value{};
    map(m, value);
}

class Mapper {
public:
    Mapper(Element element, const Options& options);
    Mapper(Writer& writer, const Options& options);
    /// Reads a document that `describer` makes up: every question gets an answer, and is noted.
    Mapper(Element element, const Options& options, Describer& describer, DescribedElement* described);
    ~Mapper();
    Mapper(const Mapper&) = delete;
    Mapper& operator=(const Mapper&) = delete;

    bool reading() const { return writer_ == nullptr; }
    bool writing() const { return writer_ != nullptr; }
    const Options& options() const { return options_; }
    /// Reading: the element that map() stands in.
    Element element() const { return frames_.back().element; }
    Writer& writer() { return *writer_; }

    // Attributes. A wrong value throws xml_error with the path.

    /// Absent leaves `value` as it is; written unless it is empty, a nameless enum value or no value.
    template <typename T>
    void attribute(const char* name, T& value) {
        if (reading()) {
            if (auto text = read_attribute<T>(name)) decode(name, *text, value);
        } else if (!Codec<T>::absent(value)) {
            writer_->attribute(name, Codec<T>::format(value), is_number<T>);
        }
    }
    template <typename T>
    void attribute(const char* name, std::optional<T>& value) {
        if (reading()) {
            if (auto text = read_attribute<T>(name)) decode(name, *text, value);
        } else if (value) {
            writer_->attribute(name, Codec<T>::format(*value), is_number<T>);
        }
    }
    /// Not written if it equals `omitted`.
    template <typename T, typename U>
    void attribute(const char* name, T& value, const U& omitted) {
        if (reading() || value != static_cast<T>(omitted)) attribute(name, value);
    }
    /// Must be there: xml_error otherwise.
    template <typename T>
    void required(const char* name, T& value) {
        if (describer_ != nullptr) describe_required(name);
        if (reading() && !given(name)) return lack_attribute(name);
        attribute(name, value);
    }

    // The element's own text.
    template <typename T>
    void text(T& value) {
        if (reading()) {
            if (describer_ != nullptr) describe_text(value_type<T>());
            decode(nullptr, element().text(), value);
        } else if (!Codec<T>::absent(value)) {
            writer_->text(Codec<T>::format(value), is_number<T>);
        }
    }
    /// Reading: the text as it is, of which map() makes a T itself.
    template <typename T = std::string>
    std::string read_text() {
        if (describer_ != nullptr) describe_text(value_type<T>());
        return element().text();
    }

    // Child elements.

    /// Read if there; written unless nothing at all would stand in it.
    template <typename T>
    void child(const char* name, T& value) {
        if (enter(name)) {
            inside([&] { map(*this, value); });
            leave(true);
        }
    }
    /// There or not there.
    template <typename T>
    void child(const char* name, std::optional<T>& value) {
        if (writing() && !value) return;
        if (describer_ != nullptr) {
            if (describe_child(name, false, &type_tag<T>, &map_fresh<T>)) value.emplace();
            return;
        }
        if (enter(name)) {
            if (reading()) value.emplace();
            map(*this, *value);
            leave(false);
        }
    }
    /// Any number of them.
    template <typename T>
    void children(const char* name, std::vector<T>& values) {
        if (writing()) {
            for (T& value : values) {
                writer_->begin(name, true);
                map(*this, value);
                leave(false);
            }
            return;
        }
        if (describer_ != nullptr) {
            if (describe_child(name, true, &type_tag<T>, &map_fresh<T>)) values.emplace_back();
            return;
        }
        for (Element e = find_child(name); e; e = e.next_same()) {
            if (e.is_scalar()) continue;
            push(e);
            values.emplace_back();
            map(*this, values.back());
            leave(false);
        }
    }
    /// A child element that holds text only.
    template <typename T>
    void value(const char* name, T& v) {
        if (writing() && Codec<T>::absent(v)) return;
        if (enter(name)) {
            inside([&] { text(v); });
            leave(false);
        }
    }
    template <typename T>
    void value(const char* name, std::optional<T>& v) {
        if (writing() && !v) return;
        if (enter(name)) {
            if (reading()) v.emplace();
            inside([&] { text(*v); });
            leave(false);
        }
    }
    template <typename T, typename U>
    void value(const char* name, T& v, const U& omitted) {
        if (reading() || v != static_cast<T>(omitted)) value(name, v);
    }
    /// Any number of child elements that hold text only.
    template <typename T>
    void values(const char* name, std::vector<T>& list) {
        if (writing()) {
            for (T& v : list) {
                if (Codec<T>::absent(v)) continue;
                writer_->begin(name, true);
                text(v);
                leave(false);
            }
            return;
        }
        for (Element e = find_child(name, true); e; e = e.next_same()) {
            push(e, name);
            if (describer_ != nullptr) describe_text(value_type<T>());
            std::optional<T> v;
            decode(nullptr, e.text(), v);
            if (v) list.push_back(std::move(*v));
            leave(false);
        }
    }
    /// True while an empty element of that name is there.
    void flag(const char* name, bool& value);
    /// A child element with one attribute: <link state='up'/>.
    template <typename T>
    void attribute_of(const char* child_name, const char* name, T& v) {
        if (enter(child_name)) {
            inside([&] { attribute(name, v); });
            leave(true);
        }
    }
    /// A child element without a struct of its own: `body` maps what it holds. Not written when empty, unless `keep`.
    /// Returns false when reading found no such element.
    template <typename Body>
    bool group(const char* name, Body body, bool keep = false) {
        if (!enter(name)) return false;
        inside(body);
        leave(!keep);
        return true;
    }
    /// Runs `body` for each child of that name; reading only.
    template <typename Body>
    void each(const char* name, Body body) {
        for (Element e = find_child(name, true); e; e = e.next_same()) {
            push(e, name);
            inside(body);
            leave(false);
        }
    }
    /// Called after the attributes: the element has an end tag even if nothing stands in it, as libvirt prints some.
    void keep_open() {
        if (writing()) writer_->keep_open();
    }
    /// A subtree of any content, kept as it came.
    void raw(const char* name, RawXml& value);

    /// Reading: true if a child of that name is there. Notes the name as known.
    bool has(const char* name) { return static_cast<bool>(find_child(name)); }
    /// The words that an attribute may have which map() keeps as text: said before it is read. Others are refused.
    void words(const char* name, Names names) {
        if (describer_ != nullptr) return describe_words(name, names);
        if (reading()) check_words(name, names);
    }
    /// A number that is not 0 where it is given; 0 stands for "not given".
    template <typename T>
    void positive(const char* name, T& value) {
        attribute(name, value, 0);
        if (reading() && value == 0 && given(name)) fail_value(name, "0", "a positive integer");
    }
    /// <name attribute='…'/> whose attribute must be there.
    template <typename T>
    void required_of(const char* child_name, const char* name, T& v) {
        if (enter(child_name)) {
            inside([&] { required(name, v); });
            leave(true);
        }
    }
    /// Reading: refuses a second child of that name.
    void single(const char* name, ErrorCode code = ErrorCode::xml_error) const;
    /// Reading: true if there is an attribute of that name. Notes the name as known.
    bool given(const char* name) { return read_attribute(name, nullptr).has_value(); }
    /// Reading: the text of an attribute, whose values are those of T. Notes the name as known.
    template <typename T = std::string>
    std::optional<std::string_view> read_attribute(const char* name) {
        if (describer_ == nullptr) return read_attribute(name, nullptr);
        const ValueType type = value_type<T>();
        return read_attribute(name, &type);
    }
    /// Reading: the text of a child element, whose values are those of T; nothing if there is none.
    template <typename T>
    std::optional<std::string> read_value(const char* name) {
        if (!enter(name)) return std::nullopt;
        if (describer_ != nullptr) describe_text(value_type<T>());
        std::string text = element().text();
        leave(false);
        return text;
    }

    /// Names starting with "prefix:" mean elements of namespace `uri` from here on. `used` (writing): whether the
    /// declaration is wanted on this element.
    void declare_namespace(const char* prefix, const char* uri, bool used);

    /// Validation: throws xml_invalid_schema if the root holds what map() did not ask for.
    void check_root() const;
    /// Validation: everything in this element is accepted.
    void accept_anything() { frames_.back().anything = true; }

    // Failures, all with the path of the element that map() stands in.

    /// xml_error: "path: sentence".
    [[noreturn]] void fail(std::string_view sentence) const { fail(ErrorCode::xml_error, sentence); }
    [[noreturn]] void fail(ErrorCode code, std::string_view sentence) const { fail(code, options_.domain, sentence); }
    [[noreturn]] void fail(ErrorCode code, ErrorDomain domain, std::string_view sentence) const;
    /// The same for what is well formed and contradicts itself: no fault that validation of the form finds.
    [[noreturn]] void disagree(std::string_view sentence) const { disagree(ErrorCode::xml_error, sentence); }
    [[noreturn]] void disagree(ErrorCode code, std::string_view sentence) const;
    /// "path: attribute 'bytes' must be WANTED, got 'TEXT'".
    [[noreturn]] void fail_value(const char* attribute, std::string_view text, std::string_view wanted) const;
    [[noreturn]] void fail_missing_attribute(const char* name) const;
    /// The same, or nothing where the attribute may be missing after all (refusal.h).
    void lack_attribute(const char* name) const;
    [[noreturn]] void fail_missing_element(const char* name) const;

private:
    struct Frame {
        Element element;
        std::vector<std::string_view> known_attributes;
        std::vector<std::string_view> known_elements;
        std::vector<std::string_view> single_elements;  ///< those that may stand once
        bool anything = false;
        DescribedElement* described = nullptr;
    };
    struct Namespace {
        std::string_view prefix;
        std::string_view uri;
    };

    // `name` is that of an attribute, or none for the element's text. A value that counts as absent changes nothing.
    template <typename T>
    void decode(const char* name, std::string_view text, T& value) {
        std::optional<T> read;
        decode(name, text, read);
        if (read) value = std::move(*read);
    }
    template <typename T>
    void decode(const char* name, std::string_view text, std::optional<T>& value) {
        auto read = Codec<T>::parse(text);
        if (read && !text.empty()) {
            value = std::move(*read);
        } else if (!answers_for(name, text)) {
            if (!read) fail_value(name, text, Codec<T>::wanted());
            value = std::move(*read);
        }
    }
    // Runs what stands in an element. While describing, what it finds wrong ends that element only.
    template <typename Body>
    void inside(Body body) {
        if (describer_ == nullptr) return body();
        describe_inside(&body, [](void* again) { (*static_cast<Body*>(again))(); });
    }
    void check_words(const char* name, Names names);
    const Refusal* refusal_of(const char* name) const;
    /// A wrong or empty value: true if it counts as absent. Throws what the table of refusals says; false if nothing.
    bool answers_for(const char* name, std::string_view text) const;
    std::optional<std::string_view> read_attribute(const char* name, const ValueType* type);
    Element find_child(const char* name, bool many = false);
    bool enter(const char* name);
    void push(Element element, const char* name = nullptr);
    void leave(bool drop_empty);
    void check_known(const Frame& frame) const;

    friend class Describer;
    void describe_inside(void* body, void (*run)(void*));
    void describe_text(ValueType type);
    void describe_words(const char* name, Names names);
    void describe_required(const char* name);
    bool describe_child(const char* name, bool many, const void* type, void (*map_type)(Mapper&));

    Options options_;
    Writer* writer_ = nullptr;
    Describer* describer_ = nullptr;
    std::vector<Frame> frames_;
    std::vector<Namespace> namespaces_;
};

/// T::element names the root; parse() checks it. Throws Error.
template <typename T>
T read(Element root, const Options& options) {
    if (root.name() != T::element)
        virtue::fail(ErrorCode::xml_error, ErrorDomain::xml, "{}: expecting root element of '{}', not '{}'",
                     options.source, T::element, root.name());
    T value;
    Mapper m(root, options);
    map(m, value);
    m.check_root();
    return value;
}

/// T's error domain where the caller named none, and its table of refusals.
template <typename T>
void set_domain(Options& options) {
    if constexpr (requires { &T::refusal_at; }) options.refusal_at = &T::refusal_at;
    if constexpr (requires { T::error_domain; })
        if (options.domain == ErrorDomain::xml) options.domain = T::error_domain;
}

/// Reads a whole document. T::error_domain, where there is one, is the part that errors name. Throws Error: xml_detail
/// if it is malformed, xml_error and others if it makes no sense.
template <typename T>
T parse(std::string_view text, Options options = {}) {
    const std::string source =
        options.source == "(input)" ? "(" + std::string(T::element) + "_definition)" : std::string(options.source);
    options.source = source;
    set_domain<T>(options);
    const Document document = Document::parse(text, source, options.domain, options.limits);
    return read<T>(document.root(), options);
}

/// Reads a document that came as JSON or YAML (tree.h). Throws Error as parse() does.
template <typename T>
T from_tree(const Tree& tree, Options options = {}) {
    set_domain<T>(options);
    const Document document = Document::from_tree(tree, options.source, options.domain, options.limits);
    return read<T>(document.root(), options);
}

/// The value as JSON and YAML write it.
template <typename T>
Tree to_tree(const T& value, const Options& options = {}, const char* name = T::element) {
    TreeBuilder tree;
    Writer writer(tree);
    Mapper m(writer, options);
    writer.begin(name);
    map(m, const_cast<T&>(value));
    writer.end();
    return tree.take();
}

/// Writes `value` under the name of its type (or another).
template <typename T>
std::string format(const T& value, const Options& options = {}, const char* name = T::element) {
    Writer writer(options.indent);
    Mapper m(writer, options);
    writer.begin(name);
    // map() takes what it may fill; writing changes nothing.
    map(m, const_cast<T&>(value));
    writer.end();
    return writer.take();
}

}  // namespace virtue::xml
