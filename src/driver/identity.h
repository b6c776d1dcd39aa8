// Who is at the other end of a connection, as far as the kernel and authentication tell. A value.
#pragma once
#include <cstdint>
#include <optional>
#include <string>

namespace virtue::driver {

/// A client's identity (libvirt: virIdentity). What is unknown stays empty.
struct Identity {
    std::optional<uint32_t> uid;
    std::optional<uint32_t> gid;
    int pid = -1;
    std::string user_name;
    std::string group_name;
    std::string sasl_user_name;
    std::string x509_distinguished_name;
    std::string selinux_context;
};

}  // namespace virtue::driver
