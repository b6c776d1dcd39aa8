// The qemu: namespace: arguments, environment, capabilities and device properties passed past the model. Value types.
#pragma once
#include "base/big_value.h"
#include "xml/mapper.h"

namespace virtue::model {

struct QemuArgument {
    std::string value;
    bool operator==(const QemuArgument&) const = default;
};
void map(xml::Mapper& m, QemuArgument& argument);

struct QemuEnvironment {
    std::string name;
    std::optional<std::string> value;
    bool operator==(const QemuEnvironment&) const = default;
};
void map(xml::Mapper& m, QemuEnvironment& variable);

struct QemuCapability {
    std::string name;
    bool operator==(const QemuCapability&) const = default;
};
void map(xml::Mapper& m, QemuCapability& capability);

struct QemuProperty {
    std::string name, type;
    std::optional<std::string> value;
    bool operator==(const QemuProperty&) const = default;
};
void map(xml::Mapper& m, QemuProperty& property);

struct QemuDeviceOverride {
    std::string alias;
    std::vector<QemuProperty> properties;
    bool operator==(const QemuDeviceOverride&) const = default;
};
void map(xml::Mapper& m, QemuDeviceOverride& device);

struct QemuNamespace {
    VIRTUE_BIG_VALUE(QemuNamespace);
    static constexpr const char* prefix = "qemu";
    static constexpr const char* uri = "http://libvirt.org/schemas/domain/qemu/1.0";

    std::vector<QemuArgument> arguments;
    std::vector<QemuEnvironment> environment;
    std::vector<QemuCapability> added, removed;
    std::vector<QemuDeviceOverride> overrides;
    std::string deprecation;
    bool operator==(const QemuNamespace&) const = default;
    bool empty() const {
        return arguments.empty() && environment.empty() && added.empty() && removed.empty() && overrides.empty() &&
               deprecation.empty();
    }
};
void map(xml::Mapper& m, QemuNamespace& qemu);

}  // namespace virtue::model
