// Reaches a daemon on another host through ssh, as libvirt does: ssh runs virt-ssh-helper there, or nc where the helper
// is missing, and its standard streams are the connection. Loop thread only.
#pragma once
#include <memory>

#include "client/connect.h"
#include "io/socket.h"

namespace virtue::client {

/// Starts ssh; it asks for passwords on the terminal itself. Throws system_error when there is no ssh.
std::unique_ptr<io::Socket> connect_ssh(io::Loop& loop, const Route& route);

}  // namespace virtue::client
