#include "client/ssh.h"

#include <unistd.h>

#include "io/process.h"

extern char** environ;

namespace virtue::client {
namespace {

// For the remote shell: everything between single quotes is itself.
std::string quoted(const std::string& text) {
    std::string out = "'";
    for (char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
    return out + "'";
}

std::string remote_command(const Route& route) {
    std::string uri = quoted(route.open_uri);
    return "if command -v virt-ssh-helper >/dev/null 2>&1; then exec virt-ssh-helper " + uri +
           "; else exec nc -U /run/libvirt/libvirt-sock; fi";
}

}  // namespace

std::unique_ptr<io::Socket> connect_ssh(io::Loop& loop, const Route& route) {
    auto [ours, theirs] = io::Socket::pair();
    Fd errors(::dup(STDERR_FILENO));
    io::ProcessOptions options{.arguments = {"ssh", "-T", "-e", "none"},
                               .standard_input = &theirs,
                               .standard_output = &theirs,
                               .standard_error = &errors,
                               .new_session = false};
    if (!route.user.empty()) options.arguments.insert(options.arguments.end(), {"-l", route.user});
    if (route.port != 0) options.arguments.insert(options.arguments.end(), {"-p", std::to_string(route.port)});
    options.arguments.insert(options.arguments.end(), {"--", route.server, "sh -c " + quoted(remote_command(route))});
    for (char** variable = environ; *variable; variable++) options.environment.emplace_back(*variable);
    // It ends by itself when our end of the socket closes; the loop reaps it.
    io::Process::spawn(loop, options);
    return std::make_unique<io::Socket>(loop, std::move(ours));
}

}  // namespace virtue::client
