#include "drivers/qemu/snapshots/inner_definition.h"

#include "base/error.h"
#include "drivers/qemu/live_definition.h"
#include "drivers/qemu/platform.h"
#include "model/domain/complete/complete.h"
#include "model/domain/complete/migratable.h"
#include "model/domain/complete/steps.h"
#include "model/domain/domain.h"

namespace virtue::qemu {

namespace {

/// The capabilities of a guest's emulator; null where none is known for it.
Task<CapabilitiesRef> capabilities_for(Core& core, const model::Domain& domain, io::Deadline deadline) {
    QemuPlatform without(core.capabilities, nullptr, core.settings);
    const std::string arch = domain.os.arch.empty() ? without.default_arch() : domain.os.arch;
    std::string emulator = domain.emulator.empty() ? without.emulator(domain.type, arch) : domain.emulator;
    if (emulator.empty()) co_return nullptr;
    CapabilitiesRef found = co_await core.capabilities.get(std::move(emulator), deadline);
    co_return found;
}

}  // namespace

Task<void> complete_inner(Core& core, model::Domain& inner, io::Deadline deadline) {
    require_name(inner.name);
    inner.id = -1;
    model::check_arch(inner);
    CapabilitiesRef capabilities = co_await capabilities_for(core, inner, deadline);
    QemuPlatform platform(core.capabilities, std::move(capabilities), core.settings);
    model::complete_for_qemu(inner, platform, false);
}

Task<std::shared_ptr<model::Domain>> definition_copy(Core& core, const model::Domain& from, io::Deadline deadline) {
    // By way of the document, as libvirt makes it: what only a running guest has stays behind, and what old releases
    // did not know is filled in again.
    CapabilitiesRef capabilities = co_await capabilities_for(core, from, deadline);
    QemuPlatform platform(core.capabilities, std::move(capabilities), core.settings);
    const std::string text = model::format_migratable(from, platform);
    xml::Options options;
    options.domain = ErrorDomain::domain;
    auto copy = std::make_shared<model::Domain>(xml::parse<model::Domain>(text, options));
    copy->id = -1;
    model::complete_for_qemu(*copy, platform, false);
    co_return copy;
}

Task<std::shared_ptr<model::Domain>> definition_now(Core& core, DomainOwner domain, io::Deadline deadline) {
    model::Domain now = domain->current();
    if (const Run* run = domain->run(); run && run->asked_cpu) now.cpu = *run->asked_cpu;
    if (domain->is_active()) drop_security_label(now);
    std::shared_ptr<model::Domain> copy = co_await definition_copy(core, now, deadline);
    co_return copy;
}

void require_same_guest(const Domain& domain, const std::optional<model::Domain>& inner, ErrorDomain part,
                        const char* kind, const std::string& name) {
    if (!inner || (inner->uuid && *inner->uuid == domain.uuid())) return;
    fail(ErrorCode::invalid_arg, part, "definition for {} {} must use uuid {}", kind, name, domain.uuid().to_string());
}

}  // namespace virtue::qemu
