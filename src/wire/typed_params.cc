#include "wire/typed_params.h"

#include <algorithm>

#include "base/error.h"

namespace virtue::wire {

namespace {

constexpr std::string_view type_names[] = {"int", "uint", "llong", "ullong", "double", "boolean", "string"};

template <class T>
std::optional<T> find_as(const TypedParameters& list, std::string_view field) {
    const TypedParameter* found = list.find(field);
    if (!found) return std::nullopt;
    if (const T* value = std::get_if<T>(&found->value)) return *value;
    size_t wanted = TypedParameter::Value(T{}).index();
    fail(ErrorCode::invalid_arg, ErrorDomain::none,
         "Invalid type '{}' requested for parameter '{}', actual type is '{}'", type_names[wanted], field,
         type_name(*found));
}

}  // namespace

std::string_view type_name(const TypedParameter& parameter) {
    return type_names[parameter.value.index()];
}

void TypedParameters::add(std::string field, TypedParameter::Value value) {
    items_.push_back({std::move(field), std::move(value)});
}

const TypedParameter* TypedParameters::find(std::string_view field) const {
    for (const TypedParameter& item : items_)
        if (item.field == field) return &item;
    return nullptr;
}

std::optional<int32_t> TypedParameters::find_int(std::string_view field) const {
    return find_as<int32_t>(*this, field);
}
std::optional<uint32_t> TypedParameters::find_uint(std::string_view field) const {
    return find_as<uint32_t>(*this, field);
}
std::optional<int64_t> TypedParameters::find_llong(std::string_view field) const {
    return find_as<int64_t>(*this, field);
}
std::optional<uint64_t> TypedParameters::find_ullong(std::string_view field) const {
    return find_as<uint64_t>(*this, field);
}
std::optional<double> TypedParameters::find_double(std::string_view field) const {
    return find_as<double>(*this, field);
}
std::optional<bool> TypedParameters::find_boolean(std::string_view field) const {
    return find_as<bool>(*this, field);
}
std::optional<std::string> TypedParameters::find_string(std::string_view field) const {
    return find_as<std::string>(*this, field);
}

void validate(const std::vector<TypedParameter>& parameters, std::span<const ExpectedParameter> expected) {
    for (size_t i = 0; i < parameters.size(); i++) {
        const TypedParameter& one = parameters[i];
        auto rule = std::find_if(expected.begin(), expected.end(), [&](const auto& e) { return e.field == one.field; });
        if (rule == expected.end()) {
            fail(ErrorCode::argument_unsupported, ErrorDomain::none, "parameter '{}' not supported", one.field);
        }
        if (one.value.index() + 1 != rule->type) {
            fail(ErrorCode::invalid_arg, ErrorDomain::none, "invalid type '{}' for parameter '{}', expected '{}'",
                 type_name(one), one.field, type_names[rule->type - 1]);
        }
        if (rule->repeatable) continue;
        for (size_t j = 0; j < i; j++) {
            if (parameters[j].field != one.field) continue;
            fail(ErrorCode::invalid_arg, ErrorDomain::none, "parameter '{}' occurs multiple times", one.field);
        }
    }
}

void drop_strings(std::vector<TypedParameter>& parameters) {
    std::erase_if(parameters, [](const auto& one) { return std::holds_alternative<std::string>(one.value); });
}

}  // namespace virtue::wire
