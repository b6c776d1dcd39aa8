// What the guest itself is asked for or told, by its agent or its keyboard; and QEMU's own languages.
#include <algorithm>
#include <ctime>

#include "driver/constants.h"
#include "protocol/qemu/qemu.h"
#include "protocol/remote/domain_device.h"
#include "protocol/remote/domain_guest.h"
#include "protocol/remote/domain_lifecycle.h"
#include "protocol/remote/domain_lookup.h"
#include "protocol/remote/domain_stats.h"
#include "shell/commands/commands.h"
#include "shell/commands/object.h"
#include "shell/job_watch.h"
#include "shell/json_text.h"

namespace virtue::shell {
namespace {

using namespace proc;

Task<Result> hostname(Context& context, Arguments arguments) {
    DomainRef domain = co_await the_domain(context, arguments);
    std::string source = arguments.find("source").value_or("");
    if (!source.empty() && source != "agent" && source != "lease")
        throw Failure{"Unknown data source '" + source + "'"};
    uint32_t flags = source == "agent"   ? api::domain_get_hostname_agent
                     : source == "lease" ? api::domain_get_hostname_lease
                                         : 0;
    DomainGetHostname::Args ask{.domain = std::move(domain), .flags = flags};
    DomainGetHostname::Ret answer =
        co_await context.attempt<DomainGetHostname>(std::move(ask), "failed to get hostname");
    co_return Text{std::move(answer.hostname), "hostname"};
}

Task<Result> time_of(Context& context, Arguments arguments) {
    DomainRef domain = co_await the_domain(context, arguments);
    bool set = arguments.has("now") || arguments.has("sync") || arguments.has("time");
    if (set) {
        DomainSetTime::Args call{.domain = std::move(domain),
                                 .flags = flag_if(arguments, "sync", api::domain_time_sync)};
        call.seconds = arguments.find_number("time").value_or(0);
        if (arguments.has("now")) call.seconds = ::time(nullptr);
        co_await context.call<DomainSetTime>(std::move(call));
        co_return std::monostate{};
    }
    DomainGetTime::Args ask{.domain = std::move(domain)};
    DomainGetTime::Ret answer = co_await context.call<DomainGetTime>(std::move(ask));
    std::string shown = fmt::format("{}", answer.seconds);
    if (arguments.has("pretty")) {
        time_t when = answer.seconds;
        std::tm parts{};
        ::gmtime_r(&when, &parts);
        char text[32];
        shown.assign(text, std::strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &parts));
    }
    co_return Custom{"Time: " + shown + "\n",
                     Value(Record{{"seconds", answer.seconds}, {"nanoseconds", answer.nseconds}})};
}

Task<Result> fsinfo(Context& context, Arguments arguments) {
    DomainRef domain = co_await the_domain(context, arguments);
    DomainGetFsinfo::Args ask{.domain = std::move(domain)};
    DomainGetFsinfo::Ret answer =
        co_await context.attempt<DomainGetFsinfo>(std::move(ask), "Unable to get filesystem information");
    Table table{{{"Mountpoint", "mountpoint"}, {"Name", "name"}, {"Type", "type"}, {"Target", "targets"}}, {}};
    for (const DomainFilesystem& filesystem : answer.info)
        table.rows.push_back(
            {filesystem.mountpoint, filesystem.name, filesystem.fstype, join(filesystem.dev_aliases, ",")});
    if (table.rows.empty()) co_return Custom{"No filesystems are mounted in the domain", Value(Values{})};
    co_return table;
}

Task<Result> fsfreeze(Context& context, Arguments arguments) {
    DomainRef domain = co_await the_domain(context, arguments);
    DomainFsfreeze::Args call{.domain = std::move(domain)};
    for (const std::string& mountpoint : arguments.rest()) call.mountpoints.push_back(mountpoint);
    DomainFsfreeze::Ret answer =
        co_await context.attempt<DomainFsfreeze>(std::move(call), "Unable to freeze filesystems");
    co_return Sentence{fmt::format("Froze {} filesystem(s)", answer.filesystems),
                       {{"filesystems", answer.filesystems}}};
}

Task<Result> fsthaw(Context& context, Arguments arguments) {
    DomainRef domain = co_await the_domain(context, arguments);
    DomainFsthaw::Args call{.domain = std::move(domain)};
    for (const std::string& mountpoint : arguments.rest()) call.mountpoints.push_back(mountpoint);
    DomainFsthaw::Ret answer = co_await context.attempt<DomainFsthaw>(std::move(call), "Unable to thaw filesystems");
    co_return Sentence{fmt::format("Thawed {} filesystem(s)", answer.filesystems),
                       {{"filesystems", answer.filesystems}}};
}

Task<Result> fstrim(Context& context, Arguments arguments) {
    DomainRef domain = co_await the_domain(context, arguments);
    DomainFstrim::Args call{.domain = std::move(domain),
                            .mount_point = arguments.find("mountpoint"),
                            .minimum = arguments.find_size("minimum", 1).value_or(0)};
    co_await context.attempt<DomainFstrim>(std::move(call), "Unable to invoke fstrim");
    co_return std::monostate{};
}

Task<Result> guestinfo(Context& context, Arguments arguments) {
    DomainRef domain = co_await the_domain(context, arguments);
    uint32_t types = flag_if(arguments, "user", api::domain_guest_info_users) |
                     flag_if(arguments, "os", api::domain_guest_info_os) |
                     flag_if(arguments, "timezone", api::domain_guest_info_timezone) |
                     flag_if(arguments, "hostname", api::domain_guest_info_hostname) |
                     flag_if(arguments, "filesystem", api::domain_guest_info_filesystem) |
                     flag_if(arguments, "disk", api::domain_guest_info_disks) |
                     flag_if(arguments, "interface", api::domain_guest_info_interfaces);
    DomainGetGuestInfo::Args ask{.domain = std::move(domain), .types = types};
    DomainGetGuestInfo::Ret answer = co_await context.call<DomainGetGuestInfo>(std::move(ask));
    co_return parameters_result(answer.params, 20);
}

Task<Result> guestvcpus(Context& context, Arguments arguments) {
    DomainRef domain = co_await the_domain(context, arguments);
    if (std::optional<std::string> list = arguments.find("cpulist")) {
        if (arguments.has("enable") == arguments.has("disable"))
            throw Failure{"One of options --enable or --disable is required by option --cpulist"};
        DomainSetGuestVcpus::Args call{
            .domain = std::move(domain), .cpumap = *list, .state = arguments.has("enable") ? 1 : 0};
        co_await context.call<DomainSetGuestVcpus>(std::move(call));
        co_return std::monostate{};
    }
    DomainGetGuestVcpus::Args ask{.domain = std::move(domain)};
    DomainGetGuestVcpus::Ret answer = co_await context.call<DomainGetGuestVcpus>(std::move(ask));
    co_return parameters_result(answer.params, 15);
}

Task<Result> user_password(Context& context, Arguments arguments) {
    DomainRef domain = co_await the_domain(context, arguments);
    DomainSetUserPassword::Args call{.domain = domain,
                                     .user = arguments.text("user"),
                                     .password = arguments.text("password"),
                                     .flags = flag_if(arguments, "encrypted", api::domain_password_encrypted)};
    co_await context.call<DomainSetUserPassword>(std::move(call));
    co_return Sentence{fmt::format("\nPassword set successfully for {} in {}", arguments.text("user"), domain.name),
                       {}};
}

Task<Result> agent_timeout(Context& context, Arguments arguments) {
    DomainRef domain = co_await the_domain(context, arguments);
    DomainAgentSetResponseTimeout::Args call{
        .domain = std::move(domain), .timeout = static_cast<int32_t>(arguments.find_number("timeout").value_or(-2))};
    co_await context.call<DomainAgentSetResponseTimeout>(std::move(call));
    co_return std::monostate{};
}

Task<Result> inject_nmi(Context& context, Arguments arguments) {
    DomainRef domain = co_await the_domain(context, arguments);
    DomainInjectNmi::Args call{.domain = std::move(domain)};
    co_await context.call<DomainInjectNmi>(std::move(call));
    co_return std::monostate{};
}

Task<Result> send_key(Context& context, Arguments arguments) {
    static constexpr std::string_view sets[] = {"linux", "xt",     "atset1", "atset2", "atset3",
                                                "os_x",  "xt_kbd", "usb",    "win32",  "qnum"};
    std::string name = arguments.find("codeset").value_or("linux");
    if (name == "rfb") name = "qnum";
    auto codeset = std::find(std::begin(sets), std::end(sets), name);
    if (codeset == std::end(sets)) throw Failure{fmt::format("unknown codeset: '{}'", name)};
    DomainRef domain = co_await the_domain(context, arguments);
    DomainSendKey::Args call{
        .domain = std::move(domain),
        .codeset = static_cast<uint32_t>(codeset - std::begin(sets)),
        .holdtime = static_cast<uint32_t>(arguments.find_unsigned("holdtime", UINT32_MAX).value_or(0))};
    for (const std::string& key : arguments.rest()) {
        std::optional<uint32_t> code = key_code(key);
        if (!code) throw Failure{fmt::format("invalid keycode: '{}'", key)};
        call.keycodes.push_back(*code);
    }
    co_await context.call<DomainSendKey>(std::move(call));
    co_return std::monostate{};
}

// What is no object yet becomes one: a command's name, and its arguments as an object.
std::string monitor_words(const std::vector<std::string>& words) {
    std::string whole = join(words, " ");
    if (is_json_object(whole)) return whole;
    std::string quoted = quote_json(words.front());
    if (words.size() == 1) return fmt::format("{{\"execute\":{}}}", quoted);
    std::string rest = join(std::vector<std::string>(words.begin() + 1, words.end()), " ");
    if (!is_json_object(rest))
        throw Failure{fmt::format("failed to wrap arguments '{}' into a QMP command wrapper", rest)};
    return fmt::format("{{\"execute\":{},\"arguments\":{}}}", quoted, rest);
}

Task<Result> monitor_command(Context& context, Arguments arguments) {
    exclude(arguments, "hmp", "pretty");
    exclude(arguments, "hmp", "return-value");
    bool hmp = arguments.has("hmp");
    std::string command = hmp ? join(arguments.rest(), " ") : monitor_words(arguments.rest());
    DomainRef domain = co_await the_domain(context, arguments);
    uint32_t flags = hmp ? api::domain_qemu_monitor_command_hmp : 0;
    std::string answer;
    if (std::optional<std::string> list = arguments.find("pass-fds")) {
        std::vector<Fd> descriptors = descriptors_of(*list);
        driver::CallExtras extras;
        for (const Fd& descriptor : descriptors) extras.send_fds.push_back(&descriptor);
        QemuDomainMonitorCommandWithFiles::Args call{
            .domain = std::move(domain), .cmd = std::move(command), .flags = flags};
        QemuDomainMonitorCommandWithFiles::Ret ret =
            co_await context.call<QemuDomainMonitorCommandWithFiles>(std::move(call), &extras);
        answer = std::move(ret.result);
    } else {
        QemuDomainMonitorCommand::Args call{.domain = std::move(domain), .cmd = std::move(command), .flags = flags};
        QemuDomainMonitorCommand::Ret ret = co_await context.call<QemuDomainMonitorCommand>(std::move(call));
        answer = std::move(ret.result);
    }
    if (arguments.has("return-value")) {
        std::optional<std::string> value = json_member(answer, "return");
        if (!value) throw Failure{"'return' member missing"};
        answer = std::move(*value);
    }
    bool pretty = arguments.has("pretty");
    std::string shown = pretty ? lay_out_json(answer) : answer;
    if (!pretty && !arguments.has("return-value")) shown += "\n";
    co_return Custom{std::move(shown), Value(Record{{"answer", std::move(answer)}})};
}

Task<Result> agent_command(Context& context, Arguments arguments) {
    if (arguments.has("timeout") + arguments.has("async") + arguments.has("block") > 1)
        throw Failure{"timeout, async and block options are exclusive"};
    DomainRef domain = co_await the_domain(context, arguments);
    int64_t timeout = arguments.find_number("timeout").value_or(api::domain_qemu_agent_command_default);
    if (arguments.has("timeout") && timeout < 1) throw Failure{"timeout must be positive"};
    if (arguments.has("async")) timeout = api::domain_qemu_agent_command_nowait;
    if (arguments.has("block")) timeout = api::domain_qemu_agent_command_block;
    QemuDomainAgentCommand::Args call{
        .domain = std::move(domain), .cmd = join(arguments.rest(), " "), .timeout = static_cast<int32_t>(timeout)};
    QemuDomainAgentCommand::Ret answer = co_await context.call<QemuDomainAgentCommand>(std::move(call));
    std::string text = answer.result.value_or("");
    if (arguments.has("pretty")) text = lay_out_json(text);
    co_return Text{std::move(text), "answer"};
}

Task<Result> qemu_attach(Context& context, Arguments arguments) {
    auto pid = static_cast<uint32_t>(arguments.find_unsigned("pid", UINT32_MAX).value_or(0));
    QemuDomainAttach::Args call{.pid_value = pid};
    QemuDomainAttach::Ret answer =
        co_await context.attempt<QemuDomainAttach>(call, fmt::format("Failed to attach to pid {}", pid));
    co_return Sentence{fmt::format("Domain '{}' attached to pid {}", answer.domain.name, pid),
                       {{"name", answer.domain.name}}};
}

struct StatsGroup {
    std::string_view option;
    uint32_t flag;
};

Task<Result> domstats(Context& context, Arguments arguments) {
    constexpr StatsGroup groups[] = {{"state", api::domain_stats_state},
                                     {"cpu-total", api::domain_stats_cpu_total},
                                     {"balloon", api::domain_stats_balloon},
                                     {"vcpu", api::domain_stats_vcpu},
                                     {"interface", api::domain_stats_interface},
                                     {"block", api::domain_stats_block},
                                     {"perf", api::domain_stats_perf},
                                     {"iothread", api::domain_stats_iothread},
                                     {"memory", api::domain_stats_memory},
                                     {"dirtyrate", api::domain_stats_dirtyrate},
                                     {"vm", api::domain_stats_vm}};
    constexpr StatsGroup filters[] = {{"list-active", api::connect_get_all_domains_stats_active},
                                      {"list-inactive", api::connect_get_all_domains_stats_inactive},
                                      {"list-persistent", api::connect_get_all_domains_stats_persistent},
                                      {"list-transient", api::connect_get_all_domains_stats_transient},
                                      {"list-running", api::connect_get_all_domains_stats_running},
                                      {"list-paused", api::connect_get_all_domains_stats_paused},
                                      {"list-shutoff", api::connect_get_all_domains_stats_shutoff},
                                      {"list-other", api::connect_get_all_domains_stats_other},
                                      {"enforce", api::connect_get_all_domains_stats_enforce_stats},
                                      {"backing", api::connect_get_all_domains_stats_backing},
                                      {"nowait", api::connect_get_all_domains_stats_nowait}};
    ConnectGetAllDomainStats::Args ask;
    for (const StatsGroup& group : groups) ask.stats |= flag_if(arguments, group.option, group.flag);
    for (const StatsGroup& filter : filters) ask.flags |= flag_if(arguments, filter.option, filter.flag);
    for (const std::string& name : arguments.rest()) {
        DomainRef domain = co_await find_domain(context, name);
        ask.domains.push_back(std::move(domain));
    }
    ConnectGetAllDomainStats::Ret answer = co_await context.call<ConnectGetAllDomainStats>(std::move(ask));
    std::string text;
    Values rows;
    for (const DomainStatsRecord& record : answer.ret_stats) {
        if (!text.empty()) text += "\n";
        text += fmt::format("Domain: '{}'\n", record.domain.name);
        Record row{{"name", record.domain.name}};
        for (const TypedParameter& parameter : record.params) {
            text += fmt::format("  {}={}\n", parameter.field, parameter_text(parameter));
            row.emplace_back(parameter.field, parameter_value(parameter));
        }
        rows.emplace_back(std::move(row));
    }
    co_return Custom{std::move(text), Value(std::move(rows))};
}

template <typename P>
Task<void> discard(Context& context, typename P::Args call, std::string failure) {
    co_await context.attempt<P>(std::move(call), std::move(failure));
}

// Calls P about a domain, with the progress under --verbose.
template <typename P>
Task<void> followed(Context& context, const Arguments& arguments, typename P::Args call, const char* label,
                    std::string failure) {
    JobWatch watch{.label = label, .verbose = arguments.has("verbose")};
    DomainRef domain = call.domain;
    Task<void> work = discard<P>(context, std::move(call), std::move(failure));
    return watch_job(context, std::move(domain), std::move(watch), std::move(work));
}

// managed save, save and restore
Task<Result> managedsave(Context& context, Arguments arguments) {
    exclude(arguments, "running", "paused");
    DomainRef domain = co_await the_domain(context, arguments);
    DomainManagedSave::Args call{.domain = domain,
                                 .flags = flag_if(arguments, "bypass-cache", api::domain_save_bypass_cache) |
                                          flag_if(arguments, "running", api::domain_save_running) |
                                          flag_if(arguments, "paused", api::domain_save_paused)};
    co_await followed<DomainManagedSave>(context, arguments, std::move(call), "Managedsave",
                                         fmt::format("Failed to save domain '{}' state", domain.name));
    co_return Sentence{fmt::format("\nDomain '{}' state saved by libvirt", domain.name), {{"name", domain.name}}};
}

Task<Result> managedsave_remove(Context& context, Arguments arguments) {
    DomainRef domain = co_await the_domain(context, arguments);
    DomainHasManagedSaveImage::Args ask{.domain = domain};
    DomainHasManagedSaveImage::Ret has = co_await context.attempt<DomainHasManagedSaveImage>(
        std::move(ask), "Failed to check for domain managed save image");
    if (has.result == 0)
        co_return Sentence{fmt::format("Domain '{}' has no manage save image; removal skipped", domain.name),
                           {{"removed", false}},
                           false};
    DomainManagedSaveRemove::Args call{.domain = domain};
    co_await context.attempt<DomainManagedSaveRemove>(
        std::move(call), fmt::format("Failed to remove managed save image for domain '{}'", domain.name));
    co_return Sentence{
        fmt::format("Removed managedsave image for domain '{}'", domain.name), {{"removed", true}}, false};
}

Task<Result> save(Context& context, Arguments arguments) {
    exclude(arguments, "running", "paused");
    DomainRef domain = co_await the_domain(context, arguments);
    std::string file = arguments.text("file");
    DomainSaveFlags::Args call{.domain = domain,
                               .to = file,
                               .flags = flag_if(arguments, "bypass-cache", api::domain_save_bypass_cache) |
                                        flag_if(arguments, "running", api::domain_save_running) |
                                        flag_if(arguments, "paused", api::domain_save_paused)};
    if (std::optional<std::string> xml = arguments.find("xml")) call.dxml = read_input(*xml);
    co_await followed<DomainSaveFlags>(context, arguments, std::move(call), "Save",
                                       fmt::format("Failed to save domain '{}' to {}", domain.name, file));
    co_return Sentence{fmt::format("\nDomain '{}' saved to {}", domain.name, file), {{"name", domain.name}}};
}

Task<Result> restore(Context& context, Arguments arguments) {
    exclude(arguments, "running", "paused");
    std::string file = arguments.text("file");
    DomainRestoreFlags::Args call{.from = file,
                                  .flags = flag_if(arguments, "bypass-cache", api::domain_save_bypass_cache) |
                                           flag_if(arguments, "running", api::domain_save_running) |
                                           flag_if(arguments, "paused", api::domain_save_paused) |
                                           flag_if(arguments, "reset-nvram", api::domain_save_reset_nvram)};
    if (std::optional<std::string> xml = arguments.find("xml")) call.dxml = read_input(*xml);
    co_await context.attempt<DomainRestoreFlags>(std::move(call), "Failed to restore domain from " + file);
    co_return Sentence{"Domain restored from " + file, {}};
}

Task<Result> save_image_dumpxml(Context& context, Arguments arguments) {
    DomainSaveImageGetXmlDesc::Args call{.file = arguments.text("file"),
                                         .flags = flag_if(arguments, "security-info", api::domain_xml_secure)};
    DomainSaveImageGetXmlDesc::Ret answer = co_await context.call<DomainSaveImageGetXmlDesc>(std::move(call));
    co_return xml_result(arguments, std::move(answer.xml));
}

Task<Result> dump(Context& context, Arguments arguments) {
    DomainRef domain = co_await the_domain(context, arguments);
    std::string file = arguments.text("file");
    uint32_t flags = flag_if(arguments, "live", api::dump_live) | flag_if(arguments, "crash", api::dump_crash) |
                     flag_if(arguments, "bypass-cache", api::dump_bypass_cache) |
                     flag_if(arguments, "reset", api::dump_reset) |
                     flag_if(arguments, "memory-only", api::dump_memory_only);
    std::string failure = fmt::format("Failed to core dump domain '{}' to {}", domain.name, file);
    std::string name = domain.name;
    if (std::optional<std::string> format = arguments.find("format")) {
        static constexpr std::string_view formats[] = {"elf", "kdump-zlib", "kdump-lzo", "kdump-snappy", "win-dmp"};
        auto found = std::find(std::begin(formats), std::end(formats), *format);
        if (found == std::end(formats))
            throw Failure{fmt::format(
                "format '{}' is not supported, expecting 'kdump-zlib', 'kdump-lzo', 'kdump-snappy', 'win-dmp' or 'elf'",
                *format)};
        DomainCoreDumpWithFormat::Args call{.domain = std::move(domain),
                                            .to = file,
                                            .dumpformat = static_cast<uint32_t>(found - std::begin(formats)),
                                            .flags = flags};
        co_await followed<DomainCoreDumpWithFormat>(context, arguments, std::move(call), "Dump", std::move(failure));
    } else {
        DomainCoreDump::Args call{.domain = std::move(domain), .to = file, .flags = flags};
        co_await followed<DomainCoreDump>(context, arguments, std::move(call), "Dump", std::move(failure));
    }
    co_return Sentence{fmt::format("\nDomain '{}' dumped to {}", name, file), {{"name", name}}};
}

}  // namespace

