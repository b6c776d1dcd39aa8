// <panic>: how a guest tells that its kernel crashed. The struct, and map(), which reads, writes, checks and describes
// it. Value types.
#pragma once
#include "model/domain/device_info.h"

namespace virtue::model {

enum class PanicModel : uint8_t { absent, isa, pseries, hyperv, s390 };
VIRTUE_XML_NAMES(PanicModel, "", "isa", "pseries", "hyperv", "s390")

struct Panic {
    static constexpr const char* element = "panic";
    PanicModel model = PanicModel::absent;
    DeviceInfo info;
    bool operator==(const Panic&) const = default;
};

inline void map(xml::Mapper& m, Panic& p) {
    if (m.reading() && m.given("model") && !xml::from_name<PanicModel>(*m.read_attribute<PanicModel>("model")))
        m.fail(ErrorCode::config_unsupported,
               "unknown panic model '" + std::string(*m.read_attribute<PanicModel>("model")) + "'");
    m.attribute("model", p.model);
    map_info(m, p.info);
}

}  // namespace virtue::model
