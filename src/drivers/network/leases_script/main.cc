// virtue-leases: the script that dnsmasq runs when a lease comes, changes or goes. It keeps the leases of a bridge in a
// file that the daemon reads; so they outlive both.
#include <cstdio>
#include <exception>

#include "drivers/network/leases.h"

int main(int count, char** arguments) {
    try {
        return virtue::network::leases_script(count, arguments);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "virtue-leases: %s\n", error.what());
        return 1;
    }
}
