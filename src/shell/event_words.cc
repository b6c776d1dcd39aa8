// table
#include "shell/event_words.h"

#include <iterator>

namespace virtue::shell {
namespace {

template <size_t Count>
std::string_view pick(const std::string_view (&words)[Count], int32_t number) {
    return number >= 0 && static_cast<size_t>(number) < Count ? words[number] : "unknown";
}

}  // namespace

std::string_view lifecycle_word(int32_t event) {
    static constexpr std::string_view words[] = {"Defined", "Undefined", "Started",     "Suspended", "Resumed",
                                                 "Stopped", "Shutdown",  "PMSuspended", "Crashed"};
    return pick(words, event);
}

std::string_view lifecycle_detail_word(int32_t event, int32_t detail) {
    static constexpr std::string_view defined[] = {"Added", "Updated", "Renamed", "Snapshot"};
    static constexpr std::string_view undefined[] = {"Removed", "Renamed"};
    static constexpr std::string_view started[] = {"Booted", "Migrated", "Restored", "Snapshot", "Event wakeup"};
    static constexpr std::string_view suspended[] = {"Paused",   "Migrated",  "I/O Error", "Watchdog",       "Restored",
                                                     "Snapshot", "API error", "Post-copy", "Post-copy Error"};
    static constexpr std::string_view resumed[] = {"Unpaused", "Migrated", "Snapshot", "Post-copy", "Post-copy Error"};
    static constexpr std::string_view stopped[] = {"Shutdown", "Destroyed", "Crashed", "Migrated",
                                                   "Saved",    "Failed",    "Snapshot"};
    static constexpr std::string_view shutdown[] = {"Finished", "Finished after guest request",
                                                    "Finished after host request"};
    static constexpr std::string_view pmsuspended[] = {"Memory", "Disk"};
    static constexpr std::string_view crashed[] = {"Panicked", "Crashloaded"};
    switch (event) {
        case 0:
            return pick(defined, detail);
        case 1:
            return pick(undefined, detail);
        case 2:
            return pick(started, detail);
        case 3:
            return pick(suspended, detail);
        case 4:
            return pick(resumed, detail);
        case 5:
            return pick(stopped, detail);
        case 6:
            return pick(shutdown, detail);
        case 7:
            return pick(pmsuspended, detail);
        case 8:
            return pick(crashed, detail);
        default:
            return "unknown";
    }
}

std::string_view watchdog_word(int32_t action) {
    static constexpr std::string_view words[] = {"none",     "pause", "reset",     "poweroff",
                                                 "shutdown", "debug", "inject-nmi"};
    return pick(words, action);
}

std::string_view io_error_word(int32_t action) {
    static constexpr std::string_view words[] = {"none", "pause", "report"};
    return pick(words, action);
}

std::string_view graphics_word(int32_t phase) {
    static constexpr std::string_view words[] = {"connect", "initialize", "disconnect"};
    return pick(words, phase);
}

std::string_view family_word(int32_t family) {
    static constexpr std::string_view words[] = {"IPv4", "IPv6", "unix"};
    return pick(words, family);
}

std::string_view object_lifecycle_word(int32_t event) {
    static constexpr std::string_view words[] = {"Defined", "Undefined", "Started", "Stopped"};
    return pick(words, event);
}

std::string_view pool_lifecycle_word(int32_t event) {
    static constexpr std::string_view words[] = {"Defined", "Undefined", "Started", "Stopped", "Created", "Deleted"};
    return pick(words, event);
}

std::string_view device_lifecycle_word(int32_t event) {
    static constexpr std::string_view words[] = {"Created", "Deleted", "Defined", "Undefined"};
    return pick(words, event);
}

}  // namespace virtue::shell
