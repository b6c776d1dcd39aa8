// <watchdog>: resets or stops a guest that hangs. The struct, and map(), which reads, writes, checks and describes it.
// Value types.
#pragma once
#include "model/domain/device_info.h"

namespace virtue::model {

enum class WatchdogModel : uint8_t { i6300esb, ib700, diag288 };
VIRTUE_XML_NAMES(WatchdogModel, "i6300esb", "ib700", "diag288")
enum class WatchdogAction : uint8_t { reset, shutdown, poweroff, pause, dump, none, inject_nmi };
VIRTUE_XML_NAMES(WatchdogAction, "reset", "shutdown", "poweroff", "pause", "dump", "none", "inject-nmi")

struct Watchdog {
    static constexpr const char* element = "watchdog";
    WatchdogModel model = WatchdogModel::i6300esb;
    WatchdogAction action = WatchdogAction::reset;
    DeviceInfo info;
    bool operator==(const Watchdog&) const = default;
};

inline void map(xml::Mapper& m, Watchdog& w) {
    if (m.reading()) {
        auto model = m.read_attribute<WatchdogModel>("model");
        if (!model) m.fail(ErrorCode::internal_error, "watchdog must contain model name");
        if (!xml::from_name<WatchdogModel>(*model))
            m.fail(ErrorCode::config_unsupported, "unknown watchdog model '" + std::string(*model) + "'");
        auto action = m.read_attribute<WatchdogAction>("action");
        if (action && !xml::from_name<WatchdogAction>(*action))
            m.fail(ErrorCode::config_unsupported, "unknown watchdog action '" + std::string(*action) + "'");
    }
    m.attribute("model", w.model);
    m.attribute("action", w.action);
    map_info(m, w.info);
}

}  // namespace virtue::model
