#include "drivers/qemu/vcpu_hotplug.h"

#include <algorithm>
#include <tuple>

#include "drivers/qemu/calls/support.h"
#include "drivers/qemu/guest_group.h"
#include "drivers/qemu/live_definition.h"
#include "drivers/qemu/thread_placement.h"
#include "drivers/qemu/vcpu_entries.h"
#include "io/condition.h"
#include "model/domain/domain.h"

namespace virtue::qemu {
namespace {

using model::VcpuEntry;
using xml::YesNo;

constexpr io::Milliseconds unplug_patience{5000};

/// A piece that QEMU plugs as one: a processor, or several of a core.
struct Slot {
    unsigned first = 0;
    unsigned count = 1;
    bool is_on = false;
    bool is_fixed = false;  ///< there since QEMU started; it cannot be unplugged
    std::string type;
    Json properties;
    std::string alias() const { return fmt::format("vcpu{}", first); }
    bool covers(unsigned vcpu) const { return vcpu >= first && vcpu < first + count; }
};

/// Slots in the order of the processors' numbers.
std::vector<Slot> read_slots(const Json& answer) {
    std::vector<Slot> slots;
    for (const Json& item : answer.items()) {
        Slot slot;
        slot.count = static_cast<unsigned>(item.uint_or("vcpus-count", 1));
        const std::string path = item.string_or("qom-path", "");
        slot.is_on = !path.empty();
        slot.is_fixed = slot.is_on && !path.starts_with("/machine/peripheral/");
        slot.type = item.string_or("type", "");
        slot.properties = item.at("props");
        slots.push_back(std::move(slot));
    }
    auto place = [](const Slot& slot) {
        const Json& p = slot.properties;
        return std::tuple(p.int_or("socket-id", 0), p.int_or("die-id", 0), p.int_or("cluster-id", 0),
                          p.int_or("core-id", 0), p.int_or("thread-id", 0));
    };
    std::sort(slots.begin(), slots.end(), [&](const Slot& a, const Slot& b) { return place(a) < place(b); });
    unsigned next = 0;
    for (Slot& slot : slots) {
        slot.first = next;
        next += slot.count;
    }
    return slots;
}

Task<std::vector<Slot>> query_slots(DomainOwner domain, io::Deadline deadline) {
    Json nothing;
    Json answer = co_await domain->monitor()->command("query-hotpluggable-cpus", std::move(nothing), deadline);
    co_return read_slots(answer);
}

/// The live definition after a change: who is on by QEMU's word, and in which order they came.
std::vector<VcpuEntry> entries_now(const model::Domain& domain, const std::vector<Slot>& slots) {
    std::vector<VcpuEntry> entries = vcpu_entries(domain.vcpus);
    uint32_t last = 0;
    const bool ordered = !domain.vcpus.each.empty();
    for (VcpuEntry& entry : entries) {
        if (!ordered) entry.order = entry.enabled == YesNo::yes ? ++last : 0;
        last = std::max(last, entry.order);
    }
    for (const Slot& slot : slots) {
        for (VcpuEntry& entry : entries) {
            if (!slot.covers(entry.id)) continue;
            entry.enabled = slot.is_on ? YesNo::yes : YesNo::no;
            entry.hotpluggable = slot.is_fixed ? YesNo::no : YesNo::yes;
            if (!slot.is_on) entry.order = 0;
            if (slot.is_on && entry.order == 0) entry.order = ++last;
        }
    }
    return entries;
}

/// `answer` is that of query-cpus-fast.
void take_vcpu_threads(Run& run, const Json& answer) {
    run.vcpu_threads.clear();
    for (const Json& cpu : answer.items()) {
        const size_t index = cpu.uint_or("cpu-index", 0);
        if (index >= 4096) continue;
        if (run.vcpu_threads.size() <= index) run.vcpu_threads.resize(index + 1);
        run.vcpu_threads[index] = static_cast<int>(cpu.int_or("thread-id", 0));
    }
}

/// QEMU's word about its processors goes into the run.
Task<void> refresh(Core& core, DomainOwner domain, io::Deadline deadline) {
    Json nothing;
    Json threads = co_await domain->monitor()->command("query-cpus-fast", std::move(nothing), deadline);
    std::vector<Slot> slots = co_await query_slots(domain, deadline);
    Run& run = domain->running();
    take_vcpu_threads(run, threads);
    note_entries(run.domain->vcpus, entries_now(*run.domain, slots));
    co_await group_vcpus(core, domain);
    co_await live_changed(core, domain);
}

Task<void> plug(DomainOwner domain, Slot slot, io::Deadline deadline) {
    Json arguments = Json::object({{"driver", slot.type}, {"id", slot.alias()}});
    for (const auto& [name, value] : slot.properties.members()) arguments.set(name, value);
    co_await domain->monitor()->command("device_add", std::move(arguments), deadline);
}

Task<void> unplug(Core& core, DomainOwner domain, Slot slot, io::Deadline deadline) {
    const std::string alias = slot.alias();
    const int id = domain->id();
    auto leaving = std::make_shared<io::Completion<bool>>(core.loop);
    domain->running().unplugging[alias] = leaving;
    Json arguments = Json::object({{"id", alias}});
    Json reply = co_await domain->monitor()->exchange("device_del", std::move(arguments), deadline);
    const Json* error = reply.find("error");
    bool gone = false;
    bool answered = error != nullptr;
    try {
        io::Deadline patience = deadline.within(unplug_patience);
        if (!error) gone = co_await leaving->take(patience, "the guest's letting go of a processor");
        answered = true;
    } catch (const Error& late) {
        if (late.code() != ErrorCode::operation_timeout) throw;
    }
    if (domain->id() != id) throw Error(ErrorCode::operation_failed, ErrorDomain::qemu, "domain is not running");
    domain->running().unplugging.erase(alias);
    if (error) throw monitor_error("device_del", *error);
    if (!answered) {
        throw Error(ErrorCode::operation_timeout, ErrorDomain::qemu,
                    "vcpu unplug request timed out. Unplug result must be manually inspected in the domain");
    }
    if (!gone) {
        throw Error(ErrorCode::operation_failed, ErrorDomain::qemu, "vcpu unplug request was rejected by the guest");
    }
}

/// One after the other; what was done before an error stays, and the definition says so.
Task<void> switch_slots(Core& core, DomainOwner domain, std::vector<Slot> chosen, bool on, io::Deadline deadline) {
    std::optional<Error> failure;
    try {
        for (const Slot& slot : chosen) {
            if (on) {
                co_await plug(domain, slot, deadline);
            } else {
                co_await unplug(core, domain, slot, deadline);
            }
        }
    } catch (const Error& error) {
        failure.emplace(error);
    }
    if (!chosen.empty() && domain->is_active()) {
        co_await refresh(core, domain, deadline);
        if (on) place_vcpus(domain->running());
    }
    if (failure) throw std::move(*failure);
}

}  // namespace

Task<void> plug_defined_vcpus(Core& core, DomainOwner domain, io::Deadline deadline) {
    std::vector<VcpuEntry> wanted;
    for (const VcpuEntry& entry : domain->running().domain->vcpus.each) {
        if (entry.enabled == YesNo::yes && entry.hotpluggable == YesNo::yes) wanted.push_back(entry);
    }
    if (wanted.empty()) co_return;
    std::stable_sort(wanted.begin(), wanted.end(),
                     [](const VcpuEntry& a, const VcpuEntry& b) { return a.order < b.order; });
    std::vector<Slot> slots = co_await query_slots(domain, deadline);
    for (const VcpuEntry& entry : wanted) {
        for (const Slot& slot : slots) {
            if (slot.first == entry.id && !slot.is_on) co_await plug(domain, slot, deadline);
        }
    }
    co_await refresh(core, domain, deadline);
}

Task<void> plug_vcpu_count(Core& core, DomainOwner domain, unsigned count, io::Deadline deadline) {
    unsigned present = domain->running().domain->vcpus.online();
    if (present == count) co_return;
    std::vector<Slot> slots = co_await query_slots(domain, deadline);
    const bool on = count > present;
    std::vector<Slot> chosen;
    if (!on) std::reverse(slots.begin(), slots.end());
    for (const Slot& slot : slots) {
        if (present == count) break;
        if (slot.is_on == on || slot.is_fixed) continue;
        if (on ? present + slot.count > count : present < count + slot.count) break;
        present = on ? present + slot.count : present - slot.count;
        chosen.push_back(slot);
    }
    if (present != count) {
        throw Error(ErrorCode::config_unsupported, ErrorDomain::qemu,
                    "failed to find appropriate hotpluggable vcpus to reach the desired target vcpu count",
                    "those that the guest was started with cannot be taken away");
    }
    co_await switch_slots(core, domain, std::move(chosen), on, deadline);
}

Task<void> plug_vcpus(Core& core, DomainOwner domain, Bitmap which, bool on, io::Deadline deadline) {
    const unsigned last = which.last().value_or(0);
    if (last >= domain->running().domain->vcpus.maximum) {
        fail(ErrorCode::invalid_arg, ErrorDomain::qemu, "vcpu {} is not present in live config", last);
    }
    std::vector<Slot> slots = co_await query_slots(domain, deadline);
    std::vector<Slot> chosen;
    for (const Slot& slot : slots) {
        bool some = false;
        bool all = true;
        for (unsigned vcpu = slot.first; vcpu < slot.first + slot.count; vcpu++) {
            some = some || which.test(vcpu);
            all = all && which.test(vcpu);
        }
        if (!some) continue;
        if (slot.is_on == on) {
            fail(ErrorCode::invalid_arg, ErrorDomain::qemu, "vcpu '{}' is already in requested state", slot.first);
        }
        if (slot.is_fixed) {
            fail(ErrorCode::operation_unsupported, ErrorDomain::qemu, "vcpu '{}' can't be unplugged", slot.first);
        }
        if (!all) {
            fail(ErrorCode::invalid_arg, ErrorDomain::qemu,
                 "vcpu '{}' belongs to a larger hotpluggable entity, but siblings were not selected", slot.first);
        }
        chosen.push_back(slot);
    }
    co_await switch_slots(core, domain, std::move(chosen), on, deadline);
}

bool is_vcpu_alias(const std::string& alias) {
    return alias.size() > 4 && alias.starts_with("vcpu") && alias.find_first_not_of("0123456789", 4) == alias.npos;
}

Task<void> finish_vcpu_unplug(Core& core, DomainOwner domain) {
    if (!domain->is_active()) co_return;
    io::Deadline deadline = io::Deadline::after(core.settings.monitor_deadline).with_cancel(core.gate.cancel_source());
    co_await refresh(core, domain, deadline);
}

Task<void> place_threads(DomainOwner domain, io::Deadline deadline) {
    if (!places_threads(*domain->running().domain)) co_return;
    std::vector<IoThreadPlace> iothreads = co_await query_iothreads(domain, deadline);
    place_run(domain->running(), iothreads);
}

}  // namespace virtue::qemu
