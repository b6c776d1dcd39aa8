#include "wire/schema.h"

namespace virtue::wire {

void Schema::bound(char open, uint32_t number, char close) {
    text_ += open;
    text_ += std::to_string(number);
    text_ += close;
}

void Schema::name(std::string_view& names) {
    size_t comma = names.find(',');
    std::string_view first = names.substr(0, comma);
    names = comma == std::string_view::npos ? std::string_view() : names.substr(comma + 2);
    if (text_.back() != '{') text_ += ',';
    text_ += first;
    text_ += ':';
}

template <>
void Schema::leaf<int8_t>() {
    word("char");
}
template <>
void Schema::leaf<uint8_t>() {
    word("uchar");
}
template <>
void Schema::leaf<uint16_t>() {
    word("ushort");
}
template <>
void Schema::leaf<int32_t>() {
    word("int");
}
template <>
void Schema::leaf<uint32_t>() {
    word("uint");
}
template <>
void Schema::leaf<int64_t>() {
    word("hyper");
}
template <>
void Schema::leaf<uint64_t>() {
    word("uhyper");
}
template <>
void Schema::leaf<double>() {
    word("double");
}
template <>
void Schema::leaf<std::string>() {
    word("string");
    bound('<', string_max, '>');
}
template <>
void Schema::leaf<Uuid>() {
    word("opaque[16]");
}
template <>
void Schema::leaf<TypedParameter>() {
    word("{field:string<4194304>,value:union(1:int,2:uint,3:hyper,4:uhyper,5:double,6:int,7:string<4194304>)}");
}
template <>
void Schema::leaf<Void>() {
    word("void");
}

}  // namespace virtue::wire
