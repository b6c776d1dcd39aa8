// <shmem>: memory shared between guests. The struct, and map(), which reads, writes, checks and describes it. Value
// types.
#pragma once
#include "model/domain/device_info.h"
#include "model/domain/size.h"

namespace virtue::model {

enum class ShmemModel : uint8_t { ivshmem, ivshmem_plain, ivshmem_doorbell };
VIRTUE_XML_NAMES(ShmemModel, "ivshmem", "ivshmem-plain", "ivshmem-doorbell")

struct Shmem {
    static constexpr const char* element = "shmem";
    std::string name;
    std::string role;
    ShmemModel model = ShmemModel::ivshmem_plain;
    uint64_t size = 0;  ///< bytes, 0: not given
    bool has_server = false;
    std::string server_path;
    bool has_msi = false;
    uint32_t vectors = 0;
    xml::Switch ioeventfd = xml::Switch::absent;
    DeviceInfo info;
    bool operator==(const Shmem&) const = default;
};

inline void map(xml::Mapper& m, Shmem& s) {
    if (m.reading() && !m.given("name")) m.fail("shmem element must contain 'name' attribute");
    m.attribute("name", s.name);
    static constexpr std::string_view roles[] = {"master", "peer"};
    m.words("role", roles);
    m.attribute("role", s.role);
    if (m.reading()) s.model = ShmemModel::ivshmem;
    m.attribute_of("model", "type", s.model);
    if (m.reading() ? m.has("size") : s.size != 0) {
        m.group("size", [&] {
            std::string unit = m.writing() ? "M" : "";
            m.attribute("unit", unit);
            uint64_t shown = s.size >> 20;
            m.text(shown);
            if (m.writing()) return;
            auto bytes = xml::scale(shown, unit);
            if (!bytes) fail_unit(m, unit);
            s.size = *bytes;
        });
    }
    if (m.reading() || s.has_server) {
        m.group(
            "server",
            [&] {
                s.has_server = true;
                m.attribute("path", s.server_path);
            },
            true);
    }
    if (m.reading() || s.has_msi) {
        m.group(
            "msi",
            [&] {
                s.has_msi = true;
                m.attribute("vectors", s.vectors, 0);
                m.attribute("ioeventfd", s.ioeventfd);
            },
            true);
    }
    map_info(m, s.info);
    if (m.writing()) return;
    if (s.name.find('/') != std::string::npos) m.fail(ErrorCode::xml_error, "shmem name cannot include '/'");
    if (s.has_msi && !s.has_server) m.disagree("msi option is only supported with a server");
}

}  // namespace virtue::model
