// The models of network cards that libvirt has words for. Pure functions.
#pragma once
#include <optional>
#include <string_view>

namespace virtue::model {

/// The model by libvirt's own word for it, whatever letters are capitals; nothing where it has none.
std::optional<std::string_view> known_card(std::string_view model);

}  // namespace virtue::model
