// The driver's files on disk: definitions, autostart links, live status, ports. libvirt's own names and formats, so
// that either daemon finds what the other left. The functions block and touch nothing of the loop.
#pragma once
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "drivers/network/network.h"
#include "drivers/network/settings.h"

namespace virtue::network {

class Store {
public:
    explicit Store(const Settings& settings) : settings_(settings) {}

    /// Throws system_error naming a folder that cannot be made.
    void make_folders() const;

    std::string definition_path(const std::string& name) const { return settings_.definitions() + "/" + name + ".xml"; }
    std::string autostart_path(const std::string& name) const { return settings_.autostart() + "/" + name + ".xml"; }
    std::string status_path(const std::string& name) const { return settings_.state() + "/" + name + ".xml"; }
    std::string change_path(const std::string& name) const { return settings_.state() + "/" + name + ".changing"; }
    std::string ports_folder(const std::string& name) const { return settings_.state() + "/" + name + ".ports"; }
    std::string port_path(const std::string& name, const Uuid& port) const {
        return ports_folder(name) + "/" + port.to_string() + ".xml";
    }

    void save_definition(const model::Network& network) const;
    void remove_definition(const std::string& name) const;
    void set_autostart(const std::string& name, bool wanted) const;
    struct Found {
        std::string name;
        Definition definition;
        bool autostart = false;
        bool is_new = false;  ///< a file that no daemon wrote: it tells no UUID
        std::string problem;
    };
    std::vector<Found> load_definitions() const;

    /// Which classes of the bridge's traffic are taken, and what is guaranteed to them, for libvirt's own daemon.
    struct Shares {
        std::string classes = "0-2";  ///< the first three always are
        uint64_t floors = 0;          ///< KiB/s
    };
    void save_status(const model::Network& live, const Shares& shares) const;
    void remove_status(const std::string& name) const;
    struct Status {
        Definition live;
        std::map<Uuid, model::NetworkPort> ports;
        bool is_stale = false;  ///< written before the host was started
        std::string problem;
    };
    std::vector<Status> load_statuses() const;

    /// Notes that a network is being started or stopped, until end_change(): when the daemon is killed meanwhile, the
    /// next one finds the note and takes away what there is of the network.
    void begin_change(const model::Network& live) const;
    void end_change(const std::string& name) const;
    /// The live definitions of networks whose start or stop was cut off.
    std::vector<Status> load_changes() const;
    void save_port(const std::string& name, const model::NetworkPort& port) const;
    void remove_port(const std::string& name, const Uuid& port) const;

private:
    Status load_status(const std::string& path) const;
    Settings settings_;
};

/// The XML of a definition, as files and clients get it.
std::string network_xml(const model::Network& network, bool inactive);

}  // namespace virtue::network
