#include "drivers/qemu/vcpu_entries.h"

#include <algorithm>

#include "base/error.h"
#include "model/domain/tuning.h"

namespace virtue::qemu {
namespace {

using model::VcpuEntry;
using xml::YesNo;

bool is_on(const VcpuEntry& entry) {
    return entry.enabled == YesNo::yes;
}

void set_current(model::Vcpus& vcpus, unsigned online) {
    vcpus.current.reset();
    if (online != vcpus.maximum) vcpus.current = online;
}

}  // namespace

std::vector<VcpuEntry> vcpu_entries(const model::Vcpus& vcpus) {
    std::vector<VcpuEntry> entries(vcpus.maximum);
    for (unsigned id = 0; id < vcpus.maximum; id++) {
        entries[id].id = id;
        const bool online = vcpus.each.empty() && id < vcpus.online();
        entries[id].enabled = online ? YesNo::yes : YesNo::no;
    }
    for (const VcpuEntry& entry : vcpus.each) {
        if (entry.id < entries.size()) entries[entry.id] = entry;
    }
    for (VcpuEntry& entry : entries) {
        if (entry.hotpluggable == YesNo::absent) entry.hotpluggable = is_on(entry) ? YesNo::no : YesNo::yes;
    }
    return entries;
}

void note_entries(model::Vcpus& vcpus, std::vector<VcpuEntry> entries) {
    vcpus.each = std::move(entries);
    set_current(vcpus, static_cast<unsigned>(std::count_if(vcpus.each.begin(), vcpus.each.end(), is_on)));
}

void change_vcpu_count(model::Vcpus& vcpus, unsigned count, bool hotpluggable) {
    unsigned online = vcpus.online();
    if (online == count) {
        for (VcpuEntry& entry : vcpus.each) entry.order = 0;
        return;
    }
    const bool plain = vcpus.each.empty() && !(hotpluggable && count > online);
    if (plain) return set_current(vcpus, count);
    std::vector<VcpuEntry> entries = vcpu_entries(vcpus);
    for (VcpuEntry& entry : entries) entry.order = 0;
    for (VcpuEntry& entry : entries) {
        if (online >= count) break;
        if (is_on(entry)) continue;
        entry.enabled = YesNo::yes;
        if (hotpluggable) entry.hotpluggable = YesNo::yes;
        online++;
    }
    for (auto entry = entries.rbegin(); entry != entries.rend() && online > count; ++entry) {
        if (!is_on(*entry)) continue;
        entry->enabled = YesNo::no;
        entry->hotpluggable = YesNo::yes;
        online--;
    }
    note_entries(vcpus, std::move(entries));
}

void change_vcpu_maximum(model::Vcpus& vcpus, unsigned maximum) {
    const unsigned online = std::min(vcpus.online(), maximum);
    vcpus.maximum = maximum;
    if (vcpus.each.empty()) return set_current(vcpus, online);
    std::vector<VcpuEntry> entries = std::move(vcpus.each);
    std::erase_if(entries, [maximum](const VcpuEntry& entry) { return entry.id >= maximum; });
    for (unsigned id = 0; id < maximum; id++) {
        auto has_id = [id](const VcpuEntry& entry) { return entry.id == id; };
        if (std::none_of(entries.begin(), entries.end(), has_id)) entries.push_back({id, YesNo::no});
    }
    note_entries(vcpus, std::move(entries));
}

void require_switchable(const model::Vcpus& vcpus, const Bitmap& which) {
    if (which.test(0)) throw Error(ErrorCode::invalid_arg, ErrorDomain::qemu, "vCPU '0' can't be modified");
    const unsigned last = which.last().value_or(0);
    if (last >= vcpus.maximum) {
        fail(ErrorCode::invalid_arg, ErrorDomain::qemu, "vcpu {} is not present in persistent config", last);
    }
    for (const VcpuEntry& entry : vcpu_entries(vcpus)) {
        if (entry.id <= last || !is_on(entry) || entry.hotpluggable == YesNo::yes) continue;
        fail(ErrorCode::invalid_arg, ErrorDomain::qemu,
             "vcpu '{}' can't be modified as it is followed by non-hotpluggable online vcpus", last);
    }
}

void switch_vcpus(model::Vcpus& vcpus, const Bitmap& which, bool on) {
    std::vector<VcpuEntry> entries = vcpu_entries(vcpus);
    for (VcpuEntry& entry : entries) {
        entry.order = 0;
        if (!which.test(entry.id)) continue;
        entry.enabled = on ? YesNo::yes : YesNo::no;
        entry.hotpluggable = YesNo::yes;
    }
    note_entries(vcpus, std::move(entries));
}

}  // namespace virtue::qemu
