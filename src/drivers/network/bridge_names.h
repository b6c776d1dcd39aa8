// Names for networks' own bridges. Loop thread only.
#pragma once
#include "drivers/network/core.h"

namespace virtue::network {

/// Throws internal_error when a network of another name has the bridge that a definition names.
void require_free_bridge(const Core& core, const model::Network& definition);

/// Gives a network with a bridge of its own a name for it that no network and no device has: virbr0 up, or from the
/// pattern that the definition names ("br%d"). Throws internal_error for a name that another network has.
void choose_bridge_name(const Core& core, model::Network& definition);

}  // namespace virtue::network
