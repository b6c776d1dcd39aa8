// WIRE(a, b, c): the one list of a message's fields, in wire order. Encoding, decoding and the schema derive from it.
#pragma once
#include <string_view>

/// Put it last in a struct. It gives `wire_fields(visitor)`, which calls `visitor(a, b, c)`, and `wire_names()`,
/// which is "a, b, c".
#define WIRE(...)                                    \
    template <class Visitor>                         \
    void wire_fields(Visitor&& visitor) {            \
        visitor(__VA_ARGS__);                        \
    }                                                \
    template <class Visitor>                         \
    void wire_fields(Visitor&& visitor) const {      \
        visitor(__VA_ARGS__);                        \
    }                                                \
    static constexpr std::string_view wire_names() { \
        return #__VA_ARGS__;                         \
    }

namespace virtue::wire {

/// A struct with a field list.
template <class T>
concept Struct = requires { T::wire_names(); };

}  // namespace virtue::wire
