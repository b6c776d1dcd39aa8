#include "drivers/qemu/hooks.h"

#include "base/log.h"
#include "driver/hooks.h"
#include "drivers/qemu/calls/support.h"
#include "drivers/qemu/kept_definition.h"
#include "model/domain/domain.h"

namespace virtue::qemu {
namespace {

constinit log::Module logger("qemu.hooks");

}  // namespace

Task<std::string> run_hooks(Core& core, std::shared_ptr<const model::Domain> domain, std::string operation,
                            std::string step) {
    driver::HookCall call;
    call.folder = core.settings.paths.config + "/hooks";
    call.kind = "qemu";
    // Most hosts have none: then the text is not worth making.
    if (driver::hook_programs(call.folder, call.kind).empty()) co_return std::string();
    call.object = domain->name;
    call.operation = std::move(operation);
    call.step = std::move(step);
    call.input = definition_xml(*domain, 0, true);
    io::Deadline deadline = io::Deadline::never().with_cancel(core.gate.cancel_source());
    std::string printed = co_await driver::run_hooks(core.loop, std::move(call), deadline);
    co_return printed;
}

Task<void> run_hooks_after(Core& core, std::shared_ptr<const model::Domain> domain, std::string operation,
                           std::string step) {
    try {
        co_await run_hooks(core, domain, std::move(operation), std::move(step));
    } catch (const Error& error) {
        logger.warn("domain '{}': {}", domain->name, error.message());
    }
}

Task<std::shared_ptr<model::Domain>> changed_by_hooks(Core& core, std::shared_ptr<model::Domain> definition,
                                                      io::Deadline deadline) {
    std::string printed = co_await run_hooks(core, definition, "restore", "begin");
    if (printed.find_first_not_of(" \t\n") == printed.npos) co_return definition;
    std::shared_ptr<model::Domain> changed = co_await read_definition(core, std::move(printed), false, deadline);
    co_return changed;
}

}  // namespace virtue::qemu
