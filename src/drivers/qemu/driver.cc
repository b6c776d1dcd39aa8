#include "drivers/qemu/driver.h"

#include "base/error.h"
#include "base/log.h"
#include "base/uuid.h"
#include "driver/handler_table.h"
#include "driver/network_service.h"
#include "drivers/qemu/block/block_calls.h"
#include "drivers/qemu/block/block_job_calls.h"
#include "drivers/qemu/calls/checkpoint_calls.h"
#include "drivers/qemu/calls/console_calls.h"
#include "drivers/qemu/calls/definition_calls.h"
#include "drivers/qemu/calls/device_calls.h"
#include "drivers/qemu/calls/guest_calls.h"
#include "drivers/qemu/calls/guest_info_calls.h"
#include "drivers/qemu/calls/interface_tune_calls.h"
#include "drivers/qemu/calls/iothread_calls.h"
#include "drivers/qemu/calls/lifecycle_calls.h"
#include "drivers/qemu/calls/lookup_calls.h"
#include "drivers/qemu/calls/measure_calls.h"
#include "drivers/qemu/calls/migrate_calls.h"
#include "drivers/qemu/calls/monitor_calls.h"
#include "drivers/qemu/calls/native_calls.h"
#include "drivers/qemu/calls/node_calls.h"
#include "drivers/qemu/calls/resource_calls.h"
#include "drivers/qemu/calls/run_state_calls.h"
#include "drivers/qemu/calls/save_calls.h"
#include "drivers/qemu/calls/snapshot_calls.h"
#include "drivers/qemu/calls/stats_calls.h"
#include "drivers/qemu/calls/tune_calls.h"
#include "drivers/qemu/calls/vcpu_calls.h"
#include "drivers/qemu/core.h"
#include "drivers/qemu/fd_groups.h"
#include "drivers/qemu/interfaces.h"
#include "drivers/qemu/reconnect.h"
#include "model/domain/domain.h"

namespace virtue::qemu {
namespace {

constinit log::Module logger("qemu");

// What clients learn of the host: its identity, and which user guests run as.
NodeOptions node_options(const Core& core) {
    NodeOptions options;
    options.privileged = core.settings.paths.privileged;
    options.identity = default_identity(host::SystemFiles());
    if (!core.settings.host_uuid.empty()) {
        const auto uuid = Uuid::parse(core.settings.host_uuid);
        if (!uuid) {
            fail(ErrorCode::conf_syntax, ErrorDomain::conf, "host_uuid: '{}' is not a UUID", core.settings.host_uuid);
        }
        options.identity.uuid = uuid->to_string();
    }
    if (!core.guest_user) return options;
    const std::string label = fmt::format("+{}:+{}", core.guest_user->uid, core.guest_user->gid);
    SecurityModel dac;
    dac.name = "dac";
    for (const char* type : {"kvm", "qemu"}) dac.labels.push_back({type, label});
    options.identity.security.push_back(std::move(dac));
    return options;
}

/// Guests that ran before hold ports of networks, and guests that start need them.
Task<void> wait_for_networks(Core& core) {
    if (!core.networks) co_return;
    try {
        io::Deadline until_end = io::Deadline::never().with_cancel(core.gate.cancel_source());
        co_await core.networks->ready(until_end);
    } catch (const std::exception& error) {
        logger.error("guests have no virtual networks: {}", error.what());
    }
}

}  // namespace

struct QemuDriver::State {
    State(io::Loop& loop, Settings settings, const Tables& others, driver::NetworkService* networks)
        : core(loop, std::move(settings), networks),
          tables(others),
          definitions(core),
          lookups(core),
          run_state(core),
          stats(core),
          resources(core),
          vcpus(core),
          iothreads(core),
          measures(core),
          migrations(core),
          guest_infos(core),
          tunes(core),
          interface_tunes(core),
          consoles(core),
          guests(core),
          snapshots(core),
          checkpoints(core),
          monitors(core),
          natives(core),
          devices(core),
          saves(core),
          blocks(core),
          block_jobs(core),
          lifecycle(core),
          fd_groups(core),
          node(loop, core.capabilities, node_options(core)),
          ready(loop) {
        definitions.bind(table);
        lookups.bind(table);
        run_state.bind(table);
        stats.bind(table);
        resources.bind(table);
        vcpus.bind(table);
        iothreads.bind(table);
        measures.bind(table);
        migrations.bind(table);
        guest_infos.bind(table);
        tunes.bind(table);
        interface_tunes.bind(table);
        consoles.bind(table);
        guests.bind(table);
        snapshots.bind(table);
        checkpoints.bind(table);
        monitors.bind(table);
        natives.bind(table);
        devices.bind(table);
        saves.bind(table);
        blocks.bind(table);
        block_jobs.bind(table);
        lifecycle.bind(table);
        fd_groups.bind(table);
        node.bind(table);
        core.events.bind(table, driver::EventClass::domain);
        core.events.bind(table, driver::EventClass::qemu_monitor);
        tables[static_cast<size_t>(proc::DriverKind::hypervisor)] = &table;
        if (!networks) return;
        networks->on_started(
            [this](const std::string& network, const std::string& bridge) { rejoin_bridge(core, network, bridge); });
    }

