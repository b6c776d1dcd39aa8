// Values whose copying is a lot of code. Left to the compiler it is made anew in every file that so much as drops one;
// these two lines make it once, in the file beside the header.
#pragma once

/// In the struct: declares how it is made, copied, moved and dropped, all as the compiler would do it.
#define VIRTUE_BIG_VALUE(Type)        \
    Type();                           \
    Type(const Type&);                \
    Type(Type&&) noexcept;            \
    Type& operator=(const Type&);     \
    Type& operator=(Type&&) noexcept; \
    ~Type()

/// In the .cc, within the struct's namespace.
#define VIRTUE_BIG_VALUE_CODE(Type)                   \
    Type::Type() = default;                           \
    Type::Type(const Type&) = default;                \
    Type::Type(Type&&) noexcept = default;            \
    Type& Type::operator=(const Type&) = default;     \
    Type& Type::operator=(Type&&) noexcept = default; \
    Type::~Type() = default
