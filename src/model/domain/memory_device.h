// <memory> in <devices>: memory modules and persistent memory. The struct, and map(), which reads, writes, checks and
// describes it. Value types.
#pragma once
#include "model/domain/device_info.h"
#include "model/domain/size.h"

namespace virtue::model {

enum class MemoryModel : uint8_t { absent, dimm, nvdimm, virtio_pmem, virtio_mem, sgx_epc };
VIRTUE_XML_NAMES(MemoryModel, "", "dimm", "nvdimm", "virtio-pmem", "virtio-mem", "sgx-epc")

struct MemoryDevice {
    static constexpr const char* element = "memory";
    MemoryModel model = MemoryModel::dimm;
    std::string access;
    xml::YesNo discard = xml::YesNo::absent;
    std::optional<Uuid> uuid;
    // source
    Kibibytes page_size;
    Bitmap nodes;
    std::string path;
    Kibibytes align_size;
    bool pmem = false;
    // target
    Kibibytes size;
    int node = -1;
    Kibibytes block, requested, current;
    Kibibytes label_size;
    bool readonly = false;
    DeviceInfo info;
    bool operator==(const MemoryDevice&) const = default;
};

inline void map_memory_source(xml::Mapper& m, MemoryDevice& d) {
    m.group("source", [&] {
        if (d.model == MemoryModel::dimm || d.model == MemoryModel::virtio_mem || d.model == MemoryModel::sgx_epc) {
            m.value("nodemask", d.nodes);
            if (d.model != MemoryModel::sgx_epc) map_nonzero(m, "pagesize", d.page_size);
            return;
        }
        m.value("path", d.path);
        if (m.reading() && d.path.empty())
            m.fail(ErrorCode::xml_detail, "path is required for model '" + std::string(xml::to_name(d.model)) + "'");
        map_nonzero(m, "alignsize", d.align_size);
        m.flag("pmem", d.pmem);
    });
}

inline void map_memory_target(xml::Mapper& m, MemoryDevice& d) {
    if (m.reading() && !m.has("target")) m.fail("missing required target configuration");
    m.group("target", [&] {
        if (m.reading() && !m.has("size"))
            m.fail(ErrorCode::xml_error, ErrorDomain::xml, "missing element or attribute './size'");
        m.child("size", d.size);
        m.value("node", d.node, -1);
        const bool told = m.reading() && m.has("node") && !m.element().child("node").text().empty();
        if (told && d.node < 0) m.fail("invalid value of memory device node");
        map_nonzero(m, "block", d.block);
        if (m.reading() || d.model == MemoryModel::virtio_mem) m.child("requested", d.requested);
        if (m.writing() && d.model == MemoryModel::virtio_mem && !m.options().inactive) m.child("current", d.current);
        if (m.reading()) m.child("current", d.current);
        if (m.reading() || d.label_size.count != 0) m.group("label", [&] { m.child("size", d.label_size); });
        m.flag("readonly", d.readonly);
    });
}

inline void map(xml::Mapper& m, MemoryDevice& d) {
    if (m.reading() && !m.given("model")) m.fail_missing_attribute("model");
    m.attribute("model", d.model);
    static constexpr std::string_view accesses[] = {"shared", "private"};
    m.words("access", accesses);
    m.attribute("access", d.access);
    m.attribute("discard", d.discard);
    if (d.model == MemoryModel::nvdimm || m.reading()) m.value("uuid", d.uuid);
    map_memory_source(m, d);
    map_memory_target(m, d);
    map_info(m, d.info);
}

}  // namespace virtue::model
