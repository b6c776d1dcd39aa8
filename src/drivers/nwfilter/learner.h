// Learns the IPv4 address of a guest's card from what passes it, for filters that use $IP without being told it. Owned
// by who wants to know; loop thread only.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "base/fd.h"
#include "base/mac_address.h"
#include "io/timer.h"
#include "io/watch.h"

namespace virtue::nwfilter {

/// How an address is believed: whatever the guest sends, or only what a DHCP server gave it.
enum class LearnMode : uint8_t { any, dhcp };

/// The address that a frame shows the card with that MAC to have, if it does.
std::optional<std::string> address_in_frame(std::span<const uint8_t> frame, const MacAddress& mac, LearnMode mode);

/// A socket that hears all frames of a device. Throws system_error.
Fd packet_socket(const std::string& device);

class AddressLearner {
public:
    /// Listens on a packet socket of a device (packet_socket()). `learned` is called once, and may destroy the learner.
    /// Throws system_error.
    AddressLearner(io::Loop& loop, Fd socket, MacAddress mac, LearnMode mode,
                   std::function<void(const std::string& address)> learned);
    ~AddressLearner();
    AddressLearner(const AddressLearner&) = delete;
    AddressLearner& operator=(const AddressLearner&) = delete;

private:
    void listen();
    void receive();
    MacAddress mac_;
    LearnMode mode_;
    std::function<void(const std::string&)> learned_;
    io::Loop& loop_;
    Fd socket_;
    std::unique_ptr<io::FdWatch> watch_;
    io::Timer pause_;
};

}  // namespace virtue::nwfilter
