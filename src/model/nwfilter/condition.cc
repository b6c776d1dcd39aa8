#include <algorithm>
#include <array>
#include <cctype>
#include <map>

#include <fmt/format.h>

#include "base/excerpt.h"
#include "base/text.h"
#include "model/network/host_address.h"
#include "model/nwfilter/filter.h"

namespace virtue::model {

namespace {

using Type = ConditionType;
using Kinds = std::vector<ConditionKind>;

struct Word {
    std::string_view name;
    uint32_t value;
};
constexpr Word ethertypes[] = {{"ipv4", 0x0800}, {"arp", 0x0806}, {"rarp", 0x8035}, {"ipv6", 0x86dd}, {"vlan", 0x8100}};
constexpr Word opcodes[] = {{"Request", 1},       {"Reply", 2},         {"Request_Reverse", 3},
                            {"Reply_Reverse", 4}, {"DRARP_Request", 5}, {"DRARP_Reply", 6},
                            {"DRARP_Error", 7},   {"InARP_Request", 8}, {"ARP_NAK", 9}};
constexpr Word protocols[] = {{"tcp", 6},  {"udp", 17}, {"udplite", 136}, {"esp", 50},   {"ah", 51},
                              {"icmp", 1}, {"igmp", 2}, {"sctp", 132},    {"icmpv6", 58}};
constexpr std::string_view states[] = {"NEW", "ESTABLISHED", "RELATED", "INVALID", "NONE"};
constexpr std::string_view tcp_flags[] = {"FIN", "SYN", "RST", "PSH", "ACK", "URG"};

using Text = std::optional<std::string>;

bool same_word(std::string_view a, std::string_view b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                      [](unsigned char x, unsigned char y) { return std::tolower(x) == std::tolower(y); });
}

Text number(std::string_view text, uint32_t most, uint32_t least = 0) {
    const bool hex = text.starts_with("0x") || text.starts_with("0X");
    const auto value = xml::parse_unsigned(text, most, hex ? 16 : 10);
    if (!value || *value < least) return std::nullopt;
    return hex ? fmt::format("{:#x}", *value) : std::to_string(*value);
}

template <size_t Count>
Text named_number(std::string_view text, const Word (&words)[Count], uint32_t most, uint32_t least = 0) {
    for (const Word& word : words)
        if (same_word(word.name, text)) return std::string(word.name);
    const Text plain = number(text, most, least);
    if (!plain) return std::nullopt;
    const auto value = xml::parse_unsigned(*plain, most, 0);
    for (const Word& word : words)
        if (word.value == value) return std::string(word.name);
    return plain;
}

Text address(std::string_view text, AddressFamily family) {
    const auto parsed = HostAddress::parse(text);
    if (!parsed || parsed->family != family) return std::nullopt;
    return parsed->to_string();
}

Text address_mask(std::string_view text, AddressFamily family) {
    const uint32_t most = family == AddressFamily::ipv4 ? 32 : 128;
    if (const auto bits = xml::parse_unsigned(text, UINT32_MAX))
        return *bits <= most ? Text(std::to_string(*bits)) : std::nullopt;
    const auto parsed = HostAddress::parse(text);
    if (!parsed || parsed->family != family) return std::nullopt;
    const auto bits = parsed->prefix_of_mask();
    return bits ? Text(std::to_string(*bits)) : std::nullopt;
}

// Words of a list that is written in the list's own order.
template <size_t Count>
Text word_list(std::string_view text, const std::string_view (&words)[Count]) {
    std::array<bool, Count> seen{};
    for (std::string_view part : split(text, ',')) {
        const auto at = std::find_if(std::begin(words), std::end(words),
                                     [&](std::string_view word) { return same_word(word, trim(part)); });
        if (at == std::end(words)) return std::nullopt;
        seen[static_cast<size_t>(at - std::begin(words))] = true;
    }
    std::vector<std::string> found;
    for (size_t i = 0; i < Count; i++)
        if (seen[i]) found.emplace_back(words[i]);
    return join(found, ",");
}

Text tcp_flag_set(std::string_view text) {
    text = trim(text);
    if (text.empty() || text == "NONE") return "NONE";
    if (text == "ALL") return "ALL";
    return word_list(text, tcp_flags);
}

Text tcp_flag_pair(std::string_view text) {
    const size_t slash = text.find('/');
    if (slash == std::string_view::npos) return std::nullopt;
    const Text mask = tcp_flag_set(text.substr(0, slash));
    const Text flags = tcp_flag_set(text.substr(slash + 1));
    if (!mask || !flags) return std::nullopt;
    return *mask + "/" + *flags;
}

Text ipset_flag_list(std::string_view text) {
    std::vector<std::string> found;
    for (std::string_view part : split(text, ',')) {
        std::string word(trim(part));
        for (char& c : word) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
        if (word != "src" && word != "dst") return std::nullopt;
        found.push_back(word);
    }
    return found.size() > 6 ? std::nullopt : Text(join(found, ","));
}

Text ipset_name(std::string_view text) {
    constexpr size_t longest = 31;
    const bool good = !text.empty() && text.size() <= longest && std::all_of(text.begin(), text.end(), [](char c) {
        return std::isalnum(static_cast<unsigned char>(c)) != 0 ||
               std::string_view("_.:-+ ").find(c) != std::string::npos;
    });
    return good ? Text(std::string(text)) : std::nullopt;
}

// "$IP", "$IP[2]" (the second value), "$IP[@1]" (an iterator); blanks are passed over, the first iterator is left out.
Text variable(std::string_view text) {
    std::string plain;
    for (char c : text)
        if (c != ' ') plain += c;
    const size_t bracket = plain.find('[');
    const std::string_view name =
        std::string_view(plain).substr(1, bracket == std::string::npos ? bracket : bracket - 1);
    const bool good = !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
        return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '-' || c == '.' || c == ':';
    });
    if (!good) return std::nullopt;
    if (bracket == std::string::npos) return plain;
    if (plain.back() != ']') return std::nullopt;
    std::string_view index = std::string_view(plain).substr(bracket + 1, plain.size() - bracket - 2);
    const bool iterator = index.starts_with('@');
    if (iterator) index.remove_prefix(1);
    const auto value = xml::parse_unsigned(index, iterator ? 1000 : UINT32_MAX);
    if (!value) return std::nullopt;
    if (iterator && *value == 0) return plain.substr(0, bracket);
    return fmt::format("{}[{}{}]", plain.substr(0, bracket), iterator ? "@" : "", *value);
}

