// What a kind of document may hold, found out by running its map() in a describing mode: the Mapper answers every
// question of map() from a scratch document that it makes up as it goes, with each word of each list in turn, and notes
// what was asked. Printed as RELAX NG, as JSON Schema and as a page for people. A plain value; usable from any thread.
#pragma once
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "xml/mapper.h"

namespace virtue::xml {

/// Elements by number; a child names its element's number, so a grammar may contain itself.
struct Grammar {
    struct Value {
        ValueType::Kind kind = ValueType::Kind::text;
        std::vector<std::string> words;  ///< of Kind::words
        std::string sentence;            ///< for people: "a non-negative integer"
        bool operator==(const Value&) const = default;
    };
    struct Attribute {
        std::string name;
        Value value;
        bool required = false;
        bool operator==(const Attribute&) const = default;
    };
    struct Child {
        std::string name;  ///< with its prefix: "qemu:arg"
        size_t element = 0;
        bool many = false;
        bool operator==(const Child&) const = default;
    };
    struct Element {
        std::vector<Attribute> attributes;
        std::vector<Child> children;
        std::optional<Value> text;
        bool anything = false;  ///< a subtree of any content: <metadata>
        bool operator==(const Element&) const = default;
    };
    struct Namespace {
        std::string prefix;
        std::string uri;
        bool operator==(const Namespace&) const = default;
    };

    std::string root;               ///< the root's name
    std::vector<Element> elements;  ///< [0] is the root
    std::vector<Namespace> namespaces;
};

/// One map() to be described.
using DescribedMap = void (*)(Mapper&);

/// Describes the document whose root `map_root` maps.
Grammar describe(const char* root, const void* type, DescribedMap map_root, const Options& options);

/// The grammar of T, from its map().
template <typename T>
Grammar grammar(const Options& options = {}) {
    return describe(T::element, &type_tag<T>, &map_fresh<T>, options);
}

/// RELAX NG in its XML form, as xmllint and jing read it.
std::string to_relax_ng(const Grammar& grammar);
/// JSON Schema (draft 2020-12) of the document's JSON and YAML form.
Tree json_schema(const Grammar& grammar);
/// A page in Markdown: every element with its attributes and children.
std::string to_reference(const Grammar& grammar, std::string_view title, std::string_view command);

}  // namespace virtue::xml
