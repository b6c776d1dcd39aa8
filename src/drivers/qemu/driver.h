// The QEMU driver: guests of qemu:///system and qemu:///session. main() makes one for a daemon and hands it to the
// servers. Loop thread only.
#pragma once
#include <array>
#include <memory>

#include "driver/backend.h"
#include "driver/siblings.h"
#include "drivers/qemu/settings.h"

namespace virtue::driver {
class FilterService;
class NetworkService;
}  // namespace virtue::driver

namespace virtue::qemu {

struct Core;

/// Owns all guests of one daemon instance.
class QemuDriver final : public driver::Backend, public driver::DeviceUsers {
public:
    /// `others` are the tables of the other kinds (network, storage, …) that connections to this driver get, by
    /// DriverKind; null where there is none, like `networks` for guests' interfaces. They must outlive the driver.
    /// Begins to find running guests again in the background; open() waits for that.
    using Tables = std::array<const driver::HandlerTable*, driver::driver_kind_count>;
    QemuDriver(io::Loop& loop, Settings settings, const Tables& others, driver::NetworkService* networks = nullptr);
    ~QemuDriver() override;
    QemuDriver(const QemuDriver&) = delete;
    QemuDriver& operator=(const QemuDriver&) = delete;

    bool accepts(const driver::Uri& uri) const override;
    bool is_default() const override { return true; }
    Task<driver::Route> open(driver::Call& call, driver::Uri uri) override;
    bool is_busy() const override;
    void begin_stop() override;
    Task<void> stop() override;

    /// Whom guests' disks and secrets are looked up with, and who filters their packets; null where there is none. They
    /// must outlive the driver.
    void meet(driver::VolumeFinder* volumes, const driver::SecretValues* secrets, driver::FilterService* filters);

    std::optional<std::string> guest_with_pci(const std::string& address) const override;

    /// For the parts of other files that add calls: the shared state and the table.
    Core& core();
    driver::HandlerTable& table();

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace virtue::qemu
