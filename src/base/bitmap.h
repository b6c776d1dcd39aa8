// A set of small numbers: CPUs, NUMA nodes. libvirt's text form is "0-3,^2,8". A value type; usable from any thread.
#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace virtue {

/// Numbers from 0 up to `limit`, kept as bits.
class Bitmap {
public:
    /// No text may name a number at or above this (libvirt: VIR_DOMAIN_CPUMASK_LEN is 16384).
    static constexpr unsigned limit = 16384;

    Bitmap() = default;
    /// All numbers below `count`.
    static Bitmap first(unsigned count);
    /// Reads "0-3,^2,8" (libvirt: virBitmapParse). Nothing for bad syntax, reversed ranges, or numbers over the limit.
    static std::optional<Bitmap> parse(std::string_view text);

    bool test(unsigned number) const;
    void set(unsigned number, bool value = true);
    bool empty() const;
    size_t count() const;
    /// The greatest member, or nothing when empty.
    std::optional<unsigned> last() const;
    /// The smallest member that is at least `from`.
    std::optional<unsigned> next(unsigned from = 0) const;
    bool intersects(const Bitmap& other) const;
    void add(const Bitmap& other);
    /// "0-1,3" (libvirt: virBitmapFormat).
    std::string to_string() const;

    bool operator==(const Bitmap& other) const;

private:
    std::vector<uint64_t> words_;
};

}  // namespace virtue
