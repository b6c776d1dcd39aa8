#include "shell/backends.h"

namespace virtue::shell {

LocalBackends::LocalBackends(io::Loop&) {}

std::vector<driver::Backend*> LocalBackends::list() const {
    std::vector<driver::Backend*> list;
    for (const auto& backend : backends_) list.push_back(backend.get());
    return list;
}

std::string_view local_drivers() {
    return "none";
}

}  // namespace virtue::shell