std::optional<uint32_t> key_code(std::string_view name) {
    if (std::optional<uint32_t> number = parse_number<uint32_t>(name, 0)) return number;
    // The kernel's names (linux/input-event-codes.h) of the keys that people send.
    struct Key {
        std::string_view name;
        uint32_t code;
    };
    static constexpr Key keys[] = {
        {"ESC", 1},         {"BACKSPACE", 14},  {"TAB", 15},     {"ENTER", 28},     {"LEFTCTRL", 29},
        {"LEFTSHIFT", 42},  {"RIGHTSHIFT", 54}, {"LEFTALT", 56}, {"SPACE", 57},     {"CAPSLOCK", 58},
        {"NUMLOCK", 69},    {"SCROLLLOCK", 70}, {"F11", 87},     {"F12", 88},       {"RIGHTCTRL", 97},
        {"SYSRQ", 99},      {"RIGHTALT", 100},  {"HOME", 102},   {"UP", 103},       {"PAGEUP", 104},
        {"LEFT", 105},      {"RIGHT", 106},     {"END", 107},    {"DOWN", 108},     {"PAGEDOWN", 109},
        {"INSERT", 110},    {"DELETE", 111},    {"POWER", 116},  {"PAUSE", 119},    {"LEFTMETA", 125},
        {"RIGHTMETA", 126}, {"MINUS", 12},      {"EQUAL", 13},   {"LEFTBRACE", 26}, {"RIGHTBRACE", 27},
        {"SEMICOLON", 39},  {"APOSTROPHE", 40}, {"GRAVE", 41},   {"BACKSLASH", 43}, {"COMMA", 51},
        {"DOT", 52},        {"SLASH", 53}};
    if (!name.starts_with("KEY_")) return std::nullopt;
    name.remove_prefix(4);
    if (name.size() == 1) {
        constexpr std::string_view rows[] = {"1234567890", "QWERTYUIOP", "ASDFGHJKL", "ZXCVBNM"};
        constexpr uint32_t starts[] = {2, 16, 30, 44};
        for (size_t i = 0; i < 4; i++) {
            size_t at = rows[i].find(name[0]);
            if (at != rows[i].npos) return starts[i] + static_cast<uint32_t>(at);
        }
        return std::nullopt;
    }
    if (name.size() <= 3 && name[0] == 'F') {
        std::optional<uint32_t> number = parse_number<uint32_t>(name.substr(1));
        if (number && *number >= 1 && *number <= 10) return 58 + *number;
    }
    for (const Key& key : keys) {
        if (key.name == name) return key.code;
    }
    return std::nullopt;
}

