// The mock hypervisor for people's test suites: test:///default, one world for all connections of the process, and
// test:///path/to/file.xml, a world of its own for each connection. Made by main(); loop thread only.
#pragma once
#include <memory>

#include "driver/backend.h"

namespace virtue::test {

class Instance;

/// Opens test:// URIs.
class TestDriver final : public driver::Backend {
public:
    TestDriver();
    ~TestDriver() override;

    bool accepts(const driver::Uri& uri) const override;
    Task<driver::Route> open(driver::Call& call, driver::Uri uri) override;

private:
    /// The shared world, while somebody has it open.
    std::weak_ptr<Instance> shared_;
};

}  // namespace virtue::test
