// Devices of a domain: plug, unplug, change, and what the monitor says of disks and interfaces.
#include <algorithm>

#include "driver/constants.h"
#include "protocol/remote/domain_block.h"
#include "protocol/remote/domain_define.h"
#include "protocol/remote/domain_device.h"
#include "protocol/remote/domain_guest.h"
#include "protocol/remote/domain_stats.h"
#include "shell/commands/commands.h"
#include "shell/commands/device_xml.h"
#include "shell/commands/object.h"
#include "xml/xpath.h"

namespace virtue::shell {
namespace {

using namespace proc;

// --persistent without --live changes what runs too, if it runs.
uint32_t device_flags(const Arguments& arguments, const DomainRef& domain) {
    uint32_t flags = affect_of(arguments).flags;
    if (arguments.has("persistent") && domain.id >= 0) flags |= api::domain_affect_live;
    return flags;
}

Task<Result> attach(Context& context, Arguments arguments) {
    Affect affect = affect_of(arguments);
    DomainRef domain = co_await the_domain(context, arguments);
    affect.flags = device_flags(arguments, domain);
    std::string file = arguments.text("file");
    co_await attach_device(context, std::move(domain), read_input(file), affect,
                           "Failed to attach device from " + file);
    co_return Sentence{"Device attached successfully", {}};
}
Task<Result> detach(Context& context, Arguments arguments) {
    Affect affect = affect_of(arguments);
    DomainRef domain = co_await the_domain(context, arguments);
    affect.flags = device_flags(arguments, domain);
    std::string file = arguments.text("file");
    co_await detach_device(context, std::move(domain), read_input(file), affect,
                           "Failed to detach device from " + file);
    co_return Sentence{"Device detached successfully", {}};
}
Task<Result> update(Context& context, Arguments arguments) {
    DomainRef domain = co_await the_domain(context, arguments);
    uint32_t flags = device_flags(arguments, domain) | flag_if(arguments, "force", api::domain_device_modify_force);
    std::string file = arguments.text("file");
    DomainUpdateDeviceFlags::Args call{.domain = std::move(domain), .xml = read_input(file), .flags = flags};
    co_await context.attempt<DomainUpdateDeviceFlags>(std::move(call), "Failed to update device from " + file);
    co_return Sentence{"Device updated successfully", {}};
}
Task<Result> detach_alias(Context& context, Arguments arguments) {
    DomainRef domain = co_await the_domain(context, arguments);
    std::string alias = arguments.text("alias");
    DomainDetachDeviceAlias::Args call{
        .domain = std::move(domain), .alias = alias, .flags = affect_of(arguments).flags};
    co_await context.attempt<DomainDetachDeviceAlias>(std::move(call), "Failed to detach device with alias " + alias);
    co_return Sentence{"Device detach request sent successfully", {}};
}

Task<std::string> xml_text(Context& context, DomainRef domain, uint32_t flags) {
    DomainGetXmlDesc::Args ask{.domain = std::move(domain), .flags = flags};
    DomainGetXmlDesc::Ret answer = co_await context.call<DomainGetXmlDesc>(std::move(ask));
    co_return std::move(answer.xml);
}

std::string first(const std::string& xml, const std::string& expression) {
    std::vector<std::string> found = xml::find_texts(xml, expression);
    return found.empty() ? std::string() : found.front();
}

Value or_dash(std::string text) {
    return text.empty() ? Value() : Value(std::move(text));
}

Task<Result> blklist(Context& context, Arguments arguments) {
    DomainRef domain = co_await the_domain(context, arguments);
    std::string xml =
        co_await xml_text(context, std::move(domain), flag_if(arguments, "inactive", api::domain_xml_inactive));
    bool details = arguments.has("details");
    Table table{{{"Target", "target"}, {"Source", "source"}}, {}};
    if (details) table.columns = {{"Type", "type"}, {"Device", "device"}, {"Target", "target"}, {"Source", "source"}};
    for (const std::string& disk : xml::find_nodes(xml, "/domain/devices/disk")) {
        std::string source = first(disk,
                                   "/disk/source/@file | /disk/source/@dev | /disk/source/@dir | "
                                   "/disk/source/@name | /disk/source/@volume");
        std::vector<Value> row = {first(disk, "/disk/target/@dev"), or_dash(std::move(source))};
        if (details) row.insert(row.begin(), {first(disk, "/disk/@type"), first(disk, "/disk/@device")});
        table.rows.push_back(std::move(row));
    }
    co_return table;
}

Task<Result> iflist(Context& context, Arguments arguments) {
    DomainRef domain = co_await the_domain(context, arguments);
    std::string xml =
        co_await xml_text(context, std::move(domain), flag_if(arguments, "inactive", api::domain_xml_inactive));
    Table table{
        {{"Interface", "interface"}, {"Type", "type"}, {"Source", "source"}, {"Model", "model"}, {"MAC", "mac"}}, {}};
    for (const std::string& nic : xml::find_nodes(xml, "/domain/devices/interface")) {
        std::string type = first(nic, "/interface/@type");
        table.rows.push_back(
            {or_dash(first(nic, "/interface/target/@dev")), type,
             or_dash(first(nic, "/interface/source/@" + type +
                                    " | /interface/source/@dev | /interface/source/@path | /interface/source/@name")),
             or_dash(first(nic, "/interface/model/@type")), or_dash(first(nic, "/interface/mac/@address"))});
    }
    co_return table;
}

struct BlockFacts {
    DomainGetBlockInfo::Ret info;
    bool known = false;
};

std::string sized(uint64_t bytes, bool human) {
    if (!human) return fmt::format("{}", bytes);
    Scaled scale = scaled(bytes);
    return fmt::format("{:.3f} {}", scale.value, scale.unit);
}

Task<Result> blkinfo(Context& context, Arguments arguments) {
    DomainRef domain = co_await the_domain(context, arguments);
    bool human = arguments.has("human");
    if (!arguments.has("all")) {
        if (!arguments.has("device")) throw Failure{"command 'domblkinfo' requires <device> option"};
        DomainGetBlockInfo::Args ask{.domain = std::move(domain), .path = arguments.text("device")};
        DomainGetBlockInfo::Ret info = co_await context.call<DomainGetBlockInfo>(std::move(ask));
        Fields out;
        out.fields = {{"Capacity", "capacity", info.capacity, sized(info.capacity, human)},
                      {"Allocation", "allocation", info.allocation, sized(info.allocation, human)},
                      {"Physical", "physical", info.physical, sized(info.physical, human)}};
        co_return out;
    }
    std::string xml = co_await xml_text(context, domain, 0);
    Table table{
        {{"Target", "target"}, {"Capacity", "capacity"}, {"Allocation", "allocation"}, {"Physical", "physical"}}, {}};
    for (const std::string& target : xml::find_texts(xml, "/domain/devices/disk/target/@dev")) {
        DomainGetBlockInfo::Args ask{.domain = domain, .path = target};
        std::optional<DomainGetBlockInfo::Ret> info =
            co_await ask_optional<DomainGetBlockInfo>(context, std::move(ask));
        if (!info) {
            table.rows.push_back({target, Value(), Value(), Value()});
            continue;
        }
        table.rows.push_back(
            {target, sized(info->capacity, human), sized(info->allocation, human), sized(info->physical, human)});
    }
    co_return table;
}

// A figure of domblkstat: its name in the newer call, virsh's short name, and its title for people.
struct BlockFigure {
    std::string_view field;
    std::string_view name;
    std::string_view title;
};
constexpr BlockFigure block_figures[] = {
    {"rd_operations", "rd_req", "number of read operations:"},
    {"rd_bytes", "rd_bytes", "number of bytes read:"},
    {"wr_operations", "wr_req", "number of write operations:"},
    {"wr_bytes", "wr_bytes", "number of bytes written:"},
    {"errs", "errs", "error count:"},
    {"flush_operations", "flush_operations", "number of flush operations:"},
    {"rd_total_times", "rd_total_times", "total duration of reads (ns):"},
    {"wr_total_times", "wr_total_times", "total duration of writes (ns):"},
    {"flush_total_times", "flush_total_times", "total duration of flushes (ns):"},
};

// The figures by virsh's short names, in virsh's order; others after them.
Record block_record(const std::vector<TypedParameter>& parameters) {
    Record record;
    auto known = [](const std::string& field) {
        return std::any_of(std::begin(block_figures), std::end(block_figures),
                           [&](const BlockFigure& figure) { return figure.field == field; });
    };
    for (const BlockFigure& figure : block_figures) {
        for (const TypedParameter& parameter : parameters) {
            if (parameter.field == figure.field)
                record.emplace_back(std::string(figure.name), parameter_value(parameter));
        }
    }
    for (const TypedParameter& parameter : parameters) {
        if (known(parameter.field)) continue;
        std::string name = parameter.field;
        std::replace(name.begin(), name.end(), ' ', '_');
        record.emplace_back(std::move(name), parameter_value(parameter));
    }
    return record;
}

std::string block_text(const std::string& device, const Record& record, bool human) {
    std::string text = human ? fmt::format("Device: {}\n", device) : "";
    for (const auto& [name, value] : record) {
        std::string_view title = name;
        for (const BlockFigure& figure : block_figures) {
            if (figure.name == name) title = figure.title;
        }
        text += human ? fmt::format(" {:<31} {}\n", title, value.to_cell())
                      : fmt::format("{} {} {}\n", device, name, value.to_cell());
    }
    return text;
}

Task<Result> blkstat(Context& context, Arguments arguments) {
    DomainRef domain = co_await the_domain(context, arguments);
    std::string device = arguments.find("device").value_or("");
    bool human = arguments.has("human");
    std::string failure = fmt::format("Failed to get block stats {} {}", domain.name, device);
    DomainBlockStatsFlags::Args count{.domain = domain, .path = device, .flags = api::typed_param_string_okay};
    std::optional<DomainBlockStatsFlags::Ret> known =
        co_await ask_optional<DomainBlockStatsFlags>(context, std::move(count));
    Record record;
    if (known) {
        DomainBlockStatsFlags::Args ask{.domain = std::move(domain),
                                        .path = device,
                                        .nparams = known->nparams,
                                        .flags = api::typed_param_string_okay};
        DomainBlockStatsFlags::Ret answer =
            co_await context.attempt<DomainBlockStatsFlags>(std::move(ask), std::move(failure));
        std::vector<TypedParameter> parameters(answer.params.begin(), answer.params.end());
        record = block_record(parameters);
    } else {
        DomainBlockStats::Args ask{.domain = std::move(domain), .path = device};
        DomainBlockStats::Ret stats = co_await context.attempt<DomainBlockStats>(std::move(ask), std::move(failure));
        auto add = [&](const char* name, int64_t value) {
            if (value >= 0) record.emplace_back(name, value);
        };
        add("rd_req", stats.rd_req);
        add("rd_bytes", stats.rd_bytes);
        add("wr_req", stats.wr_req);
        add("wr_bytes", stats.wr_bytes);
        add("errs", stats.errs);
    }
    std::string text = block_text(device, record, human);
    co_return Custom{std::move(text), Value(std::move(record))};
}

Task<Result> ifstat(Context& context, Arguments arguments) {
    DomainRef domain = co_await the_domain(context, arguments);
    std::string device = arguments.text("interface");
    std::string failure = fmt::format("Failed to get interface stats {} {}", domain.name, device);
    DomainInterfaceStats::Args ask{.domain = std::move(domain), .device = device};
    DomainInterfaceStats::Ret stats =
        co_await context.attempt<DomainInterfaceStats>(std::move(ask), std::move(failure));
    std::string text;
    Record record;
    auto add = [&](const char* name, int64_t value) {
        if (value < 0) return;
        text += fmt::format("{} {} {}\n", device, name, value);
        record.emplace_back(name, value);
    };
    add("rx_bytes", stats.rx_bytes);
    add("rx_packets", stats.rx_packets);
    add("rx_errs", stats.rx_errs);
    add("rx_drop", stats.rx_drop);
    add("tx_bytes", stats.tx_bytes);
    add("tx_packets", stats.tx_packets);
    add("tx_errs", stats.tx_errs);
    add("tx_drop", stats.tx_drop);
    co_return Custom{std::move(text), Value(std::move(record))};
}

Task<Result> blkerror(Context& context, Arguments arguments) {
    DomainRef domain = co_await the_domain(context, arguments);
    DomainGetDiskErrors::Args count{.domain = domain};
    DomainGetDiskErrors::Ret known = co_await context.call<DomainGetDiskErrors>(std::move(count));
    if (known.nerrors == 0) co_return Custom{"No errors found\n", Value(Values{})};
    DomainGetDiskErrors::Args ask{.domain = std::move(domain), .maxerrors = static_cast<uint32_t>(known.nerrors)};
    DomainGetDiskErrors::Ret answer = co_await context.call<DomainGetDiskErrors>(std::move(ask));
    constexpr std::string_view words[] = {"no error", "unspecified error", "no space"};
    std::string text;
    Values rows;
    for (const DomainDiskError& error : answer.errors) {
        std::string word(error.error >= 0 && error.error < 3 ? words[error.error] : "unspecified error");
        text += fmt::format("{}: {}\n", error.disk, word);
        rows.emplace_back(Record{{"disk", error.disk}, {"error", word}});
    }
    if (text.empty()) text = "No errors found\n";
    co_return Custom{std::move(text), Value(std::move(rows))};
}

/// Adds to a card what another source says of it: cards are the same by MAC, whatever the guest calls them.
void merge_addresses(DomainInterfaceAddresses::Ret& all, const DomainInterfaceAddresses::Ret& more) {
    for (const DomainInterface& nic : more.ifaces) {
        auto same = std::find_if(all.ifaces.begin(), all.ifaces.end(), [&](const DomainInterface& known) {
            return nic.hwaddr ? known.hwaddr == nic.hwaddr : known.name == nic.name;
        });
        if (same == all.ifaces.end()) {
            all.ifaces.push_back(nic);
            continue;
        }
        for (const DomainIpAddress& address : nic.addrs) {
            const bool known = std::any_of(same->addrs.begin(), same->addrs.end(),
                                           [&](const DomainIpAddress& other) { return other.addr == address.addr; });
            if (!known) same->addrs.push_back(address);
        }
    }
}

/// What leases, the agent and the neighbour table know together. Throws only if none of them answers.
Task<DomainInterfaceAddresses::Ret> ask_every_source(Context& context, DomainRef domain) {
    // The leases first: they tell the width of the subnet. The agent comes last, for it may be slow or absent.
    constexpr uint32_t lease = 0, agent = 1, arp = 2;
    DomainInterfaceAddresses::Ret all;
    std::optional<Error> problem;
    int answered = 0;
    for (uint32_t source : {lease, arp, agent}) {
        try {
            DomainInterfaceAddresses::Args ask{.domain = domain, .source = source};
            DomainInterfaceAddresses::Ret known = co_await context.call<DomainInterfaceAddresses>(std::move(ask));
            merge_addresses(all, known);
            answered++;
        } catch (const Error& error) {
            if (!problem) problem.emplace(error);
        }
    }
    if (answered == 0) throw *problem;
    co_return all;
}

Task<Result> ifaddr(Context& context, Arguments arguments) {
    DomainRef domain = co_await the_domain(context, arguments);
    constexpr std::string_view sources[] = {"lease", "agent", "arp"};
    const std::string wanted_source = arguments.find("source").value_or("lease");
    auto source = std::find(std::begin(sources), std::end(sources), wanted_source);
    const bool any = wanted_source == "any";
    if (source == std::end(sources) && !any) throw Failure{"Unknown data source '" + wanted_source + "'"};
    DomainInterfaceAddresses::Ret answer;
    if (any) {
        answer = co_await ask_every_source(context, std::move(domain));
    } else {
        DomainInterfaceAddresses::Args ask{.domain = std::move(domain),
                                           .source = static_cast<uint32_t>(source - std::begin(sources))};
        answer = co_await context.attempt<DomainInterfaceAddresses>(std::move(ask),
                                                                    "Failed to query for interfaces addresses");
    }
    std::string text;
    if (!context.settings().quiet) {
        text = fmt::format(" {:<10} {:<20} {:<8}     {}\n{}\n", "Name", "MAC address", "Protocol", "Address",
                           std::string(79, '-'));
    }
    Values rows;
    std::optional<std::string> wanted = arguments.find("interface");
    for (const DomainInterface& nic : answer.ifaces) {
        if (wanted && *wanted != nic.name) continue;
        std::string mac = nic.hwaddr.value_or("N/A");
        if (nic.addrs.empty()) text += fmt::format(" {:<10} {:<17}    {:<12} {}\n", nic.name, mac, "N/A", "N/A");
        bool named = false;
        for (const DomainIpAddress& address : nic.addrs) {
            bool full = !named || arguments.has("full");
            const char* protocol = address.type == 0 ? "ipv4" : "ipv6";
            text += fmt::format(" {:<10} {:<17}    {:<12} {}/{}\n", full ? nic.name : "-", full ? mac : "-", protocol,
                                address.addr, address.prefix);
            rows.emplace_back(Record{{"name", nic.name},
                                     {"mac", mac},
                                     {"protocol", protocol},
                                     {"address", fmt::format("{}/{}", address.addr, address.prefix)}});
            named = true;
        }
    }
    co_return Custom{std::move(text), Value(std::move(rows))};
}

}  // namespace

Commands domain_device_commands() {
    constexpr std::string_view from_file = "<domain> <file> --persistent --config --live --current";
    return {
        make_command("attach-device", from_file, "plug a device in, from a file", attach),
        make_command("detach-device", from_file, "unplug a device, from a file", detach),
        make_command("detach-device-alias", "<domain> <alias> --config --live --current",
                     "unplug a device by its alias", detach_alias),
        make_command("update-device", std::string(from_file) + " --force", "change a device, from a file", update),
    };
}

Commands device_monitor_commands() {
    return {
        make_command("domblkerror", "<domain>", "errors of disks", blkerror),
        make_command("domblkinfo", "<domain> --device= --human --all", "sizes of a disk", blkinfo),
        make_command("domblklist", "<domain> --inactive --details", "the disks of a domain", blklist),
        make_command("domblkstat", "<domain> --device= --human", "what a disk did", blkstat),
        make_command("domifaddr",
                     "<domain> --interface= --full --source=", "the guest's addresses: lease, agent, arp, any", ifaddr),
        make_command("domiflist", "<domain> --inactive", "the interfaces of a domain", iflist),
        make_command("domifstat", "<domain> <interface>", "what an interface did", ifstat),
    };
}

}  // namespace virtue::shell
