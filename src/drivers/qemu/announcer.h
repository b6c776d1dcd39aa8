// Tells clients what happened to guests: one function an event, filling the message that libvirt's clients know.
// Owned by the driver; loop thread only.
#pragma once
#include <cstdint>
#include <string>

#include "driver/event_hub.h"
#include "drivers/qemu/domain.h"

namespace virtue::qemu {

/// Publishes domain events on a hub. Numbers are those of libvirt's API (driver/constants.h).
class Announcer {
public:
    explicit Announcer(driver::EventHub& hub) : hub_(hub) {}

    void lifecycle(const Domain& domain, uint32_t event, uint32_t detail);
    /// STOPPED of a guest that ran until now.
    void stopped(const Domain& domain, uint32_t detail);
    /// The same to one subscription, which was not there when it happened.
    void stopped_to(int32_t callback_id, const proc::DomainRef& domain, uint32_t detail);
    void reboot(const Domain& domain);
    void rtc_change(const Domain& domain, int64_t offset);
    void watchdog(const Domain& domain, uint32_t action);
    void io_error(const Domain& domain, const std::string& source, const std::string& device, uint32_t action,
                  const std::string& reason);
    void control_error(const Domain& domain);
    struct GraphicsAddress {
        uint32_t family = 0;
        std::string node;
        std::string service;
    };
    struct GraphicsIdentity {
        std::string type;
        std::string name;
    };
    void graphics(const Domain& domain, uint32_t phase, const GraphicsAddress& local, const GraphicsAddress& remote,
                  const std::string& scheme, const std::vector<GraphicsIdentity>& subject);
    void block_job(const Domain& domain, const std::string& path, const std::string& device, uint32_t type,
                   uint32_t status);
    void tray_change(const Domain& domain, const std::string& device, uint32_t reason);
    void pm_wakeup(const Domain& domain);
    void pm_suspend(const Domain& domain);
    void pm_suspend_disk(const Domain& domain);
    void balloon_change(const Domain& domain, uint64_t actual_kib);
    void device_added(const Domain& domain, const std::string& alias);
    void device_removed(const Domain& domain, const std::string& alias);
    void device_removal_failed(const Domain& domain, const std::string& alias);
    void agent_lifecycle(const Domain& domain, uint32_t state, uint32_t reason);
    void metadata_change(const Domain& domain, uint32_t type, const std::string& uri);
    void block_threshold(const Domain& domain, const std::string& device, const std::string& path, uint64_t threshold,
                         uint64_t excess);
    /// Settings of a running guest changed; named as libvirt names them ("blkdeviotune.disk", "cputune.vcpupin0").
    void tunable(const Domain& domain, std::vector<wire::TypedParameter> parameters);
    void memory_failure(const Domain& domain, uint32_t recipient, uint32_t action, uint32_t flags);
    void memory_device_size_change(const Domain& domain, const std::string& alias, uint64_t size);
    void job_completed(const Domain& domain, const std::vector<wire::TypedParameter>& parameters);
    void monitor_event(const Domain& domain, const std::string& event, int64_t seconds, uint32_t micros,
                       const std::string& details);

private:
    driver::EventHub& hub_;
};

}  // namespace virtue::qemu
