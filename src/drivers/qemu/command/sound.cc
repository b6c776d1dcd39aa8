#include <fmt/format.h>

#include "drivers/qemu/command/devices.h"

namespace virtue::qemu {

using model::Audio;
using model::AudioStream;
using model::AudioType;
using model::Sound;
using model::SoundCodec;
using model::SoundModel;

namespace {

void set_yes_no(Json& json, const char* key, xml::YesNo value) {
    if (value != xml::YesNo::absent) json.set(key, value == xml::YesNo::yes);
}

void set_number(Json& json, const char* key, uint32_t value) {
    if (value != 0) json.set(key, value);
}

void set_text(Json& json, const char* key, const std::string& value) {
    if (!value.empty()) json.set(key, value);
}

Json stream(const Audio& audio, const AudioStream& side) {
    Json json = Json::object();
    set_yes_no(json, "mixing-engine", side.mixing_engine);
    set_yes_no(json, "fixed-settings", side.fixed_settings);
    set_number(json, "voices", side.voices);
    set_number(json, "buffer-length", side.buffer_length);
    set_number(json, "frequency", side.frequency);
    set_number(json, "channels", side.channels);
    set_text(json, "format", side.format);
    switch (audio.type) {
        case AudioType::alsa:
            set_text(json, "dev", side.dev);
            break;
        case AudioType::oss:
            set_text(json, "dev", side.dev);
            set_number(json, "buffer-count", side.buffer_count);
            set_yes_no(json, "try-poll", side.try_poll);
            break;
        case AudioType::coreaudio:
        case AudioType::sdl:
            set_number(json, "buffer-count", side.buffer_count);
            break;
        case AudioType::jack:
            set_text(json, "server-name", side.server_name);
            set_text(json, "client-name", side.client_name);
            set_text(json, "connect-ports", side.connect_ports);
            set_yes_no(json, "exact-name", side.exact_name);
            break;
        case AudioType::pulseaudio:
            set_text(json, "name", side.name);
            set_text(json, "stream-name", side.stream_name);
            set_number(json, "latency", side.latency);
            break;
        case AudioType::none:
        case AudioType::spice:
        case AudioType::file:
        case AudioType::dbus:
            break;
    }
    return json;
}

const char* audio_driver(AudioType type) {
    if (type == AudioType::pulseaudio) return "pa";
    if (type == AudioType::file) return "wav";
    return xml::to_name(type).data();
}

std::string audio_of(const Sound& sound, std::span<const Audio> audios) {
    if (sound.audio_id) return fmt::format("audio{}", *sound.audio_id);
    return audios.empty() ? std::string() : fmt::format("audio{}", audios.front().id);
}

const char* sound_driver(SoundModel model) {
    switch (model) {
        case SoundModel::es1370:
            return "ES1370";
        case SoundModel::ac97:
            return "AC97";
        case SoundModel::ich6:
            return "intel-hda";
        case SoundModel::ich9:
            return "ich9-intel-hda";
        case SoundModel::usb:
            return "usb-audio";
        case SoundModel::sb16:
            return "sb16";
        case SoundModel::pcspk:
        case SoundModel::ich7:
            return nullptr;
    }
    return nullptr;
}

const char* codec_driver(SoundCodec codec) {
    if (codec == SoundCodec::micro) return "hda-micro";
    return codec == SoundCodec::output ? "hda-output" : "hda-duplex";
}

void add_codec(Builder& builder, const Sound& sound, SoundCodec codec, size_t number, const std::string& audio) {
    Json json = Json::object({{"driver", codec_driver(codec)},
                              {"id", fmt::format("{}-codec{}", sound.info.alias, number)},
                              {"bus", fmt::format("{}.0", sound.info.alias)},
                              {"cad", number}});
    set_text(json, "audiodev", audio);
    builder.add_device(std::move(json));
}

}  // namespace

void add_audio(Builder& builder, const Audio& audio) {
    Json json = Json::object({{"id", fmt::format("audio{}", audio.id)}, {"driver", audio_driver(audio.type)}});
    set_number(json, "timer-period", audio.timer_period);
    if (audio.type == AudioType::pulseaudio) set_text(json, "server", audio.server_name);
    if (audio.type == AudioType::oss) {
        set_yes_no(json, "try-mmap", audio.try_mmap);
        set_yes_no(json, "exclusive", audio.exclusive);
        if (audio.dsp_policy) json.set("dsp-policy", *audio.dsp_policy);
    }
    if (audio.type == AudioType::file) set_text(json, "path", audio.path);
    Json in = stream(audio, audio.input);
    Json out = stream(audio, audio.output);
    if (!in.members().empty()) json.set("in", std::move(in));
    if (!out.members().empty()) json.set("out", std::move(out));
    builder.add_json("-audiodev", json);
}

void add_sound(Builder& builder, const Sound& sound, std::span<const Audio> audios) {
    const std::string audio = audio_of(sound, audios);
    if (sound.model == SoundModel::pcspk) {
        builder.add("-soundhw", "pcspk");
        return;
    }
    const char* driver = sound_driver(sound.model);
    if (driver == nullptr) {
        refuse_config(fmt::format("sound card model '{}' is not supported by QEMU", xml::to_name(sound.model)));
    }
    Json json = Json::object({{"driver", driver}, {"id", sound.info.alias}});
    const bool hda = sound.model == SoundModel::ich6 || sound.model == SoundModel::ich9;
    if (!hda) set_text(json, "audiodev", audio);
    builder.set_address(json, sound.info);
    builder.add_device(std::move(json));
    if (!hda) return;
    for (size_t i = 0; i < sound.codecs.size(); i++) add_codec(builder, sound, sound.codecs[i], i, audio);
    if (sound.codecs.empty()) add_codec(builder, sound, SoundCodec::duplex, 0, audio);
}

}  // namespace virtue::qemu
