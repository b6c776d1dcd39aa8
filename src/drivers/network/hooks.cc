#include "drivers/network/hooks.h"

#include "base/error.h"
#include "driver/hooks.h"
#include "xml/mapper.h"

namespace virtue::network {
namespace {

std::string hook_input(const model::Network& network, const model::NetworkPort* port) {
    xml::Options options;
    options.domain = ErrorDomain::network;
    options.inactive = false;
    options.indent = 1;
    std::string text = "<hookData>\n" + xml::format(network, options);
    if (port) text += xml::format(*port, options);
    return text + "</hookData>\n";
}

}  // namespace

Task<void> run_hooks(io::Loop& loop, const Settings& settings, const model::Network& network,
                     const model::NetworkPort* port, std::string operation, std::string step) {
    driver::HookCall call;
    call.folder = settings.hooks();
    call.kind = "network";
    if (driver::hook_programs(call.folder, call.kind).empty()) co_return;
    call.object = network.name;
    call.operation = std::move(operation);
    call.step = std::move(step);
    call.input = hook_input(network, port);
    io::Deadline deadline = io::Deadline::after(settings.command_deadline);
    co_await driver::run_hooks(loop, std::move(call), deadline);
}

}  // namespace virtue::network
