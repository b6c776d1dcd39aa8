// libvirt.conf, the client's configuration file: `key = "value"` and `key = [ "a", "b" ]`. Values; any thread.
#pragma once
#include <string>
#include <utility>
#include <vector>

namespace virtue::client {

/// What the client's file sets; absent keys stay empty.
struct ClientConfig {
    std::string uri_default;
    std::vector<std::pair<std::string, std::string>> uri_aliases;

    /// Reads the file's text. Throws conf_syntax naming the line.
    static ClientConfig parse(std::string_view text);
    /// /etc/libvirt/libvirt.conf for root, $XDG_CONFIG_HOME/libvirt/libvirt.conf for users; empty if there is none.
    static ClientConfig load();
};

}  // namespace virtue::client
