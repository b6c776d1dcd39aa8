// <video>: the guest's graphics card. Value types.
#pragma once
#include "base/big_value.h"
#include "model/domain/device_info.h"

namespace virtue::model {

enum class VideoModel : uint8_t {
    absent,
    vga,
    cirrus,
    vmvga,
    xen,
    vbox,
    qxl,
    parallels,
    virtio,
    gop,
    none,
    bochs,
    ramfb
};
VIRTUE_XML_NAMES(VideoModel, "", "vga", "cirrus", "vmvga", "xen", "vbox", "qxl", "parallels", "virtio", "gop", "none",
                 "bochs", "ramfb")
enum class VideoBackend : uint8_t { absent, qemu, vhostuser };
VIRTUE_XML_NAMES(VideoBackend, "", "qemu", "vhostuser")
enum class VgaConf : uint8_t { absent, io, on, off };
VIRTUE_XML_NAMES(VgaConf, "", "io", "on", "off")

struct VideoAcceleration {
    xml::YesNo accel2d = xml::YesNo::absent;
    xml::YesNo accel3d = xml::YesNo::absent;
    std::string rendernode;
    bool operator==(const VideoAcceleration&) const = default;
};

struct Video {
    VIRTUE_BIG_VALUE(Video);
    static constexpr const char* element = "video";
    VideoBackend backend = VideoBackend::absent;
    VgaConf vgaconf = VgaConf::absent;
    VirtioOptions virtio;
    VideoModel model = VideoModel::absent;
    uint32_t ram = 0;     ///< KiB, qxl
    uint32_t vram = 0;    ///< KiB
    uint32_t vram64 = 0;  ///< KiB, qxl
    uint32_t vgamem = 0;  ///< KiB, qxl
    uint32_t heads = 0;
    bool primary = false;
    bool has_acceleration = false;
    VideoAcceleration acceleration;
    bool has_resolution = false;
    uint32_t x = 0, y = 0;  ///< resolution
    DeviceInfo info;
    bool operator==(const Video&) const = default;
};
void map(xml::Mapper& m, Video& video);

}  // namespace virtue::model
