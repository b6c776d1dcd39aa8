// The mock host's devices, with virtual Fibre Channel ports that can be made and removed. Owned by an instance; loop
// thread only.
#pragma once
#include <map>
#include <string>

#include "model/nodedev/node_device.h"

namespace virtue::test {

class Instance;

/// All devices by name.
using NodeDevices = std::map<std::string, model::NodeDevice>;

/// The device that a virtual port may be made on: named, or any that can. Null if there is none.
const model::NodeDevice* find_vport_parent(const Instance& in, const std::string& name);
const model::NodeDevice* find_device_by_wwn(const Instance& in, const std::string& wwnn, const std::string& wwpn);
/// Makes a virtual port and tells it. Errors: no_node_device when the mock has no port to copy.
const model::NodeDevice& create_vport(Instance& in, const std::string& wwnn, const std::string& wwpn);
/// Removes a device and tells it.
void remove_device(Instance& in, const std::string& name);

}  // namespace virtue::test
