#include "model/domain/audio.h"

namespace virtue::model {

void map_audio_of(xml::Mapper& m, std::optional<uint32_t>& id) {
    if (m.writing() && !id) return;
    m.required_of("audio", "id", id);
    if (m.reading() && id == 0u)
        m.fail(ErrorCode::xml_error, ErrorDomain::xml, "audio: 'id' must be a positive integer");
}

void map(xml::Mapper& m, Sound& s) {
    m.required("model", s.model);
    if (m.reading()) {
        m.each("codec", [&] {
            SoundCodec codec{};
            m.required("type", codec);
            // Only the intel-hda family has codecs; elsewhere they are forgotten.
            if (s.model == SoundModel::ich6 || s.model == SoundModel::ich9) s.codecs.push_back(codec);
        });
    } else {
        for (SoundCodec codec : s.codecs) m.attribute_of("codec", "type", codec);
    }
    map_audio_of(m, s.audio_id);
    map_info(m, s.info);
}

void map(xml::Mapper& m, AudioStream& s) {
    m.attribute("mixingEngine", s.mixing_engine);
    m.attribute("fixedSettings", s.fixed_settings);
    m.positive("voices", s.voices);
    m.positive("bufferLength", s.buffer_length);
    m.attribute("dev", s.dev);
    m.attribute("bufferCount", s.buffer_count, 0);
    m.attribute("tryPoll", s.try_poll);
    m.attribute("name", s.name);
    m.attribute("streamName", s.stream_name);
    m.attribute("latency", s.latency, 0);
    m.attribute("serverName", s.server_name);
    m.attribute("clientName", s.client_name);
    m.attribute("connectPorts", s.connect_ports);
    m.attribute("exactName", s.exact_name);
    m.group("settings", [&] {
        static constexpr std::string_view formats[] = {"s8", "u8", "s16", "u16", "s32", "u32", "f32"};
        m.positive("frequency", s.frequency);
        m.positive("channels", s.channels);
        m.words("format", formats);
        m.attribute("format", s.format);
    });
}

void map(xml::Mapper& m, Audio& a) {
    m.required("id", a.id);
    m.required("type", a.type);
    if (m.reading() && a.id == 0) m.fail_value("id", "0", "a positive integer");
    m.positive("timerPeriod", a.timer_period);
    if (a.type == AudioType::pulseaudio) m.attribute("serverName", a.server_name);
    if (a.type == AudioType::sdl) {
        static constexpr std::string_view drivers[] = {"esd", "alsa", "arts", "pulseaudio"};
        m.words("driver", drivers);
        m.attribute("driver", a.driver);
    }
    if (a.type == AudioType::file) m.attribute("path", a.path);
    if (a.type == AudioType::oss) {
        m.attribute("tryMMap", a.try_mmap);
        m.attribute("exclusive", a.exclusive);
        m.attribute("dspPolicy", a.dsp_policy);
        if (m.reading() && a.dsp_policy && *a.dsp_policy < 0) m.fail("cannot parse 'dspPolicy'");
    }
    m.child("input", a.input);
    m.child("output", a.output);
}

}  // namespace virtue::model
