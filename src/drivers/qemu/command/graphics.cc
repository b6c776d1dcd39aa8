#include <fmt/format.h>

#include "drivers/qemu/command/devices.h"

namespace virtue::qemu {

using model::Graphics;
using model::GraphicsListen;
using model::GraphicsType;
using model::ListenType;

namespace {

std::string audio_option(const Graphics& graphics, std::span<const model::Audio> audios) {
    if (graphics.audio_id) return fmt::format(",audiodev=audio{}", *graphics.audio_id);
    return audios.empty() ? std::string() : fmt::format(",audiodev=audio{}", audios.front().id);
}

const GraphicsListen* first_listen(const Graphics& graphics) {
    return graphics.listens.empty() ? nullptr : &graphics.listens.front();
}

std::string bracketed(const std::string& address) {
    return address.find(':') == std::string::npos ? address : fmt::format("[{}]", address);
}

void add_vnc(Builder& builder, const Graphics& graphics, std::span<const model::Audio> audios) {
    const LaunchContext& context = builder.context;
    const GraphicsListen* listen = first_listen(graphics);
    std::string text;
    if (listen != nullptr && listen->type == ListenType::socket) {
        // One without a name gets it at the start.
        const std::string own =
            fmt::format("{}/{}/vnc.sock", context.paths.library, short_name(context.domain_id, builder.shape.name));
        text = fmt::format("vnc=unix:{}", escape_commas(listen->socket.empty() ? own : listen->socket));
    } else if (listen != nullptr && listen->type == ListenType::none) {
        text = "none";
    } else {
        const std::string address =
            listen != nullptr && !listen->address.empty() ? listen->address : context.vnc_listen;
        if (graphics.port < 5900 && context.domain_id >= 0) {
            fail(ErrorCode::internal_error, ErrorDomain::qemu, "VNC port {} was not allotted before the start",
                 graphics.port);
        }
        if (graphics.port != 0 && (graphics.port < 5900 || graphics.port > 65535))
            refuse_config("vnc port must be in range [5900,65535]");
        // Display numbers count from port 5900; a text without a port allotted shows the first.
        text = fmt::format("{}:{}", bracketed(address), graphics.port >= 5900 ? graphics.port - 5900 : 0);
        // -1 is a port that is allotted at the start.
        if (graphics.websocket != 0) text += fmt::format(",websocket={}", graphics.websocket);
    }
    if (graphics.share_policy != model::VncSharePolicy::absent) {
        text += fmt::format(",share={}", xml::to_name(graphics.share_policy));
    }
    if (graphics.password) text += ",password=on";
    if (context.vnc_tls) {
        builder.add_json("-object", Json::object({{"qom-type", "tls-creds-x509"},
                                                  {"id", "vnc-tls-creds0"},
                                                  {"dir", context.vnc_tls_folder},
                                                  {"endpoint", "server"},
                                                  {"verify-peer", false}}));
        text += ",tls-creds=vnc-tls-creds0";
    }
    if (context.vnc_sasl) text += ",sasl=on";
    if (graphics.power_control != xml::YesNo::absent) {
        text += fmt::format(",power-control={}", on_off_word(graphics.power_control == xml::YesNo::yes));
    }
    text += audio_option(graphics, audios);
    builder.add("-vnc", text);
    if (!graphics.keymap.empty()) builder.add("-k", graphics.keymap);
}

std::string spice_channels(const Graphics& graphics) {
    using model::SpiceChannelMode;
    std::string text;
    if (graphics.default_mode == SpiceChannelMode::secure) text += "tls-channel=default,";
    if (graphics.default_mode == SpiceChannelMode::insecure) text += "plaintext-channel=default,";
    for (const model::SpiceChannel& channel : graphics.channels) {
        if (channel.mode == SpiceChannelMode::any) continue;
        const char* kind = channel.mode == SpiceChannelMode::secure ? "tls-channel" : "plaintext-channel";
        text += fmt::format("{}={},", kind, xml::to_name(channel.name));
    }
    return text;
}

// Channels that must be secure need TLS to be so.
void require_tls(const Graphics& graphics) {
    using model::SpiceChannelMode;
    if (graphics.default_mode == SpiceChannelMode::secure)
        refuse_config("spice defaultMode secure requested in XML configuration, but TLS connection is not available");
    for (const model::SpiceChannel& channel : graphics.channels)
        if (channel.mode == SpiceChannelMode::secure)
            refuse_config("spice secure channels set in XML configuration, but TLS connection is not available");
}

std::string spice_place(Builder& builder, const Graphics& graphics) {
    const LaunchContext& context = builder.context;
    const GraphicsListen* listen = first_listen(graphics);
    if (listen != nullptr && listen->type == ListenType::socket) {
        const std::string own =
            fmt::format("{}/{}/spice.sock", context.paths.library, short_name(context.domain_id, builder.shape.name));
        return fmt::format("unix,addr={},", escape_commas(listen->socket.empty() ? own : listen->socket));
    }
    if (listen != nullptr && listen->type == ListenType::none) return "port=0,";
    std::string text;
    const int port = graphics.port > 0 ? graphics.port : 0;
    if (port > 0) text += fmt::format("port={},", port);
    if (graphics.tls_port > 0) text += fmt::format("tls-port={},", graphics.tls_port);
    const std::string address = listen != nullptr && !listen->address.empty() ? listen->address : context.spice_listen;
    if (port > 0 || graphics.tls_port > 0) text += fmt::format("addr={},", address);
    return text;
}

void add_spice(Builder& builder, const Graphics& graphics) {
    using model::SpiceMouse;
    const LaunchContext& context = builder.context;
    if (graphics.tls_port <= 0) require_tls(graphics);
    std::string text = spice_place(builder, graphics);
    if (context.spice_sasl) text += "sasl=on,";
    if (graphics.mouse != SpiceMouse::absent) {
        text += fmt::format("agent-mouse={},", on_off_word(graphics.mouse == SpiceMouse::client));
    }
    // A password is set through the monitor, never shown on a command line.
    if (!graphics.password) text += "disable-ticketing=on,";
    if (context.spice_tls) text += fmt::format("x509-dir={},", escape_commas(context.spice_tls_folder));
    text += spice_channels(graphics);
    auto option = [&text](const char* name, std::string_view word) {
        if (!word.empty()) text += fmt::format("{}={},", name, word);
    };
    option("image-compression", xml::to_name(graphics.image));
    option("jpeg-wan-compression", xml::to_name(graphics.jpeg));
    option("zlib-glz-wan-compression", xml::to_name(graphics.zlib));
    option("playback-compression", xml::to_name(graphics.playback));
    option("streaming-video", xml::to_name(graphics.streaming));
    if (graphics.clipboard == xml::YesNo::no) text += "disable-copy-paste=on,";
    if (graphics.filetransfer == xml::YesNo::no) text += "disable-agent-file-xfer=on,";
    if (graphics.gl == xml::YesNo::yes) {
        text += "gl=on,";
        if (!graphics.rendernode.empty()) text += fmt::format("rendernode={},", escape_commas(graphics.rendernode));
    }
    builder.add("-spice", text + "seamless-migration=on");
    if (!graphics.keymap.empty()) builder.add("-k", graphics.keymap);
}

void add_dbus(Builder& builder, const Graphics& graphics) {
    std::string text = "dbus";
    if (graphics.p2p == xml::YesNo::yes) {
        text += ",p2p=on";
    } else {
        const std::string own = fmt::format("unix:path={}/dbus/{}-dbus.sock", builder.context.paths.state,
                                            short_name(builder.context.domain_id, builder.shape.name).substr(7));
        text += fmt::format(",addr={}", escape_commas(graphics.dbus_address.empty() ? own : graphics.dbus_address));
    }
    if (graphics.gl != xml::YesNo::absent) text += fmt::format(",gl={}", on_off_word(graphics.gl == xml::YesNo::yes));
    if (!graphics.rendernode.empty()) text += fmt::format(",rendernode={}", escape_commas(graphics.rendernode));
    if (graphics.audio_id) text += fmt::format(",audiodev=audio{}", *graphics.audio_id);
    builder.add("-display", text);
}

}  // namespace

void add_graphics(Builder& builder, const Graphics& graphics, std::span<const model::Audio> audios) {
    switch (graphics.type) {
        case GraphicsType::sdl: {
            std::string text = "sdl";
            if (graphics.gl != xml::YesNo::absent)
                text += fmt::format(",gl={}", on_off_word(graphics.gl == xml::YesNo::yes));
            if (graphics.fullscreen == xml::YesNo::yes) builder.add("-full-screen");
            builder.add("-display", text);
            break;
        }
        case GraphicsType::vnc:
            add_vnc(builder, graphics, audios);
            break;
        case GraphicsType::spice:
            add_spice(builder, graphics);
            break;
        case GraphicsType::egl_headless: {
            std::string text = "egl-headless";
            if (!graphics.rendernode.empty()) text += fmt::format(",rendernode={}", escape_commas(graphics.rendernode));
            builder.add("-display", text);
            break;
        }
        case GraphicsType::dbus:
            add_dbus(builder, graphics);
            break;
        case GraphicsType::rdp:
        case GraphicsType::desktop:
            refuse_config(fmt::format("unsupported graphics type '{}'", xml::to_name(graphics.type)));
    }
}

namespace {

const char* video_driver(const model::Video& video, bool primary, bool gl, const GuestShape& shape) {
    using model::VideoModel;
    switch (video.model) {
        case VideoModel::vga:
            return primary ? "VGA" : "secondary-vga";
        case VideoModel::cirrus:
            return "cirrus-vga";
        case VideoModel::vmvga:
            return "vmware-svga";
        case VideoModel::qxl:
            return primary ? "qxl-vga" : "qxl";
        case VideoModel::bochs:
            return "bochs-display";
        case VideoModel::ramfb:
            return "ramfb";
        case VideoModel::virtio:
            if (video.info.address.is(model::AddressType::ccw)) return "virtio-gpu-ccw";
            if (primary && (shape.is_x86() || shape.is_ppc64() || shape.is_riscv()))
                return gl ? "virtio-vga-gl" : "virtio-vga";
            return gl ? "virtio-gpu-gl-pci" : "virtio-gpu-pci";
        default:
            return nullptr;
    }
}

}  // namespace

void add_video(Builder& builder, const model::Video& video, bool primary) {
    using model::VideoModel;
    if (video.model == VideoModel::none) return;
    const bool gl = video.acceleration.accel3d == xml::YesNo::yes;
    const char* driver = video_driver(video, primary, gl, builder.shape);
    if (driver == nullptr || (!builder.qemu().devices.empty() && !builder.qemu().has_device(driver))) {
        refuse_config(fmt::format("video type '{}' is not supported with QEMU", xml::to_name(video.model)));
    }
    Json json = Json::object({{"driver", driver}});
    if (video.model == VideoModel::virtio) {
        set_switch(json, "iommu_platform", video.virtio.iommu);
        set_switch(json, "ats", video.virtio.ats);
        set_switch(json, "packed", video.virtio.packed);
        set_switch(json, "page-per-vq", video.virtio.page_per_vq);
    }
    json.set("id", video.info.alias);
    const uint32_t heads = video.heads == 0 ? 1 : video.heads;
    if (video.model == VideoModel::qxl) {
        json.set("max_outputs", heads);
        json.set("ram_size", uint64_t{video.ram} * 1024);
        json.set("vram_size", uint64_t{video.vram} * 1024);
        json.set("vram64_size_mb", video.vram64 / 1024);
        json.set("vgamem_mb", video.vgamem / 1024);
    } else if (video.model == VideoModel::virtio) {
        json.set("max_outputs", heads);
    } else if ((video.model == VideoModel::vga || video.model == VideoModel::vmvga) && video.vram != 0) {
        json.set("vgamem_mb", video.vram / 1024);
    } else if (video.model == VideoModel::bochs && video.vram != 0) {
        json.set("vgamem", uint64_t{video.vram} * 1024);
    }
    if (video.x != 0 && video.y != 0) {
        json.set("xres", video.x);
        json.set("yres", video.y);
    }
    builder.set_address(json, video.info);
    builder.add_device(std::move(json));
}

}  // namespace virtue::qemu
