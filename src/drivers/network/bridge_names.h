// Names for networks' own bridges. Loop thread only.
#pragma once
#include "drivers/network/core.h"

namespace virtue::network {

/// Gives a network with a bridge of its own a name for it that no network and no device has: virbr0 up, or from the
/// pattern that the definition names ("br%d"). Throws internal_error for a name that another network has.
void choose_bridge_name(const Core& core, model::Network& definition);

}  // namespace virtue::network