Text boolean(std::string_view text) {
    if (text == "1" || text == "yes" || text == "true") return "true";
    return "false";
}

Text mac_address(std::string_view text) {
    const auto mac = MacAddress::parse(text);
    return mac ? Text(mac->to_string()) : std::nullopt;
}

// Ones, then zeros, as ebtables wants it.
Text mac_mask(std::string_view text) {
    const auto mac = MacAddress::parse(text);
    if (!mac) return std::nullopt;
    uint64_t bits = 0;
    for (uint8_t byte : mac->bytes) bits = bits << 8 | byte;
    const uint64_t zeros = ~bits & 0xffffffffffffull;
    return (zeros & (zeros + 1)) == 0 ? Text(mac->to_string()) : std::nullopt;
}

}  // namespace

Text canonical_condition(Type type, std::string_view text) {
    if (text.starts_with('$') && type != Type::text) return variable(text);
    switch (type) {
        case Type::mac:
            return mac_address(text);
        case Type::mac_mask:
            return mac_mask(text);
        case Type::ipv4:
            return address(text, AddressFamily::ipv4);
        case Type::ipv6:
            return address(text, AddressFamily::ipv6);
        case Type::ipv4_mask:
            return address_mask(text, AddressFamily::ipv4);
        case Type::ipv6_mask:
            return address_mask(text, AddressFamily::ipv6);
        case Type::u8:
            return number(text, 0xff);
        case Type::u16:
            return number(text, 0xffff);
        case Type::u32:
            return number(text, UINT32_MAX);
        case Type::dscp:
            return number(text, 63);
        case Type::vlan:
            return number(text, 4095);
        case Type::ethertype:
            // Smaller numbers are lengths, not types (IEEE 802.3).
            return named_number(text, ethertypes, 0xffff, 0x600);
        case Type::arp_opcode:
            return named_number(text, opcodes, 0xffff);
        case Type::ip_protocol:
            return named_number(text, protocols, 0xff);
        case Type::boolean:
            return boolean(text);
        case Type::text:
            // As much as iptables keeps of a comment.
            return std::string(excerpt(text, 256));
        case Type::states:
            return word_list(text, states);
        case Type::tcp_flags:
            return tcp_flag_pair(text);
        case Type::ipset:
            return ipset_name(text);
        case Type::ipset_flags:
            return ipset_flag_list(text);
    }
    return std::nullopt;
}

