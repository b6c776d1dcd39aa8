#include "drivers/qemu/calls/iothread_calls.h"

#include <algorithm>

#include "drivers/qemu/calls/support.h"
#include "drivers/qemu/guest_group.h"
#include "drivers/qemu/reconnect.h"
#include "drivers/qemu/thread_placement.h"
#include "model/domain/domain.h"
#include "wire/typed_params.h"

namespace virtue::qemu {
namespace {

constexpr uint32_t affect_flags = api::domain_affect_live | api::domain_affect_config;
enum TypeNumber : uint32_t { type_int = 1, type_uint = 2, type_ullong = 4 };
constexpr wire::ExpectedParameter settings[] = {{"poll_max_ns", type_ullong},
                                                {"poll_grow", type_uint},
                                                {"poll_shrink", type_uint},
                                                {"thread_pool_min", type_int},
                                                {"thread_pool_max", type_int}};

/// What a client wants of one thread.
struct Wish {
    std::optional<uint64_t> poll_max;
    std::optional<uint32_t> poll_grow, poll_shrink;
    std::optional<int32_t> pool_min, pool_max;
    bool wants_polling() const { return poll_max || poll_grow || poll_shrink; }
};

Wish read_wish(const std::vector<wire::TypedParameter>& given) {
    wire::validate(given, settings);
    const wire::TypedParameters params{given};
    Wish wish{.poll_max = params.find_ullong("poll_max_ns"),
              .poll_grow = params.find_uint("poll_grow"),
              .poll_shrink = params.find_uint("poll_shrink"),
              .pool_min = params.find_int("thread_pool_min"),
              .pool_max = params.find_int("thread_pool_max")};
    auto refuse = [](std::string text) {
        throw Error(ErrorCode::config_unsupported, ErrorDomain::qemu, std::move(text));
    };
    if (wish.poll_max.value_or(0) > INT32_MAX) {
        refuse(fmt::format("poll-max-ns ({}) must be less than or equal to {}", *wish.poll_max, INT32_MAX));
    }
    if (wish.poll_grow.value_or(0) > INT32_MAX) {
        refuse(fmt::format("poll-grow ({}) must be less than or equal to {}", *wish.poll_grow, INT32_MAX));
    }
    if (wish.poll_shrink.value_or(0) > INT32_MAX) {
        refuse(fmt::format("poll-shrink ({}) must be less than or equal to {}", *wish.poll_shrink, INT32_MAX));
    }
    if (wish.pool_min.value_or(0) < -1) {
        refuse(fmt::format("thread_pool_min ({}) must be equal to or greater than -1", *wish.pool_min));
    }
    if (const int32_t most = wish.pool_max.value_or(-1); most < -1 || most == 0) {
        refuse(fmt::format("thread_pool_max ({}) must be a positive number or -1", most));
    }
    return wish;
}

auto find_thread(model::Domain& domain, uint32_t id) {
    return std::find_if(domain.iothread_ids.begin(), domain.iothread_ids.end(),
                        [id](const model::IoThread& thread) { return thread.id == id; });
}

bool has_thread(const model::Domain& domain, uint32_t id) {
    return std::any_of(domain.iothread_ids.begin(), domain.iothread_ids.end(),
                       [id](const model::IoThread& thread) { return thread.id == id; });
}

void require_free(const model::Domain& domain, uint32_t id) {
    if (!has_thread(domain, id)) return;
    fail(ErrorCode::invalid_arg, ErrorDomain::domain, "an IOThread is already using iothread_id '{}'", id);
}

void require_removable(const model::Domain& domain, uint32_t id) {
    if (!has_thread(domain, id)) {
        fail(ErrorCode::invalid_arg, ErrorDomain::domain, "cannot find IOThread '{}' in iothreadids list", id);
    }
    for (const model::Disk& disk : domain.disks) {
        if (disk.driver.iothread != id) continue;
        fail(ErrorCode::invalid_arg, ErrorDomain::domain,
             "cannot remove IOThread {} since it is being used by disk '{}'", id, disk.target);
    }
    for (const model::Controller& controller : domain.controllers) {
        if (controller.driver.iothread != id) continue;
        fail(ErrorCode::invalid_arg, ErrorDomain::domain,
             "cannot remove IOThread '{}' since it is being used by controller", id);
    }
}

void require_thread(const model::Domain& domain, uint32_t id) {
    if (has_thread(domain, id)) return;
    fail(ErrorCode::invalid_arg, ErrorDomain::qemu, "cannot find IOThread '{}' in iothreadids", id);
}

void add_thread(model::Domain& domain, uint32_t id) {
    for (model::IoThread& thread : domain.iothread_ids) thread.automatic = false;
    model::IoThread thread;
    thread.id = id;
    domain.iothread_ids.push_back(thread);
    domain.iothreads = static_cast<uint32_t>(domain.iothread_ids.size());
}

void remove_thread(model::Domain& domain, uint32_t id) {
    for (model::IoThread& thread : domain.iothread_ids) thread.automatic = false;
    std::erase_if(domain.iothread_ids, [id](const model::IoThread& thread) { return thread.id == id; });
    std::erase_if(domain.cputune.iothread_pins, [id](const model::IoThreadPin& pin) { return pin.iothread == id; });
    domain.iothreads = static_cast<uint32_t>(domain.iothread_ids.size());
    for (model::SchedulerSetting& setting : domain.cputune.iothread_schedulers) setting.of.set(id, false);
    std::erase_if(domain.cputune.iothread_schedulers,
                  [](const model::SchedulerSetting& setting) { return setting.of.empty(); });
}

void pin_thread(model::Domain& domain, uint32_t id, const Bitmap& cpus) {
    auto& pins = domain.cputune.iothread_pins;
    auto place = std::find_if(pins.begin(), pins.end(), [id](const auto& pin) { return pin.iothread == id; });
    if (place == pins.end()) place = pins.insert(place, model::IoThreadPin{id, {}});
    place->cpuset = cpus;
}

/// The pool's limits; a live guest has no way back to QEMU's own ("-1").
void require_pool(const model::Domain& domain, uint32_t id, const Wish& wish, bool live) {
    auto refuse = [](std::string text) {
        throw Error(ErrorCode::operation_invalid, ErrorDomain::qemu, std::move(text));
    };
    for (const model::IoThread& thread : domain.iothread_ids) {
        if (thread.id != id) continue;
        const int least = wish.pool_min.value_or(thread.pool_min.value_or(-1));
        const int most = wish.pool_max.value_or(thread.pool_max.value_or(-1));
        if (live && wish.pool_min && *wish.pool_min < 0) {
            refuse(fmt::format("thread_pool_min ({}) must be equal to or greater than 0 for live change", least));
        }
        if (live && wish.pool_max && *wish.pool_max < 0) {
            refuse(fmt::format("thread_pool_max ({}) must be equal to or greater than 0 for live change", most));
        }
        if (most >= 0 && least > most) {
            refuse(fmt::format("thread_pool_min ({}) can't be greater than thread_pool_max ({})", least, most));
        }
    }
}

void set_pool(model::Domain& domain, uint32_t id, const Wish& wish) {
    auto thread = find_thread(domain, id);
    if (thread == domain.iothread_ids.end()) return;
    auto keep = [](std::optional<int>& value, std::optional<int32_t> wanted) {
        if (!wanted) return;
        value.reset();
        if (*wanted >= 0) value = *wanted;
    };
    keep(thread->pool_min, wish.pool_min);
    keep(thread->pool_max, wish.pool_max);
    if (wish.pool_min || wish.pool_max) thread->automatic = false;
}

Json property(uint32_t id, const char* name, int64_t value) {
    return Json::object({{"path", fmt::format("/objects/iothread{}", id)}, {"property", name}, {"value", value}});
}

/// In an order that never has the least above the most.
std::vector<Json> properties_of(const model::Domain& domain, uint32_t id, const Wish& wish) {
    std::vector<Json> list;
    if (wish.poll_max) list.push_back(property(id, "poll-max-ns", static_cast<int64_t>(*wish.poll_max)));
    if (wish.poll_grow) list.push_back(property(id, "poll-grow", *wish.poll_grow));
    if (wish.poll_shrink) list.push_back(property(id, "poll-shrink", *wish.poll_shrink));
    int present_most = -1;
    for (const model::IoThread& thread : domain.iothread_ids) {
        if (thread.id == id) present_most = thread.pool_max.value_or(-1);
    }
    const bool least_last = wish.pool_min && present_most >= 0 && *wish.pool_min > present_most;
    if (wish.pool_min && !least_last) list.push_back(property(id, "thread-pool-min", *wish.pool_min));
    if (wish.pool_max) list.push_back(property(id, "thread-pool-max", *wish.pool_max));
    if (wish.pool_min && least_last) list.push_back(property(id, "thread-pool-min", *wish.pool_min));
    return list;
}

}  // namespace

void IoThreadCalls::bind(driver::HandlerTable& on) {
    on.call<proc::DomainGetIothreadInfo>(this, &IoThreadCalls::list);
    on.call<proc::DomainPinIothread>(this, &IoThreadCalls::pin);
    on.call<proc::DomainAddIothread>(this, &IoThreadCalls::add);
    on.call<proc::DomainDelIothread>(this, &IoThreadCalls::remove);
    on.call<proc::DomainSetIothreadParams>(this, &IoThreadCalls::set);
}

Task<proc::DomainGetIothreadInfo::Ret> IoThreadCalls::list(driver::Call& call, proc::DomainGetIothreadInfo::Args args) {
    require_flags(args.flags, affect_flags, "qemuDomainGetIOThreadInfo");
    DomainOwner domain = core_.at(args.domain.name, args.domain.uuid);
    co_await wait_until_found_again(domain, call.deadline);
    const model::Domain& definition = definition_for(*domain, args.flags);
    const size_t length = (host_cpus() + 7) / 8;
    proc::DomainGetIothreadInfo::Ret ret;
    auto tell = [&ret](unsigned id, std::vector<uint8_t> map) {
        proc::DomainIothread thread;
        thread.iothread_id = id;
        thread.cpumap = std::move(map);
        ret.info.push_back(std::move(thread));
    };
    if (scope_of(*domain, args.flags).live) {
        io::Deadline deadline = core_.monitor_deadline(call.deadline, *domain);
        std::vector<IoThreadPlace> places = co_await query_iothreads(domain, deadline);
        for (const IoThreadPlace& place : places) tell(place.id, affinity_map(place.thread, length));
    } else {
        for (const model::IoThread& thread : definition.iothread_ids) {
            tell(thread.id, map_of(pinned_iothread(definition, thread.id), length));
        }
    }
    ret.ret = static_cast<uint32_t>(ret.info.size());
    co_return ret;
}

Task<wire::Void> IoThreadCalls::pin(driver::Call& call, proc::DomainPinIothread::Args args) {
    require_flags(args.flags, affect_flags, "qemuDomainPinIOThread");
    DomainOwner domain = core_.at(args.domain.name, args.domain.uuid);
    driver::Job job = co_await domain->jobs().begin(driver::JobKind::modify, "virDomainPinIOThread", call.deadline);
    require_known(*domain);
    const Scope scope = scope_of(*domain, args.flags);
    const Bitmap cpus = bitmap_of(args.cpumap, "iothread cpumap");
    const uint32_t id = args.iothreads_id;
    if (scope.live && !has_thread(domain->current(), id)) {
        fail(ErrorCode::invalid_arg, ErrorDomain::qemu, "iothread {} not found", id);
    }
    if (scope.config && !has_thread(*domain->persistent(), id)) {
        fail(ErrorCode::invalid_arg, ErrorDomain::qemu, "iothreadid {} not found", id);
    }
    if (scope.live) {
        io::Deadline deadline = core_.monitor_deadline(call.deadline, *domain);
        std::vector<IoThreadPlace> places = co_await query_iothreads(domain, deadline);
        for (const IoThreadPlace& place : places) {
            if (place.id != id || place.thread <= 0) continue;
            widen_group(domain->running(), iothread_group(id), cpus);
            set_affinity(place.thread, cpus);
        }
        pin_thread(*domain->running().domain, id, cpus);
        co_await live_changed(core_, domain);
    }
    if (scope.config) {
        std::function<void(model::Domain&)> change = [id, cpus](model::Domain& d) { pin_thread(d, id, cpus); };
        co_await change_definition(core_, domain, std::move(change));
    }
    co_return wire::Void{};
}

Task<wire::Void> IoThreadCalls::add(driver::Call& call, proc::DomainAddIothread::Args args) {
    require_flags(args.flags, affect_flags, "qemuDomainAddIOThread");
    const uint32_t id = args.iothread_id;
    if (id == 0) throw Error(ErrorCode::invalid_arg, ErrorDomain::qemu, "invalid value of 0 for iothread_id");
    DomainOwner domain = core_.at(args.domain.name, args.domain.uuid);
    driver::Job job = co_await domain->jobs().begin(driver::JobKind::modify, "virDomainAddIOThread", call.deadline);
    require_known(*domain);
    const Scope scope = scope_of(*domain, args.flags);
    if (scope.live) require_free(domain->current(), id);
    if (scope.config) require_free(*domain->persistent(), id);
    if (scope.live) {
        Json arguments = Json::object({{"qom-type", "iothread"}, {"id", fmt::format("iothread{}", id)}});
        io::Deadline deadline = core_.monitor_deadline(call.deadline, *domain);
        co_await domain->monitor()->command("object-add", std::move(arguments), deadline);
        add_thread(*domain->running().domain, id);
        std::vector<IoThreadPlace> places = co_await query_iothreads(domain, deadline);
        std::erase_if(places, [id](const IoThreadPlace& place) { return place.id != id; });
        co_await group_iothreads(core_, domain, places);
        for (const IoThreadPlace& place : places) place_iothread(domain->current(), place);
        co_await live_changed(core_, domain);
    }
    if (scope.config) {
        std::function<void(model::Domain&)> change = [id](model::Domain& d) { add_thread(d, id); };
        co_await change_definition(core_, domain, std::move(change));
    }
    co_return wire::Void{};
}

Task<wire::Void> IoThreadCalls::remove(driver::Call& call, proc::DomainDelIothread::Args args) {
    require_flags(args.flags, affect_flags, "qemuDomainDelIOThread");
    const uint32_t id = args.iothread_id;
    DomainOwner domain = core_.at(args.domain.name, args.domain.uuid);
    driver::Job job = co_await domain->jobs().begin(driver::JobKind::modify, "virDomainDelIOThread", call.deadline);
    require_known(*domain);
    const Scope scope = scope_of(*domain, args.flags);
    if (scope.live) require_removable(domain->current(), id);
    if (scope.config) require_removable(*domain->persistent(), id);
    if (scope.live) {
        Json arguments = Json::object({{"id", fmt::format("iothread{}", id)}});
        io::Deadline deadline = core_.monitor_deadline(call.deadline, *domain);
        co_await domain->monitor()->command("object-del", std::move(arguments), deadline);
        remove_thread(*domain->running().domain, id);
        co_await forget_iothread_group(core_, domain, id);
        co_await live_changed(core_, domain);
    }
    if (scope.config) {
        std::function<void(model::Domain&)> change = [id](model::Domain& d) { remove_thread(d, id); };
        co_await change_definition(core_, domain, std::move(change));
    }
    co_return wire::Void{};
}

Task<wire::Void> IoThreadCalls::set(driver::Call& call, proc::DomainSetIothreadParams::Args args) {
    require_flags(args.flags, affect_flags, "qemuDomainSetIOThreadParams");
    const uint32_t id = args.iothread_id;
    if (id == 0) throw Error(ErrorCode::invalid_arg, ErrorDomain::qemu, "invalid value of 0 for iothread_id");
    const Wish wish = read_wish(args.params);
    DomainOwner domain = core_.at(args.domain.name, args.domain.uuid);
    driver::Job job =
        co_await domain->jobs().begin(driver::JobKind::modify, "virDomainSetIOThreadParams", call.deadline);
    require_known(*domain);
    const Scope scope = scope_of(*domain, args.flags);
    if (scope.live) {
        require_thread(domain->current(), id);
        require_pool(domain->current(), id, wish, true);
    }
    if (scope.config) {
        require_thread(*domain->persistent(), id);
        if (wish.wants_polling()) {
            throw Error(ErrorCode::operation_unsupported, ErrorDomain::qemu,
                        "configuring persistent polling values is not supported");
        }
        require_pool(*domain->persistent(), id, wish, false);
    }
    if (scope.live) {
        io::Deadline deadline = core_.monitor_deadline(call.deadline, *domain);
        for (Json& arguments : properties_of(domain->current(), id, wish)) {
            co_await domain->monitor()->command("qom-set", std::move(arguments), deadline);
        }
        set_pool(*domain->running().domain, id, wish);
        co_await live_changed(core_, domain);
    }
    if (scope.config) {
        std::function<void(model::Domain&)> change = [id, wish](model::Domain& d) { set_pool(d, id, wish); };
        co_await change_definition(core_, domain, std::move(change));
    }
    co_return wire::Void{};
}

}  // namespace virtue::qemu
