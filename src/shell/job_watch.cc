#include "shell/job_watch.h"

#include <algorithm>
#include <chrono>

#include "driver/constants.h"
#include "io/gate.h"
#include "protocol/remote/domain_stats.h"

namespace virtue::shell {
namespace {

constexpr io::Milliseconds poll_interval(500);
constexpr io::Milliseconds abort_limit(5000);

// Asks for the job's progress until the gate closes.
Task<void> follow(Context& context, proc::DomainRef domain, std::string label, io::Gate& gate) {
    io::Loop& loop = context.loop();
    for (;;) {
        io::Deadline pause = io::Deadline::after(poll_interval).with_cancel(gate.cancel_source());
        bool in_time = co_await loop.sleep_until(pause);
        if (!in_time) co_return;
        proc::DomainGetJobInfo::Args ask{.domain = domain};
        io::Deadline limit = context.forever();
        proc::DomainGetJobInfo::Ret info =
            co_await context.connection().call<proc::DomainGetJobInfo>(std::move(ask), limit);
        bool known = info.type == static_cast<int32_t>(api::domain_job_bounded) ||
                     info.type == static_cast<int32_t>(api::domain_job_unbounded);
        if (known && info.data_total > 0) show_progress(context, label, info.data_remaining, info.data_total);
    }
}

Task<void> act_in_time(io::Loop& loop, io::Milliseconds limit, std::function<Task<void>()> action, io::Gate& gate) {
    io::Deadline when = io::Deadline::after(limit).with_cancel(gate.cancel_source());
    bool in_time = co_await loop.sleep_until(when);
    if (!in_time) co_return;
    co_await action();
}

Task<void> abort_job(Context& context, proc::DomainRef domain) {
    proc::DomainAbortJob::Args call{.domain = std::move(domain)};
    io::Deadline limit = io::Deadline::after(abort_limit);
    try {
        co_await context.connection().call<proc::DomainAbortJob>(std::move(call), limit);
    } catch (const Error&) {
        // The call that was interrupted says what became of the job.
    }
}

}  // namespace

void show_progress(Context& context, const std::string& label, uint64_t remaining, uint64_t total) {
    uint64_t percent = 0;
    if (total == 0 && remaining == 0) {
        percent = 100;
    } else if (total > 0) {
        // Not 100 before the end, not 0 after the beginning.
        // What a guest writes meanwhile may make more remain than there was.
        remaining = std::min(remaining, total);
        double share = 100.0 - static_cast<double>(remaining) * 100.0 / static_cast<double>(total);
        percent = static_cast<uint64_t>(share);
        if (percent >= 100 && remaining > 0) percent = 99;
    }
    context.print_error(fmt::format("\r{}: [{:3} %]", label, percent));
}

Task<void> watch_job(Context& context, proc::DomainRef domain, JobWatch watch, Task<void> work) {
    // Progress is a courtesy: a driver without such figures shows none.
    io::Gate gate(context.loop(), [](std::exception_ptr) {});
    if (watch.verbose) gate.spawn(follow(context, domain, watch.label, gate));
    if (watch.limit) gate.spawn(act_in_time(context.loop(), *watch.limit, std::move(watch.on_limit), gate));
    std::exception_ptr failure;
    try {
        co_await std::move(work);
    } catch (...) {
        failure = std::current_exception();
    }
    if (failure && context.is_interrupted() && context.is_connected()) co_await abort_job(context, std::move(domain));
    co_await gate.close();
    if (failure) std::rethrow_exception(failure);
    if (watch.verbose) show_progress(context, watch.label, 0, 1);
}

}  // namespace virtue::shell
