// The seam for authentication: how a client of one listener proves who it is. A server has one for each listener;
// an attempt belongs to one session. What is here: none, and polkit for UNIX sockets (root is trusted, others are
// looked up through pkcheck). SASL fits in as a third kind by implementing the same class. Loop thread only.
#pragma once
#include <memory>
#include <string>

#include "driver/identity.h"
#include "io/deadline.h"
#include "io/loop.h"
#include "protocol/references.h"

namespace virtue::rpc {

/// One way of authentication. Stateless here; a kind with several steps keeps its state in the session's attempt.
class Authenticator {
public:
    virtual ~Authenticator() = default;
    /// What AUTH_LIST answers to a client that still has to prove itself.
    virtual proc::AuthType kind() const = 0;
    /// True if a client needs no authentication at all.
    virtual bool is_open() const { return false; }
    /// True if the peer is trusted by what the kernel says about it; AUTH_LIST asks, and then answers "none".
    virtual bool trusts(const driver::Identity& peer) const = 0;
    /// The POLKIT call: returns if the peer may go on, throws auth_failed if not.
    virtual Task<void> check_polkit(io::Loop& loop, driver::Identity peer, bool read_only, io::Deadline deadline);
};

/// Everybody who could connect to the socket may use it.
class NoAuthentication final : public Authenticator {
public:
    proc::AuthType kind() const override { return proc::AuthType::none; }
    bool is_open() const override { return true; }
    bool trusts(const driver::Identity&) const override { return true; }
};

/// Root may; others when polkit allows org.libvirt.unix.manage, or .monitor for the read-only socket.
class PolkitAuthentication final : public Authenticator {
public:
    /// `pkcheck` is the program that asks polkit.
    explicit PolkitAuthentication(std::string pkcheck) : pkcheck_(std::move(pkcheck)) {}
    proc::AuthType kind() const override { return proc::AuthType::polkit; }
    bool trusts(const driver::Identity& peer) const override { return peer.uid == 0u; }
    Task<void> check_polkit(io::Loop& loop, driver::Identity peer, bool read_only, io::Deadline deadline) override;

private:
    std::string pkcheck_;
};

}  // namespace virtue::rpc
