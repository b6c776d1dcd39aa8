// What the calls about limits of guests have in common, whatever they limit. Plain functions of the tune_*.cc files;
// loop thread.
#pragma once
#include <span>
#include <string>
#include <vector>

#include "drivers/qemu/calls/support.h"
#include "drivers/qemu/calls/tune_calls.h"
#include "wire/typed_params.h"

namespace virtue::qemu::tune {

constexpr uint32_t affect_flags = api::domain_affect_live | api::domain_affect_config;
constexpr uint32_t reading_flags = affect_flags | api::typed_param_string_okay;

enum TypeNumber : uint32_t { type_int = 1, type_uint = 2, type_llong = 3, type_ullong = 4, type_string = 7 };

/// As the C API has it: none asked for tells how many there are, fewer get the first ones; strings only for a client
/// that can read them.
template <typename Ret>
Ret answer(wire::TypedParameters params, int32_t asked, uint32_t flags) {
    Ret ret;
    ret.nparams = static_cast<int32_t>(params.size());
    if (asked == 0) return ret;
    ret.params = params.take();
    if (asked > 0 && static_cast<size_t>(asked) < ret.params.size()) ret.params.resize(static_cast<size_t>(asked));
    if (!(flags & api::typed_param_string_okay)) wire::drop_strings(ret.params);
    ret.nparams = static_cast<int32_t>(ret.params.size());
    return ret;
}

/// Throws invalid_arg for parameters that are not expected, or not of their type.
void require_settings(const std::vector<wire::TypedParameter>& params,
                      std::span<const wire::ExpectedParameter> expected);
/// The value. Throws invalid_arg naming the setting.
uint64_t in_range(std::string_view name, uint64_t value, uint64_t least, uint64_t most);

/// Which groups of a guest's threads a limit is of.
enum class Threads : uint8_t { vcpus, emulator, all, iothreads };
/// The groups of those of a run's threads.
std::vector<std::string> groups_of(const Run& run, Threads threads);

}  // namespace virtue::qemu::tune
