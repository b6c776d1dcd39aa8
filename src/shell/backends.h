// The drivers that run in this process: main() makes them. Loop thread only.
#pragma once
#include <memory>
#include <string_view>
#include <vector>

#include "driver/backend.h"
#include "io/loop.h"

namespace virtue::shell {

/// Owns the backends that connections of this process may use.
class LocalBackends {
public:
    explicit LocalBackends(io::Loop& loop);
    std::vector<driver::Backend*> list() const;

private:
    std::vector<std::unique_ptr<driver::Backend>> backends_;
};

/// Their names, for the version.
std::string_view local_drivers();

}  // namespace virtue::shell
