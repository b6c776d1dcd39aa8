// vCPUs: how many, and where they may run.
#include <algorithm>
#include <chrono>

#include "drivers/test/domains.h"
#include "drivers/test/refusals.h"
#include "protocol/remote/domain_cpu.h"
#include "wire/typed_params.h"

namespace virtue::test {
namespace {

constexpr int32_t vcpu_running = 1;
constexpr uint32_t live_or_config = api::domain_affect_live | api::domain_affect_config;

/// No more bytes than there can be CPUs, whatever a client asks for.
std::vector<uint8_t> map_of(const Bitmap& cpus, int32_t length) {
    std::vector<uint8_t> bytes(static_cast<size_t>(std::clamp<int32_t>(length, 0, Bitmap::limit / 8)));
    for (size_t i = 0; i < bytes.size() * 8; i++)
        if (cpus.test(static_cast<unsigned>(i))) bytes[i / 8] |= static_cast<uint8_t>(1 << i % 8);
    return bytes;
}

Bitmap cpus_of(const std::vector<uint8_t>& bytes) {
    Bitmap cpus;
    for (size_t i = 0; i < bytes.size() * 8 && i < Bitmap::limit; i++)
        if (bytes[i / 8] & 1 << i % 8) cpus.set(static_cast<unsigned>(i));
    return cpus;
}

const Bitmap all_cpus = Bitmap::first(host_cpu_count);

/// Of how many vCPUs a client hears that has room for `asked`, each with a map of `length` bytes. Throws internal_error
/// for more than fits into an answer.
uint32_t count_of(uint32_t there, int32_t asked, int32_t length) {
    const uint32_t count = std::min(there, static_cast<uint32_t>(std::max(asked, 0)));
    const uint64_t bytes = uint64_t{count} * static_cast<uint32_t>(std::max(length, 0));
    if (count > proc::vcpuinfo_max || bytes > proc::cpumaps_max)
        fail(ErrorCode::internal_error, ErrorDomain::rpc, "{} vCPUs with maps of {} bytes do not fit into an answer",
             count, length);
    return count;
}

/// Where a vCPU of that definition may run.
Bitmap pin_of(const Guest& guest, const model::Domain& domain, uint32_t vcpu) {
    if (&domain == &guest.current && vcpu < guest.live_pins.size() && guest.live_pins[vcpu])
        return *guest.live_pins[vcpu];
    for (const model::VcpuPin& pin : domain.cputune.vcpu_pins)
        if (pin.vcpu == vcpu) return pin.cpuset;
    return domain.vcpus.cpuset.empty() ? all_cpus : domain.vcpus.cpuset;
}

int32_t count_vcpus(Guest& guest, uint32_t flags) {
    const model::Domain& domain = guest.chosen(flags & ~api::domain_vcpu_maximum);
    return static_cast<int32_t>(flags & api::domain_vcpu_maximum ? domain.vcpus.maximum : domain.vcpus.online());
}

proc::DomainGetVcpusFlags::Ret get_vcpus_flags(Instance& in, proc::DomainGetVcpusFlags::Args args) {
    check_flags(args.flags, live_or_config | api::domain_vcpu_maximum, "testDomainGetVcpusFlags");
    return {count_vcpus(guest_of(in, args.domain), args.flags)};
}

proc::DomainGetMaxVcpus::Ret get_max(Instance& in, proc::DomainGetMaxVcpus::Args args) {
    return {count_vcpus(guest_of(in, args.domain), api::domain_affect_live | api::domain_vcpu_maximum)};
}

void set_online(model::Domain& domain, uint32_t count) {
    if (count == domain.vcpus.maximum) {
        domain.vcpus.current.reset();
    } else {
        domain.vcpus.current = count;
    }
}

void set_count(Instance& in, const proc::DomainRef& reference, uint32_t count, uint32_t flags) {
    check_flags(flags, live_or_config | api::domain_vcpu_maximum, "testDomainSetVcpusFlags");
    require_flag(flags, api::domain_vcpu_maximum, "VIR_DOMAIN_VCPU_MAXIMUM", api::domain_affect_config,
                 "VIR_DOMAIN_AFFECT_CONFIG", ErrorDomain::domain);
    exclude_flags(flags, api::domain_vcpu_maximum, "VIR_DOMAIN_VCPU_MAXIMUM", api::domain_affect_live,
                  "VIR_DOMAIN_AFFECT_LIVE", ErrorDomain::domain);
    if (count > max_vcpus)
        refuse(ErrorCode::invalid_arg, "requested cpu amount exceeds maximum supported amount ({} > {})", count,
               max_vcpus);
    Guest& guest = guest_of(in, reference);
    auto [live, lasting] = guest.both(flags & live_or_config);
    bool sets_maximum = flags & api::domain_vcpu_maximum;
    for (const model::Domain* domain : {live, lasting})
        if (domain && !sets_maximum && count > domain->vcpus.maximum)
            refuse(ErrorCode::invalid_arg, "requested cpu amount exceeds maximum ({} > {})", count,
                   domain->vcpus.maximum);
    if (live) set_online(*live, count);
    if (!lasting) return;
    if (sets_maximum) {
        uint32_t online = std::min(lasting->vcpus.online(), count);
        lasting->vcpus.maximum = count;
        set_online(*lasting, online);
    } else {
        set_online(*lasting, count);
    }
}

proc::DomainSetVcpusFlags::Ret set_vcpus_flags(Instance& in, proc::DomainSetVcpusFlags::Args args) {
    set_count(in, args.domain, args.nvcpus, args.flags);
    return {};
}

proc::DomainSetVcpus::Ret set_vcpus(Instance& in, proc::DomainSetVcpus::Args args) {
    set_count(in, args.domain, args.nvcpus, api::domain_affect_live);
    return {};
}

void pin(Instance& in, const proc::DomainRef& reference, uint32_t vcpu, const std::vector<uint8_t>& cpumap,
         uint32_t flags) {
    check_flags(flags, 0, "testDomainPinVcpuFlags");
    Guest& guest = guest_of(in, reference);
    if (!guest.is_active()) refuse(ErrorCode::operation_invalid, "cannot pin vcpus on an inactive domain");
    if (vcpu >= guest.current.vcpus.online())
        refuse(ErrorCode::invalid_arg, "requested vcpu '{}' is not present in the domain", vcpu);
    if (guest.live_pins.size() <= vcpu) guest.live_pins.resize(vcpu + 1);
    guest.live_pins[vcpu] = cpus_of(cpumap);
}

proc::DomainPinVcpu::Ret pin_vcpu(Instance& in, proc::DomainPinVcpu::Args args) {
    pin(in, args.domain, args.vcpu, args.cpumap, 0);
    return {};
}

proc::DomainPinVcpuFlags::Ret pin_vcpu_flags(Instance& in, proc::DomainPinVcpuFlags::Args args) {
    pin(in, args.domain, args.vcpu, args.cpumap, args.flags);
    return {};
}

proc::DomainGetVcpus::Ret get_vcpus(Instance& in, proc::DomainGetVcpus::Args args) {
    const Guest& guest = guest_of(in, args.domain);
    if (!guest.is_active()) refuse(ErrorCode::operation_invalid, "cannot list vcpus for an inactive domain");
    auto now =
        std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::system_clock::now().time_since_epoch());
    proc::DomainGetVcpus::Ret ret;
    const uint32_t count = count_of(guest.current.vcpus.online(), args.maxinfo, args.maplen);
    for (uint32_t vcpu = 0; vcpu < count; vcpu++) {
        proc::VcpuInfo info;
        info.number = vcpu;
        info.state = vcpu_running;
        // The mock's clock runs at a tenth of a nanosecond a microsecond.
        info.cpu_time = static_cast<uint64_t>(now.count()) / 10;
        Bitmap where = pin_of(guest, guest.current, vcpu);
        // Said to run on the last CPU of the mock host that it may use.
        info.cpu = static_cast<int32_t>(where == all_cpus ? 15 : where.last().value_or(0));
        ret.info.push_back(info);
        std::vector<uint8_t> bytes = map_of(where, args.maplen);
        ret.cpumaps.insert(ret.cpumaps.end(), bytes.begin(), bytes.end());
    }
    return ret;
}

proc::DomainGetVcpuPinInfo::Ret get_pins(Instance& in, proc::DomainGetVcpuPinInfo::Args args) {
    Guest& guest = guest_of(in, args.domain);
    const model::Domain& domain = guest.chosen(args.flags);
    proc::DomainGetVcpuPinInfo::Ret ret;
    const uint32_t count = count_of(domain.vcpus.maximum, args.ncpumaps, args.maplen);
    for (uint32_t vcpu = 0; vcpu < count; vcpu++) {
        std::vector<uint8_t> bytes = map_of(pin_of(guest, domain, vcpu), args.maplen);
        ret.cpumaps.insert(ret.cpumaps.end(), bytes.begin(), bytes.end());
    }
    ret.num = static_cast<int32_t>(count);
    return ret;
}

proc::DomainPinEmulator::Ret pin_emulator(Instance& in, proc::DomainPinEmulator::Args args) {
    check_flags(args.flags, live_or_config, "testDomainPinEmulator");
    model::Domain& domain = guest_of(in, args.domain).chosen(args.flags);
    Bitmap cpus = cpus_of(args.cpumap);
    if (cpus.empty()) refuse(ErrorCode::invalid_arg, "Empty cpu list for pinning");
    domain.cputune.emulator_pin = cpus;
    return {};
}

proc::DomainGetEmulatorPinInfo::Ret get_emulator_pin(Instance& in, proc::DomainGetEmulatorPinInfo::Args args) {
    check_flags(args.flags, live_or_config, "testDomainGetEmulatorPinInfo");
    const model::Domain& domain = guest_of(in, args.domain).chosen(args.flags);
    Bitmap cpus = domain.cputune.emulator_pin;
    if (cpus.empty()) cpus = domain.vcpus.cpuset;
    if (cpus.empty()) cpus = all_cpus;
    proc::DomainGetEmulatorPinInfo::Ret ret;
    ret.cpumaps = map_of(cpus, args.maplen);
    ret.ret = 1;
    return ret;
}

// I/O threads.

model::IoThread* find_thread(model::Domain& domain, uint32_t id) {
    for (model::IoThread& thread : domain.iothread_ids)
        if (thread.id == id) return &thread;
    return nullptr;
}

proc::DomainGetIothreadInfo::Ret get_iothreads(Instance& in, proc::DomainGetIothreadInfo::Args args) {
    check_flags(args.flags, live_or_config, "testDomainGetIOThreadInfo");
    model::Domain& domain = guest_of(in, args.domain).chosen(args.flags);
    proc::DomainGetIothreadInfo::Ret ret;
    for (const model::IoThread& thread : domain.iothread_ids) {
        proc::DomainIothread info;
        info.iothread_id = thread.id;
        // Without a pin, where the vCPUs may run, or the first two CPUs of the mock host.
        Bitmap cpus = domain.vcpus.cpuset.empty() ? Bitmap::first(2) : domain.vcpus.cpuset;
        for (const model::IoThreadPin& pinned : domain.cputune.iothread_pins)
            if (pinned.iothread == thread.id) cpus = pinned.cpuset;
        info.cpumap = map_of(cpus, 1 + static_cast<int32_t>(cpus.last().value_or(0) / 8));
        ret.info.push_back(info);
    }
    ret.ret = static_cast<uint32_t>(ret.info.size());
    return ret;
}

proc::DomainPinIothread::Ret pin_iothread(Instance& in, proc::DomainPinIothread::Args args) {
    check_flags(args.flags, live_or_config, "testDomainPinIOThread");
    model::Domain& domain = guest_of(in, args.domain).chosen(args.flags);
    Bitmap cpus = cpus_of(args.cpumap);
    if (cpus.empty()) refuse(ErrorCode::invalid_arg, "Empty iothread cpumap list for pinning");
    if (!find_thread(domain, args.iothreads_id))
        refuse(ErrorCode::invalid_arg, "iothreadid {} not found", args.iothreads_id);
    std::erase_if(domain.cputune.iothread_pins,
                  [&](const model::IoThreadPin& old) { return old.iothread == args.iothreads_id; });
    domain.cputune.iothread_pins.push_back({args.iothreads_id, cpus});
    return {};
}

proc::DomainAddIothread::Ret add_iothread(Instance& in, proc::DomainAddIothread::Args args) {
    check_flags(args.flags, live_or_config, "testDomainAddIOThread");
    if (args.iothread_id == 0) refuse(ErrorCode::invalid_arg, "invalid value of 0 for iothread_id");
    Guest& guest = guest_of(in, args.domain);
    model::Domain& domain = guest.chosen(args.flags);
    if (find_thread(domain, args.iothread_id))
        fail(ErrorCode::invalid_arg, ErrorDomain::domain, "an IOThread is already using iothread_id '{}'",
             args.iothread_id);
    model::IoThread thread;
    thread.id = args.iothread_id;
    domain.iothread_ids.push_back(thread);
    domain.iothreads = static_cast<uint32_t>(domain.iothread_ids.size());
    guest.polling.emplace(args.iothread_id, IoThreadPolling{});
    return {};
}

proc::DomainDelIothread::Ret delete_iothread(Instance& in, proc::DomainDelIothread::Args args) {
    check_flags(args.flags, live_or_config, "testDomainDelIOThread");
    Guest& guest = guest_of(in, args.domain);
    model::Domain& domain = guest.chosen(args.flags);
    if (!find_thread(domain, args.iothread_id))
        fail(ErrorCode::invalid_arg, ErrorDomain::domain, "cannot find IOThread '{}' in iothreadids list",
             args.iothread_id);
    std::erase_if(domain.iothread_ids, [&](const model::IoThread& thread) { return thread.id == args.iothread_id; });
    std::erase_if(domain.cputune.iothread_pins,
                  [&](const model::IoThreadPin& old) { return old.iothread == args.iothread_id; });
    domain.iothreads = static_cast<uint32_t>(domain.iothread_ids.size());
    guest.polling.erase(args.iothread_id);
    return {};
}

proc::DomainSetIothreadParams::Ret set_polling(Instance& in, proc::DomainSetIothreadParams::Args args) {
    constexpr wire::ExpectedParameter expected[] = {{"poll_max_ns", api::typed_param_ullong},
                                                    {"poll_grow", api::typed_param_uint},
                                                    {"poll_shrink", api::typed_param_uint}};
    check_flags(args.flags, live_or_config, "testDomainSetIOThreadParams");
    wire::validate(args.params, expected);
    Guest& guest = guest_of(in, args.domain);
    if (!find_thread(guest.chosen(args.flags), args.iothread_id))
        refuse(ErrorCode::invalid_arg, "cannot find IOThread '{}' in iothreadids list", args.iothread_id);
    wire::TypedParameters params(args.params);
    IoThreadPolling& polling = guest.polling[args.iothread_id];
    if (auto value = params.find_ullong("poll_max_ns")) polling.max_ns = *value;
    if (auto value = params.find_uint("poll_grow")) polling.grow = *value;
    if (auto value = params.find_uint("poll_shrink")) polling.shrink = *value;
    return {};
}

}  // namespace

