#include "drivers/qemu/capabilities/host_model.h"

#include <algorithm>
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

// What keeps QEMU from offering the model here has to be taken out of it, also where the model's table does not name
// it.
void add_blockers(const AcceleratorCapabilities& accelerator, host::NamedCpu& cpu) {
    for (const CpuModel& model : accelerator.cpu_models) {
        if (model.name != cpu.model) continue;
        for (const std::string& blocker : model.blockers) {
            auto index = host::find_cpu_feature(blocker);
            const std::string name(index ? host::cpu_feature_name(*index) : std::string_view(blocker));
            auto& list = cpu.disable;
            if (std::find(list.begin(), list.end(), name) == list.end()) list.push_back(name);
        }
    }
}

}  // namespace

std::optional<host::NamedCpu> name_host_model(const AcceleratorCapabilities& accelerator, std::string_view arch) {
    if ((arch != "x86_64" && arch != "i686") || accelerator.host_model.empty()) return std::nullopt;
    auto known = [&accelerator](std::string_view name) {
        return std::any_of(accelerator.cpu_models.begin(), accelerator.cpu_models.end(),
                           [name](const CpuModel& model) { return model.name == name; });
    };
    std::optional<host::NamedCpu> cpu = host::name_cpu(expanded_cpu(accelerator), false, known);
    if (cpu) add_blockers(accelerator, *cpu);
    return cpu;
}

}  // namespace virtue::qemu
