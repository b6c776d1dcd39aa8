// Events as they come, in virsh's lines.
#include <algorithm>
#include <ctime>

#include "driver/constants.h"
#include "io/condition.h"
#include "protocol/qemu/qemu.h"
#include "protocol/remote/event_domain.h"
#include "protocol/remote/event_domain_callback.h"
#include "protocol/remote/event_object.h"
#include "protocol/remote/event_register.h"
#include "shell/commands/commands.h"
#include "shell/commands/object.h"
#include "shell/event_words.h"
#include "shell/json_text.h"
#include "shell/seconds.h"

namespace virtue::shell {
namespace {

using namespace proc;

// What one event says: the line for people, the facts for programs.
struct Told {
    std::string line;
    Record facts;
};

// Waits for events: prints each, until the first one (or --timeout, or the user's Ctrl-C with --loop).
class Listener {
public:
    using Describe = std::function<std::optional<Told>(const driver::EventPacket&)>;
    Listener(Context& context, const Arguments& arguments, Describe describe)
        : context_(context),
          describe_(std::move(describe)),
          arrived_(context.loop()),
          loop_(arguments.has("loop")),
          timestamp_(arguments.has("timestamp")) {
        context.connection().on_event([this](const driver::EventPacket& packet) { accept(packet); });
    }
    ~Listener() {
        if (context_.is_connected()) context_.connection().on_event({});
    }
    Listener(const Listener&) = delete;
    Listener& operator=(const Listener&) = delete;

    // Subscriptions are there; waits, and says how it ended.
    Task<Result> run(std::optional<io::Milliseconds> timeout) {
        io::Deadline limit = context_.forever();
        if (timeout) limit = limit.within(*timeout);
        io::WakeReason reason = io::WakeReason::notified;
        while (reason == io::WakeReason::notified && (loop_ || count_ == 0) && context_.is_connected()) {
            reason = co_await arrived_.wait(limit);
        }
        std::string text;
        if (reason == io::WakeReason::cancelled) text = "event loop interrupted\n";
        if (reason == io::WakeReason::deadline) text = "event loop timed out\n";
        if (context_.settings().format == OutputFormat::table) context_.print(text);
        if (count_ == 0 && reason == io::WakeReason::deadline) {
            context_.print_extra("events received: 0\n");
            throw Failure{};
        }
        context_.print_extra(fmt::format("events received: {}\n", count_));
        if (context_.settings().format == OutputFormat::table) co_return std::monostate{};
        co_return Custom{{}, Value(std::move(facts_))};
    }

private:
    void accept(const driver::EventPacket& packet) {
        if (!loop_ && count_ > 0) return;
        std::optional<Told> told = describe_(packet);
        if (!told) return;
        count_++;
        if (context_.settings().format == OutputFormat::table) {
            context_.print((timestamp_ ? stamp() : "") + told->line + "\n");
        } else {
            facts_.emplace_back(std::move(told->facts));
        }
        arrived_.notify_all();
    }

    static std::string stamp() {
        timespec now{};
        ::clock_gettime(CLOCK_REALTIME, &now);
        std::tm parts{};
        ::gmtime_r(&now.tv_sec, &parts);
        char text[32];
        size_t length = std::strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &parts);
        return fmt::format("{}.{:03}+0000: ", std::string_view(text, length), now.tv_nsec / 1000000);
    }

