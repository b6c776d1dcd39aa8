// The mock host: what a <node> file says of it, or libvirt's default figures. A value; loop thread only.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace virtue::test {

/// A pretended user of a test file that asks for authentication.
struct PretendedUser {
    std::string name;
    std::string password;
};

/// The figures of the host.
struct Host {
    std::string model = "i686";
    uint64_t memory = 3145728;  ///< KiB
    uint32_t cpus = 16;
    uint32_t mhz = 1400;
    uint32_t nodes = 2;
    uint32_t sockets = 2;
    uint32_t cores = 2;
    uint32_t threads = 2;
    bool has_cells = true;  ///< NUMA nodes in the capabilities; a file's host shows none
    std::vector<PretendedUser> users;
};

/// CPUs that the host pretends to have present; three of them are online.
constexpr unsigned host_cpu_count = 8;
/// The most vCPUs that a guest may have.
constexpr uint32_t max_vcpus = 32;

/// The capabilities XML.
std::string capabilities(const Host& host);
/// True for the names that <type arch=…> takes.
bool is_architecture(std::string_view name);

}  // namespace virtue::test
