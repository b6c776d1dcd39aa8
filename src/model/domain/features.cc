#include "model/domain/features.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace virtue::model {

VIRTUE_BIG_VALUE_CODE(Features);

namespace {

// <vmport state='off'/>; without the attribute it means on.
void map_state(xml::Mapper& m, const char* name, State& state) {
    if (m.writing() && state == State::absent) return;
    m.group(name, [&] {
        if (m.reading()) state = State::on;
        m.attribute("state", state);
    });
}

// The same where the attribute must be there.
void map_required_state(xml::Mapper& m, const char* name, State& state, const char* what) {
    if (m.writing() && state == State::absent) return;
    m.group(name, [&] {
        if (m.reading() && !m.given("state"))
            throw Error(ErrorCode::xml_error, ErrorDomain::xml,
                        fmt::format("{}: attribute 'state' is missing: 'on' or 'off' for a {} feature",
                                    m.element().path(), what));
        m.attribute("state", state);
    });
}

template <size_t N>
void refuse_others(xml::Mapper& m, const std::array<std::string_view, N>& known, const char* what) {
    if (m.writing()) return;
    for (xml::Element e = m.element().first_child(); e; e = e.next())
        if (std::find(known.begin(), known.end(), e.name()) == known.end())
            m.fail(ErrorCode::config_unsupported, fmt::format("{} '{}'", what, e.name()));
}

constexpr std::array<std::string_view, 15> hyperv_names{
    "relaxed",   "vapic",       "spinlocks",       "vpindex",  "runtime", "synic", "stimer", "reset",
    "vendor_id", "frequencies", "reenlightenment", "tlbflush", "ipi",     "evmcs", "avic"};

void map_spinlocks(xml::Mapper& m, HypervFeatures& h) {
    if (m.writing() && h.spinlocks == State::absent) return;
    m.group("spinlocks", [&] {
        m.required("state", h.spinlocks);
        if (m.reading() && h.spinlocks != State::on) return;
        if (h.spinlocks != State::on) return;
        if (m.reading() && !m.given("retries")) {
            // libvirt takes the attribute as given from 4095 up.
            m.fail_missing_attribute("retries");
        }
        m.attribute("retries", h.spinlock_retries);
        if (m.reading() && h.spinlock_retries < 0xfff) m.fail("HyperV spinlock retry count must be at least 4095");
    });
}

void map_hyperv(xml::Mapper& m, HypervFeatures& h) {
    if (m.reading()) h.mode = HypervMode::custom;
    m.attribute("mode", h.mode);
    m.keep_open();
    if (h.mode == HypervMode::passthrough) return;
    refuse_others(m, hyperv_names, "unsupported HyperV Enlightenment feature:");
    const auto state = [&](const char* name, State& s) { map_required_state(m, name, s, "HyperV Enlightenment"); };
    state("relaxed", h.relaxed);
    state("vapic", h.vapic);
    map_spinlocks(m, h);
    state("vpindex", h.vpindex);
    state("runtime", h.runtime);
    state("synic", h.synic);
    if (m.reading() || h.stimer != State::absent) {
        m.group("stimer", [&] {
            m.required("state", h.stimer);
            if (h.stimer == State::on) map_required_state(m, "direct", h.stimer_direct, "HyperV stimer");
        });
    }
    state("reset", h.reset);
    if (m.reading() || h.vendor_id != State::absent) {
        m.group("vendor_id", [&] {
            m.required("state", h.vendor_id);
            if (h.vendor_id == State::on) m.required("value", h.vendor_id_value);
            if (m.reading() && h.vendor_id_value.size() > 12)
                m.fail("HyperV vendor_id value must not be more than 12 characters");
            if (m.reading() && h.vendor_id_value.find(',') != std::string::npos)
                m.fail("HyperV vendor_id value is invalid");
        });
    }
    state("frequencies", h.frequencies);
    state("reenlightenment", h.reenlightenment);
    state("tlbflush", h.tlbflush);
    state("ipi", h.ipi);
    state("evmcs", h.evmcs);
    state("avic", h.avic);
}

constexpr std::array<std::string_view, 5> kvm_names{"hidden", "hint-dedicated", "poll-control", "pv-ipi", "dirty-ring"};

void map_kvm(xml::Mapper& m, KvmFeatures& k) {
    refuse_others(m, kvm_names, "unsupported KVM feature:");
    const auto state = [&](const char* name, State& s) { map_required_state(m, name, s, "KVM"); };
    state("hidden", k.hidden);
    state("hint-dedicated", k.hint_dedicated);
    state("poll-control", k.poll_control);
    state("pv-ipi", k.pv_ipi);
    if (m.writing() && k.dirty_ring == State::absent) return;
    m.group("dirty-ring", [&] {
        m.required("state", k.dirty_ring);
        if (k.dirty_ring == State::on) {
            m.required("size", k.dirty_ring_size);
            const uint32_t size = k.dirty_ring_size;
            if (m.reading() && (size < 1024 || size > 65536 || (size & (size - 1)) != 0))
                m.fail("dirty ring must be power of 2 and ranges [1024, 65536]");
        }
    });
}

void map_xen(xml::Mapper& m, XenFeatures& x) {
    map_required_state(m, "e820_host", x.e820_host, "Xen");
    if (m.writing() && x.passthrough == State::absent) return;
    m.group("passthrough", [&] {
        m.required("state", x.passthrough);
        m.attribute("mode", x.passthrough_mode);
    });
}

template <typename Sub, typename Map>
void map_sub(xml::Mapper& m, const char* name, std::optional<Sub>& sub, Map map_it) {
    if (m.writing() && !sub) return;
    m.group(
        name,
        [&] {
            if (m.reading()) sub.emplace();
            map_it(m, *sub);
        },
        true);
}

void map_word(xml::Mapper& m, const char* element, const char* attribute, std::string& word,
              std::initializer_list<std::string_view> known) {
    m.group(element, [&] {
        m.required(attribute, word);
        if (m.reading() && !m.given(attribute)) return;
        if (m.reading() && std::find(known.begin(), known.end(), word) == known.end()) {
            std::string list;
            for (std::string_view k : known) list += fmt::format("{}'{}'", list.empty() ? "one of " : ", ", k);
            m.fail_value(attribute, word, list);
        }
    });
}

void map_smm(xml::Mapper& m, Features& f) {
    if (m.writing() && f.smm == State::absent) return;
    m.group("smm", [&] {
        if (m.reading()) f.smm = State::on;
        m.attribute("state", f.smm);
        if (f.smm != State::on || (m.writing() && !f.smm_tseg)) return;
        m.group("tseg", [&] {
            if (m.reading()) {
                std::string unit;
                uint64_t value = 0;
                m.attribute("unit", unit);
                m.text(value);
                const auto bytes = xml::scale(value, unit.empty() ? "MiB" : unit);
                if (!bytes && !xml::scale(0, unit)) fail_unit(m, unit);
                if (!bytes) m.fail("unknown or too large size");
                f.smm_tseg = Kibibytes{*bytes / 1024};
                return;
            }
            // Shown in the largest unit that holds it evenly.
            uint64_t count = f.smm_tseg->count;
            const char* unit = "KiB";
            for (const char* larger : {"MiB", "GiB"}) {
                if (count == 0 || count % 1024 != 0) break;
                count /= 1024;
                unit = larger;
            }
            m.writer().attribute("unit", unit);
            m.text(count);
        });
    });
}

constexpr std::array<std::string_view, 27> feature_names{
    "acpi",         "apic", "pae",        "hap", "viridian", "privnet", "hyperv", "kvm",        "pvspinlock",
    "capabilities", "pmu",  "vmport",     "gic", "smm",      "ioapic",  "hpt",    "vmcoreinfo", "htm",
    "nested-hv",    "msrs", "ccf-assist", "xen", "cfpc",     "sbbc",    "ibs",    "tcg",        "#"};

void map_capabilities(xml::Mapper& m, Features& f) {
    if (m.writing() && !f.has_capabilities) return;
    m.group(
        "capabilities",
        [&] {
            f.has_capabilities = true;
            m.attribute("policy", f.capabilities_policy);
            if (m.reading()) {
                m.accept_anything();
                for (xml::Element e = m.element().first_child(); e; e = e.next()) {
                    const auto state = e.attribute("state");
                    f.capabilities.push_back({std::string(e.name()), state == "off" ? State::off : State::on});
                }
                return;
            }
            for (CapabilityFlag& flag : f.capabilities) {
                m.writer().begin(flag.name);
                m.writer().attribute("state", xml::to_name(flag.state));
                m.writer().end();
            }
        },
        true);
}

void map_machine_features(xml::Mapper& m, Features& f) {
    if (m.reading() || f.gic) {
        m.group(
            "gic",
            [&] {
                f.gic = true;
                m.attribute("version", f.gic_version);
            },
            true);
    }
    map_smm(m, f);
    map_word(m, "ioapic", "driver", f.ioapic, {"qemu", "kvm"});
    if (m.reading() || f.hpt) {
        m.group("hpt", [&] {
            f.hpt = true;
            static constexpr std::string_view ways[] = {"enabled", "disabled", "required"};
            m.words("resizing", ways);
            m.attribute("resizing", f.hpt_resizing);
            const xml::Element size = m.reading() ? m.element().child("maxpagesize") : xml::Element();
            const auto unit = size ? size.attribute("unit") : std::nullopt;
            if (unit && !unit->empty() && !xml::scale(0, std::string(*unit)))
                m.fail(ErrorCode::config_unsupported, "Unable to parse HPT maxpagesize setting");
            m.child("maxpagesize", f.hpt_maxpagesize);
        });
    }
    map_state(m, "vmcoreinfo", f.vmcoreinfo);
    map_required_state(m, "htm", f.htm, "machine");
    map_required_state(m, "nested-hv", f.nested_hv, "machine");
    map_word(m, "msrs", "unknown", f.msrs_unknown, {"ignore", "fault"});
    map_required_state(m, "ccf-assist", f.ccf_assist, "machine");
    map_sub(m, "xen", f.xen, map_xen);
    map_word(m, "cfpc", "value", f.cfpc, {"broken", "workaround", "fixed"});
    map_word(m, "sbbc", "value", f.sbbc, {"broken", "workaround", "fixed"});
    map_word(m, "ibs", "value", f.ibs, {"broken", "workaround", "fixed-ibs", "fixed-ccd", "fixed-na"});
    m.group("tcg", [&] { m.child("tb-cache", f.tcg_tb_cache); });
}

}  // namespace

void map(xml::Mapper& m, Features& f) {
    refuse_others(m, feature_names, "unexpected feature");
    m.flag("acpi", f.acpi);
    if (m.reading() || f.apic) {
        m.group(
            "apic",
            [&] {
                f.apic = true;
                m.attribute("eoi", f.apic_eoi);
            },
            true);
    }
    m.flag("pae", f.pae);
    map_state(m, "hap", f.hap);
    m.flag("viridian", f.viridian);
    m.flag("privnet", f.privnet);
    map_sub(m, "hyperv", f.hyperv, map_hyperv);
    map_sub(m, "kvm", f.kvm, map_kvm);
    map_state(m, "pvspinlock", f.pvspinlock);
    map_capabilities(m, f);
    map_state(m, "pmu", f.pmu);
    map_state(m, "vmport", f.vmport);
    map_machine_features(m, f);
}

}  // namespace virtue::model
