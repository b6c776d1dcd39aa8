#include "model/domain/tuning.h"

#include <algorithm>
#include <map>

#include <fmt/format.h>

namespace virtue::model {

VIRTUE_BIG_VALUE_CODE(CpuTune);

void map(xml::Mapper& m, VcpuEntry& v) {
    m.required("id", v.id);
    m.required("enabled", v.enabled);
    m.attribute("hotpluggable", v.hotpluggable);
    m.attribute("order", v.order, 0);
    if (m.reading() && v.hotpluggable == xml::YesNo::absent)
        v.hotpluggable = v.enabled == xml::YesNo::yes ? xml::YesNo::no : xml::YesNo::yes;
}

void map(xml::Mapper& m, Vcpus& v) {
    if (m.reading()) v.placement_given = m.given("placement");
    m.attribute("placement", v.placement);
    m.attribute("cpuset", v.cpuset);
    if (m.reading() || (v.current && *v.current != v.maximum)) m.attribute("current", v.current);
    if (m.writing()) {
        m.text(v.maximum);
        return;
    }
    auto count = xml::parse_unsigned(m.read_text<uint32_t>(), UINT32_MAX);
    if (!count || *count > INT32_MAX) m.fail("maximum vcpus count must be an integer");
    v.maximum = static_cast<uint32_t>(*count);
    if (v.maximum == 0) v.maximum = 1;
    if (v.current && *v.current > v.maximum)
        m.disagree(ErrorCode::config_unsupported,
                   fmt::format("maximum vCPU count must not be less than current vCPU count: current {} of {}",
                               *v.current, v.maximum));
}

void map_thread_pool(xml::Mapper& m, std::optional<int>& least, std::optional<int>& most) {
    m.attribute("thread_pool_min", least);
    m.attribute("thread_pool_max", most);
    if (m.writing()) return;
    if (least && *least < 0) m.fail_value("thread_pool_min", std::to_string(*least), "a non-negative integer");
    if (most && *most < 0) m.fail_value("thread_pool_max", std::to_string(*most), "a non-negative integer");
}

void map(xml::Mapper& m, IoThread& t) {
    m.required("id", t.id);
    map_thread_pool(m, t.pool_min, t.pool_max);
    if (m.reading() && t.id == 0) m.fail_value("id", "0", "a positive integer");
}

void map(xml::Mapper& m, VcpuPin& p) {
    m.required("vcpu", p.vcpu);
    m.required("cpuset", p.cpuset);
}

void map(xml::Mapper& m, IoThreadPin& p) {
    m.required("iothread", p.iothread);
    if (m.reading() && p.iothread == 0) m.fail_value("iothread", "0", "a positive integer");
    m.required("cpuset", p.cpuset);
}

void map(xml::Mapper& m, CacheShare& c) {
    m.required("id", c.id);
    m.required("level", c.level);
    m.required("type", c.type);
    m.required("size", c.size);
    m.attribute("unit", c.unit);
}

void map(xml::Mapper& m, CacheMonitor& c) {
    m.required("level", c.level);
    m.attribute("vcpus", c.vcpus);
}

void map(xml::Mapper& m, CacheTune& c) {
    m.required("vcpus", c.vcpus);
    if (m.options().status) m.attribute("id", c.id);
    m.children("cache", c.caches);
    m.children("monitor", c.monitors);
}

void map(xml::Mapper& m, BandwidthNode& n) {
    m.required("id", n.id);
    m.required("bandwidth", n.bandwidth);
}

void map(xml::Mapper& m, MemoryBandwidthTune& t) {
    m.required("vcpus", t.vcpus);
    if (m.options().status) m.attribute("id", t.id);
    m.children("node", t.nodes);
}

namespace {

template <typename T>
void map_range(xml::Mapper& m, const char* name, T& value, int64_t low, int64_t high, bool minus_one = false) {
    m.value(name, value, 0);
    if (m.writing() || value == 0) return;
    const auto v = static_cast<int64_t>(value);
    if ((v >= low && v <= high) || (minus_one && v < 0)) return;
    m.disagree(ErrorCode::config_unsupported,
               fmt::format("Value of cputune '{}' must be in range [{}, {}]", name, low, high));
}

void map_scheduler(xml::Mapper& m, SchedulerSetting& s, const char* of) {
    if (of != nullptr) m.required(of, s.of);
    m.required("scheduler", s.scheduler);
    const bool has_priority = s.scheduler == Scheduler::fifo || s.scheduler == Scheduler::rr;
    if (m.reading() && has_priority && !m.given("priority")) m.fail_missing_attribute("priority");
    if (m.reading() || has_priority) m.attribute("priority", s.priority);
    if (m.reading() && !has_priority) s.priority.reset();
}

// Each thread has one setting, and they are written one a thread.
void settle(xml::Mapper& m, std::vector<SchedulerSetting>& list) {
    std::map<unsigned, SchedulerSetting> by_thread;
    for (const SchedulerSetting& s : list) {
        for (auto i = s.of.next(); i; i = s.of.next(*i + 1)) {
            SchedulerSetting one = s;
            one.of = {};
            one.of.set(*i);
            if (!by_thread.emplace(*i, std::move(one)).second)
                m.fail(ErrorCode::xml_detail, fmt::format("scheduler of thread {} is set twice", *i));
        }
    }
    list.clear();
    for (auto& [thread, setting] : by_thread) list.push_back(std::move(setting));
}

void map_schedulers(xml::Mapper& m, const char* name, const char* of, std::vector<SchedulerSetting>& list) {
    if (m.writing()) {
        for (SchedulerSetting& s : list) m.group(name, [&] { map_scheduler(m, s, of); });
        return;
    }
    m.each(name, [&] { map_scheduler(m, list.emplace_back(), of); });
    settle(m, list);
}

void map_pins(xml::Mapper& m, CpuTune& t) {
    m.children("vcpupin", t.vcpu_pins);
    m.single("emulatorpin");
    m.group("emulatorpin", [&] {
        if (m.reading() && !m.given("cpuset")) m.fail(ErrorCode::internal_error, "missing cpuset for emulatorpin");
        m.attribute("cpuset", t.emulator_pin);
    });
    m.children("iothreadpin", t.iothread_pins);
    if (m.writing()) return;
    std::stable_sort(t.vcpu_pins.begin(), t.vcpu_pins.end(),
                     [](const VcpuPin& a, const VcpuPin& b) { return a.vcpu < b.vcpu; });
    for (size_t i = 1; i < t.vcpu_pins.size(); i++)
        if (t.vcpu_pins[i].vcpu == t.vcpu_pins[i - 1].vcpu)
            m.disagree(ErrorCode::internal_error, fmt::format("duplicate vcpupin for vcpu '{}'", t.vcpu_pins[i].vcpu));
    std::stable_sort(t.iothread_pins.begin(), t.iothread_pins.end(),
                     [](const IoThreadPin& a, const IoThreadPin& b) { return a.iothread < b.iothread; });
    for (size_t i = 1; i < t.iothread_pins.size(); i++)
        if (t.iothread_pins[i].iothread == t.iothread_pins[i - 1].iothread)
            m.disagree(ErrorCode::internal_error,
                       fmt::format("duplicate iothreadpin for same iothread '{}'", t.iothread_pins[i].iothread));
}

}  // namespace

void map(xml::Mapper& m, CpuTune& t) {
    constexpr int64_t quota_limit = 17592186044415;
    m.value("shares", t.shares);
    if (m.reading() && t.shares && *t.shares != 0 && (*t.shares < 2 || *t.shares > 262144))
        m.disagree(ErrorCode::config_unsupported, "Value of cputune 'shares' must be in range [2, 262144]");
    map_range(m, "period", t.period, 1000, 1000000);
    map_range(m, "quota", t.quota, 1000, quota_limit, true);
    map_range(m, "global_period", t.global_period, 1000, 1000000);
    map_range(m, "global_quota", t.global_quota, 1000, quota_limit, true);
    map_range(m, "emulator_period", t.emulator_period, 1000, 1000000);
    map_range(m, "emulator_quota", t.emulator_quota, 1000, quota_limit, true);
    map_range(m, "iothread_period", t.iothread_period, 1000, 1000000);
    map_range(m, "iothread_quota", t.iothread_quota, 1000, quota_limit, true);
    map_pins(m, t);
    m.single("emulatorsched");
    if (m.reading() ? m.has("emulatorsched") : t.emulator_scheduler.has_value()) {
        if (m.reading()) t.emulator_scheduler.emplace();
        m.group("emulatorsched", [&] { map_scheduler(m, *t.emulator_scheduler, nullptr); });
    }
    map_schedulers(m, "vcpusched", "vcpus", t.vcpu_schedulers);
    map_schedulers(m, "iothreadsched", "iothreads", t.iothread_schedulers);
    m.children("cachetune", t.cache_tunes);
    m.children("memorytune", t.memory_tunes);
}

void map(xml::Mapper& m, MemTune& t) {
    m.child("hard_limit", t.hard_limit);
    m.child("soft_limit", t.soft_limit);
    m.child("min_guarantee", t.min_guarantee);
    m.child("swap_hard_limit", t.swap_hard_limit);
    if (m.writing()) return;
    // From here up a limit is none (libvirt: VIR_DOMAIN_MEMORY_PARAM_UNLIMITED).
    for (auto* limit : {&t.hard_limit, &t.soft_limit, &t.swap_hard_limit})
        if (*limit && (*limit)->count >= 9007199254740991u) limit->reset();
    if (t.min_guarantee && t.min_guarantee->count == 0) t.min_guarantee.reset();
}

void map(xml::Mapper& m, BlkioDevice& d) {
    m.value("path", d.path);
    m.value("weight", d.weight, 0);
    m.value("read_iops_sec", d.read_iops_sec, 0);
    m.value("write_iops_sec", d.write_iops_sec, 0);
    m.value("read_bytes_sec", d.read_bytes_sec, 0);
    m.value("write_bytes_sec", d.write_bytes_sec, 0);
    if (m.reading() && d.path.empty()) m.fail(ErrorCode::config_unsupported, "missing per-device path");
}

void map(xml::Mapper& m, BlkioTune& t) {
    m.value("weight", t.weight, 0);
    m.children("device", t.devices);
    if (m.writing()) return;
    for (size_t i = 0; i < t.devices.size(); i++)
        for (size_t j = 0; j < i; j++)
            if (t.devices[i].path == t.devices[j].path)
                m.fail(ErrorCode::config_unsupported,
                       fmt::format("duplicate blkio device path '{}'", t.devices[i].path));
    // A path alone says nothing.
    std::erase_if(t.devices, [](const BlkioDevice& d) {
        return d.weight == 0 && d.read_iops_sec == 0 && d.write_iops_sec == 0 && d.read_bytes_sec == 0 &&
               d.write_bytes_sec == 0;
    });
}

void map(xml::Mapper& m, HugePage& p) {
    std::string unit = m.writing() ? "KiB" : "";
    m.required("size", p.size.count);
    m.attribute("unit", unit);
    m.attribute("nodeset", p.nodes);
    if (m.writing()) return;
    const auto bytes = xml::scale(p.size.count, unit.empty() ? "KiB" : unit);
    if (!bytes && !xml::scale(0, unit)) fail_unit(m, unit);
    if (!bytes) m.fail("unknown or too large page size");
    p.size.count = (*bytes + 1023) / 1024;
    if (p.size.count == 0) m.fail(ErrorCode::xml_detail, "hugepage size can't be zero");
}

void map(xml::Mapper& m, MemoryBacking& b) {
    if (m.reading() || b.hugepages) {
        m.group(
            "hugepages",
            [&] {
                if (m.reading() && m.element().parent().count("hugepages") > 1)
                    m.fail(ErrorCode::xml_detail, "two master hugepages detected");
                b.hugepages = true;
                m.children("page", b.pages);
            },
            true);
    }
    m.flag("nosharepages", b.nosharepages);
    m.flag("locked", b.locked);
    m.attribute_of("source", "type", b.source);
    m.attribute_of("access", "mode", b.access);
    m.group("allocation", [&] {
        m.attribute("mode", b.allocation);
        m.attribute("threads", b.allocation_threads, 0);
    });
    m.flag("discard", b.discard);
}

void map(xml::Mapper& m, MemNode& n) {
    m.required("cellid", n.cell);
    m.attribute("mode", n.mode);
    m.required("nodeset", n.nodes);
}

void map(xml::Mapper& m, NumaTune& t) {
    if (m.reading() || t.has_memory) {
        m.group("memory", [&] {
            t.has_memory = true;
            m.attribute("mode", t.mode);
            if (m.reading()) {
                std::string placement;
                m.attribute("placement", placement);
                m.attribute("nodeset", t.nodes);
                if (m.given("nodeset") && t.nodes.empty())
                    m.disagree(ErrorCode::config_unsupported,
                               fmt::format("Invalid value of 'nodeset': {}", *m.read_attribute("nodeset")));
                if (!placement.empty() && placement != "auto" && placement != "static")
                    m.fail_value("placement", placement, "'static' or 'auto'");
                // Without a word it goes by where the processors are placed.
                const xml::Element vcpu = m.element().parent().parent().child("vcpu");
                const bool follows = vcpu && vcpu.attribute("placement") == std::string_view("auto");
                t.placement_auto = placement == "auto" || (placement.empty() && t.nodes.empty() && follows);
                // Neither said nor to be had from elsewhere: then there is no such tuning.
                if (placement.empty() && !m.given("placement") && t.nodes.empty() && !t.placement_auto) {
                    t.has_memory = false;
                    return;
                }
                if (!t.placement_auto && t.nodes.empty())
                    m.fail(ErrorCode::config_unsupported,
                           "nodeset for NUMA memory tuning must be set if 'placement' is 'static'");
                if (placement.empty() && m.given("placement")) m.fail_value("placement", "", "'static' or 'auto'");
                if (t.placement_auto) t.nodes = {};
            } else if (t.placement_auto) {
                m.writer().attribute("placement", "auto");
            } else {
                m.attribute("nodeset", t.nodes);
            }
        });
    }
    m.children("memnode", t.cells);
    for (size_t i = 0; m.reading() && i < t.cells.size(); i++)
        for (size_t j = 0; j < i; j++)
            if (t.cells[i].cell == t.cells[j].cell)
                m.disagree(fmt::format("Multiple memnode elements with cellid {}", t.cells[i].cell));
    if (m.reading())
        std::stable_sort(t.cells.begin(), t.cells.end(),
                         [](const MemNode& a, const MemNode& b) { return a.cell < b.cell; });
}

}  // namespace virtue::model
