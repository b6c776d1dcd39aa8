#include "drivers/qemu/calls/device_calls.h"

#include "drivers/qemu/calls/support.h"
#include "drivers/qemu/device_changes.h"
#include "drivers/qemu/hotplug.h"
#include "drivers/qemu/platform.h"
#include "model/domain/complete/complete.h"

namespace virtue::qemu {
namespace {

/// The device with its defaults, where they can be told; detaching does not check what it takes away.
model::Device complete_if_possible(const model::Domain& domain, const model::Device& device,
                                   const model::Platform& platform) {
    try {
        return complete_device(domain, device, platform);
    } catch (const Error&) {
        return device;
    }
}

/// A module that goes takes its memory along.
void take_memory(model::Domain& domain, const model::Device& device) {
    const auto* memory = std::get_if<model::MemoryDevice>(&device);
    if (memory == nullptr) return;
    domain.memory.count -= std::min(domain.memory.count, memory->size.count);
    if (domain.current_memory && *domain.current_memory > domain.memory) domain.current_memory.reset();
}

}  // namespace

void DeviceCalls::bind(driver::HandlerTable& on) {
    on.call<proc::DomainAttachDevice>(this, &DeviceCalls::attach);
    on.call<proc::DomainAttachDeviceFlags>(this, &DeviceCalls::attach_flags);
    on.call<proc::DomainDetachDevice>(this, &DeviceCalls::detach);
    on.call<proc::DomainDetachDeviceFlags>(this, &DeviceCalls::detach_flags);
    on.call<proc::DomainDetachDeviceAlias>(this, &DeviceCalls::detach_alias);
    on.call<proc::DomainUpdateDeviceFlags>(this, &DeviceCalls::update_flags);
}

Task<wire::Void> DeviceCalls::attach(driver::Call& call, proc::DomainAttachDevice::Args args) {
    co_await change(call, std::move(args.domain), std::move(args.xml), api::domain_affect_live, Change::attach);
    co_return wire::Void{};
}

Task<wire::Void> DeviceCalls::attach_flags(driver::Call& call, proc::DomainAttachDeviceFlags::Args args) {
    require_flags(args.flags, api::domain_affect_live | api::domain_affect_config,
                  "qemuDomainAttachDeviceLiveAndConfig");
    co_await change(call, std::move(args.domain), std::move(args.xml), args.flags, Change::attach);
    co_return wire::Void{};
}

Task<wire::Void> DeviceCalls::detach(driver::Call& call, proc::DomainDetachDevice::Args args) {
    co_await change(call, std::move(args.domain), std::move(args.xml), api::domain_affect_live, Change::detach);
    co_return wire::Void{};
}

Task<wire::Void> DeviceCalls::detach_flags(driver::Call& call, proc::DomainDetachDeviceFlags::Args args) {
    require_flags(args.flags, api::domain_affect_live | api::domain_affect_config,
                  "qemuDomainDetachDeviceLiveAndConfig");
    co_await change(call, std::move(args.domain), std::move(args.xml), args.flags, Change::detach);
    co_return wire::Void{};
}

Task<wire::Void> DeviceCalls::update_flags(driver::Call& call, proc::DomainUpdateDeviceFlags::Args args) {
    require_flags(args.flags, api::domain_affect_live | api::domain_affect_config | api::domain_device_modify_force,
                  "qemuDomainUpdateDeviceFlags");
    co_await change(call, std::move(args.domain), std::move(args.xml), args.flags, Change::update);
    co_return wire::Void{};
}

Task<wire::Void> DeviceCalls::detach_alias(driver::Call& call, proc::DomainDetachDeviceAlias::Args args) {
    require_flags(args.flags, api::domain_affect_live | api::domain_affect_config, "qemuDomainDetachDeviceAlias");
    DomainOwner domain = core_.at(args.domain.name, args.domain.uuid);
    driver::Job job =
        co_await domain->jobs().begin(driver::JobKind::modify, "virDomainDetachDeviceAlias", call.deadline);
    require_known(*domain);
    Scope scope = scope_of(*domain, args.flags);
    std::shared_ptr<model::Domain> definition;
    auto find = [&args](const model::Domain& in) {
        std::optional<model::Device> found = model::find_device_by_alias(in, args.alias);
        if (!found) {
            fail(ErrorCode::device_missing, ErrorDomain::qemu, "no device found with alias {}", args.alias);
        }
        return *found;
    };
    if (scope.config) {
        CapabilitiesRef capabilities = co_await core_.capabilities.get(domain->persistent()->emulator, call.deadline);
        QemuPlatform platform(core_.capabilities, std::move(capabilities), core_.settings);
        definition = read_again(*domain->persistent(), platform);
        const model::Device found = find(*definition);
        detach_from_config(*definition, found);
    }
    if (scope.live) {
        model::Device found = find(*domain->running().domain);
        io::Deadline deadline = core_.monitor_deadline(call.deadline, *domain);
        co_await unplug_device(core_, domain, std::move(found), deadline);
    }
    if (scope.config) co_await replace_definition(core_, domain, std::move(definition));
    co_return wire::Void{};
}

void DeviceCalls::change_config(model::Domain& definition, const model::Device& device, const model::Platform& platform,
                                Change what) {
    const bool all_in_use = definition.current() == definition.memory;
    if (what == Change::detach) {
        const model::Device complete = complete_if_possible(definition, device, platform);
        detach_from_config(definition, complete);
        take_memory(definition, complete);
        return;
    }
    const model::Device complete = complete_device(definition, device, platform);
    if (what == Change::attach) {
        attach_to_config(definition, complete);
        model::complete_for_qemu(definition, platform, true);
        if (all_in_use && std::holds_alternative<model::MemoryDevice>(complete)) definition.current_memory.reset();
    } else {
        update_in_config(definition, complete);
        model::complete_for_qemu(definition, platform, false, false);
    }
}

Task<void> DeviceCalls::change(driver::Call& call, proc::DomainRef which, std::string xml, uint32_t flags,
                               Change what) {
    DomainOwner domain = core_.at(which.name, which.uuid);
    static constexpr const char* names[] = {"virDomainAttachDeviceFlags", "virDomainDetachDeviceFlags",
                                            "virDomainUpdateDeviceFlags"};
    driver::Job job =
        co_await domain->jobs().begin(driver::JobKind::modify, names[static_cast<int>(what)], call.deadline);
    require_known(*domain);
    Scope scope = scope_of(*domain, flags & 3);
    model::Device device = model::parse_device(xml, true);
    require_disk_name(device);
    std::string emulator = (scope.live ? domain->current() : *domain->persistent()).emulator;
    CapabilitiesRef capabilities = co_await core_.capabilities.get(emulator, call.deadline);
    QemuPlatform platform(core_.capabilities, capabilities, core_.settings);
    std::shared_ptr<model::Domain> definition;
    if (scope.config) {
        definition = read_again(*domain->persistent(), platform);
        change_config(*definition, device, platform, what);
    }
    if (scope.live) {
        io::Deadline deadline = core_.monitor_deadline(call.deadline, *domain);
        if (what == Change::attach) {
            co_await plug_device(core_, domain, std::move(device), std::move(capabilities), deadline);
        } else if (what == Change::detach) {
            const model::Device complete = complete_if_possible(*domain->running().domain, device, platform);
            model::Device present = find_present(*domain->running().domain, complete);
            co_await unplug_device(core_, domain, std::move(present), deadline);
        } else {
            bool force = (flags & api::domain_device_modify_force) != 0;
            co_await update_device(core_, domain, std::move(device), std::move(capabilities), force, deadline);
        }
    }
    if (scope.config) co_await replace_definition(core_, domain, std::move(definition));
}

}  // namespace virtue::qemu
