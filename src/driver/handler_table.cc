#include "driver/handler_table.h"

namespace virtue::driver {
namespace {

uint64_t key_of(wire::Program program, int32_t number) {
    return static_cast<uint64_t>(program) << 32 | static_cast<uint32_t>(number);
}

}  // namespace

Error unsupported(const proc::ProcedureInfo& procedure) {
    return Error(ErrorCode::no_support, proc::error_domain(procedure), std::string(procedure.api));
}

const Handler* HandlerTable::find(wire::Program program, int32_t number) const {
    auto found = handlers_.find(key_of(program, number));
    return found == handlers_.end() ? nullptr : found->second.get();
}

void HandlerTable::add(std::unique_ptr<Handler> handler) {
    uint64_t key = key_of(handler->procedure.program, handler->procedure.number);
    handlers_[key] = std::move(handler);
}

}  // namespace virtue::driver
