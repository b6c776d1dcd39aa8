// table
// libvirt's words for the reasons of a domain's state.
#include <array>

#include "shell/lookup.h"

namespace virtue::shell {
namespace {

constexpr std::string_view running[] = {"unknown",       "booted",   "migrated",           "restored",
                                        "from snapshot", "unpaused", "migration canceled", "save canceled",
                                        "event wakeup",  "crashed",  "post-copy",          "post-copy failed"};
constexpr std::string_view paused[] = {
    "unknown",   "user",        "migrating",     "saving",           "dumping",
    "I/O error", "watchdog",    "from snapshot", "shutting down",    "creating snapshot",
    "crashed",   "starting up", "post-copy",     "post-copy failed", "API error"};
constexpr std::string_view shut_down[] = {"unknown", "user"};
constexpr std::string_view shut_off[] = {"unknown", "shutdown", "destroyed",     "crashed", "migrated",
                                         "saved",   "failed",   "from snapshot", "daemon"};
constexpr std::string_view crashed[] = {"unknown", "panicked"};
constexpr std::string_view unknown[] = {"unknown"};

}  // namespace

std::string_view state_reason_word(int32_t state, int32_t reason) {
    auto pick = [&](const auto& words) {
        return reason >= 0 && static_cast<size_t>(reason) < std::size(words) ? words[reason] : unknown[0];
    };
    switch (state) {
        case 1:
            return pick(running);
        case 3:
            return pick(paused);
        case 4:
            return pick(shut_down);
        case 5:
            return pick(shut_off);
        case 6:
            return pick(crashed);
        default:
            return pick(unknown);
    }
}

}  // namespace virtue::shell
