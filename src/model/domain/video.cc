#include "model/domain/video.h"

#include <fmt/format.h>

namespace virtue::model {

VIRTUE_BIG_VALUE_CODE(Video);

namespace {

void map_kib(xml::Mapper& m, const char* name, uint32_t& value) {
    if (m.writing()) return m.attribute(name, value, 0);
    auto text = m.read_attribute(name);
    if (!text || text->empty()) return;
    auto number = xml::parse_unsigned(*text, UINT32_MAX);
    if (!number) m.fail(fmt::format("cannot parse video {} '{}'", name, *text));
    value = static_cast<uint32_t>(*number);
}

void map_model(xml::Mapper& m, Video& v) {
    const auto type = m.reading() ? m.read_attribute<VideoModel>("type") : std::nullopt;
    if (type && !type->empty() && !xml::from_name<VideoModel>(*type))
        m.fail(ErrorCode::config_unsupported,
               fmt::format("unknown video model '{}'", *m.read_attribute<VideoModel>("type")));
    // A model without a word is the machine's usual one.
    if (m.writing() || (type && !type->empty())) m.attribute("type", v.model);
    map_kib(m, "ram", v.ram);
    map_kib(m, "vram", v.vram);
    map_kib(m, "vram64", v.vram64);
    map_kib(m, "vgamem", v.vgamem);
    m.attribute("heads", v.heads, 0);
    const bool many = v.model == VideoModel::qxl || v.model == VideoModel::virtio || v.model == VideoModel::absent;
    if (m.reading() && !many && v.heads == 0 && m.given("heads") && !m.read_attribute("heads")->empty())
        throw xml::Disagreement(ErrorCode::config_unsupported, ErrorDomain::qemu,
                                fmt::format("{}: video type '{}' doesn't support multiple 'heads'", m.element().path(),
                                            xml::to_name(v.model)));
    if (m.reading() && v.model == VideoModel::none) v.heads = 0;
    m.attribute("primary", v.primary, false);
    if (m.reading() && v.model != VideoModel::qxl) {
        const auto refuse = [&](const char* name, uint32_t value) {
            if (value != 0)
                m.fail(ErrorCode::config_unsupported,
                       fmt::format("{} attribute only supported for video type qxl", name));
        };
        refuse("ram", v.ram);
        refuse("vram64", v.vram64);
        refuse("vgamem", v.vgamem);
    }
    m.group("acceleration", [&] {
        if (m.reading()) v.has_acceleration = true;
        m.attribute("accel2d", v.acceleration.accel2d);
        m.attribute("accel3d", v.acceleration.accel3d);
        m.attribute("rendernode", v.acceleration.rendernode);
    });
    if (m.writing() && v.x == 0 && v.y == 0) return;
    m.group("resolution", [&] {
        if (m.reading()) v.has_resolution = true;
        m.required("x", v.x);
        m.required("y", v.y);
    });
}

}  // namespace

void map(xml::Mapper& m, Video& v) {
    m.group("driver", [&] {
        map(m, v.virtio);
        m.attribute("name", v.backend);
        m.attribute("vgaconf", v.vgaconf);
    });
    m.group("model", [&] { map_model(m, v); });
    map_info(m, v.info);
}

}  // namespace virtue::model
