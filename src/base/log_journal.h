// The journal's native protocol: one datagram an entry, "FIELD=value" lines. Used by log.cc alone.
#pragma once
#include <string>
#include <string_view>

#include "base/fd.h"

namespace virtue::log {

/// A socket to the journal; usable from any thread.
class Journal {
public:
    /// Throws system_error if the socket cannot be reached.
    Journal(const std::string& path, std::string program);
    /// Sends one entry. False if the journal did not take it. `priority` is syslog's (3 is error, 7 debug).
    bool send(int priority, std::string_view module, std::string_view message) const noexcept;

private:
    Fd fd_;
    std::string program_;
};

}  // namespace virtue::log
