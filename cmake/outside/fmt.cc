// fmt as a static library, made from its own headers: Debian has only the shared one. Release builds only.
#include <fmt/format-inl.h>

FMT_BEGIN_NAMESPACE
namespace detail {

// What other files use of it is declared extern there.
template auto thousands_sep_impl(locale_ref) -> thousands_sep_result<char>;
template auto decimal_point_impl(locale_ref) -> char;
template auto dragonbox::to_decimal(float) noexcept -> dragonbox::decimal_fp<float>;
template auto dragonbox::to_decimal(double) noexcept -> dragonbox::decimal_fp<double>;

}  // namespace detail
FMT_END_NAMESPACE
