#include "model/domain/cpu.h"

#include <algorithm>

#include <fmt/format.h>

#include "model/domain/size.h"

namespace virtue::model {

VIRTUE_BIG_VALUE_CODE(Cpu);

void map(xml::Mapper& m, CpuFeature& f) {
    if (m.reading()) {
        auto policy = m.read_attribute<CpuFeaturePolicy>("policy");
        if (policy && !xml::from_name<CpuFeaturePolicy>(*policy))
            throw Error(ErrorCode::config_unsupported, ErrorDomain::cpu,
                        fmt::format("{}: Invalid CPU feature policy '{}'", m.element().path(), *policy));
    }
    m.attribute("policy", f.policy);
    m.required("name", f.name);
    if (m.reading() && f.name.empty()) m.fail(ErrorCode::xml_error, ErrorDomain::cpu, "Invalid CPU feature name");
}

void map(xml::Mapper& m, CpuTopology& t) {
    const auto count = [&](const char* name, uint32_t& value) {
        m.attribute(name, value);
        if (m.writing() || value != 0) return;
        if (!m.given(name)) m.fail_missing_attribute(name);
        m.fail_value(name, "0", "a positive integer");
    };
    count("sockets", t.sockets);
    count("dies", t.dies);
    count("cores", t.cores);
    count("threads", t.threads);
}

void map(xml::Mapper& m, CpuCache& c) {
    m.attribute("level", c.level, -1);
    if (m.reading() && c.level < 0 && m.given("level")) m.fail_value("level", "-1", "a non-negative integer");
    if (m.reading() && (c.level == 0 || c.level > 3))
        m.fail(ErrorCode::xml_error, ErrorDomain::cpu, "invalid CPU cache level, must be in range [1,3]");
    m.required("mode", c.mode);
}

void map(xml::Mapper& m, CpuAddressBits& b) {
    static constexpr std::string_view modes[] = {"emulate", "passthrough"};
    m.words("mode", modes);
    m.required("mode", b.mode);
    m.attribute("bits", b.bits);
}

void map(xml::Mapper& m, NumaSibling& s) {
    m.required("id", s.id);
    m.required("value", s.value);
}

void map(xml::Mapper& m, NumaCache& c) {
    m.required("level", c.level);
    static constexpr std::string_view associativities[] = {"none", "direct", "full"};
    static constexpr std::string_view policies[] = {"none", "writeback", "writethrough"};
    m.words("associativity", associativities);
    m.words("policy", policies);
    m.attribute("associativity", c.associativity);
    m.attribute("policy", c.policy);
    if (m.reading() && c.associativity == "none") c.associativity.clear();
    if (m.reading() && c.policy == "none") c.policy.clear();
    if (m.reading() && c.level == 0) m.fail_value("level", "0", "a positive integer");
    for (const char* part : {"size", "line"})
        if (m.reading() && !m.has(part)) m.fail(ErrorCode::xml_error, ErrorDomain::xml, "missing element or attribute");
    m.group("size", [&] {
        m.required("value", c.size.count);
        m.attribute("unit", c.size.unit);
    });
    m.group("line", [&] {
        m.required("value", c.line);
        m.attribute("unit", c.line_unit);
    });
}

void map(xml::Mapper& m, NumaCell& c) {
    m.attribute("id", c.id);
    m.attribute("cpus", c.cpus);
    std::string unit = m.writing() ? "KiB" : "";
    m.attribute("memory", c.memory.count);
    m.attribute("unit", unit);
    m.attribute("memAccess", c.access);
    m.attribute("discard", c.discard);
    m.group("distances", [&] { m.children("sibling", c.distances); });
    m.children("cache", c.caches);
    for (size_t i = 0; m.reading() && i < c.caches.size(); i++)
        for (size_t j = 0; j < i; j++)
            if (c.caches[i].level == c.caches[j].level)
                m.disagree(fmt::format("Cache level '{}' already defined", c.caches[i].level));
    if (m.writing()) return;
    if (!m.given("memory")) m.fail_missing_attribute("memory");
    const auto bytes = xml::scale(c.memory.count, unit.empty() ? "KiB" : unit);
    if (!bytes && !xml::scale(0, unit)) fail_unit(m, unit);
    if (!bytes) m.fail(ErrorCode::overflow, "too much memory");
    c.memory.count = *bytes / 1024 + (*bytes % 1024 != 0 ? 1 : 0);
}

namespace {

void map_interconnect(xml::Mapper& m, NumaInterconnect& i) {
    m.required("initiator", i.initiator);
    m.required("target", i.target);
    m.attribute("cache", i.cache);
    // Level 0 is the memory behind all caches, as without a word.
    if (i.cache == 0u) i.cache.reset();
    static constexpr std::string_view latencies[] = {"access", "read", "write"};
    m.words("type", latencies);
    m.required("type", i.type);
    m.required("value", i.value);
    if (!i.is_bandwidth) return;
    std::string unit = m.writing() ? "KiB" : "";
    m.attribute("unit", unit);
    if (m.writing()) return;
    const auto bytes = xml::scale(i.value, unit.empty() ? "KiB" : unit);
    if (!bytes && !xml::scale(0, unit)) fail_unit(m, unit);
    if (!bytes) m.fail("unknown or too large bandwidth");
    i.value = *bytes / 1024;
}

}  // namespace

void map(xml::Mapper& m, CpuNuma& n) {
    m.children("cell", n.cells);
    m.group("interconnects", [&] {
        if (m.reading()) {
            const auto take = [&](bool bandwidth) {
                NumaInterconnect i;
                i.is_bandwidth = bandwidth;
                map_interconnect(m, i);
                for (const NumaInterconnect& other : n.interconnects)
                    if (other.is_bandwidth == i.is_bandwidth && other.initiator == i.initiator &&
                        other.target == i.target && other.cache == i.cache && other.type == i.type)
                        m.fail("Duplicate info for NUMA latencies");
                n.interconnects.push_back(std::move(i));
            };
            m.each("latency", [&] { take(false); });
            m.each("bandwidth", [&] { take(true); });
            return;
        }
        for (NumaInterconnect& i : n.interconnects)
            m.group(i.is_bandwidth ? "bandwidth" : "latency", [&] { map_interconnect(m, i); });
    });
}

namespace {

// What one cell says of another holds the other way too, unless that says otherwise; each is 10 away from itself.
void complete_distances(std::vector<NumaCell>& cells) {
    constexpr uint32_t own = 10;
    const auto note = [&](size_t from, uint32_t to, uint32_t value) {
        auto& there = cells[from].distances;
        const auto at = std::find_if(there.begin(), there.end(), [&](const NumaSibling& s) { return s.id >= to; });
        if (at == there.end() || at->id != to) there.insert(at, NumaSibling{.id = to, .value = value});
    };
    for (NumaCell& cell : cells)
        std::stable_sort(cell.distances.begin(), cell.distances.end(),
                         [](const NumaSibling& a, const NumaSibling& b) { return a.id < b.id; });
    for (size_t i = 0; i < cells.size(); i++) {
        if (cells[i].distances.empty()) continue;
        note(i, i, own);
        for (const NumaSibling& sibling : std::vector(cells[i].distances)) {
            if (sibling.id >= cells.size()) continue;
            note(sibling.id, sibling.id, own);
            note(sibling.id, i, sibling.value);
        }
    }
}

// Cells may come in any order and without numbers; they end up in the order of their numbers.
void number_cells(xml::Mapper& m, CpuNuma& numa) {
    uint32_t next = 0;
    for (NumaCell& cell : numa.cells) {
        if (!cell.id) cell.id = next;
        next++;
    }
    std::stable_sort(numa.cells.begin(), numa.cells.end(),
                     [](const NumaCell& a, const NumaCell& b) { return *a.id < *b.id; });
    for (size_t i = 0; i < numa.cells.size(); i++)
        if (*numa.cells[i].id != i)
            m.disagree(
                "Exactly one 'cell' element per guest NUMA cell allowed, non-contiguous ranges or ranges not starting "
                "from 0 are not allowed");
    complete_distances(numa.cells);
}

void map_model(xml::Mapper& m, Cpu& c) {
    if (m.writing() && c.model.empty() && (c.mode != CpuMode::host_model || c.vendor_id.empty())) return;
    m.group("model", [&] {
        if (m.reading() || !c.model.empty() || c.fallback != CpuFallback::allow) m.attribute("fallback", c.fallback);
        m.attribute("vendor_id", c.vendor_id);
        m.text(c.model);
        if (m.reading() && !c.vendor_id.empty() && c.vendor_id.size() != 12)
            throw Error(ErrorCode::xml_error, ErrorDomain::cpu,
                        fmt::format("{}: vendor_id must be exactly 12 characters long", m.element().path()));
    });
}

void check(xml::Mapper& m, Cpu& c) {
    if (!c.vendor.empty() && c.model.empty())
        throw xml::Disagreement(ErrorCode::xml_error, ErrorDomain::cpu,
                                fmt::format("{}: CPU vendor specified without CPU model", m.element().path()));
    for (size_t i = 0; i < c.features.size(); i++)
        for (size_t j = 0; j < i; j++)
            if (c.features[i].name == c.features[j].name)
                throw xml::Disagreement(ErrorCode::xml_error, ErrorDomain::cpu,
                                        fmt::format("{}: CPU feature '{}' specified more than once", m.element().path(),
                                                    c.features[i].name));
    if (c.model.empty() && c.mode == CpuMode::custom && !c.features.empty())
        throw xml::Disagreement(
            ErrorCode::xml_error, ErrorDomain::cpu,
            fmt::format("{}: Non-empty feature list specified without CPU model", m.element().path()));
}

}  // namespace

void map(xml::Mapper& m, Cpu& c) {
    if (m.reading()) c.mode_given = m.given("mode");
    if (m.reading() || c.mode_given) m.attribute("mode", c.mode);
    if (m.reading() || (!c.model.empty() && c.mode == CpuMode::custom)) m.attribute("match", c.match);
    m.attribute("check", c.check);
    m.attribute("migratable", c.migratable);
    if (m.reading() && m.given("migratable") && c.mode != CpuMode::host_passthrough && c.mode != CpuMode::maximum)
        throw xml::Disagreement(ErrorCode::config_unsupported, ErrorDomain::cpu,
                                "Attribute migratable is only allowed for 'host-passthrough' / 'maximum' CPU mode");
    m.value("arch", c.arch);
    map_model(m, c);
    m.value("vendor", c.vendor);
    m.child("topology", c.topology);
    if (m.reading() && m.element().count("cache") > 1)
        m.fail(ErrorCode::xml_error, ErrorDomain::cpu, "at most one CPU cache element may be specified");
    m.child("cache", c.cache);
    m.child("maxphysaddr", c.address_bits);
    m.children("feature", c.features);
    m.child("numa", c.numa);
    if (m.writing()) return;
    if (c.mode == CpuMode::host_passthrough || c.mode == CpuMode::maximum) {
        c.model.clear();
        c.vendor_id.clear();
    }
    number_cells(m, c.numa);
    check(m, c);
}

}  // namespace virtue::model
