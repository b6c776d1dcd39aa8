#include "drivers/qemu/capabilities/capabilities.h"

#include "base/error.h"

namespace virtue::qemu {

bool QemuCapabilities::has_property(std::string_view type, std::string_view property) const {
    auto found = properties.find(type);
    return found != properties.end() && found->second.contains(property);
}

const MachineType* QemuCapabilities::find_machine(std::string_view name) const {
    for (const MachineType& machine : machines) {
        if (name.empty() ? machine.is_default : machine.name == name || machine.alias == name) return &machine;
    }
    // A target without a default machine (Arm) has one by custom (libvirt: preferredMachines), or takes the first.
    if (name.empty() && (arch == "armv7l" || arch == "aarch64" || arch == "armv6l"))
        if (const MachineType* custom = find_machine("integratorcp")) return custom;
    return name.empty() && !machines.empty() ? &machines.front() : nullptr;
}

std::string QemuCapabilities::canonical_machine(std::string_view name) const {
    const MachineType* machine = name.empty() ? nullptr : find_machine(name);
    return machine != nullptr ? machine->name : std::string(name);
}

namespace {

template <typename Texts>
Json texts_to_json(const Texts& texts) {
    Json array = Json::array();
    for (const std::string& text : texts) array.add(text);
    return array;
}

std::vector<std::string> to_vector(const Json& json) {
    std::vector<std::string> texts;
    for (const Json& item : json.items()) texts.push_back(item.as_string());
    return texts;
}

std::set<std::string, std::less<>> to_set(const Json& json) {
    std::set<std::string, std::less<>> texts;
    for (const Json& item : json.items()) texts.insert(item.as_string());
    return texts;
}

Json machine_to_json(const MachineType& machine) {
    return Json::object({{"name", machine.name},
                         {"alias", machine.alias},
                         {"max-cpus", machine.max_cpus},
                         {"default-cpu", machine.default_cpu},
                         {"default-ram", machine.default_ram},
                         {"cpu-hotplug", machine.cpu_hotplug},
                         {"numa", machine.numa},
                         {"deprecated", machine.deprecated},
                         {"default", machine.is_default}});
}

MachineType machine_from_json(const Json& json) {
    MachineType machine;
    machine.name = json.at("name").as_string();
    machine.alias = json.at("alias").as_string();
    machine.max_cpus = static_cast<unsigned>(json.at("max-cpus").as_uint());
    machine.default_cpu = json.at("default-cpu").as_string();
    machine.default_ram = json.at("default-ram").as_string();
    machine.cpu_hotplug = json.at("cpu-hotplug").as_bool();
    machine.numa = json.at("numa").as_bool();
    machine.deprecated = json.at("deprecated").as_bool();
    machine.is_default = json.at("default").as_bool();
    return machine;
}

Json accelerator_to_json(const AcceleratorCapabilities& accelerator) {
    Json models = Json::array();
    for (const CpuModel& model : accelerator.cpu_models) {
        models.add(Json::object({{"name", model.name},
                                 {"type", model.type},
                                 {"usable", static_cast<int>(model.usable)},
                                 {"blockers", texts_to_json(model.blockers)},
                                 {"deprecated", model.deprecated}}));
    }
    Json host = Json::object();
    Json::Object features;
    for (const auto& [name, value] : accelerator.host_model) features.push_back({name, value});
    return Json::object({{"cpu-models", std::move(models)}, {"host-model", Json::from_members(std::move(features))}});
}

AcceleratorCapabilities accelerator_from_json(const Json& json) {
    AcceleratorCapabilities accelerator;
    for (const Json& item : json.at("cpu-models").items()) {
        CpuModel model;
        model.name = item.at("name").as_string();
        model.type = item.at("type").as_string();
        const int64_t usable = item.at("usable").as_int();
        if (usable < 0 || usable > 2) fail(ErrorCode::internal_error, ErrorDomain::qemu, "'usable' is {}", usable);
        model.usable = static_cast<Usable>(usable);
        model.blockers = to_vector(item.at("blockers"));
        model.deprecated = item.at("deprecated").as_bool();
        accelerator.cpu_models.push_back(std::move(model));
    }
    for (const Json::Member& feature : json.at("host-model").members()) {
        accelerator.host_model.emplace(feature.key, feature.value.as_string());
    }
    return accelerator;
}

}  // namespace

Json QemuCapabilities::to_json() const {
    Json json = Json::object({{"binary", binary}, {"arch", arch}, {"version", version}, {"package", package}});
    Json machine_list = Json::array();
    for (const MachineType& machine : machines) machine_list.add(machine_to_json(machine));
    Json property_lists = Json::object();
    for (const auto& [type, names] : properties) property_lists.set(type, texts_to_json(names));
    json.set("machines", std::move(machine_list));
    json.set("commands", texts_to_json(commands));
    json.set("devices", texts_to_json(devices));
    json.set("properties", std::move(property_lists));
    json.set("options", texts_to_json(options));
    json.set("schema", texts_to_json(schema));
    json.set("tpm-models", texts_to_json(tpm_models));
    json.set("tpm-types", texts_to_json(tpm_types));
    json.set("kvm", kvm);
    json.set("kvm-reason", kvm_reason);
    json.set("tcg", accelerator_to_json(tcg));
    json.set("with-kvm", accelerator_to_json(with_kvm));
    return json;
}

QemuCapabilities QemuCapabilities::from_json(const Json& json) {
    QemuCapabilities result;
    result.binary = json.at("binary").as_string();
    result.arch = json.at("arch").as_string();
    result.version = static_cast<int>(json.at("version").as_int());
    result.package = json.at("package").as_string();
    for (const Json& machine : json.at("machines").items()) result.machines.push_back(machine_from_json(machine));
    result.commands = to_set(json.at("commands"));
    result.devices = to_set(json.at("devices"));
    for (const Json::Member& list : json.at("properties").members()) {
        result.properties.emplace(list.key, to_set(list.value));
    }
    result.options = to_set(json.at("options"));
    result.schema = to_set(json.at("schema"));
    result.tpm_models = to_vector(json.at("tpm-models"));
    result.tpm_types = to_vector(json.at("tpm-types"));
    result.kvm = json.at("kvm").as_bool();
    result.kvm_reason = json.at("kvm-reason").as_string();
    result.tcg = accelerator_from_json(json.at("tcg"));
    result.with_kvm = accelerator_from_json(json.at("with-kvm"));
    return result;
}

}  // namespace virtue::qemu
