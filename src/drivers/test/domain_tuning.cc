// Scheduler, block I/O weights, NUMA placement, interface bandwidth, perf events.
#include <algorithm>

#include "base/text.h"
#include "drivers/test/domains.h"
#include "drivers/test/refusals.h"
#include "protocol/remote/domain_tune.h"
#include "wire/typed_params.h"

namespace virtue::test {
namespace {

constexpr uint32_t live_or_config = api::domain_affect_live | api::domain_affect_config;

/// Cuts the list to what the caller has room for; a caller without room asks for the number only.
template <typename Ret>
Ret answer(wire::TypedParameters& params, int32_t room) {
    std::vector<wire::TypedParameter> items = params.take();
    Ret ret;
    if (room > 0 && items.size() > static_cast<size_t>(room)) items.resize(static_cast<size_t>(room));
    ret.nparams = static_cast<int32_t>(items.size());
    if (room > 0) ret.params = std::move(items);
    return ret;
}

// Scheduler.

proc::DomainGetSchedulerType::Ret get_scheduler(Instance&, proc::DomainGetSchedulerType::Args) {
    return {"fair", 1};
}

template <typename P>
typename P::Ret get_scheduler_parameters(Instance& in, typename P::Args args) {
    if constexpr (requires { args.flags; }) check_flags(args.flags, 0, "testDomainGetSchedulerParametersFlags");
    guest_of(in, args.domain);
    wire::TypedParameters params;
    if (args.nparams > 0) params.add_uint("weight", 50);
    typename P::Ret ret;
    ret.params = params.take();
    return ret;
}

template <typename P>
typename P::Ret set_scheduler_parameters(Instance& in, typename P::Args args) {
    constexpr wire::ExpectedParameter expected[] = {{"weight", api::typed_param_uint}};
    if constexpr (requires { args.flags; }) check_flags(args.flags, 0, "testDomainSetSchedulerParametersFlags");
    wire::validate(args.params, expected);
    guest_of(in, args.domain);  // the weight is taken and forgotten
    return {};
}

// Block I/O.

/// One of the per-device lists: "/dev/sda,300,/dev/sdb,400".
template <typename Number>
std::string join_devices(const model::BlkioTune& tune, Number model::BlkioDevice::*field) {
    std::string text;
    for (const model::BlkioDevice& device : tune.devices) {
        if (device.*field == 0) continue;
        if (!text.empty()) text += ',';
        text += fmt::format("{},{}", device.path, device.*field);
    }
    return text;
}

template <typename Number>
void merge_devices(model::BlkioTune& tune, const wire::TypedParameters& params, const char* name,
                   Number model::BlkioDevice::*field) {
    std::optional<std::string> text = params.find_string(name);
    if (!text || text->empty()) return;
    std::vector<std::string_view> parts = split(*text, ',');
    auto malformed = [&] {
        fail(ErrorCode::invalid_arg, ErrorDomain::domain, "unable to parse blkio device '{}' '{}'", name, *text);
    };
    if (parts.size() % 2 != 0) malformed();
    for (size_t i = 0; i + 1 < parts.size(); i += 2) {
        std::optional<Number> value = parse_number<Number>(parts[i + 1]);
        if (!value) malformed();
        auto found = std::find_if(tune.devices.begin(), tune.devices.end(),
                                  [&](const model::BlkioDevice& device) { return device.path == parts[i]; });
        if (found == tune.devices.end()) {
            model::BlkioDevice device;
            device.path = parts[i];
            found = tune.devices.insert(tune.devices.end(), device);
        }
        (*found).*field = *value;
    }
}

proc::DomainGetBlkioParameters::Ret get_blkio(Instance& in, proc::DomainGetBlkioParameters::Args args) {
    check_flags(args.flags, live_or_config | api::typed_param_string_okay, "testDomainGetBlkioParameters");
    using Device = model::BlkioDevice;
    const model::BlkioTune& tune = guest_of(in, args.domain).chosen(args.flags & live_or_config).blkiotune;
    wire::TypedParameters params;
    params.add_uint("weight", tune.weight);
    params.add_string("device_weight", join_devices(tune, &Device::weight));
    params.add_string("device_read_iops_sec", join_devices(tune, &Device::read_iops_sec));
    params.add_string("device_write_iops_sec", join_devices(tune, &Device::write_iops_sec));
    params.add_string("device_read_bytes_sec", join_devices(tune, &Device::read_bytes_sec));
    params.add_string("device_write_bytes_sec", join_devices(tune, &Device::write_bytes_sec));
    return answer<proc::DomainGetBlkioParameters::Ret>(params, args.nparams);
}

proc::DomainSetBlkioParameters::Ret set_blkio(Instance& in, proc::DomainSetBlkioParameters::Args args) {
    constexpr wire::ExpectedParameter expected[] = {
        {"weight", api::typed_param_uint},
        {"device_weight", api::typed_param_string},
        {"device_read_iops_sec", api::typed_param_string},
        {"device_write_iops_sec", api::typed_param_string},
        {"device_read_bytes_sec", api::typed_param_string},
        {"device_write_bytes_sec", api::typed_param_string},
    };
    check_flags(args.flags, live_or_config, "testDomainSetBlkioParameters");
    wire::validate(args.params, expected);
    using Device = model::BlkioDevice;
    model::BlkioTune& tune = guest_of(in, args.domain).chosen(args.flags).blkiotune;
    wire::TypedParameters params(args.params);
    model::BlkioTune changed = tune;
    if (auto weight = params.find_uint("weight")) changed.weight = *weight;
    merge_devices(changed, params, "device_weight", &Device::weight);
    merge_devices(changed, params, "device_read_iops_sec", &Device::read_iops_sec);
    merge_devices(changed, params, "device_write_iops_sec", &Device::write_iops_sec);
    merge_devices(changed, params, "device_read_bytes_sec", &Device::read_bytes_sec);
    merge_devices(changed, params, "device_write_bytes_sec", &Device::write_bytes_sec);
    tune = std::move(changed);
    return {};
}

// NUMA.

proc::DomainGetNumaParameters::Ret get_numa(Instance& in, proc::DomainGetNumaParameters::Args args) {
    check_flags(args.flags, live_or_config | api::typed_param_string_okay, "testDomainGetNumaParameters");
    const model::NumaTune& tune = guest_of(in, args.domain).chosen(args.flags & live_or_config).numatune;
    wire::TypedParameters params;
    params.add_int("numa_mode", static_cast<int32_t>(tune.mode));
    params.add_string("numa_nodeset", tune.nodes.to_string());
    return answer<proc::DomainGetNumaParameters::Ret>(params, args.nparams);
}

proc::DomainSetNumaParameters::Ret set_numa(Instance& in, proc::DomainSetNumaParameters::Args args) {
    constexpr wire::ExpectedParameter expected[] = {{"numa_mode", api::typed_param_int},
                                                    {"numa_nodeset", api::typed_param_string}};
    check_flags(args.flags, live_or_config, "testDomainSetNumaParameters");
    wire::validate(args.params, expected);
    model::NumaTune& tune = guest_of(in, args.domain).chosen(args.flags).numatune;
    wire::TypedParameters params(args.params);
    std::optional<int32_t> mode = params.find_int("numa_mode");
    if (mode && (*mode < 0 || *mode > static_cast<int32_t>(model::NumatuneMode::restrictive)))
        refuse(ErrorCode::invalid_arg, "unsupported numatune mode: '{}'", *mode);
    std::optional<std::string> nodes = params.find_string("numa_nodeset");
    std::optional<Bitmap> set;
    if (nodes && !nodes->empty()) {
        set = Bitmap::parse(*nodes);
        if (!set) fail(ErrorCode::invalid_arg, ErrorDomain::none, "Failed to parse bitmap '{}'", *nodes);
        if (set->empty()) refuse(ErrorCode::operation_invalid, "Invalid nodeset of 'numatune': {}", *nodes);
    }
    if (mode) tune.mode = static_cast<model::NumatuneMode>(*mode);
    if (set) tune.nodes = *set;
    if (mode || set) tune.has_memory = true;
    return {};
}

// Bandwidth.

model::Interface& card_of(model::Domain& domain, const std::string& device) {
    std::optional<MacAddress> mac = MacAddress::parse(device);
    for (model::Interface& card : domain.interfaces)
        if (card.target == device || (mac && card.mac == mac)) return card;
    fail(ErrorCode::invalid_arg, ErrorDomain::domain, "'{}' is not a known interface", device);
}

proc::DomainGetInterfaceParameters::Ret get_bandwidth(Instance& in, proc::DomainGetInterfaceParameters::Args args) {
    check_flags(args.flags, live_or_config | api::typed_param_string_okay, "testDomainGetInterfaceParameters");
    model::Domain& domain = guest_of(in, args.domain).chosen(args.flags & live_or_config);
    const model::Bandwidth bandwidth = card_of(domain, args.device).bandwidth.value_or(model::Bandwidth{});
    const model::BandwidthLimit inbound = bandwidth.inbound.value_or(model::BandwidthLimit{});
    const model::BandwidthLimit outbound = bandwidth.outbound.value_or(model::BandwidthLimit{});
    wire::TypedParameters params;
    auto add = [&](const char* name, uint64_t value) { params.add_uint(name, static_cast<uint32_t>(value)); };
    add("inbound.average", inbound.average);
    add("inbound.peak", inbound.peak);
    add("inbound.burst", inbound.burst);
    add("inbound.floor", inbound.floor);
    add("outbound.average", outbound.average);
    add("outbound.peak", outbound.peak);
    add("outbound.burst", outbound.burst);
    return answer<proc::DomainGetInterfaceParameters::Ret>(params, args.nparams);
}

/// A direction as the parameters say it; without an average it is no limit at all.
std::optional<model::BandwidthLimit> read_direction(const wire::TypedParameters& params, const std::string& prefix,
                                                    bool& given) {
    model::BandwidthLimit limit;
    auto take = [&](const char* name, uint64_t& field) {
        std::optional<uint32_t> value = params.find_uint(prefix + name);
        if (!value) return;
        field = *value;
        given = true;
    };
    take(".average", limit.average);
    take(".peak", limit.peak);
    take(".burst", limit.burst);
    take(".floor", limit.floor);
    if (limit.average == 0 && limit.floor == 0) return std::nullopt;
    return limit;
}

proc::DomainSetInterfaceParameters::Ret set_bandwidth(Instance& in, proc::DomainSetInterfaceParameters::Args args) {
    constexpr wire::ExpectedParameter expected[] = {
        {"inbound.average", api::typed_param_uint},  {"inbound.peak", api::typed_param_uint},
        {"inbound.burst", api::typed_param_uint},    {"inbound.floor", api::typed_param_uint},
        {"outbound.average", api::typed_param_uint}, {"outbound.peak", api::typed_param_uint},
        {"outbound.burst", api::typed_param_uint},
    };
    check_flags(args.flags, live_or_config, "testDomainSetInterfaceParameters");
    wire::validate(args.params, expected);
    model::Domain& domain = guest_of(in, args.domain).chosen(args.flags);
    model::Interface& card = card_of(domain, args.device);
    wire::TypedParameters params(args.params);
    bool inbound_given = false;
    bool outbound_given = false;
    auto inbound = read_direction(params, "inbound", inbound_given);
    auto outbound = read_direction(params, "outbound", outbound_given);
    model::Bandwidth bandwidth = card.bandwidth.value_or(model::Bandwidth{});
    if (inbound_given) bandwidth.inbound = inbound;
    if (outbound && outbound_given) bandwidth.outbound = outbound;
    if (outbound_given && !outbound && params.find_uint("outbound.average")) bandwidth.outbound.reset();
    card.bandwidth.reset();
    if (bandwidth.inbound || bandwidth.outbound) card.bandwidth = bandwidth;
    return {};
}

// perf.

constexpr std::string_view perf_events[] = {"cmt",
                                            "mbmt",
                                            "mbml",
                                            "cache_misses",
                                            "cache_references",
                                            "instructions",
                                            "cpu_cycles",
                                            "branch_instructions",
                                            "branch_misses",
                                            "bus_cycles",
                                            "stalled_cycles_frontend",
                                            "stalled_cycles_backend",
                                            "ref_cpu_cycles",
                                            "cpu_clock",
                                            "task_clock",
                                            "page_faults",
                                            "context_switches",
                                            "cpu_migrations",
                                            "page_faults_min",
                                            "page_faults_maj",
                                            "alignment_faults",
                                            "emulation_faults"};

proc::DomainGetPerfEvents::Ret get_perf(Instance& in, proc::DomainGetPerfEvents::Args args) {
    check_flags(args.flags, live_or_config | api::typed_param_string_okay, "testDomainGetPerfEvents");
    const model::Domain& domain = guest_of(in, args.domain).chosen(args.flags & live_or_config);
    wire::TypedParameters params;
    for (std::string_view name : perf_events) {
        bool enabled = false;
        for (const model::PerfEvent& event : domain.perf)
            if (event.name == name) enabled = event.enabled;
        params.add_boolean(std::string(name), enabled);
    }
    proc::DomainGetPerfEvents::Ret ret;
    ret.params = params.take();
    return ret;
}

proc::DomainSetPerfEvents::Ret set_perf(Instance& in, proc::DomainSetPerfEvents::Args args) {
    std::vector<wire::ExpectedParameter> expected;
    for (std::string_view name : perf_events) expected.push_back({name, api::typed_param_boolean});
    check_flags(args.flags, live_or_config, "testDomainSetPerfEvents");
    wire::validate(args.params, expected);
    model::Domain& domain = guest_of(in, args.domain).chosen(args.flags);
    wire::TypedParameters params(args.params);
    std::vector<model::PerfEvent> events;
    for (std::string_view name : perf_events) {
        auto old = std::find_if(domain.perf.begin(), domain.perf.end(),
                                [&](const model::PerfEvent& event) { return event.name == name; });
        std::optional<bool> value = params.find_boolean(name);
        if (!value && old != domain.perf.end()) value = old->enabled;
        if (value) events.push_back({std::string(name), *value});
    }
    domain.perf = std::move(events);
    return {};
}

}  // namespace

void bind_domain_tuning(Instance& in) {
    driver::HandlerTable& on = in.hypervisor;
    bind<proc::DomainGetSchedulerType>(on, in, get_scheduler);
    bind<proc::DomainGetSchedulerParameters>(on, in, get_scheduler_parameters<proc::DomainGetSchedulerParameters>);
    bind<proc::DomainGetSchedulerParametersFlags>(on, in,
                                                  get_scheduler_parameters<proc::DomainGetSchedulerParametersFlags>);
    bind<proc::DomainSetSchedulerParameters>(on, in, set_scheduler_parameters<proc::DomainSetSchedulerParameters>);
    bind<proc::DomainSetSchedulerParametersFlags>(on, in,
                                                  set_scheduler_parameters<proc::DomainSetSchedulerParametersFlags>);
    bind<proc::DomainGetBlkioParameters>(on, in, get_blkio);
    bind<proc::DomainSetBlkioParameters>(on, in, set_blkio);
    bind<proc::DomainGetNumaParameters>(on, in, get_numa);
    bind<proc::DomainSetNumaParameters>(on, in, set_numa);
    bind<proc::DomainGetInterfaceParameters>(on, in, get_bandwidth);
    bind<proc::DomainSetInterfaceParameters>(on, in, set_bandwidth);
    bind<proc::DomainGetPerfEvents>(on, in, get_perf);
    bind<proc::DomainSetPerfEvents>(on, in, set_perf);
}

}  // namespace virtue::test
