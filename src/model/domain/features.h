// <features>: what the machine can do besides its devices. Value types.
#pragma once
#include "base/big_value.h"
#include "model/domain/size.h"

namespace virtue::model {

using State = xml::Switch;

enum class HypervMode : uint8_t { absent, custom, passthrough };
VIRTUE_XML_NAMES(HypervMode, "", "custom", "passthrough")

struct HypervFeatures {
    HypervMode mode = HypervMode::absent;
    State relaxed{}, vapic{}, spinlocks{}, vpindex{}, runtime{}, synic{}, stimer{}, reset{}, vendor_id{}, frequencies{},
        reenlightenment{}, tlbflush{}, ipi{}, evmcs{}, avic{};
    uint32_t spinlock_retries = 0;
    State stimer_direct{};
    std::string vendor_id_value;
    bool operator==(const HypervFeatures&) const = default;
};

struct KvmFeatures {
    State hidden{}, hint_dedicated{}, poll_control{}, pv_ipi{}, dirty_ring{};
    uint32_t dirty_ring_size = 0;
    bool operator==(const KvmFeatures&) const = default;
};

struct XenFeatures {
    State e820_host{}, passthrough{};
    std::string passthrough_mode;
    bool operator==(const XenFeatures&) const = default;
};

struct CapabilityFlag {
    std::string name;
    State state{};
    bool operator==(const CapabilityFlag&) const = default;
};

enum class GicVersion : uint8_t { absent, host, v2, v3 };
VIRTUE_XML_NAMES(GicVersion, "", "host", "2", "3")

struct Features {
    VIRTUE_BIG_VALUE(Features);
    bool acpi = false, pae = false, viridian = false, privnet = false;
    bool apic = false;
    State apic_eoi{};
    State hap{};
    std::optional<HypervFeatures> hyperv;
    std::optional<KvmFeatures> kvm;
    State pvspinlock{};
    bool has_capabilities = false;
    std::string capabilities_policy;
    std::vector<CapabilityFlag> capabilities;
    State pmu{}, vmport{};
    bool gic = false;
    GicVersion gic_version = GicVersion::absent;
    State smm{};
    std::optional<Kibibytes> smm_tseg;
    std::string smm_tseg_unit;
    std::string ioapic;
    bool hpt = false;
    std::string hpt_resizing;
    std::optional<Kibibytes> hpt_maxpagesize;
    State vmcoreinfo{}, htm{}, nested_hv{};
    std::string msrs_unknown;
    State ccf_assist{};
    std::optional<XenFeatures> xen;
    std::string cfpc, sbbc, ibs;
    std::optional<Kibibytes> tcg_tb_cache;
    bool operator==(const Features&) const = default;

    bool smm_on() const { return smm == State::on; }
};
void map(xml::Mapper& m, Features& features);

}  // namespace virtue::model
