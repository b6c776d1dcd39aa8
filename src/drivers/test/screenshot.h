// The picture that every mock guest shows. Pure.
#pragma once
#include <cstdint>
#include <vector>

namespace virtue::test {

/// A PNG of 1120 x 832 pixels: stripes with a frame around them.
std::vector<uint8_t> screenshot();

}  // namespace virtue::test
