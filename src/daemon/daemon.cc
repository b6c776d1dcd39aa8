#include "daemon/daemon.h"

#include <algorithm>
#include <csignal>

#include "base/memory.h"
#include "base/text.h"
#include "daemon/wiring.h"
#include "driver/hooks.h"
#include "rpc/session_calls.h"

namespace virtue::daemon {

namespace {

constinit log::Module logger("daemon");

constexpr io::Milliseconds until_quiet{1000};

rpc::ServerLimits client_limits(const Configuration& c) {
    rpc::ServerLimits limits;
    limits.max_clients = c.max_clients;
    limits.max_anonymous_clients = c.max_anonymous_clients;
    limits.max_client_requests = c.max_client_requests;
    limits.max_client_streams = c.max_client_streams;
    limits.max_queued_bytes = static_cast<size_t>(c.max_queued_megabytes) << 20U;
    limits.keepalive_interval = c.keepalive_interval;
    limits.keepalive_count = c.keepalive_count;
    limits.call_timeout = std::chrono::seconds(c.call_timeout);
    return limits;
}

rpc::ServerLimits admin_limits(const Configuration& c) {
    rpc::ServerLimits limits = client_limits(c);
    limits.max_clients = c.admin_max_clients;
    limits.max_anonymous_clients = 0;
    limits.max_client_requests = c.admin_max_client_requests;
    limits.keepalive_interval = c.admin_keepalive_interval;
    limits.keepalive_count = c.admin_keepalive_count;
    return limits;
}

rpc::Service client_service(const driver::HandlerTable& own, const std::vector<std::unique_ptr<driver::Backend>>& all) {
    rpc::Service service;
    service.programs = {wire::Program::remote, wire::Program::qemu, wire::Program::lxc};
    service.own_calls = &own;
    for (const auto& backend : all) service.backends.push_back(backend.get());
    return service;
}

rpc::Service admin_service(const driver::HandlerTable& calls) {
    return {{wire::Program::admin}, &calls, {}};
}

/// "1:qemu 3:rpc" as libvirt shows it: "1:*qemu* 3:*rpc* ".
std::string shown_filters(const std::string& filters) {
    std::string shown;
    for (std::string_view word : split_words(filters)) {
        size_t colon = word.find(':');
        shown += fmt::format("{}:*{}* ", word.substr(0, colon), word.substr(colon + 1));
    }
    return shown;
}

}  // namespace

Daemon::Daemon(io::Loop& loop, Options options, driver::Paths paths, Configuration configuration)
    : loop_(loop),
      options_(std::move(options)),
      paths_(std::move(paths)),
      configuration_(std::move(configuration)),
      log_(log_settings(configuration_, options_, paths_)),
      locks_(paths_, options_.pid_file),
      backends_(make_backends({loop, paths_, configuration_})),
      admin_service_(hooks()),
      clients_(loop, "libvirtd", client_limits(configuration_), client_service(session_calls_, backends_)),
      admin_(loop, "admin", admin_limits(configuration_), admin_service(admin_service_.calls())),
      listeners_(loop, configuration_, paths_, clients_, admin_),
      idle_timer_(loop, [this] { idle_expired(); }),
      quiet_timer_(loop,
                   [this] {
                       quiet_soon_ = false;
                       give_back_memory();
                   }),
      idle_timeout_(options_.idle_timeout.value_or(configuration_.idle_timeout)),
      gate_(loop, [](std::exception_ptr error) { logger.error("{}", log::describe(error)); }) {
    rpc::bind_session_calls(session_calls_);
    admin_service_.hooks().servers = {&clients_, &admin_};
    admin_.workers().priority_workers = 0;
    clients_.on_change([this] { clients_changed(); });
    admin_.on_change([this] { clients_changed(); });
}

Daemon::~Daemon() = default;

rpc::AdminHooks Daemon::hooks() {
    rpc::AdminHooks hooks;
    hooks.log_filters = [this] { return shown_filters(log_.filters); };
    hooks.log_outputs = [this] {
        return log_.outputs.empty() ? fmt::format("{}:stderr", static_cast<int>(log_.level)) : log_.outputs;
    };
    hooks.set_log_filters = [this](const std::string& text) { set_log(&log::Settings::filters, text); };
    hooks.set_log_outputs = [this](const std::string& text) { set_log(&log::Settings::outputs, text); };
    hooks.set_idle_timeout = [this](uint32_t seconds) {
        idle_timeout_ = seconds;
        consider_leaving();
    };
    hooks.shut_down = [this] { stop("asked by the administrator"); };
    return hooks;
}

void Daemon::set_log(std::string log::Settings::*part, const std::string& text) {
    log::Settings changed = log_;
    changed.*part = text;
    try {
        log::configure(changed);
    } catch (const Error& error) {
        if (error.code() != ErrorCode::config_unsupported) throw;
        throw Error(ErrorCode::invalid_arg, ErrorDomain::none, error.detail());
    }
    log_ = changed;
}

void Daemon::run(const std::function<void()>& ready) {
    // From before anybody can connect: who does may also tell us to end.
    bool serving = false;
    const char* wanted_end = nullptr;
    auto end = [&](const char* why) {
        wanted_end = why;
        if (serving) stop(why);
    };
    io::SignalWatch terminate(loop_, SIGTERM, [&] { end("SIGTERM"); });
    io::SignalWatch interrupt(loop_, SIGINT, [&] { end("SIGINT"); });
    io::SignalWatch hang_up(loop_, SIGHUP, [this] { reload(); });
    try {
        listeners_.open();
    } catch (const Error&) {
        // What the drivers began in the background must end before they go.
        loop_.run_until(end_all());
        throw;
    }
    loop_.run_until(call_hooks("start", "-", "start"));
    notify_service_manager("READY=1");
    ready();
    clients_changed();
    serving = true;
    if (wanted_end) stop(wanted_end);
    loop_.run();
}

void Daemon::stop(const char* why) {
    if (stopping_) return;
    stopping_ = true;
    logger.info("stopping: {}", why);
    notify_service_manager("STOPPING=1");
    gate_.spawn(stop_task());
}

Task<void> Daemon::stop_task() {
    // The reply to whoever asked goes out first.
    co_await loop_.sleep(io::Milliseconds(10));
    co_await call_hooks("shutdown", "-", "shutdown");
    co_await end_all();
    loop_.stop();
}

Task<void> Daemon::call_hooks(std::string operation, std::string step, std::string extra) {
    driver::HookCall call;
    call.folder = paths_.config + "/hooks";
    call.kind = "daemon";
    call.operation = std::move(operation);
    call.step = std::move(step);
    call.extra = std::move(extra);
    try {
        io::Deadline deadline = io::Deadline::after(io::Milliseconds(60000));
        co_await driver::run_hooks(loop_, std::move(call), deadline);
    } catch (const Error& error) {
        logger.warn("{}", error.message());
    }
}

Task<void> Daemon::end_all() {
    for (const auto& backend : backends_) backend->begin_stop();
    co_await clients_.close();
    co_await admin_.close();
    for (const auto& backend : backends_) {
        co_await backend->stop();
    }
}

void Daemon::reload() {
    gate_.spawn(call_hooks("reload", "begin", "SIGHUP"));
    try {
        Configuration fresh = load_configuration(options_, paths_);
        log::Settings settings = log_settings(fresh, options_, paths_);
        clients_.set_client_limits(fresh.max_clients, fresh.max_anonymous_clients);
        admin_.set_client_limits(fresh.admin_max_clients, 0);
        log::configure(settings);
        log::reopen();
        log_ = settings;
        configuration_.log_level = fresh.log_level;
        logger.info("log settings and client limits were read again; other settings need a restart");
    } catch (const Error& error) {
        logger.error("the settings stay as they were: {}", error.message());
    }
}

bool Daemon::is_busy() const {
    if (clients_.client_count() > 0 || admin_.client_count() > 0) return true;
    return std::any_of(backends_.begin(), backends_.end(), [](const auto& backend) { return backend->is_busy(); });
}

void Daemon::consider_leaving() {
    if (idle_timeout_ == 0 || clients_.client_count() + admin_.client_count() > 0) {
        idle_timer_.stop();
    } else {
        idle_timer_.start_after(std::chrono::seconds(idle_timeout_));
    }
}

void Daemon::clients_changed() {
    consider_leaving();
    if (std::exchange(quiet_soon_, true)) return;
    quiet_timer_.start_after(until_quiet);
}

void Daemon::idle_expired() {
    if (is_busy()) return consider_leaving();
    stop("nobody needs us");
}

}  // namespace virtue::daemon