    Core core;
    Tables tables;
    driver::HandlerTable table;
    DefinitionCalls definitions;
    LookupCalls lookups;
    RunStateCalls run_state;
    StatsCalls stats;
    ResourceCalls resources;
    VcpuCalls vcpus;
    IoThreadCalls iothreads;
    MeasureCalls measures;
    MigrateCalls migrations;
    GuestInfoCalls guest_infos;
    TuneCalls tunes;
    InterfaceTuneCalls interface_tunes;
    ConsoleCalls consoles;
    GuestCalls guests;
    SnapshotCalls snapshots;
    CheckpointCalls checkpoints;
    MonitorCalls monitors;
    NativeCalls natives;
    DeviceCalls devices;
    SaveCalls saves;
    BlockCalls blocks;
    BlockJobCalls block_jobs;
    LifecycleCalls lifecycle;
    FdGroupCalls fd_groups;
    NodeCalls node;
    bool is_ready = false;
    std::exception_ptr problem;
    io::Condition ready;
};

QemuDriver::QemuDriver(io::Loop& loop, Settings settings, const Tables& others, driver::NetworkService* networks)
    : state_(std::make_unique<State>(loop, std::move(settings), others, networks)) {
    auto begin = [](State& state) -> Task<void> {
        co_await wait_for_networks(state.core);
        try {
            io::Deadline patience =
                io::Deadline::after(io::Milliseconds(300)).with_cancel(state.core.gate.cancel_source());
            co_await load_and_reconnect(state.core, patience);
            if (state.core.settings.paths.privileged) rejoin_bridges(state.core);
            state.core.spawn(drop_stale_ports(state.core));
        } catch (const std::exception& error) {
            state.problem = std::current_exception();
            logger.error("the QEMU driver cannot work: {}", error.what());
        }
        state.is_ready = true;
        state.ready.notify_all();
        if (!state.problem) state.core.spawn(check_definitions(state.core));
        if (!state.problem) co_await autostart_guests(state.core);
    };
    state_->core.spawn(begin(*state_));
}

QemuDriver::~QemuDriver() = default;

Core& QemuDriver::core() {
    return state_->core;
}

driver::HandlerTable& QemuDriver::table() {
    return state_->table;
}

std::optional<std::string> QemuDriver::guest_with_pci(const std::string& address) const {
    std::optional<std::string> found;
    state_->core.domains.for_each([&](const Domain& domain) {
        if (found || !domain.run() || !domain.run()->domain) return;
        for (const model::Hostdev& device : domain.run()->domain->hostdevs) {
            const bool is_pci = device.mode == model::HostdevMode::subsystem && device.type == model::HostdevType::pci;
            if (is_pci && device.pci.to_string() == address) found = domain.name();
        }
        for (const model::Interface& card : domain.run()->domain->interfaces) {
            if (card.type == model::InterfaceType::hostdev && card.host_pci.to_string() == address)
                found = domain.name();
        }
    });
    return found;
}

void QemuDriver::meet(driver::VolumeFinder* volumes, const driver::SecretValues* secrets,
                      driver::FilterService* filters) {
    state_->core.filters = filters;
    state_->core.volumes = volumes;
    state_->core.secrets = secrets;
}

bool QemuDriver::accepts(const driver::Uri& uri) const {
    return uri.scheme == "qemu";
}

Task<driver::Route> QemuDriver::open(driver::Call& call, driver::Uri uri) {
    bool privileged = state_->core.settings.paths.privileged;
    std::string wanted = privileged ? "/system" : "/session";
    // A client without a URI gets what there is.
    if (uri.scheme.empty()) uri.path = wanted;
    if (uri.path.empty()) {
        throw Error(
            ErrorCode::internal_error, ErrorDomain::qemu,
            privileged ? "no QEMU URI path given, try qemu:///system" : "no QEMU URI path given, try qemu:///session");
    }
    bool fits = uri.path == wanted || (privileged && uri.path == "/session");
    if (!fits) {
        fail(ErrorCode::internal_error, ErrorDomain::qemu, "unexpected QEMU URI path '{}', try {}", uri.path,
             privileged ? "qemu:///system" : "qemu:///session");
    }
    while (!state_->is_ready) {
        io::WakeReason reason = co_await state_->ready.wait(call.deadline);
        if (!state_->is_ready) io::require_notified(reason, "the guests that ran before");
    }
    if (state_->problem) std::rethrow_exception(state_->problem);
    driver::Route route;
    route.tables = state_->tables;
    route.uri = "qemu://" + uri.path;
    co_return route;
}

bool QemuDriver::is_busy() const {
    bool any = false;
    state_->core.domains.for_each([&](const Domain& domain) { any = any || domain.is_active(); });
    return any;
}

void QemuDriver::begin_stop() {
    state_->core.leaving.cancel();
}

Task<void> QemuDriver::stop() {
    co_await state_->core.gate.close();
}

}  // namespace virtue::qemu