void bind_domain_cpus(Instance& in) {
    driver::HandlerTable& on = in.hypervisor;
    bind<proc::DomainGetVcpusFlags>(on, in, get_vcpus_flags);
    bind<proc::DomainGetMaxVcpus>(on, in, get_max);
    bind<proc::DomainSetVcpusFlags>(on, in, set_vcpus_flags);
    bind<proc::DomainSetVcpus>(on, in, set_vcpus);
    bind<proc::DomainPinVcpu>(on, in, pin_vcpu);
    bind<proc::DomainPinVcpuFlags>(on, in, pin_vcpu_flags);
    bind<proc::DomainGetVcpus>(on, in, get_vcpus);
    bind<proc::DomainGetVcpuPinInfo>(on, in, get_pins);
    bind<proc::DomainPinEmulator>(on, in, pin_emulator);
    bind<proc::DomainGetEmulatorPinInfo>(on, in, get_emulator_pin);
    bind<proc::DomainGetIothreadInfo>(on, in, get_iothreads);
    bind<proc::DomainPinIothread>(on, in, pin_iothread);
    bind<proc::DomainAddIothread>(on, in, add_iothread);
    bind<proc::DomainDelIothread>(on, in, delete_iothread);
    bind<proc::DomainSetIothreadParams>(on, in, set_polling);
}

}  // namespace virtue::test
