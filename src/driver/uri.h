// Connection URIs: which driver, where, how to get there. A value.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace virtue::driver {

/// A connection URI in its parts (RFC 3986), decoded.
struct Uri {
    std::string scheme;     ///< "qemu", "test"; a transport suffix is split off
    std::string transport;  ///< "unix", "tcp", "tls", "ssh" of "qemu+unix:///"; empty if absent
    std::string user;
    std::string server;
    int port = 0;
    std::string path;  ///< "/system", "/default", "/path/to/file.xml"
    std::vector<std::pair<std::string, std::string>> query;

    /// Throws invalid_arg for what is no URI.
    static Uri parse(std::string_view text);
    std::string to_string() const;
    std::optional<std::string> parameter(std::string_view name) const;
};

}  // namespace virtue::driver
