// The CPU that mode "host-model" stands for with one QEMU and one accelerator. Pure functions; any thread.
#pragma once
#include <optional>
#include <string_view>

#include "drivers/qemu/capabilities/capabilities.h"
#include "host/cpu_map.h"

namespace virtue::qemu {

/// Whether QEMU has a model; `blockers` gets what keeps it from offering the model here, which has to be taken out of
/// it also where the model's table does not name it.
bool offer_model(const AcceleratorCapabilities& accelerator, std::string_view name, host::CpuFeatures& blockers);

/// Names it as a model and differing features; nothing where there is no table for the architecture, or QEMU did not
/// tell what its largest CPU is.
std::optional<host::NamedCpu> name_host_model(const AcceleratorCapabilities& accelerator, std::string_view arch);

}  // namespace virtue::qemu
