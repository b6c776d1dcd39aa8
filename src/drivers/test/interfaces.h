// The mock host's network interfaces, with the change that can be taken back. Owned by an instance; loop thread only.
#pragma once
#include <map>
#include <optional>
#include <string>

#include "model/interface/host_interface.h"

namespace virtue::test {

/// A mock interface.
struct MockInterface {
    model::HostInterface definition;
    bool active = false;
};

/// All interfaces by name.
struct Interfaces {
    std::map<std::string, MockInterface> all;
    /// What was there when the change began that has not been committed.
    std::optional<std::map<std::string, MockInterface>> before_change;
};

}  // namespace virtue::test
