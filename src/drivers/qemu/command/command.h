// From a domain's definition to QEMU's command line: the same arguments as libvirt gives to the same QEMU. Builders
// are plain functions, one file a kind of device; they open nothing and start nothing. Any thread.
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/fd.h"
#include "drivers/qemu/capabilities/capabilities.h"
#include "drivers/qemu/monitor/json.h"

namespace virtue::model {
struct Channel;
struct Domain;
}  // namespace virtue::model

namespace virtue::qemu {

struct Firmware;

/// Folders that a command line names.
struct LaunchPaths {
    std::string library = "/var/lib/libvirt/qemu";  ///< parent of the guest's folder, of nvram and of channels
    std::string state = "/run/libvirt/qemu";        ///< sockets of swtpm, dbus, slirp…
    std::string channel_target = "/var/lib/libvirt/qemu/channel/target";
};

/// How a graphics console gets its numbers: chosen by the driver before the start.
struct GraphicsPorts {
    int port = -1;
    int tls_port = -1;
    int websocket = -1;
};

/// A descriptor for QEMU: opened by the driver, or by nobody when only the text is wanted (domxml-to-native).
struct PassedFd {
    Fd fd;
    int child_number = -1;
};

/// Everything beside the definition that shapes a command line.
struct LaunchContext {
    LaunchPaths paths;
    int domain_id = -1;  ///< -1 for domxml-to-native
    CapabilitiesRef capabilities;
    bool use_kvm = false;                            ///< the guest's type is kvm
    Fd monitor;                                      ///< listening socket; QEMU makes it by path when empty
    bool privileged = true;                          ///< daemon of root: environment is confined to the guest's folder
    bool sandbox = true;                             ///< seccomp_sandbox
    bool start_paused = true;                        ///< -S; the driver continues the guest itself
    std::string incoming;                            ///< "defer", "fd:N"; empty for a plain start
    bool allow_reboot = true;                        ///< false adds -no-reboot
    std::map<std::string, std::string> environment;  ///< of the daemon: PATH, TMPDIR, DISPLAY, …
    std::string vnc_listen = "127.0.0.1";            ///< qemu.conf vnc_listen and so on
    std::string spice_listen = "127.0.0.1";
    bool vnc_tls = false;
    std::string vnc_tls_folder;
    bool vnc_sasl = false;
    bool spice_tls = false;
    std::string spice_tls_folder;
    bool spice_sasl = false;
    bool vnc_allow_host_audio = false;
    bool nographics_allow_host_audio = false;
    bool set_process_name = true;  ///< debug-threads=on
    bool dump_guest_core = false;
    std::string default_tls_folder;
    std::map<uint64_t, std::string> hugepage_mounts;  ///< size in KiB, 0 for the default one → mount point
    /// Descriptors that the driver opened for a network interface, by the interface's alias: taps and vhost.
    struct InterfaceFds {
        std::vector<Fd> taps;
        std::vector<Fd> vhosts;
    };
    std::map<std::string, InterfaceFds> interface_fds;
    /// Same for character devices that log or listen (by alias), and for vhost-vsock.
    std::map<std::string, Fd> device_fds;
    /// Secrets by usage: base64 text that is given to QEMU encrypted with the master key.
    std::map<std::string, std::string> secrets;
    std::string shared_memory_folder = "/dev/shm";
};

/// What to start.
struct LaunchPlan {
    std::vector<std::string> arguments;          ///< arguments[0] is the emulator
    std::vector<std::string> environment;        ///< "NAME=value" in libvirt's order
    std::vector<PassedFd> descriptors;           ///< numbers from 3 on, without gaps where the driver opened them
    std::string guest_folder;                    ///< made by the driver, mode 0700: "…/domain-1-NAME"
    std::string master_key_path;                 ///< 32 random bytes go here before the start, mode 0600
    std::string monitor_path;                    ///< the socket, also when passed as descriptor
    std::map<std::string, std::string> folders;  ///< further folders to make: path → why
    int imagined = 3;                            ///< the next number of a descriptor that nobody opens

    /// Environment, then arguments, quoted for a shell: in one line as domxml-to-native prints it, or an option a line
    /// as guests' logs have it.
    std::string to_shell_text(bool broken_lines) const;
};

/// The secret of a variable store that is on the network.
constexpr const char* variables_secret = "libvirt-pflash1-storage-auth-secret0";

/// "domain-1-NAME": names cut and cleaned as libvirt does.
std::string short_name(int domain_id, const std::string& name);

/// The socket of a virtio channel whose document names none ("…/channel/target/domain-1-NAME/org.qemu.guest_agent.0").
std::string channel_socket_path(const LaunchContext& context, const std::string& guest, const model::Channel& channel);

/// Builds it. `domain` is a complete definition: defaults filled in, addresses and aliases assigned (assign_aliases).
/// Throws config_unsupported naming what this QEMU cannot do.
LaunchPlan build_command(const model::Domain& domain, LaunchContext context);

/// Fills in loader and variable store of a guest that asks for a kind of firmware (<os firmware='efi'>), from the
/// descriptions of this host in their order (read_firmwares). Nothing happens where the document names a loader.
/// Throws operation_failed when none fits.
void choose_firmware(model::Domain& domain, std::span<const Firmware> firmwares, const LaunchPaths& paths);

/// Turns a definition into one that needs nothing of the host, as domxml-to-native shows it: interfaces lose what is
/// behind them and how it is tuned, and keep model, address and MAC.
void show_without_host(model::Domain& domain);

/// Gives every device its alias ("virtio-disk0", "net0"), as libvirt names them; user aliases (ua-…) stay. Numbers the
/// layers of disks that have no number yet ("libvirt-1-storage").
void assign_aliases(model::Domain& domain);
/// The second half of it alone, for layers that were found since.
void number_nodes(model::Domain& domain);

}  // namespace virtue::qemu
