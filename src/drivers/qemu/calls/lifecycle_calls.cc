#include "drivers/qemu/calls/lifecycle_calls.h"

#include "drivers/qemu/calls/support.h"
#include "drivers/qemu/live_definition.h"
#include "model/domain/domain.h"

namespace virtue::qemu {
namespace {

using model::LifecycleAction;

constexpr const char* type_names[] = {"poweroff", "reboot", "crash"};

model::LifecycleAction& action_of(model::Domain& domain, uint32_t type) {
    if (type == api::domain_lifecycle_poweroff) return domain.on_poweroff;
    if (type == api::domain_lifecycle_reboot) return domain.on_reboot;
    return domain.on_crash;
}

void require_known_action(uint32_t type, uint32_t action) {
    if (type >= api::domain_lifecycle_last) {
        fail(ErrorCode::invalid_arg, ErrorDomain::domain, "invalid lifecycle type '{}'", type);
    }
    if (action >= api::domain_lifecycle_action_last) {
        fail(ErrorCode::invalid_arg, ErrorDomain::domain, "invalid lifecycle action '{}'", action);
    }
    const auto wanted = static_cast<LifecycleAction>(action);
    const bool dumps = wanted == LifecycleAction::coredump_destroy || wanted == LifecycleAction::coredump_restart;
    if (!dumps || type == api::domain_lifecycle_crash) return;
    fail(ErrorCode::config_unsupported, ErrorDomain::domain, "Lifecycle event '{}' doesn't support '{}' action",
         type_names[type], xml::to_name(wanted));
}

/// What QEMU can be made to do. Throws config_unsupported.
void require_possible(const model::Domain& domain) {
    using enum LifecycleAction;
    for (LifecycleAction action : {domain.on_poweroff, domain.on_reboot, domain.on_crash}) {
        if (action != rename_restart) continue;
        throw Error(ErrorCode::config_unsupported, ErrorDomain::qemu,
                    "qemu driver doesn't support the 'rename-restart' action for "
                    "'on_reboot'/'on_poweroff'/'on_crash'");
    }
    if (domain.on_poweroff == preserve || domain.on_reboot == preserve) {
        throw Error(ErrorCode::config_unsupported, ErrorDomain::qemu,
                    "qemu driver doesn't support the 'preserve' action for 'on_reboot'/'on_poweroff'");
    }
    if (domain.on_poweroff == restart && domain.on_reboot == destroy) {
        throw Error(ErrorCode::config_unsupported, ErrorDomain::qemu,
                    "qemu driver doesn't support 'onReboot' set to 'destroy' and 'onPoweroff' set to 'reboot'");
    }
}

}  // namespace

void LifecycleCalls::bind(driver::HandlerTable& on) {
    on.call<proc::DomainSetLifecycleAction>(this, &LifecycleCalls::set_action);
}

Task<wire::Void> LifecycleCalls::set_action(driver::Call& call, proc::DomainSetLifecycleAction::Args args) {
    require_flags(args.flags, api::domain_affect_live | api::domain_affect_config, "qemuDomainSetLifecycleAction");
    require_known_action(args.type, args.action);
    const auto action = static_cast<LifecycleAction>(args.action);
    DomainOwner domain = core_.at(args.domain.name, args.domain.uuid);
    driver::Job turn =
        co_await domain->jobs().begin(driver::JobKind::modify, "virDomainSetLifecycleAction", call.deadline);
    require_known(*domain);
    const Scope scope = scope_of(*domain, args.flags);
    std::shared_ptr<model::Domain> definition;
    if (scope.config) {
        definition = std::make_shared<model::Domain>(*domain->persistent());
        action_of(*definition, args.type) = action;
        require_possible(*definition);
    }
    if (scope.live) {
        model::Domain changed = *domain->running().domain;
        if (!allows_reboot(changed)) {
            throw Error(ErrorCode::operation_invalid, ErrorDomain::qemu,
                        "cannot update lifecycle action because QEMU was started with incompatible -no-reboot setting");
        }
        action_of(changed, args.type) = action;
        require_possible(changed);
        if (args.type == api::domain_lifecycle_reboot) {
            Json arguments = Json::object({{"reboot", reboot_means_shutdown(changed) ? "shutdown" : "reset"}});
            io::Deadline deadline = core_.monitor_deadline(call.deadline, *domain);
            co_await domain->monitor()->command("set-action", std::move(arguments), deadline);
        }
        action_of(*domain->running().domain, args.type) = action;
        co_await live_changed(core_, domain);
    }
    if (definition) co_await replace_definition(core_, domain, std::move(definition));
    co_return wire::Void{};
}

}  // namespace virtue::qemu
