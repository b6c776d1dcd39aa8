#include "daemon/wiring.h"

namespace virtue::daemon {

std::vector<std::unique_ptr<driver::Backend>> make_backends(const WiringContext&) {
    std::vector<std::unique_ptr<driver::Backend>> backends;
    return backends;
}

}  // namespace virtue::daemon
