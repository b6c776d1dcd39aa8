#include "shell/backends.h"

#include "drivers/test/driver.h"

namespace virtue::shell {

LocalBackends::LocalBackends(io::Loop&) {
    backends_.push_back(std::make_unique<test::TestDriver>());
}

std::vector<driver::Backend*> LocalBackends::list() const {
    std::vector<driver::Backend*> list;
    for (const auto& backend : backends_) list.push_back(backend.get());
    return list;
}

std::string_view local_drivers() {
    return "test";
}

}  // namespace virtue::shell
