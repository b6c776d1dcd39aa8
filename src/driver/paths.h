// Where everything lies: libvirt's own folders, so that a host's guests are there at once and the way back is to
// start libvirtd again. Values, set once by main().
#pragma once
#include <cstdint>
#include <string>

namespace virtue::driver {

/// The folders of one daemon instance.
struct Paths {
    std::string root;         ///< prefix of everything ("" normally, --root DIR)
    std::string config;       ///< /etc/libvirt, or $XDG_CONFIG_HOME/libvirt
    std::string state;        ///< /run/libvirt, or $XDG_RUNTIME_DIR/libvirt: sockets, pid files, live status
    std::string data;         ///< /var/lib/libvirt, or $XDG_DATA_HOME/libvirt, for images, channels, dumps
    std::string cache;        ///< /var/cache/libvirt, or $XDG_CACHE_HOME/libvirt
    std::string log;          ///< /var/log/libvirt, or $XDG_CACHE_HOME/libvirt/log (guest logs: …/qemu/log for users)
    bool privileged = false;  ///< qemu:///system if true, qemu:///session if not

    /// libvirt's folders for the system instance, under `root`.
    static Paths system(const std::string& root);
    /// libvirt's folders for the user's instance, from the XDG variables and HOME; under `root` if it is not empty.
    static Paths session(const std::string& root);
};

}  // namespace virtue::driver
