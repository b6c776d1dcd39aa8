#include "drivers/qemu/domain.h"

#include <array>
#include <span>

#include "base/error.h"
#include "model/domain/domain.h"

namespace virtue::qemu {
namespace {

constexpr std::array state_names = {"nostate",  "running", "blocked", "paused",
                                    "shutdown", "shutoff", "crashed", "pmsuspended"};

// libvirt's virDomain…ReasonTypeFromString tables.
constexpr std::array running_reasons = {"unknown",       "booted",   "migrated",           "restored",
                                        "from snapshot", "unpaused", "migration canceled", "save canceled",
                                        "wakeup",        "crashed",  "post-copy",          "post-copy failed"};
constexpr std::array paused_reasons = {
    "unknown",  "user",     "migration", "save",        "dump",      "ioerror",          "watchdog", "from snapshot",
    "shutdown", "snapshot", "panicked",  "starting up", "post-copy", "post-copy failed", "api error"};
constexpr std::array shutdown_reasons = {"unknown", "user"};
constexpr std::array shutoff_reasons = {"unknown", "shutdown", "destroyed",     "crashed", "migrated",
                                        "saved",   "failed",   "from snapshot", "daemon"};
constexpr std::array crashed_reasons = {"unknown", "panicked"};
constexpr std::array single_reason = {"unknown"};

std::span<const char* const> reasons_of(uint32_t state) {
    switch (state) {
        case api::domain_running:
            return running_reasons;
        case api::domain_paused:
            return paused_reasons;
        case api::domain_shutdown:
            return shutdown_reasons;
        case api::domain_shutoff:
            return shutoff_reasons;
        case api::domain_crashed:
            return crashed_reasons;
        default:
            return single_reason;
    }
}

}  // namespace

Run::Run() = default;
Run::~Run() = default;

const char* state_name(uint32_t state) {
    return state < state_names.size() ? state_names[state] : "nostate";
}

const char* reason_name(GuestState state) {
    auto names = reasons_of(state.state);
    return state.reason < names.size() ? names[state.reason] : "unknown";
}

std::optional<uint32_t> find_state(std::string_view name) {
    for (uint32_t i = 0; i < state_names.size(); i++) {
        if (state_names[i] == name) return i;
    }
    return std::nullopt;
}

std::optional<uint32_t> find_reason(uint32_t state, std::string_view name) {
    auto names = reasons_of(state);
    for (uint32_t i = 0; i < names.size(); i++) {
        if (names[i] == name) return i;
    }
    return std::nullopt;
}

Domain::Domain(io::Loop& loop, PackTimer& timer, Uuid uuid, std::string name)
    : files(loop, 1), uuid_(uuid), name_(std::move(name)), definition_(timer), jobs_(loop, name_) {}

Domain::~Domain() = default;

void Domain::set_persistent(std::shared_ptr<const model::Domain> domain, std::string text) {
    definition_.set(std::move(domain), std::move(text));
    changed();
}

void Domain::set_unread(std::string text) {
    definition_.set_unread(std::move(text));
    changed();
}

void Domain::clear_persistent() {
    definition_.clear();
    changed();
}

bool Domain::pack() {
    definition_.pack();
    if (!run_) formatted.clear();
    return definition_.is_packed();
}

const model::Domain& Domain::current() const {
    if (run_ && run_->domain) return *run_->domain;
    if (!definition_) {
        // A transient guest that has ended, and is still being cleaned away.
        fail(ErrorCode::no_domain, ErrorDomain::qemu, "no domain with matching uuid '{}' ({})", uuid_.to_string(),
             name_);
    }
    return *definition_.model();
}

const model::Domain& Domain::next() const {
    return definition_ ? *definition_.model() : current();
}

Run& Domain::running() {
    if (!is_active()) throw GuestEnded(ErrorCode::operation_invalid, ErrorDomain::domain, "domain is not running");
    return *run_;
}

std::shared_ptr<Monitor> Domain::monitor() {
    Run& run = running();
    if (!run.monitor) {
        throw Error(ErrorCode::operation_timeout, ErrorDomain::qemu,
                    "the monitor of '" + name_ + "' has not answered since this daemon was started",
                    "its QEMU may be stopped or overloaded; the daemon keeps trying");
    }
    if (run.monitor->is_lost()) {
        throw GuestEnded(ErrorCode::operation_invalid, ErrorDomain::qemu, "domain is no longer running");
    }
    return run.monitor;
}

std::shared_ptr<Agent> Domain::agent() {
    Run& run = running();
    if (state_.state != api::domain_running) {
        throw Error(ErrorCode::operation_invalid, ErrorDomain::qemu, "domain is not running",
                    "it is paused: its agent answers only after a resume");
    }
    if (run.agent_path.empty()) {
        throw Error(ErrorCode::argument_unsupported, ErrorDomain::qemu, "QEMU guest agent is not configured");
    }
    if (!run.agent || !run.agent_connected || run.agent->is_lost()) {
        throw Error(ErrorCode::agent_unresponsive, ErrorDomain::qemu, "QEMU guest agent is not connected");
    }
    return run.agent;
}

void Domain::require_inactive() const {
    if (is_active()) throw Error(ErrorCode::operation_invalid, ErrorDomain::qemu, "domain is already running");
}

}  // namespace virtue::qemu
