#include "model/domain/clock.h"

#include <fmt/format.h>

namespace virtue::model {

void map(xml::Mapper& m, Timer& t) {
    m.required("name", t.name);
    m.attribute("present", t.present);
    m.attribute("tickpolicy", t.tickpolicy);
    m.attribute("track", t.track);
    m.attribute("frequency", t.frequency, 0);
    m.attribute("mode", t.mode);
    if (m.reading() && m.has("catchup") && t.tickpolicy != TickPolicy::catchup)
        m.disagree("setting of timer catchup policies is only supported with tickpolicy='catchup'");
    m.group("catchup", [&] {
        m.attribute("threshold", t.catchup.threshold, 0);
        m.attribute("slew", t.catchup.slew, 0);
        m.attribute("limit", t.catchup.limit, 0);
    });
}

namespace {

void write_offset(xml::Mapper& m, Clock& c) {
    m.attribute("offset", c.offset);
    switch (c.offset) {
        case ClockOffset::utc:
        case ClockOffset::localtime:
            if (c.adjustment_reset) m.writer().attribute("adjustment", "reset");
            break;
        case ClockOffset::variable:
            m.attribute("adjustment", c.adjustment);
            m.attribute("basis", c.basis);
            if (m.options().status) m.attribute("adjustment0", c.adjustment0, 0);
            break;
        case ClockOffset::timezone:
            m.attribute("timezone", c.timezone);
            break;
        case ClockOffset::absolute:
            m.attribute("start", c.start);
            break;
    }
}

void read_offset(xml::Mapper& m, Clock& c) {
    m.attribute("offset", c.offset);
    auto adjustment = m.read_attribute("adjustment");
    // What is no number counts as none.
    const auto number = [&] {
        const auto n = xml::parse_signed(*adjustment, INT64_MIN, INT64_MAX);
        if (!n && m.options().validate) m.fail_value("adjustment", *adjustment, "'reset' or a number of seconds");
        return n.value_or(0);
    };
    m.attribute("basis", c.basis);
    m.attribute("adjustment0", c.adjustment0);
    m.attribute("timezone", c.timezone);
    m.attribute("start", c.start);
    switch (c.offset) {
        case ClockOffset::utc:
        case ClockOffset::localtime:
            if (!adjustment) break;
            if (*adjustment == "reset") {
                c.adjustment_reset = true;
                break;
            }
            // A number makes it a clock of its own, kept across restarts.
            c.adjustment = number();
            c.basis = c.offset == ClockOffset::utc ? ClockBasis::utc : ClockBasis::localtime;
            c.offset = ClockOffset::variable;
            break;
        case ClockOffset::variable:
            if (adjustment) c.adjustment = number();
            break;
        case ClockOffset::timezone:
            if (c.timezone.empty())
                m.disagree(ErrorCode::internal_error, "missing 'timezone' attribute for clock with offset='timezone'");
            break;
        case ClockOffset::absolute:
            if (!m.given("start")) m.fail_missing_attribute("start");
            break;
    }
}

}  // namespace

void map(xml::Mapper& m, Clock& c) {
    m.writing() ? write_offset(m, c) : read_offset(m, c);
    m.children("timer", c.timers);
}

}  // namespace virtue::model
