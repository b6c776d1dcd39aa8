// What the daemon's configuration tells the QEMU driver, and the folders that follow from it. A value, made by main()
// and never changed afterwards.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "driver/paths.h"
#include "io/deadline.h"

namespace virtue::qemu {

/// The settings of one driver instance; the defaults are libvirt's where libvirt has the setting.
struct Settings {
    driver::Paths paths;
    std::string version = "0.1.0";      ///< of the daemon, as guests' logs tell it
    std::string user = "libvirt-qemu";  ///< guests of the system instance run as this user ("+64055" for a number)
    std::string group = "libvirt-qemu";
    bool dynamic_ownership = true;             ///< give images to that user while a guest runs
    bool open_images = false;                  ///< the daemon opens images and passes descriptors; no owner changes
    bool remember_owner = true;                ///< note the former owner in extended attributes and restore it
    io::Milliseconds monitor_deadline{10000};  ///< longest wait for one answer of a monitor
    io::Milliseconds start_deadline{60000};    ///< longest wait for the greeting of a starting QEMU
    io::Milliseconds agent_deadline{5000};     ///< longest wait for a guest agent, where the caller names none
    io::Milliseconds figures_budget{25};       ///< what bulk statistics wait for monitors, all guests together
    int first_display_port = 5900;             ///< VNC and SPICE ports given by autoport
    int last_display_port = 65535;
    /// Controllers of the groups that guests run in ("cpu", "memory", …); empty: all, but none for a daemon under
    /// another root. A name that is none ("none") switches them off.
    std::vector<std::string> cgroup_controllers;
    uint64_t max_open_files = 0;  ///< RLIMIT_NOFILE of guests; 0 leaves it
    std::string host_uuid;        ///< told to clients; empty takes the firmware's or the machine id
    std::string vnc_listen = "127.0.0.1";
    std::string spice_listen = "127.0.0.1";

    /// NAME.xml of every definition, and autostart/ with links to them.
    std::string definitions() const { return paths.config + "/qemu"; }
    std::string autostart() const { return definitions() + "/autostart"; }
    std::string autostart_once() const { return definitions() + "/autostart-once"; }
    /// Live status and pid files.
    std::string state() const { return paths.state + (paths.privileged ? "/qemu" : "/qemu/run"); }
    /// Parent of guests' own folders, domain-ID-NAME/.
    std::string library() const { return paths.privileged ? paths.data + "/qemu" : paths.config + "/qemu/lib"; }
    /// A folder of things that outlive a run: "nvram", "save", "snapshot", "dump", "channel/target".
    std::string stored(const std::string& kind) const {
        return (paths.privileged ? paths.data : paths.config) + "/qemu/" + kind;
    }
    /// The image of a managed save.
    std::string saved_image(const std::string& name) const { return stored("save") + "/" + name + ".save"; }
    /// What was saved of definitions and may not be on disk under its own name yet.
    std::string journal() const { return paths.data + "/virtue/definitions.journal"; }
    std::string logs() const { return paths.privileged ? paths.log + "/qemu" : paths.cache + "/qemu/log"; }
    std::string channel_targets() const { return stored("channel/target"); }
};

/// The account that guests run as.
struct GuestUser {
    uint32_t uid;
    uint32_t gid;
};
/// Looks the configured account up. Nothing for a user's own daemon, and when the default account does not exist (then
/// guests run as root). Throws config_unsupported naming an account that was configured and does not exist.
std::optional<GuestUser> find_guest_user(const Settings& settings);

}  // namespace virtue::qemu
