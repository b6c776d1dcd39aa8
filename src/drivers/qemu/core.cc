#include "drivers/qemu/core.h"

#include <malloc.h>

#include <cstdlib>

#include "base/error.h"
#include "base/log.h"
#include "drivers/qemu/block/job.h"
#include "io/offload.h"
#include "model/domain/domain.h"

namespace virtue::qemu {
namespace {

constinit log::Module logger("qemu");

/// Clients that lost the daemon come back within seconds; one that subscribes later has looked at states itself.
constexpr io::Milliseconds missed_events_kept{60000};
constexpr io::Milliseconds subscription_noted{1000};
constexpr size_t models_at_hand = 32;
/// Half of it holds a thousand ordinary definitions, which then are brought to disk together.
constexpr size_t journal_size = 16 << 20;
constexpr io::Milliseconds settle_after{2000};
constexpr io::Milliseconds settle_again_after{30000};

io::JournalSettler::Options settling(std::shared_ptr<io::Journal> journal) {
    auto tell = [](const Error& error) {
        logger.error("definitions are recorded, but not yet on disk in files of their own: {}", error.message());
    };
    return {std::move(journal), settle_after, settle_again_after, tell};
}

/// Of work in the background. That a guest ended meanwhile is no failure.
void tell_failure(const std::exception_ptr& problem) {
    try {
        std::rethrow_exception(problem);
    } catch (const GuestEnded& ended) {
        logger.debug("background work was cut short: {}", ended.message());
    } catch (...) {
        logger.error("background work failed: {}", log::describe(problem));
    }
}

CapabilitiesCache::Options cache_options(const Settings& settings, const std::optional<GuestUser>& user) {
    CapabilitiesCache::Options options;
    options.folder = settings.paths.cache + "/qemu/capabilities";
    const char* path = std::getenv("PATH");
    options.search_path = path ? path : "/usr/local/bin:/usr/bin:/bin";
    if (user) {
        options.uid = user->uid;
        options.gid = user->gid;
    }
    return options;
}

}  // namespace

Core::Core(io::Loop& on, Settings with, driver::NetworkService* from)
    : loop(on),
      settings(std::move(with)),
      networks(from),
      journal(std::make_shared<io::Journal>(io::Journal::Options{settings.journal(), journal_size})),
      store(settings, journal),
      pack_timer(on, [this] { return pack_definitions(); }),
      announcer(events),
      guest_user(find_guest_user(settings)),
      capabilities(on, cache_options(settings, guest_user)),
      display_ports(settings.first_display_port, settings.last_display_port),
      gate(on, tell_failure),
      unclaimed_(on),
      settler_(on, gate, settling(journal)) {
    for (const std::string& problem : journal->recover()) logger.error("definitions may be lost: {}", problem);
    events.on_subscribed([this](const driver::EventHub::Subscription& subscription) { tell_missed(subscription); });
}

void Core::tell_missed(const driver::EventHub::Subscription& subscription) {
    bool lifecycle = subscription.event_class == driver::EventClass::domain &&
                     subscription.event_id == static_cast<int32_t>(api::domain_event_id_lifecycle);
    if (!lifecycle || died_meanwhile.empty()) return;
    if (io::Clock::now() - started > missed_events_kept) {
        died_meanwhile.clear();
        return;
    }
    spawn(tell_missed_later(subscription.callback_id));
}

Task<void> Core::tell_missed_later(int32_t callback_id) {
    // libvirt's client drops an event whose callback id it has not noted yet, and it notes it only some time after it
    // read the answer to its subscription.
    io::Deadline noted = io::Deadline::after(subscription_noted).with_cancel(gate.cancel_source());
    bool is_time = co_await loop.sleep_until(noted);
    if (!is_time) co_return;
    for (const Obituary& obituary : died_meanwhile) {
        Domain* now = domains.find(obituary.domain.uuid);
        bool lives_again = now && now->is_active();
        if (!lives_again) announcer.stopped_to(callback_id, obituary.domain, obituary.detail);
    }
}

void Core::keep_model_at_hand(const DomainOwner& domain) {
    auto is_same = [&](const std::weak_ptr<Domain>& one) {
        return !one.owner_before(domain) && !domain.owner_before(one);
    };
    std::erase_if(at_hand_, is_same);
    at_hand_.push_back(domain);
    if (at_hand_.size() <= models_at_hand) return;
    const DomainOwner oldest = at_hand_.front().lock();
    at_hand_.pop_front();
    // A call under way holds the guest besides the table and us, and may refer to its definition.
    if (oldest && oldest.use_count() <= 2) oldest->ease();
}

PackTimer::Left Core::pack_definitions() {
    // Clients wait meanwhile: what takes longer than this is left for the next turn.
    const auto end = io::Clock::now() + io::Milliseconds(20);
    bool any_in_use = false;
    bool any_more = false;
    domains.for_each([&](Domain& domain) {
        if (any_more) return;
        if (io::Clock::now() > end) {
            any_more = true;
            return;
        }
        // A call under way holds the guest besides the table and us, and may refer to its definition.
        const bool in_use = domains.hold(domain.uuid()).use_count() > 2;
        if (in_use || !domain.pack()) any_in_use = any_in_use || !domain.definition().is_packed();
    });
    if (any_more) return PackTimer::Left::more;
    // What a thousand models leave behind in the heap goes back to the system.
    ::malloc_trim(0);
    return any_in_use ? PackTimer::Left::in_use : PackTimer::Left::nothing;
}

DomainOwner Core::at(const std::string& name, const Uuid& uuid) const {
    DomainOwner domain = domains.hold(uuid);
    if (!domain) {
        fail(ErrorCode::no_domain, ErrorDomain::qemu, "no domain with matching uuid '{}' ({})", uuid.to_string(), name);
    }
    return domain;
}

Task<Core::Claim> Core::claim(std::vector<std::string> keys, io::Deadline deadline) {
    auto is_taken = [this, &keys] {
        for (const std::string& key : keys) {
            if (claimed_.contains(key)) return true;
        }
        return false;
    };
    while (is_taken()) {
        io::WakeReason reason = co_await unclaimed_.wait(deadline);
        if (is_taken()) io::require_notified(reason, "another definition of the same name");
    }
    claimed_.insert(keys.begin(), keys.end());
    co_return Claim(*this, std::move(keys));
}

Core::Claim::~Claim() {
    if (!core_) return;
    for (const std::string& key : keys_) core_->claimed_.erase(key);
    core_->unclaimed_.notify_all();
}

std::optional<DacOwner> Core::owner_of_files() const {
    if (!guest_user || !settings.dynamic_ownership) return std::nullopt;
    return DacOwner(guest_user->uid, guest_user->gid, settings.remember_owner);
}

namespace {

Task<void> write_status(Core& core, DomainOwner domain) {
    if (!domain->is_active()) co_return;
    const Run& run = domain->running();
    // A start that is not yet so far that a new daemon could take it up: its folder without a status says so.
    if (!run.process || domain->state().state == api::domain_shutoff) co_return;
    GuestStatus status;
    status.pid = run.process->pid();
    status.start_time = run.process->start_time();
    status.state = domain->state().state;
    status.reason = domain->state().reason;
    status.monitor_path = run.monitor_path;
    status.vcpu_threads = run.vcpu_threads;
    status.folder = run.folder;
    status.channel_folder = run.channel_folder;
    status.fake_reboot = run.fake_reboot;
    status.images_opened = run.images_opened;
    status.agent_timeout = domain->agent_timeout;
    status.capability_flags = run.capability_flags;
    status.asked_cpu = run.asked_cpu;
    status.taints = run.taints;
    status.deprecations = run.deprecations;
    status.domain = run.domain;
    status.last_node = run.last_node;
    for (const auto& [name, job] : run.block_jobs) {
        if (job->record.type != BlockJobType::create) status.block_jobs.push_back(job->record);
    }
    std::string text = Store::format_status(status);
    Store store = core.store;
    std::string name = domain->name();
    auto write = [store, name, text = std::move(text)] { store.save_status(name, text); };
    co_await io::offload(core.loop, std::move(write));
}

/// Events come in bursts, as fast as a guest likes: one write serves all that come until it begins.
constexpr io::Milliseconds burst{100};

Task<void> save_queued_status(Core& core, DomainOwner domain, int id) {
    io::Deadline pause = io::Deadline::after(burst).with_cancel(core.gate.cancel_source());
    co_await core.loop.sleep_until(pause);
    io::Semaphore::Permit turn = co_await domain->files.acquire(io::Deadline::never(), "the guest's status file");
    // Of a later run, which is not yet where a new daemon could take it up, nothing may be told.
    if (domain->id() != id) co_return;
    domain->running().status_queued = false;
    co_await write_status(core, domain);
}

}  // namespace

Task<void> save_status(Core& core, DomainOwner domain) {
    // One at a time for each guest, and each with the state of its own moment: the last one tells the truth.
    io::Semaphore::Permit turn = co_await domain->files.acquire(io::Deadline::never(), "the guest's status file");
    co_await write_status(core, domain);
}

void save_status_soon(Core& core, DomainOwner domain) {
    Run* run = domain->run();
    if (!run || std::exchange(run->status_queued, true)) return;
    core.spawn(save_queued_status(core, std::move(domain), run->id));
}

}  // namespace virtue::qemu
