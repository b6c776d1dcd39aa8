// <sound> cards of the guest and the <audio> back ends of the host. Value types.
#pragma once
#include "model/domain/device_info.h"

namespace virtue::model {

enum class SoundModel : uint8_t { sb16, es1370, pcspk, ac97, ich6, ich9, usb, ich7 };
VIRTUE_XML_NAMES(SoundModel, "sb16", "es1370", "pcspk", "ac97", "ich6", "ich9", "usb", "ich7")
enum class SoundCodec : uint8_t { duplex, micro, output };
VIRTUE_XML_NAMES(SoundCodec, "duplex", "micro", "output")

struct Sound {
    static constexpr const char* element = "sound";
    SoundModel model = SoundModel::sb16;
    std::vector<SoundCodec> codecs;
    std::optional<uint32_t> audio_id;
    DeviceInfo info;
    bool operator==(const Sound&) const = default;
};
void map(xml::Mapper& m, Sound& sound);
/// <audio id=…>: the back end that a device plays through.
void map_audio_of(xml::Mapper& m, std::optional<uint32_t>& id);

enum class AudioType : uint8_t { none, alsa, coreaudio, jack, oss, pulseaudio, sdl, spice, file, dbus };
VIRTUE_XML_NAMES(AudioType, "none", "alsa", "coreaudio", "jack", "oss", "pulseaudio", "sdl", "spice", "file", "dbus")

/// One direction of an audio back end. Which members count depends on the type.
struct AudioStream {
    xml::YesNo mixing_engine = xml::YesNo::absent;
    xml::YesNo fixed_settings = xml::YesNo::absent;
    uint32_t voices = 0;
    uint32_t buffer_length = 0;
    uint32_t frequency = 0;
    uint32_t channels = 0;
    std::string format;
    std::string dev;                           ///< alsa, oss
    uint32_t buffer_count = 0;                 ///< coreaudio, oss, sdl
    xml::YesNo try_poll = xml::YesNo::absent;  ///< oss
    std::string name, stream_name;             ///< pulseaudio
    uint32_t latency = 0;
    std::string server_name, client_name, connect_ports;  ///< jack
    xml::YesNo exact_name = xml::YesNo::absent;
    bool operator==(const AudioStream&) const = default;
};
void map(xml::Mapper& m, AudioStream& stream);

struct Audio {
    static constexpr const char* element = "audio";
    uint32_t id = 0;
    AudioType type = AudioType::none;
    uint32_t timer_period = 0;
    std::string server_name;
    std::string driver;
    std::string path;
    xml::YesNo try_mmap = xml::YesNo::absent;
    xml::YesNo exclusive = xml::YesNo::absent;
    std::optional<int> dsp_policy;
    AudioStream input, output;
    bool operator==(const Audio&) const = default;
};
void map(xml::Mapper& m, Audio& audio);

}  // namespace virtue::model
