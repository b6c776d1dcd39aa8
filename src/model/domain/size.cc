#include "model/domain/size.h"

#include <fmt/format.h>

namespace virtue::model {

void fail_unit(xml::Mapper& m, std::string_view unit) {
    m.fail(ErrorCode::invalid_arg, ErrorDomain::none, fmt::format("unknown suffix '{}'", unit));
}

void map(xml::Mapper& m, Kibibytes& size) {
    std::string unit = m.writing() ? "KiB" : "";
    m.attribute("unit", unit);
    if (m.writing()) {
        m.text(size.count);
        return;
    }
    uint64_t value = 0;
    m.text(value);
    const auto bytes = xml::scale(value, unit.empty() ? "KiB" : unit);
    if (!bytes && xml::scale(0, unit))
        m.fail(ErrorCode::overflow, fmt::format("{} {} is more than can be counted", value, unit));
    if (!bytes) fail_unit(m, unit);
    size.count = *bytes / 1024 + (*bytes % 1024 != 0 ? 1 : 0);
}

void map(xml::Mapper& m, SizeWithUnit& size) {
    m.attribute("unit", size.unit);
    m.text(size.count);
}

void map_nonzero(xml::Mapper& m, const char* name, Kibibytes& size) {
    if (m.reading() || size.count != 0) m.child(name, size);
}

}  // namespace virtue::model
