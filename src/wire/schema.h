// Says in text what a message looks like on the wire:
// "{domain:{name:string<4194304>,uuid:opaque[16],id:int},flags:uint}". Derived from the same field lists as the codec.
// For the test that compares them with the protocol's tables, and for people. Free functions; usable from any thread.
#pragma once
#include <type_traits>

#include "wire/fields.h"
#include "wire/types.h"

namespace virtue::wire {

/// Collects the text of one schema.
class Schema {
public:
    std::string take() { return std::move(text_); }

    template <class T>
    void add(const T* = nullptr);

private:
    struct Fields {
        Schema& out;
        std::string_view names;
        template <class... F>
        void operator()(const F&... fields) {
            (field(&fields), ...);
        }
        template <class F>
        void field(const F* type) {
            out.name(names);
            out.add(type);
        }
    };

    void word(std::string_view text) { text_ += text; }
    void bound(char open, uint32_t number, char close);
    /// Takes the next name off the list and writes it.
    void name(std::string_view& names);

    template <class T>
    void leaf();
    template <class T>
    void compound(const std::optional<T>*) {
        word("optional ");
        add<T>();
    }
    template <class T, uint32_t Max>
    void compound(const List<T, Max>*) {
        word("array");
        bound('<', Max, '>');
        word(" of ");
        add<T>();
    }
    template <uint32_t Max>
    void compound(const Opaque<Max>*) {
        word("opaque");
        bound('<', Max, '>');
    }
    template <uint32_t Max>
    void compound(const CharList<Max>*) {
        word("array");
        bound('<', Max, '>');
        word(" of char");
    }
    template <uint32_t N>
    void compound(const CharArray<N>*) {
        word("array");
        bound('[', N, ']');
        word(" of char");
    }
    template <class T>
        requires std::is_arithmetic_v<T> || std::is_same_v<T, std::string> || std::is_same_v<T, Uuid> ||
                 std::is_same_v<T, TypedParameter> || std::is_same_v<T, Void>
    void compound(const T*) {
        leaf<T>();
    }
    template <class T>
        requires std::is_enum_v<T>
    void compound(const T*) {
        word("enum");
    }
    template <Struct T>
    void compound(const T*) {
        T example{};
        word("{");
        example.wire_fields(Fields{*this, T::wire_names()});
        word("}");
    }

    std::string text_;
};

template <class T>
void Schema::add(const T*) {
    compound(static_cast<const T*>(nullptr));
}

/// The schema of one type.
template <class T>
std::string schema_of() {
    Schema schema;
    schema.add<T>();
    return schema.take();
}

}  // namespace virtue::wire
