// Where guests' memory comes from.
#include "drivers/qemu/calls/tune_support.h"
#include "model/domain/domain.h"

namespace virtue::qemu {

using namespace tune;

namespace {

using host::Controller;

constexpr TuneCalls::Subject numa_subject{"NUMA tuning", "cgroup cpuset controller is not mounted", true,
                                          Controller::cpuset};

constexpr wire::ExpectedParameter numa_settings[] = {{"numa_mode", type_int}, {"numa_nodeset", type_string}};

void change_numa(model::NumaTune& tune, const wire::TypedParameters& params) {
    if (auto mode = params.find_int("numa_mode")) {
        if (*mode < 0 || *mode > static_cast<int32_t>(model::NumatuneMode::restrictive)) {
            fail(ErrorCode::invalid_arg, ErrorDomain::qemu, "unsupported numatune mode: '{}'", *mode);
        }
        tune.mode = static_cast<model::NumatuneMode>(*mode);
        tune.has_memory = true;
    }
    if (auto nodes = params.find_string("numa_nodeset")) {
        auto set = Bitmap::parse(*nodes);
        if (!set || set->empty()) {
            fail(ErrorCode::invalid_arg, ErrorDomain::qemu, "Invalid nodeset of 'numatune': {}", *nodes);
        }
        tune.nodes = std::move(*set);
        tune.placement_auto = false;
        tune.has_memory = true;
    }
    if (tune.has_memory && !tune.placement_auto && tune.nodes.empty()) {
        throw Error(ErrorCode::invalid_arg, ErrorDomain::qemu, "nodeset for NUMA memory tuning must be set",
                    "name the host's nodes, too (virsh numatune --nodeset)");
    }
}

/// Where the memory of a running guest may lie can change only where the host's kernel alone keeps it there.
std::vector<wire::TypedParameter> change_live_numa(Run& run, const wire::TypedParameters& params) {
    model::NumaTune& tune = run.domain->numatune;
    model::NumaTune wanted = tune;
    change_numa(wanted, params);
    const bool names_mode = params.find("numa_mode") != nullptr;
    if (tune.has_memory && names_mode && wanted.mode != tune.mode) {
        throw Error(ErrorCode::operation_invalid, ErrorDomain::qemu, "can't change numatune mode for running domain");
    }
    if (tune.has_memory && names_mode && tune.mode == model::NumatuneMode::strict) {
        if (params.find("numa_nodeset") && wanted.nodes == tune.nodes) return {};
        throw Error(ErrorCode::operation_invalid, ErrorDomain::qemu,
                    "can't change nodeset for strict mode for running domain");
    }
    if (!params.find("numa_nodeset")) {
        tune = wanted;
        return {};
    }
    if (tune.has_memory && tune.mode != model::NumatuneMode::restrictive) {
        throw Error(ErrorCode::operation_invalid, ErrorDomain::qemu,
                    "change of nodeset for running domain requires restrictive numa mode");
    }
    for (Threads threads : {Threads::emulator, Threads::vcpus, Threads::iothreads}) {
        for (const std::string& group : groups_of(run, threads)) run.group->set_memory_nodes(group, wanted.nodes);
    }
    tune = wanted;
    return {};
}

}  // namespace

proc::DomainGetNumaParameters::Ret TuneCalls::numa(driver::Call&, proc::DomainGetNumaParameters::Args args) {
    require_flags(args.flags, reading_flags, "qemuDomainGetNumaParameters");
    DomainOwner domain = core_.at(args.domain.name, args.domain.uuid);
    const model::NumaTune& tune = definition_for(*domain, args.flags & affect_flags).numatune;
    wire::TypedParameters params;
    params.add_int("numa_mode", tune.has_memory ? static_cast<int32_t>(tune.mode) : 0);
    params.add_string("numa_nodeset", tune.has_memory ? tune.nodes.to_string() : "");
    return answer<proc::DomainGetNumaParameters::Ret>(std::move(params), args.nparams, args.flags);
}

Task<wire::Void> TuneCalls::set_numa(driver::Call& call, proc::DomainSetNumaParameters::Args args) {
    require_flags(args.flags, affect_flags, "qemuDomainSetNumaParameters");
    require_settings(args.params, numa_settings);
    wire::TypedParameters params(std::move(args.params));
    std::function<void(model::Domain&)> change = [&params](model::Domain& domain) {
        change_numa(domain.numatune, params);
    };
    LiveChange change_live = [&params](Run& run) { return change_live_numa(run, params); };
    co_await change_limits(call, std::move(args.domain), args.flags, numa_subject, std::move(change),
                           std::move(change_live));
    co_return wire::Void{};
}

}  // namespace virtue::qemu
