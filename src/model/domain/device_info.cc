#include "model/domain/device_info.h"

#include <fmt/format.h>

namespace virtue::model {

VIRTUE_BIG_VALUE_CODE(DeviceInfo);

namespace {

void map_boot(xml::Mapper& m, DeviceInfo& info) {
    if (m.writing() && info.boot_order == 0) return;
    m.group("boot", [&] {
        m.required("order", info.boot_order);
        m.attribute("loadparm", info.loadparm);
        if (m.writing()) return;
        if (info.boot_order == 0) m.fail_value("order", "0", "a positive integer");
        for (char& c : info.loadparm) {
            c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
            if (std::isalnum(static_cast<unsigned char>(c)) == 0 && c != '.' && c != ' ')
                m.fail(ErrorCode::internal_error,
                       fmt::format("invalid loadparm value '{}', expecting letters, digits, dots and blanks",
                                   info.loadparm));
        }
        if (m.given("loadparm") && (info.loadparm.empty() || info.loadparm.size() > 8))
            m.fail(ErrorCode::internal_error,
                   fmt::format("loadparm value '{}' must be between 1 and 8 characters", info.loadparm));
    });
}

void map_alias(xml::Mapper& m, DeviceInfo& info) {
    if (m.writing()) {
        if (info.alias.empty() || (m.options().inactive && !info.has_user_alias())) return;
        m.attribute_of("alias", "name", info.alias);
        return;
    }
    m.attribute_of("alias", "name", info.alias);
    if (m.options().inactive && !info.has_user_alias()) info.alias.clear();
    if (info.has_user_alias() &&
        info.alias.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-") !=
            std::string::npos)
        info.alias.clear();
}

}  // namespace

void map_info(xml::Mapper& m, DeviceInfo& info, InfoParts parts) {
    if ((static_cast<int>(parts) & static_cast<int>(InfoParts::boot)) != 0) map_boot(m, info);
    map_alias(m, info);
    if (m.reading() || info.master_startport) m.attribute_of("master", "startport", info.master_startport);
    if ((static_cast<int>(parts) & static_cast<int>(InfoParts::rom)) != 0) {
        m.group("rom", [&] {
            m.attribute("enabled", info.rom_enabled);
            m.attribute("bar", info.rom_bar);
            m.attribute("file", info.rom_file);
        });
    }
    if (m.reading() || info.acpi_index != 0) m.attribute_of("acpi", "index", info.acpi_index);
    if (m.reading() && info.acpi_index == 0 && m.has("acpi") && m.element().child("acpi").attribute("index"))
        m.fail(ErrorCode::xml_error, ErrorDomain::xml,
               "Invalid value for attribute 'index' in element 'acpi': Zero is not permitted");
    if (m.reading() || !info.address.is(AddressType::none)) m.child("address", info.address);
}

void map(xml::Mapper& m, VirtioOptions& o) {
    m.attribute("iommu", o.iommu);
    m.attribute("ats", o.ats);
    m.attribute("packed", o.packed);
    m.attribute("page_per_vq", o.page_per_vq);
}

void map(xml::Mapper& m, DeviceSecurityLabel& s) {
    m.attribute("model", s.model);
    m.attribute("relabel", s.relabel);
    m.attribute("labelskip", s.labelskip, false);
    m.value("label", s.label);
    // Skipping is what a start found out; a definition does not keep it.
    if (m.reading() && m.options().inactive && s.labelskip) s.model.clear();
}

}  // namespace virtue::model
