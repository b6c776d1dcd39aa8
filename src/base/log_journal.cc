#include "base/log_journal.h"

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <cerrno>
#include <cstdint>
#include <cstring>

#include "base/error.h"

namespace virtue::log {

namespace {

// A datagram must fit the socket's send buffer; a message beyond this is cut rather than lost.
constexpr size_t message_limit = 64 << 10;

/// A value with line ends has its length in front (64 bits, little endian).
void append_field(std::string& entry, std::string_view name, std::string_view value) {
    entry += name;
    if (value.find('\n') == std::string_view::npos) {
        entry += '=';
    } else {
        entry += '\n';
        uint64_t size = value.size();
        for (int shift = 0; shift < 64; shift += 8) entry += static_cast<char>(size >> shift & 0xff);
    }
    entry += value;
    entry += '\n';
}

}  // namespace

Journal::Journal(const std::string& path, std::string program)
    : fd_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)), program_(std::move(program)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::string context = fmt::format("cannot reach the journal at '{}'", path);
    if (path.size() >= sizeof address.sun_path) throw Error::from_errno(ENAMETOOLONG, ErrorDomain::none, context);
    std::memcpy(address.sun_path, path.data(), path.size());
    if (!fd_ || ::connect(fd_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) < 0) {
        throw Error::from_errno(errno, ErrorDomain::none, context);
    }
}

bool Journal::send(int priority, std::string_view module, std::string_view message) const noexcept {
    try {
        std::string entry;
        append_field(entry, "MESSAGE", message.substr(0, message_limit));
        append_field(entry, "PRIORITY", fmt::format("{}", priority));
        append_field(entry, "SYSLOG_IDENTIFIER", program_);
        append_field(entry, "VIRTUE_MODULE", module);
        return ::send(fd_.get(), entry.data(), entry.size(), MSG_NOSIGNAL) >= 0;
    } catch (...) {
        return false;
    }
}

}  // namespace virtue::log
