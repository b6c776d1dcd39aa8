// The XML of a guest for a libvirt at the other side that may be older. Pure functions; usable from any thread.
#pragma once
#include "model/domain/complete/platform.h"

namespace virtue::model {

/// What VIR_DOMAIN_XML_MIGRATABLE shows: the domain read back from its own XML, without the devices that every machine
/// of its type has had before XML said so, and without what belongs to one run of it.
std::string format_migratable(const Domain& domain, const Platform& platform);

}  // namespace virtue::model
