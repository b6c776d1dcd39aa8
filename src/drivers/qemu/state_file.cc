#include "drivers/qemu/state_file.h"

#include <algorithm>

#include "base/error.h"

namespace virtue::qemu {
namespace {

/// Looks again and again until QEMU has moved everything. `what` names it in errors.
Task<void> wait_for_migration(Core& core, std::shared_ptr<Monitor> monitor, const char* what, io::Deadline deadline) {
    io::Milliseconds pause(5);
    Json nothing;
    for (;;) {
        io::Deadline answer = deadline.within(core.settings.monitor_deadline);
        Json state = co_await monitor->command("query-migrate", nothing, answer);
        const std::string status = state.string_or("status", "none");
        if (status == "completed") co_return;
        if (status == "failed" || status == "cancelled") {
            const std::string words = state.string_or("error-desc", "unexpectedly failed");
            fail(ErrorCode::operation_failed, ErrorDomain::qemu, "{}: {}", what, words);
        }
        if (deadline.is_over()) fail(ErrorCode::operation_timeout, ErrorDomain::qemu, "{}: timed out", what);
        co_await core.loop.sleep(pause);
        pause = std::min(pause * 2, io::Milliseconds(100));
    }
}

Task<void> hand_over(std::shared_ptr<Monitor> monitor, const Fd& file, io::Deadline deadline) {
    Json name = Json::object({{"fdname", "state"}});
    std::vector<const Fd*> fds = {&file};
    co_await monitor->command_with_fds("getfd", std::move(name), std::move(fds), deadline);
}

}  // namespace

Task<void> write_state(Core& core, DomainOwner domain, const Fd& file, io::Deadline deadline) {
    std::shared_ptr<Monitor> monitor = domain->monitor();
    // As fast as the disk takes it; QEMU's own limit is for networks.
    constexpr uint64_t unlimited = 9223372036853727232ULL;
    Json speed = Json::object({{"max-bandwidth", unlimited}});
    co_await monitor->command("migrate-set-parameters", std::move(speed), deadline);
    co_await hand_over(monitor, file, deadline);
    Json where = Json::object({{"uri", "fd:state"}});
    co_await monitor->command("migrate", std::move(where), deadline);
    co_await wait_for_migration(core, monitor, "domain save job", deadline);
}

Task<void> load_state(Core& core, DomainOwner domain, const Fd& file, io::Deadline deadline) {
    std::shared_ptr<Monitor> monitor = domain->monitor();
    co_await hand_over(monitor, file, deadline);
    Json where = Json::object({{"uri", "fd:state"}});
    co_await monitor->command("migrate-incoming", std::move(where), deadline);
    co_await wait_for_migration(core, monitor, "restoring the guest's state", deadline);
}

}  // namespace virtue::qemu