Commands domain_guest_commands() {
    return {
        make_command("domfsfreeze", "<domain> [mountpoint]...", "freeze the guest's file systems", fsfreeze),
        make_command("domfsthaw", "<domain> [mountpoint]...", "thaw the guest's file systems", fsthaw),
        make_command("domfsinfo", "<domain>", "the guest's file systems", fsinfo),
        make_command("domfstrim", "<domain> --minimum=:n --mountpoint=", "let the guest give back free blocks", fstrim),
        make_command("domhostname", "<domain> --source=", "the guest's host name", hostname),
        make_command("guestinfo", "<domain> --user --os --timezone --hostname --filesystem --disk --interface",
                     "what the guest's agent tells", guestinfo),
        make_command("guestvcpus", "<domain> --cpulist= --enable --disable", "vCPUs as the guest sees them",
                     guestvcpus),
        make_command("guest-agent-timeout", "<domain> --timeout=:n", "how long to wait for the agent's answers",
                     agent_timeout),
        make_command("set-user-password", "<domain> <user> <password> --encrypted", "set a password in the guest",
                     user_password),
        make_command("inject-nmi", "<domain>", "send the guest a non-maskable interrupt", inject_nmi),
        make_command("send-key", "<domain> --codeset= --holdtime=:n <keycode>...", "press keys", send_key),
        make_command("qemu-attach", "<pid>", "take over a running QEMU", qemu_attach),
        make_command("qemu-monitor-command", "<domain> --hmp --pretty --return-value --pass-fds= <cmd>...",
                     "a command for QEMU's monitor", monitor_command),
        make_command("qemu-agent-command", "<domain> --timeout=:n --async --block --pretty <cmd>...",
                     "a command for the guest's agent", agent_command),
        make_command("managedsave", "<domain> --bypass-cache --running --paused --verbose",
                     "stop a domain and keep its memory for the next start", managedsave),
        make_command("managedsave-remove", "<domain>", "drop the kept memory", managedsave_remove),
        make_command("save", "<domain> <file> --bypass-cache --xml= --running --paused --verbose",
                     "stop a domain and keep its memory in a file", save),
        make_command("restore", "<file> --bypass-cache --xml= --running --paused --reset-nvram",
                     "start a domain from such a file", restore),
        make_command("save-image-dumpxml", "<file> --security-info --xpath= --wrap", "the XML in such a file",
                     save_image_dumpxml),
        make_command("dump", "<domain> <file> --live --crash --bypass-cache --reset --verbose --memory-only --format=",
                     "write the guest's memory into a file", dump),
    };
}

Commands guest_monitor_commands() {
    return {
        make_command("domtime", "<domain> --now --pretty --sync --time=:n", "the guest's clock", time_of),
        make_command("domstats",
                     "--state --cpu-total --balloon --vcpu --interface --block --perf --iothread --memory --dirtyrate "
                     "--vm --list-active --list-inactive --list-persistent --list-transient --list-running "
                     "--list-paused --list-shutoff --list-other --raw --enforce --backing --nowait [domain]...",
                     "all statistics at once", domstats),
    };
}

}  // namespace virtue::shell