namespace {

const Kinds comment = {{"comment", Type::text, {}}};
const Kinds macs = {{"srcmacaddr", Type::mac, {}},
                    {"srcmacmask", Type::mac_mask, "srcmacaddr"},
                    {"dstmacaddr", Type::mac, {}},
                    {"dstmacmask", Type::mac_mask, "dstmacaddr"}};
const Kinds ports = {{"srcportstart", Type::u16, {}},
                     {"srcportend", Type::u16, "srcportstart"},
                     {"dstportstart", Type::u16, "srcportstart"},
                     {"dstportend", Type::u16, "srcportstart"}};

Kinds operator+(Kinds a, const Kinds& b) {
    a.insert(a.end(), b.begin(), b.end());
    return a;
}

Kinds addresses(Type address, Type mask) {
    return {{"srcipaddr", address, {}},
            {"srcipmask", mask, "srcipaddr"},
            {"dstipaddr", address, {}},
            {"dstipmask", mask, "dstipaddr"}};
}

// What every rule above IP can ask for.
Kinds above_ip(Type address, Type mask) {
    return Kinds{{"srcmacaddr", Type::mac, {}}} + addresses(address, mask) +
           Kinds{{"srcipfrom", address, {}}, {"srcipto", address, "srcipfrom"},
                 {"dstipfrom", address, {}}, {"dstipto", address, "dstipfrom"},
                 {"dscp", Type::dscp, {}},   {"connlimit-above", Type::u16, {}},
                 {"state", Type::states, {}}};
}

Kinds stp() {
    Kinds kinds = {{"srcmacaddr", Type::mac, {}},
                   {"srcmacmask", Type::mac_mask, "srcmacaddr"},
                   {"type", Type::u8, {}},
                   {"flags", Type::u8, {}}};
    const auto range = [&](std::string_view low, std::string_view high, Type type) {
        kinds.push_back({low, type, {}});
        kinds.push_back({high, type, low});
    };
    range("root-priority", "root-priority-hi", Type::u16);
    range("root-address", "root-address-mask", Type::mac);
    range("root-cost", "root-cost-hi", Type::u32);
    range("sender-priority", "sender-priority-hi", Type::u16);
    range("sender-address", "sender-address-mask", Type::mac);
    range("port", "port-hi", Type::u16);
    range("age", "age-hi", Type::u16);
    range("max-age", "max-age-hi", Type::u16);
    range("hello-time", "hello-time-hi", Type::u16);
    range("forward-delay", "forward-delay-hi", Type::u16);
    return kinds;
}

Kinds arp() {
    return macs + Kinds{{"hwtype", Type::u16, {}},
                        {"protocoltype", Type::u16, {}},
                        {"opcode", Type::arp_opcode, {}},
                        {"arpsrcmacaddr", Type::mac, {}},
                        {"arpdstmacaddr", Type::mac, {}},
                        {"arpsrcipaddr", Type::ipv4, {}},
                        {"arpsrcipmask", Type::ipv4_mask, "arpsrcipaddr"},
                        {"arpdstipaddr", Type::ipv4, {}},
                        {"arpdstipmask", Type::ipv4_mask, "arpdstipaddr"},
                        {"gratuitous", Type::boolean, {}}};
}

Kinds icmpv6_types() {
    return {
        {"type", Type::u8, {}}, {"typeend", Type::u8, "type"}, {"code", Type::u8, {}}, {"codeend", Type::u8, "code"}};
}

std::map<std::string, Kinds, std::less<>> all_protocols() {
    std::map<std::string, Kinds, std::less<>> table;
    table["mac"] = macs + Kinds{{"protocolid", Type::ethertype, {}}};
    table["vlan"] = macs + Kinds{{"vlanid", Type::vlan, {}}, {"encap-protocol", Type::ethertype, {}}};
    table["stp"] = stp();
    table["arp"] = table["rarp"] = arp();
    table["ip"] = macs + addresses(Type::ipv4, Type::ipv4_mask) + Kinds{{"protocol", Type::ip_protocol, {}}} + ports +
                  Kinds{{"dscp", Type::dscp, {}}};
    table["ipv6"] = macs + addresses(Type::ipv6, Type::ipv6_mask) + Kinds{{"protocol", Type::ip_protocol, {}}} + ports +
                    icmpv6_types();
    const Kinds icmp = {{"type", Type::u8, {}}, {"code", Type::u8, {}}};
    const Kinds option = {{"option", Type::u8, {}}};
    const Kinds flags = {{"flags", Type::tcp_flags, {}}};
    const Kinds ipset = {{"ipset", Type::ipset, {}}, {"ipsetflags", Type::ipset_flags, "ipset"}};
    for (const bool six : {false, true}) {
        const Kinds base = six ? above_ip(Type::ipv6, Type::ipv6_mask) : above_ip(Type::ipv4, Type::ipv4_mask);
        const std::string suffix = six ? "-ipv6" : "";
        table["all" + suffix] = base + ipset;
        for (const char* plain : {"ah", "esp", "udplite"}) table[plain + suffix] = base;
        for (const char* with_ports : {"udp", "sctp"}) table[with_ports + suffix] = base + ports;
        table["tcp" + suffix] = base + ports + option + (six ? Kinds{} : flags);
        table[six ? "icmpv6" : "icmp"] = base + icmp;
        if (!six) table["igmp"] = base;
    }
    for (auto& [name, kinds] : table) kinds = kinds + comment;
    return table;
}

}  // namespace

const Kinds& conditions_of(std::string_view protocol) {
    static const auto table = all_protocols();
    static const Kinds none;
    const auto found = table.find(protocol);
    return found == table.end() ? none : found->second;
}

}  // namespace virtue::model
