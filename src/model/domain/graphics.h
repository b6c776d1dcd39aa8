// <graphics>: how people see the guest's screen. Value types.
#pragma once
#include "base/big_value.h"
#include "model/domain/audio.h"

namespace virtue::model {

enum class GraphicsType : uint8_t { sdl, vnc, rdp, desktop, spice, egl_headless, dbus };
VIRTUE_XML_NAMES(GraphicsType, "sdl", "vnc", "rdp", "desktop", "spice", "egl-headless", "dbus")

enum class ListenType : uint8_t { none, address, network, socket };
VIRTUE_XML_NAMES(ListenType, "none", "address", "network", "socket")

struct GraphicsListen {
    ListenType type = ListenType::address;
    std::string address;  ///< network: what it became while running
    std::string network;
    std::string socket;
    bool from_config = false;     ///< address: taken from the driver's configuration at start
    bool auto_generated = false;  ///< socket: named by us at start
    bool operator==(const GraphicsListen&) const = default;
};
void map(xml::Mapper& m, GraphicsListen& listen);

enum class ConnectedAction : uint8_t { absent, fail, disconnect, keep };
VIRTUE_XML_NAMES(ConnectedAction, "", "fail", "disconnect", "keep")
enum class VncSharePolicy : uint8_t { absent, allow_exclusive, force_shared, ignore };
VIRTUE_XML_NAMES(VncSharePolicy, "", "allow-exclusive", "force-shared", "ignore")
enum class SpiceChannelMode : uint8_t { any, secure, insecure };
VIRTUE_XML_NAMES(SpiceChannelMode, "any", "secure", "insecure")
enum class SpiceChannelName : uint8_t { main, display, inputs, cursor, playback, record, smartcard, usbredir };
VIRTUE_XML_NAMES(SpiceChannelName, "main", "display", "inputs", "cursor", "playback", "record", "smartcard", "usbredir")
enum class SpiceImageCompression : uint8_t { absent, auto_glz, auto_lz, quic, glz, lz, off };
VIRTUE_XML_NAMES(SpiceImageCompression, "", "auto_glz", "auto_lz", "quic", "glz", "lz", "off")
enum class SpiceWanCompression : uint8_t { absent, automatic, never, always };
VIRTUE_XML_NAMES(SpiceWanCompression, "", "auto", "never", "always")
enum class SpiceStreaming : uint8_t { absent, filter, all, off };
VIRTUE_XML_NAMES(SpiceStreaming, "", "filter", "all", "off")
enum class SpiceMouse : uint8_t { absent, server, client };
VIRTUE_XML_NAMES(SpiceMouse, "", "server", "client")

struct SpiceChannel {
    SpiceChannelName name = SpiceChannelName::main;
    SpiceChannelMode mode = SpiceChannelMode::any;
    bool operator==(const SpiceChannel&) const = default;
};
void map(xml::Mapper& m, SpiceChannel& channel);

struct Graphics {
    VIRTUE_BIG_VALUE(Graphics);
    static constexpr const char* element = "graphics";

    GraphicsType type = GraphicsType::vnc;
    int port = 0;  ///< vnc, spice, rdp; with autoport only known while it runs
    int tls_port = 0;
    int websocket = 0;
    bool websocket_generated = false;
    bool autoport = false;
    std::string keymap;
    std::optional<std::string> password;
    std::string password_valid_to;  ///< UTC, "2030-01-01T00:00:00"
    ConnectedAction connected = ConnectedAction::absent;
    VncSharePolicy share_policy = VncSharePolicy::absent;
    xml::YesNo power_control = xml::YesNo::absent;
    std::vector<GraphicsListen> listens;
    std::optional<uint32_t> audio_id;

    std::string display, xauth;  ///< sdl, desktop
    xml::YesNo fullscreen = xml::YesNo::absent;
    xml::YesNo replace_user = xml::YesNo::absent;  ///< rdp
    xml::YesNo multi_user = xml::YesNo::absent;

    SpiceChannelMode default_mode = SpiceChannelMode::any;
    std::vector<SpiceChannel> channels;
    SpiceImageCompression image = SpiceImageCompression::absent;
    SpiceWanCompression jpeg = SpiceWanCompression::absent;
    SpiceWanCompression zlib = SpiceWanCompression::absent;
    xml::Switch playback = xml::Switch::absent;
    SpiceStreaming streaming = SpiceStreaming::absent;
    SpiceMouse mouse = SpiceMouse::absent;
    xml::YesNo clipboard = xml::YesNo::absent;
    xml::YesNo filetransfer = xml::YesNo::absent;

    xml::YesNo gl = xml::YesNo::absent;  ///< spice, sdl, dbus
    std::string rendernode;              ///< spice, egl-headless, dbus

    xml::YesNo p2p = xml::YesNo::absent;  ///< dbus
    std::string dbus_address;
    bool operator==(const Graphics&) const = default;

    bool listens_on_network() const {
        return type == GraphicsType::vnc || type == GraphicsType::spice || type == GraphicsType::rdp;
    }
};
void map(xml::Mapper& m, Graphics& graphics);

}  // namespace virtue::model
