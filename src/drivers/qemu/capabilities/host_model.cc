#include "drivers/qemu/capabilities/host_model.h"

#include <cstdlib>

namespace virtue::qemu {

namespace {

// The CPU that QEMU makes when asked for all it can do, as data that models are compared with.
host::CpuData expanded_cpu(const AcceleratorCapabilities& accelerator) {
    host::CpuData data;
    for (const auto& [name, value] : accelerator.host_model) {
        if (value == "true") {
            auto index = host::find_cpu_feature(name);
            // A guest that shall move cannot have it.
            if (index && host::cpu_feature_is_migratable(*index)) data.features.set(*index);
        } else if (name == "vendor") {
            data.vendor = value == "GenuineIntel" ? "Intel" : value == "AuthenticAMD" ? "AMD" : "Hygon";
        } else if (name == "family") {
            data.family = static_cast<uint32_t>(strtoul(value.c_str(), nullptr, 10));
        } else if (name == "model") {
            data.model = static_cast<uint32_t>(strtoul(value.c_str(), nullptr, 10));
        } else if (name == "stepping") {
            data.stepping = static_cast<uint32_t>(strtoul(value.c_str(), nullptr, 10));
        }
    }
    return data;
}

}  // namespace

bool offer_model(const AcceleratorCapabilities& accelerator, std::string_view name, host::CpuFeatures& blockers) {
    for (const CpuModel& model : accelerator.cpu_models) {
        if (model.name != name) continue;
        for (const std::string& blocker : model.blockers) {
            if (const auto index = host::find_cpu_feature(blocker)) blockers.set(*index);
        }
        return true;
    }
    return false;
}

std::optional<host::NamedCpu> name_host_model(const AcceleratorCapabilities& accelerator, std::string_view arch) {
    if ((arch != "x86_64" && arch != "i686") || accelerator.host_model.empty()) return std::nullopt;
    host::CpuNaming naming;
    naming.offer = [&accelerator](std::string_view name, host::CpuFeatures& blockers) {
        return offer_model(accelerator, name, blockers);
    };
    return host::name_cpu(expanded_cpu(accelerator), naming);
}

}  // namespace virtue::qemu
