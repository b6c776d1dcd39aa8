// <clock>: what time the guest's real-time clock shows, and its timers. Value types.
#pragma once
#include "xml/mapper.h"

namespace virtue::model {

enum class ClockOffset : uint8_t { utc, localtime, variable, timezone, absolute };
VIRTUE_XML_NAMES(ClockOffset, "utc", "localtime", "variable", "timezone", "absolute")
enum class ClockBasis : uint8_t { utc, localtime };
VIRTUE_XML_NAMES(ClockBasis, "utc", "localtime")
enum class TimerName : uint8_t { platform, pit, rtc, hpet, tsc, kvmclock, hypervclock, armvtimer };
VIRTUE_XML_NAMES(TimerName, "platform", "pit", "rtc", "hpet", "tsc", "kvmclock", "hypervclock", "armvtimer")
enum class TimerTrack : uint8_t { absent, boot, guest, wall, realtime };
VIRTUE_XML_NAMES(TimerTrack, "", "boot", "guest", "wall", "realtime")
enum class TickPolicy : uint8_t { absent, delay, catchup, merge, discard };
VIRTUE_XML_NAMES(TickPolicy, "", "delay", "catchup", "merge", "discard")
enum class TimerMode : uint8_t { absent, automatic, native, emulate, paravirt, smpsafe };
VIRTUE_XML_NAMES(TimerMode, "", "auto", "native", "emulate", "paravirt", "smpsafe")

struct TimerCatchup {
    uint64_t threshold = 0, slew = 0, limit = 0;
    bool operator==(const TimerCatchup&) const = default;
};

struct Timer {
    TimerName name = TimerName::platform;
    xml::YesNo present = xml::YesNo::absent;
    TickPolicy tickpolicy = TickPolicy::absent;
    TimerTrack track = TimerTrack::absent;
    uint64_t frequency = 0;  ///< Hz, tsc
    TimerMode mode = TimerMode::absent;
    TimerCatchup catchup;
    bool operator==(const Timer&) const = default;
};
void map(xml::Mapper& m, Timer& timer);

struct Clock {
    ClockOffset offset = ClockOffset::utc;
    bool adjustment_reset = false;  ///< utc, localtime: <clock adjustment='reset'>
    int64_t adjustment = 0;         ///< variable: seconds against the basis
    int64_t adjustment0 = 0;        ///< what it was at the start of the guest
    ClockBasis basis = ClockBasis::utc;
    std::string timezone;
    uint64_t start = 0;  ///< absolute: seconds since 1970
    std::vector<Timer> timers;
    bool operator==(const Clock&) const = default;
};
void map(xml::Mapper& m, Clock& clock);

}  // namespace virtue::model