    Context& context_;
    Describe describe_;
    io::Condition arrived_;
    bool loop_;
    bool timestamp_;
    int count_ = 0;
    Values facts_;
};

template <typename P>
typename P::Msg message_of(const driver::EventPacket& packet) {
    wire::Decoder decoder(packet.body);
    typename P::Msg message{};
    wire::decode(decoder, message);
    return message;
}

// A line about a domain: event 'NAME' for domain 'X'REST.
Told domain_line(std::string_view event, const DomainRef& domain, const std::string& rest, Record facts = {}) {
    facts.insert(facts.begin(), {{"event", std::string(event)}, {"domain", domain.name}});
    return {fmt::format("event '{}' for domain '{}'{}", event, domain.name, rest), std::move(facts)};
}

std::string parameter_lines(const std::vector<TypedParameter>& parameters, Record& facts) {
    std::string text = ":";
    for (const TypedParameter& parameter : parameters) {
        text += fmt::format("\n\t{}: {}", parameter.field, parameter_text(parameter));
        facts.emplace_back(parameter.field, parameter_value(parameter));
    }
    return text;
}

std::optional<Told> describe_more(const driver::EventPacket& packet);

std::optional<Told> describe_domain(const driver::EventPacket& packet) {
    if (packet.program != wire::Program::remote) return std::nullopt;
    switch (packet.procedure) {
        case DomainEventCallbackLifecycle::number: {
            auto m = message_of<DomainEventCallbackLifecycle>(packet).msg;
            std::string event(lifecycle_word(m.event));
            std::string detail(lifecycle_detail_word(m.event, m.detail));
            return domain_line("lifecycle", m.domain, ": " + event + " " + detail,
                               {{"change", event}, {"detail", detail}});
        }
        case DomainEventCallbackReboot::number:
            return domain_line("reboot", message_of<DomainEventCallbackReboot>(packet).msg.domain, "");
        case DomainEventCallbackRtcChange::number: {
            auto m = message_of<DomainEventCallbackRtcChange>(packet).msg;
            return domain_line("rtc-change", m.domain, fmt::format(": {}", m.offset), {{"offset", m.offset}});
        }
        case DomainEventCallbackWatchdog::number: {
            auto m = message_of<DomainEventCallbackWatchdog>(packet).msg;
            std::string action(watchdog_word(m.action));
            return domain_line("watchdog", m.domain, ": " + action, {{"action", action}});
        }
        case DomainEventCallbackIoError::number: {
            auto m = message_of<DomainEventCallbackIoError>(packet).msg;
            std::string action(io_error_word(m.action));
            return domain_line("io-error", m.domain, fmt::format(": {} ({}) {}", m.src_path, m.dev_alias, action),
                               {{"path", m.src_path}, {"device", m.dev_alias}, {"action", action}});
        }
        case DomainEventCallbackIoErrorReason::number: {
            auto m = message_of<DomainEventCallbackIoErrorReason>(packet).msg;
            std::string action(io_error_word(m.action));
            return domain_line(
                "io-error-reason", m.domain,
                fmt::format(": {} ({}) {} due to {}", m.src_path, m.dev_alias, action, m.reason),
                {{"path", m.src_path}, {"device", m.dev_alias}, {"action", action}, {"reason", m.reason}});
        }
        case DomainEventCallbackControlError::number:
            return domain_line("control-error", message_of<DomainEventCallbackControlError>(packet).msg.domain, "");
        case DomainEventCallbackBalloonChange::number: {
            auto m = message_of<DomainEventCallbackBalloonChange>(packet).msg;
            return domain_line("balloon-change", m.domain, fmt::format(": {}KiB", m.actual),
                               {{"actual_kib", m.actual}});
        }
        case DomainEventCallbackPmwakeup::number:
            return domain_line("pm-wakeup", message_of<DomainEventCallbackPmwakeup>(packet).msg.domain, "");
        case DomainEventCallbackPmsuspend::number:
            return domain_line("pm-suspend", message_of<DomainEventCallbackPmsuspend>(packet).msg.domain, "");
        case DomainEventCallbackPmsuspendDisk::number:
            return domain_line("pm-suspend-disk", message_of<DomainEventCallbackPmsuspendDisk>(packet).msg.domain, "");
        default:
            return describe_more(packet);
    }
}

std::optional<Told> describe_more(const driver::EventPacket& packet) {
    switch (packet.procedure) {
        case DomainEventCallbackGraphics::number: {
            auto m = message_of<DomainEventCallbackGraphics>(packet).msg;
            std::string phase(graphics_word(m.phase));
            return domain_line(
                "graphics", m.domain,
                fmt::format(": {} local[{} {} {}] remote[{} {} {}] {}", phase, family_word(m.local.family),
                            m.local.node, m.local.service, family_word(m.remote.family), m.remote.node,
                            m.remote.service, m.auth_scheme),
                {{"phase", phase}});
        }
        case DomainEventCallbackDiskChange::number: {
            auto m = message_of<DomainEventCallbackDiskChange>(packet).msg;
            std::string reason(m.reason == 0 ? "changed" : "dropped");
            return Told{fmt::format("event 'disk-change' for domain '{}' disk {}: {} -> {}: {}", m.domain.name,
                                    m.dev_alias, m.old_src_path.value_or(""), m.new_src_path.value_or(""), reason),
                        {{"event", "disk-change"}, {"domain", m.domain.name}, {"device", m.dev_alias}}};
        }
        case DomainEventCallbackTrayChange::number: {
            auto m = message_of<DomainEventCallbackTrayChange>(packet).msg;
            return Told{fmt::format("event 'tray-change' for domain '{}' disk {}: {}", m.domain.name, m.dev_alias,
                                    m.reason == 0 ? "opened" : "closed"),
                        {{"event", "tray-change"}, {"domain", m.domain.name}, {"device", m.dev_alias}}};
        }
        case DomainEventCallbackDeviceRemoved::number: {
            auto m = message_of<DomainEventCallbackDeviceRemoved>(packet).msg;
            return domain_line("device-removed", m.domain, ": " + m.dev_alias, {{"device", m.dev_alias}});
        }
        case DomainEventCallbackDeviceAdded::number: {
            auto m = message_of<DomainEventCallbackDeviceAdded>(packet);
            return domain_line("device-added", m.domain, ": " + m.dev_alias, {{"device", m.dev_alias}});
        }
        case DomainEventCallbackDeviceRemovalFailed::number: {
            auto m = message_of<DomainEventCallbackDeviceRemovalFailed>(packet);
            return domain_line("device-removal-failed", m.domain, ": " + m.dev_alias, {{"device", m.dev_alias}});
        }
        case DomainEventCallbackTunable::number: {
            auto m = message_of<DomainEventCallbackTunable>(packet);
            Record facts;
            std::string lines = parameter_lines(m.params, facts);
            return domain_line("tunable", m.domain, lines, std::move(facts));
        }
        case DomainEventCallbackJobCompleted::number: {
            auto m = message_of<DomainEventCallbackJobCompleted>(packet);
            Record facts;
            std::string lines = parameter_lines(m.params, facts);
            return domain_line("job-completed", m.domain, lines, std::move(facts));
        }
        case DomainEventCallbackAgentLifecycle::number: {
            auto m = message_of<DomainEventCallbackAgentLifecycle>(packet);
            std::string state(m.state == 1 ? "connected" : m.state == 2 ? "disconnected" : "unknown");
            std::string reason(m.reason == 1 ? "domain started" : m.reason == 2 ? "channel event" : "unknown");
            return domain_line("agent-lifecycle", m.domain, fmt::format(": state: '{}' reason: '{}'", state, reason),
                               {{"state", state}, {"reason", reason}});
        }
        case DomainEventCallbackMigrationIteration::number: {
            auto m = message_of<DomainEventCallbackMigrationIteration>(packet);
            return domain_line("migration-iteration", m.domain, fmt::format(": iteration: '{}'", m.iteration));
        }
        case DomainEventCallbackMetadataChange::number: {
            auto m = message_of<DomainEventCallbackMetadataChange>(packet);
            std::string type(m.type == 0 ? "description" : m.type == 1 ? "title" : "element");
            return domain_line("metadata-change", m.domain,
                               fmt::format(": type {}, uri {}", type, m.nsuri.value_or("n/a")), {{"type", type}});
        }
        case DomainEventBlockThreshold::number: {
            auto m = message_of<DomainEventBlockThreshold>(packet);
            return domain_line(
                "block-threshold", m.domain,
                fmt::format(": dev: {}({}) {} {}", m.dev, m.path.value_or("(null)"), m.threshold, m.excess));
        }
        default:
            return std::nullopt;
    }
}

struct EventName {
    std::string_view name;
    int32_t id;
};
constexpr std::string_view domain_events[] = {"lifecycle",
                                              "reboot",
                                              "rtc-change",
                                              "watchdog",
                                              "io-error",
                                              "graphics",
                                              "io-error-reason",
                                              "control-error",
                                              "block-job",
                                              "disk-change",
                                              "tray-change",
                                              "pm-wakeup",
                                              "pm-suspend",
                                              "balloon-change",
                                              "pm-suspend-disk",
                                              "device-removed",
                                              "block-job-2",
                                              "tunable",
                                              "agent-lifecycle",
                                              "device-added",
                                              "migration-iteration",
                                              "job-completed",
                                              "device-removal-failed",
                                              "metadata-change",
                                              "block-threshold",
                                              "memory-failure",
                                              "memory-device-size-change"};

template <size_t Count>
Result names_result(const std::string_view (&names)[Count]) {
    Lines lines{{}, "events"};
    for (std::string_view name : names) lines.lines.emplace_back(name);
    return lines;
}

template <size_t Count>
int32_t event_number(const std::string_view (&names)[Count], const Arguments& arguments) {
    auto found = std::find(std::begin(names), std::end(names), arguments.text("event"));
    if (found == std::end(names)) throw Failure{"unknown event type " + arguments.text("event")};
    return static_cast<int32_t>(found - std::begin(names));
}

Task<Result> event(Context& context, Arguments arguments) {
    if (arguments.has("list")) co_return names_result(domain_events);
    exclude(arguments, "all", "event");
    if (!arguments.has("all") && !arguments.has("event")) {
        throw Failure{"one of --list, --all, or --event <type> is required"};
    }
    std::vector<int32_t> wanted;
    for (int32_t id = 0; id < static_cast<int32_t>(std::size(domain_events)); id++) {
        if (arguments.has("all")) wanted.push_back(id);
    }
    if (arguments.has("event")) wanted.push_back(event_number(domain_events, arguments));
    std::optional<DomainRef> domain;
    if (arguments.has("domain")) domain = co_await the_domain(context, arguments);
    Listener listener(context, arguments, describe_domain);
    for (int32_t id : wanted) {
        ConnectDomainEventCallbackRegisterAny::Args call{.event_id = id, .domain = domain};
        co_await context.call<ConnectDomainEventCallbackRegisterAny>(std::move(call));
    }
    std::optional<io::Milliseconds> timeout = find_seconds(arguments, "timeout");
    co_return co_await listener.run(timeout);
}

std::optional<Told> describe_object(const driver::EventPacket& packet) {
    if (packet.program != wire::Program::remote) return std::nullopt;
    auto changed = [](std::string_view what, std::string_view kind, const std::string& name, std::string_view word) {
        std::string tail = word.empty() ? "" : fmt::format(": {}", word);
        return Told{fmt::format("event '{}' for {} {}{}", what, kind, name, tail),
                    {{"event", std::string(what)}, {std::string(kind), name}, {"change", std::string(word)}}};
    };
    switch (packet.procedure) {
        case NetworkEventLifecycle::number: {
            auto m = message_of<NetworkEventLifecycle>(packet);
            return changed("lifecycle", "network", m.network.name, object_lifecycle_word(m.event));
        }
        case StoragePoolEventLifecycle::number: {
            auto m = message_of<StoragePoolEventLifecycle>(packet);
            return changed("lifecycle", "storage pool", m.pool.name, pool_lifecycle_word(m.event));
        }
        case StoragePoolEventRefresh::number:
            return changed("refresh", "storage pool", message_of<StoragePoolEventRefresh>(packet).pool.name, "");
        case NodeDeviceEventLifecycle::number: {
            auto m = message_of<NodeDeviceEventLifecycle>(packet);
            return changed("lifecycle", "node device", m.device.name, device_lifecycle_word(m.event));
        }
        case NodeDeviceEventUpdate::number:
            return changed("update", "node device", message_of<NodeDeviceEventUpdate>(packet).device.name, "");
        case SecretEventLifecycle::number: {
            auto m = message_of<SecretEventLifecycle>(packet);
            return changed("lifecycle", "secret", m.secret.uuid.to_string(), object_lifecycle_word(m.event));
        }
        case SecretEventValueChanged::number:
            return changed("value-changed", "secret",
                           message_of<SecretEventValueChanged>(packet).secret.uuid.to_string(), "");
        default:
            return std::nullopt;
    }
}

// Register is the procedure that subscribes; Kind finds the object of `option`.
template <typename Register, typename Kind, size_t Count>
Task<Result> object_event(Context& context, Arguments arguments, std::string_view option,
                          const std::string_view (&names)[Count]) {
    if (arguments.has("list")) co_return names_result(names);
    if (!arguments.has("event")) throw Failure{"either --list or --event <type> is required"};
    typename Register::Args call{};
    call.event_id = event_number(names, arguments);
    if (arguments.has(option)) {
        typename Kind::Ref ref = co_await Kind::find(context, arguments);
        if constexpr (requires { call.network; })
            call.network = std::move(ref);
        else if constexpr (requires { call.pool; })
            call.pool = std::move(ref);
        else if constexpr (requires { call.secret; })
            call.secret = std::move(ref);
        else
            call.device = NodeDeviceRef{std::move(ref)};
    }
    Listener listener(context, arguments, describe_object);
    co_await context.call<Register>(std::move(call));
    std::optional<io::Milliseconds> timeout = find_seconds(arguments, "timeout");
    co_return co_await listener.run(timeout);
}

constexpr std::string_view network_events[] = {"lifecycle"};
constexpr std::string_view pool_events[] = {"lifecycle", "refresh"};
constexpr std::string_view device_events[] = {"lifecycle", "update"};
constexpr std::string_view secret_events[] = {"lifecycle", "value-changed"};

Task<Result> net_event(Context& context, Arguments arguments) {
    return object_event<ConnectNetworkEventRegisterAny, NetworkKind>(context, std::move(arguments), "network",
                                                                     network_events);
}
Task<Result> pool_event(Context& context, Arguments arguments) {
    return object_event<ConnectStoragePoolEventRegisterAny, PoolKind>(context, std::move(arguments), "pool",
                                                                      pool_events);
}
Task<Result> nodedev_event(Context& context, Arguments arguments) {
    return object_event<ConnectNodeDeviceEventRegisterAny, NodeDeviceKind>(context, std::move(arguments), "device",
                                                                           device_events);
}
Task<Result> secret_event(Context& context, Arguments arguments) {
    return object_event<ConnectSecretEventRegisterAny, SecretKind>(context, std::move(arguments), "secret",
                                                                   secret_events);
}

std::optional<Told> describe_monitor(const driver::EventPacket& packet, bool pretty) {
    if (packet.program != wire::Program::qemu || packet.procedure != QemuDomainMonitorEvent::number)
        return std::nullopt;
    auto m = message_of<QemuDomainMonitorEvent>(packet);
    if (pretty && m.details) m.details = lay_out_json(*m.details);
    return Told{fmt::format("event {} at {}.{:06} for domain '{}': {}", m.event, m.seconds, m.micros, m.domain.name,
                            m.details.value_or("")),
                {{"event", m.event}, {"domain", m.domain.name}, {"details", m.details.value_or("")}}};
}

Task<Result> monitor_event(Context& context, Arguments arguments) {
    QemuConnectDomainMonitorEventRegister::Args call{
        .event = arguments.find("event"),
        .flags = flag_if(arguments, "regex", api::connect_domain_qemu_monitor_event_register_regex) |
                 flag_if(arguments, "no-case", api::connect_domain_qemu_monitor_event_register_nocase)};
    if (arguments.has("domain")) call.domain = co_await the_domain(context, arguments);
    bool pretty = arguments.has("pretty");
    auto describe = [pretty](const driver::EventPacket& packet) { return describe_monitor(packet, pretty); };
    Listener listener(context, arguments, describe);
    co_await context.call<QemuConnectDomainMonitorEventRegister>(std::move(call));
    std::optional<io::Milliseconds> timeout = find_seconds(arguments, "timeout");
    co_return co_await listener.run(timeout);
}

}  // namespace

Commands event_commands() {
    return {make_command("event", "--domain= --event= --all --loop --timeout=:n --list --timestamp",
                         "wait for events of domains", event)};
}
Commands network_event_commands() {
    return {make_command("net-event", "--network= --event= --loop --timeout=:n --list --timestamp",
                         "wait for events of networks", net_event)};
}
Commands pool_event_commands() {
    return {make_command("pool-event", "--pool= --event= --loop --timeout=:n --list --timestamp",
                         "wait for events of pools", pool_event)};
}
Commands node_device_event_commands() {
    return {make_command("nodedev-event", "--device= --event= --loop --timeout=:n --list --timestamp",
                         "wait for events of the host's devices", nodedev_event)};
}
Commands secret_event_commands() {
    return {make_command("secret-event", "--secret= --event= --loop --timeout=:n --list --timestamp",
                         "wait for events of secrets", secret_event)};
}
Commands monitor_event_commands() {
    return {make_command("qemu-monitor-event",
                         "--domain= --event= --pretty --loop --timeout=:n --regex --no-case --timestamp",
                         "wait for events of QEMU's monitor", monitor_event)};
}

}  // namespace virtue::shell
