// What all parts of the QEMU driver share: the guests, their files, the events, the settings. Owned by QemuDriver and
// referred to by its parts; loop thread only.
#pragma once
#include <deque>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "driver/call.h"
#include "driver/event_hub.h"
#include "driver/object_table.h"
#include "driver/siblings.h"
#include "drivers/qemu/announcer.h"
#include "drivers/qemu/capabilities/cache.h"
#include "drivers/qemu/domain.h"
#include "drivers/qemu/ports.h"
#include "drivers/qemu/security/dac.h"
#include "drivers/qemu/settings.h"
#include "drivers/qemu/store.h"
#include "io/gate.h"
#include "io/journal_settler.h"

namespace virtue::driver {
class FilterService;
class NetworkService;
}  // namespace virtue::driver

namespace virtue::qemu {

using DomainOwner = std::shared_ptr<Domain>;

/// The shared state.
struct Core {
    Core(io::Loop& loop, Settings settings, driver::NetworkService* networks);

    io::Loop& loop;
    const Settings settings;
    driver::NetworkService* const networks;      ///< null where there is no network driver
    const std::shared_ptr<io::Journal> journal;  ///< of the definitions' files
    const Store store;
    PackTimer pack_timer;  ///< before the guests, which refer to it
    driver::ObjectTable<Domain> domains;
    driver::EventHub events;
    Announcer announcer;
    std::optional<GuestUser> guest_user;
    driver::VolumeFinder* volumes = nullptr;        ///< of this daemon's storage driver, if it has one
    const driver::SecretValues* secrets = nullptr;  ///< of its secret driver
    driver::FilterService* filters = nullptr;       ///< of its network filter driver
    CapabilitiesCache capabilities;
    PortRange display_ports;
    int next_id = 1;
    /// Guests that were found dead at the start, for those who ask for events soon after.
    struct Obituary {
        proc::DomainRef domain;
        uint32_t detail;
    };
    std::vector<Obituary> died_meanwhile;
    io::TimePoint started = io::Clock::now();
    io::CancelSource leaving;  ///< the daemon is about to end: starts under way are undone
    io::Gate gate;             ///< background work; joined before anything else here goes

    /// The guest that a call names, held for its duration. Throws no_domain with libvirt's words.
    DomainOwner at(const std::string& name, const Uuid& uuid) const;
    /// A guest that is not in the table yet.
    DomainOwner make_domain(Uuid uuid, std::string name) {
        return std::make_shared<Domain>(loop, pack_timer, uuid, std::move(name));
    }

    /// Keeps names and UUIDs that are being defined from a second definition meanwhile.
    class Claim {
    public:
        Claim() = default;
        Claim(Core& core, std::vector<std::string> keys) : core_(&core), keys_(std::move(keys)) {}
        Claim(Claim&& other) noexcept : core_(std::exchange(other.core_, nullptr)), keys_(std::move(other.keys_)) {}
        Claim& operator=(Claim&&) = delete;
        ~Claim();

    private:
        Core* core_ = nullptr;
        std::vector<std::string> keys_;
    };
    /// Waits until none of `keys` is claimed, and claims them. Throws operation_timeout.
    Task<Claim> claim(std::vector<std::string> keys, io::Deadline deadline);

    /// Who owns guests' files while they run; nothing when guests run as the daemon does.
    std::optional<DacOwner> owner_of_files() const;
    /// For a definition that is being made: its model stays at hand, and that of one made long before goes, so that a
    /// burst of definitions works in the same memory again and again.
    void keep_model_at_hand(const DomainOwner& domain);
    /// After a definition was saved or removed: brings what is recorded of it to disk in a while.
    void definitions_saved() { settler_.recorded(); }
    /// Runs a task in the background; its errors are logged.
    void spawn(Task<void> task) { gate.spawn(std::move(task)); }
    /// The deadline of one question to a guest's monitor, within a call's own; a destroy of the guest ends the wait.
    io::Deadline monitor_deadline(io::Deadline of_call, Domain& domain) const {
        return of_call.within(settings.monitor_deadline).with_cancel(domain.jobs().current_cancel());
    }

private:
    PackTimer::Left pack_definitions();
    void tell_missed(const driver::EventHub::Subscription& subscription);
    Task<void> tell_missed_later(int32_t callback_id);

    std::deque<std::weak_ptr<Domain>> at_hand_;  // whose models were made last, the latest at the end
    std::set<std::string> claimed_;
    io::Condition unclaimed_;
    io::JournalSettler settler_;
};

/// Saves the live status of a guest: after this returns, a new daemon finds it again.
Task<void> save_status(Core& core, DomainOwner domain);

/// The same in the background and together with others that come soon, where losing it to a crash costs nothing.
void save_status_soon(Core& core, DomainOwner domain);

}  // namespace virtue::qemu
