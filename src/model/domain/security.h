// Security labels, key wrapping and encrypted memory. Value types.
#pragma once
#include "xml/mapper.h"

namespace virtue::model {

enum class SecurityLabelType : uint8_t { absent, none, dynamic, fixed };
VIRTUE_XML_NAMES(SecurityLabelType, "", "none", "dynamic", "static")

struct SecurityLabel {
    SecurityLabelType type = SecurityLabelType::absent;
    std::string model;
    bool relabel = true;
    std::string label, image_label, base_label;
    bool implicit = false;  ///< made by us, not shown
    bool operator==(const SecurityLabel&) const = default;
};
void map(xml::Mapper& m, SecurityLabel& label);

struct KeywrapCipher {
    std::string name;
    xml::Switch state = xml::Switch::absent;
    bool operator==(const KeywrapCipher&) const = default;
};

enum class LaunchSecurityType : uint8_t { absent, sev, s390_pv };
VIRTUE_XML_NAMES(LaunchSecurityType, "", "sev", "s390-pv")

struct LaunchSecurity {
    LaunchSecurityType type = LaunchSecurityType::absent;
    xml::YesNo kernel_hashes = xml::YesNo::absent;
    std::optional<uint32_t> cbitpos, reduced_phys_bits;
    xml::Hex<uint32_t, 4> policy;
    std::string dh_cert, session;
    bool operator==(const LaunchSecurity&) const = default;
};
void map(xml::Mapper& m, LaunchSecurity& security);

}  // namespace virtue::model
