#include "drivers/qemu/calls/tune_support.h"

#include "base/error.h"
#include "drivers/qemu/guest_group.h"
#include "model/domain/domain.h"

namespace virtue::qemu::tune {

void require_settings(const std::vector<wire::TypedParameter>& params,
                      std::span<const wire::ExpectedParameter> expected) {
    try {
        wire::validate(params, expected);
    } catch (Error& error) {
        error.set_domain(ErrorDomain::qemu);
        throw;
    }
}

uint64_t in_range(std::string_view name, uint64_t value, uint64_t least, uint64_t most) {
    if (value < least || value > most) {
        fail(ErrorCode::invalid_arg, ErrorDomain::qemu, "value of '{}' is out of range [{}, {}]", name, least, most);
    }
    return value;
}

std::vector<std::string> groups_of(const Run& run, Threads threads) {
    std::vector<std::string> groups;
    if (threads == Threads::all) groups.emplace_back();
    if (threads == Threads::emulator) groups.emplace_back(emulator_group);
    for (size_t i = 0; threads == Threads::vcpus && i < run.vcpu_threads.size(); i++) {
        if (run.vcpu_threads[i] > 0) groups.push_back(vcpu_group(i));
    }
    if (threads == Threads::iothreads) {
        for (const model::IoThread& thread : run.domain->iothread_ids) groups.push_back(iothread_group(thread.id));
    }
    return groups;
}

}  // namespace virtue::qemu::tune
