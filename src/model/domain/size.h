// Amounts of memory as domain XML writes them: <memory unit='KiB'>1024</memory>. Value types.
#pragma once
#include <compare>
#include <cstdint>

#include "xml/mapper.h"

namespace virtue::model {

/// A number of KiB; any unit is read and rounded up (libvirt: virDomainParseMemory).
struct Kibibytes {
    uint64_t count = 0;
    auto operator<=>(const Kibibytes&) const = default;
};
void map(xml::Mapper& m, Kibibytes& size);

/// A number of bytes with the unit it is printed in.
struct SizeWithUnit {
    uint64_t count = 0;
    std::string unit;
    bool operator==(const SizeWithUnit&) const = default;
};
void map(xml::Mapper& m, SizeWithUnit& size);

/// Refuses a unit that nobody knows as libvirt does: invalid_arg of no part.
[[noreturn]] void fail_unit(xml::Mapper& m, std::string_view unit);

/// A child element that holds a size, written only if it is not 0.
void map_nonzero(xml::Mapper& m, const char* name, Kibibytes& size);

}  // namespace virtue::model
