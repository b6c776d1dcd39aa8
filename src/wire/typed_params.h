// A growing list of typed parameters: how statistics and tunables travel. Owned by whoever builds or reads it.
#pragma once
#include <span>
#include <utility>

#include "wire/types.h"

namespace virtue::wire {

/// Adds in order and finds by name; `take()` or the conversion hands the list to a message.
class TypedParameters {
public:
    TypedParameters() = default;
    explicit TypedParameters(std::vector<TypedParameter> items) : items_(std::move(items)) {}

    void reserve(size_t count) { items_.reserve(count); }
    void add_int(std::string field, int32_t value) { add(std::move(field), value); }
    void add_uint(std::string field, uint32_t value) { add(std::move(field), value); }
    void add_llong(std::string field, int64_t value) { add(std::move(field), value); }
    void add_ullong(std::string field, uint64_t value) { add(std::move(field), value); }
    void add_double(std::string field, double value) { add(std::move(field), value); }
    void add_boolean(std::string field, bool value) { add(std::move(field), value); }
    void add_string(std::string field, std::string value) { add(std::move(field), std::move(value)); }

    /// The first parameter of that name, or null.
    const TypedParameter* find(std::string_view field) const;
    /// The value when the parameter is there. Errors: invalid_arg, when it has another type (the type named).
    std::optional<int32_t> find_int(std::string_view field) const;
    std::optional<uint32_t> find_uint(std::string_view field) const;
    std::optional<int64_t> find_llong(std::string_view field) const;
    std::optional<uint64_t> find_ullong(std::string_view field) const;
    std::optional<double> find_double(std::string_view field) const;
    std::optional<bool> find_boolean(std::string_view field) const;
    std::optional<std::string> find_string(std::string_view field) const;

    bool empty() const { return items_.empty(); }
    size_t size() const { return items_.size(); }
    auto begin() const { return items_.begin(); }
    auto end() const { return items_.end(); }
    const std::vector<TypedParameter>& items() const { return items_; }
    std::vector<TypedParameter> take() { return std::exchange(items_, {}); }

private:
    void add(std::string field, TypedParameter::Value value);

    std::vector<TypedParameter> items_;
};

/// libvirt's name of a parameter's type: "int", "uint", "llong", "ullong", "double", "boolean", "string".
std::string_view type_name(const TypedParameter& parameter);

/// One expected parameter of a call: its name and the wire number of its type (1 int … 7 string).
struct ExpectedParameter {
    std::string_view field;
    uint32_t type;
    bool repeatable = false;
};

/// Refuses what is not expected, has another type, or comes twice. Errors: as libvirt's virTypedParamsValidate,
/// argument_unsupported "parameter 'x' not supported", invalid_arg for the type and for a repetition.
void validate(const std::vector<TypedParameter>& parameters, std::span<const ExpectedParameter> expected);

/// Drops the string parameters, for a caller that did not set VIR_TYPED_PARAM_STRING_OKAY (4).
void drop_strings(std::vector<TypedParameter>& parameters);

}  // namespace virtue::wire
