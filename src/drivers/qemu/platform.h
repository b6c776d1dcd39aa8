// What the model asks about emulators when it completes a definition, answered from probed capabilities. Lives for one
// definition; loop thread.
#pragma once
#include "drivers/qemu/capabilities/cache.h"
#include "drivers/qemu/settings.h"
#include "model/domain/complete/platform.h"

namespace virtue::qemu {

/// The emulators of this host. `capabilities` are those of the definition's emulator, null when it is missing.
class QemuPlatform final : public model::Platform {
public:
    QemuPlatform(const CapabilitiesCache& cache, CapabilitiesRef capabilities, const Settings& settings)
        : cache_(cache), capabilities_(std::move(capabilities)), settings_(settings) {}

    std::string default_arch() const override;
    std::string emulator(model::DomainType type, std::string_view arch) const override;
    std::string machine(const model::Domain& domain, std::string_view name) const override;
    std::string default_cpu(const model::Domain& domain) const override;
    bool has_device(const model::Domain& domain, std::string_view name) const override;
    void check(const model::Domain& domain) const override;
    std::string nvram_folder() const override { return settings_.stored("nvram"); }

private:
    const CapabilitiesCache& cache_;
    CapabilitiesRef capabilities_;
    const Settings& settings_;
};

}  // namespace virtue::qemu
