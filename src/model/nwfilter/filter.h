// <filter>: rules for the packets of a guest's network card, and <filterbinding>: which card they are for. Plain
// values: the driver owns its own, copies are independent.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/domain/interface.h"

namespace virtue::model {

enum class RuleAction : uint8_t { drop, accept, reject, return_, continue_ };
VIRTUE_XML_NAMES(RuleAction, "drop", "accept", "reject", "return", "continue")

enum class RuleDirection : uint8_t { in, out, inout };
VIRTUE_XML_NAMES(RuleDirection, "in", "out", "inout")

/// One condition of a rule. The value is in the form that is written: "0x1234", "01:02:03:04:05:06", "$IP[@1]".
struct RuleCondition {
    std::string name;
    std::string value;
    bool negated = false;  ///< match='no'
    bool operator==(const RuleCondition&) const = default;

    /// True for a variable, whose value the card's parameters give.
    bool is_variable() const { return value.starts_with('$'); }
};

struct FilterRule {
    RuleAction action = RuleAction::drop;
    RuleDirection direction = RuleDirection::inout;
    int priority = 500;
    bool state_match = true;
    std::string protocol;                   ///< mac, vlan, stp, arp, rarp, ip, ipv6, tcp, …; empty: any packet
    std::vector<RuleCondition> conditions;  ///< in the order of the protocol's attributes
    bool operator==(const FilterRule&) const = default;

    const RuleCondition* find(std::string_view name) const;
};
void map(xml::Mapper& m, FilterRule& rule);

/// Either a rule or the name of another filter.
struct FilterEntry {
    std::optional<FilterRule> rule;
    std::optional<FilterReference> reference;
    bool operator==(const FilterEntry&) const = default;
};

struct Filter {
    static constexpr const char* element = "filter";
    static constexpr ErrorDomain error_domain = ErrorDomain::nwfilter;

    std::string name;
    std::string chain = "root";
    int priority = 0;
    std::optional<Uuid> uuid;  ///< always there after parse()
    std::vector<FilterEntry> entries;
    bool operator==(const Filter&) const = default;

    /// Reads a definition; a missing UUID is made up. `validate`: unknown elements are errors. Throws Error.
    static Filter parse(std::string_view text, bool validate = false);
};
void map(xml::Mapper& m, Filter& filter);

struct FilterBinding {
    static constexpr const char* element = "filterbinding";
    static constexpr ErrorDomain error_domain = ErrorDomain::nwfilter;

    std::string owner_name;
    std::optional<Uuid> owner_uuid;
    std::string port_device;  ///< the tap
    std::string link_device;  ///< the device below a macvtap
    std::optional<MacAddress> mac;
    FilterReference filter;
    bool operator==(const FilterBinding&) const = default;

    static FilterBinding parse(std::string_view text, bool validate = false);
};
void map(xml::Mapper& m, FilterBinding& binding);

/// What kind of value an attribute of a rule takes.
enum class ConditionType : uint8_t {
    mac,
    mac_mask,
    ipv4,
    ipv6,
    ipv4_mask,
    ipv6_mask,
    u8,
    u16,
    u32,
    dscp,
    vlan,
    ethertype,
    arp_opcode,
    ip_protocol,
    boolean,
    text,
    states,
    tcp_flags,
    ipset,
    ipset_flags,
};

struct ConditionKind {
    std::string_view name;
    ConditionType type;
    std::string_view sign_of;  ///< the attribute whose match='no' holds for this one too
};

/// The attributes of a protocol in the order in which they are written; empty for an unknown protocol.
const std::vector<ConditionKind>& conditions_of(std::string_view protocol);
/// The form in which a value is written; nothing if it is illegal.
std::optional<std::string> canonical_condition(ConditionType type, std::string_view text);

}  // namespace virtue::model
