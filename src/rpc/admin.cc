#include "rpc/admin.h"

#include <grp.h>
#include <pwd.h>

#include "io/offload.h"
#include "protocol/admin/admin.h"
#include "rpc/server_session.h"
#include "rpc/session_calls.h"
#include "wire/typed_params.h"

namespace virtue::rpc {

namespace {

using proc::Void;

constexpr uint32_t transport_unix = 0;
constexpr uint32_t parameter_uint = 2;

/// No call of this program has flags.
void require_no_flags(uint32_t flags, const char* function) {
    if (flags == 0) return;
    Error error = Error::with_message(ErrorCode::invalid_arg, ErrorDomain::admin,
                                      fmt::format("unsupported flags (0x{:x}) in function {}", flags, function));
    error.set_int1(0);
    throw error;
}

proc::AdminClientRef reference_to(const ServerSession& client) {
    proc::AdminClientRef reference;
    reference.server.name = client.server().name();
    reference.id = client.id();
    reference.timestamp = std::chrono::system_clock::to_time_t(client.connected_since());
    reference.transport = transport_unix;
    return reference;
}

/// The names behind a user's numbers; looking them up may ask the network.
struct Names {
    std::string user;
    std::string group;
};

Names look_up(uint32_t uid, uint32_t gid) {
    Names names;
    std::vector<char> memory(16384);
    passwd user{};
    passwd* found_user = nullptr;
    if (getpwuid_r(uid, &user, memory.data(), memory.size(), &found_user) == 0 && found_user) {
        names.user = found_user->pw_name;
    }
    group members{};
    group* found_group = nullptr;
    if (getgrgid_r(gid, &members, memory.data(), memory.size(), &found_group) == 0 && found_group) {
        names.group = found_group->gr_name;
    }
    return names;
}

uint32_t words_in(const std::string& text) {
    uint32_t count = 0;
    bool inside = false;
    for (char letter : text) {
        bool space = letter == ' ';
        if (!space && !inside) count++;
        inside = !space;
    }
    return count;
}

}  // namespace

/// The calls, over the hooks.
class AdminService::Calls {
public:
    explicit Calls(const AdminHooks& hooks) : hooks_(hooks) {}

    Void open(driver::Call&, proc::AdminConnectOpen::Args args) {
        require_no_flags(args.flags, "adminDispatchConnectOpen");
        return {};
    }
    Void close(driver::Call& call, proc::AdminConnectClose::Args) {
        static_cast<ClientCall&>(call).client.disconnect_after_reply();
        return {};
    }
    proc::AdminConnectGetLibVersion::Ret version(driver::Call&, proc::AdminConnectGetLibVersion::Args) {
        proc::AdminConnectGetLibVersion::Ret ret;
        ret.lib_ver = compatible_version;
        return ret;
    }
    proc::AdminConnectListServers::Ret list_servers(driver::Call&, proc::AdminConnectListServers::Args args);
    proc::AdminConnectLookupServer::Ret look_up_server(driver::Call&, proc::AdminConnectLookupServer::Args args);
    proc::AdminServerGetThreadpoolParameters::Ret workers(driver::Call&,
                                                          proc::AdminServerGetThreadpoolParameters::Args args);
    Void set_workers(driver::Call&, proc::AdminServerSetThreadpoolParameters::Args args);
    proc::AdminServerListClients::Ret list_clients(driver::Call&, proc::AdminServerListClients::Args args);
    proc::AdminServerLookupClient::Ret look_up_client(driver::Call&, proc::AdminServerLookupClient::Args args);
    Task<proc::AdminClientGetInfo::Ret> client_info(driver::Call& call, proc::AdminClientGetInfo::Args args);
    Void close_client(driver::Call& call, proc::AdminClientClose::Args args);
    proc::AdminServerGetClientLimits::Ret client_limits(driver::Call&, proc::AdminServerGetClientLimits::Args args);
    Void set_client_limits(driver::Call&, proc::AdminServerSetClientLimits::Args args);
    proc::AdminConnectGetLoggingOutputs::Ret outputs(driver::Call&, proc::AdminConnectGetLoggingOutputs::Args args);
    proc::AdminConnectGetLoggingFilters::Ret filters(driver::Call&, proc::AdminConnectGetLoggingFilters::Args args);
    Void set_outputs(driver::Call&, proc::AdminConnectSetLoggingOutputs::Args args);
    Void set_filters(driver::Call&, proc::AdminConnectSetLoggingFilters::Args args);
    Void update_tls(driver::Call&, proc::AdminServerUpdateTlsFiles::Args args);
    Void set_timeout(driver::Call&, proc::AdminConnectSetDaemonTimeout::Args args);
    Void shut_down(driver::Call&, proc::AdminConnectDaemonShutdown::Args args);

private:
    Server& server(const std::string& name) const;
    /// The client that an earlier answer named.
    ServerSession& client(const proc::AdminClientRef& reference) const;

    const AdminHooks& hooks_;
};

Server& AdminService::Calls::server(const std::string& name) const {
    for (Server* one : hooks_.servers) {
        if (one->name() == name) return *one;
    }
    fail(ErrorCode::no_server, ErrorDomain::rpc, "No server named '{}'", name);
}

ServerSession& AdminService::Calls::client(const proc::AdminClientRef& reference) const {
    ServerSession* found = server(reference.server.name).find_client(reference.id);
    if (!found) {
        fail(ErrorCode::no_client, ErrorDomain::admin, "no client with matching id '{}' found", reference.id);
    }
    return *found;
}

proc::AdminConnectListServers::Ret AdminService::Calls::list_servers(driver::Call&,
                                                                     proc::AdminConnectListServers::Args args) {
    require_no_flags(args.flags, "adminConnectListServers");
    proc::AdminConnectListServers::Ret ret;
    ret.ret = static_cast<uint32_t>(hooks_.servers.size());
    if (!args.need_results) return ret;
    for (const Server* one : hooks_.servers) ret.servers.emplace_back().name = one->name();
    return ret;
}

proc::AdminConnectLookupServer::Ret AdminService::Calls::look_up_server(driver::Call&,
                                                                        proc::AdminConnectLookupServer::Args args) {
    require_no_flags(args.flags, "adminConnectLookupServer");
    proc::AdminConnectLookupServer::Ret ret;
    ret.server.name = server(args.name).name();
    return ret;
}

proc::AdminServerGetThreadpoolParameters::Ret AdminService::Calls::workers(
    driver::Call&, proc::AdminServerGetThreadpoolParameters::Args args) {
    require_no_flags(args.flags, "adminServerGetThreadPoolParameters");
    const WorkerFigures& figures = server(args.server.name).workers();
    wire::TypedParameters params;
    params.add_uint("minWorkers", figures.min_workers);
    params.add_uint("maxWorkers", figures.max_workers);
    params.add_uint("nWorkers", figures.min_workers);
    params.add_uint("freeWorkers", figures.min_workers);
    params.add_uint("prioWorkers", figures.priority_workers);
    params.add_uint("jobQueueDepth", 0);
    proc::AdminServerGetThreadpoolParameters::Ret ret;
    ret.params = params.take();
    return ret;
}

Void AdminService::Calls::set_workers(driver::Call&, proc::AdminServerSetThreadpoolParameters::Args args) {
    require_no_flags(args.flags, "adminServerSetThreadPoolParameters");
    static constexpr wire::ExpectedParameter expected[] = {
        {"minWorkers", parameter_uint}, {"maxWorkers", parameter_uint}, {"prioWorkers", parameter_uint}};
    WorkerFigures& figures = server(args.server.name).workers();
    wire::validate(args.params, expected);
    wire::TypedParameters params(std::move(args.params));
    WorkerFigures changed = figures;
    changed.min_workers = params.find_uint("minWorkers").value_or(figures.min_workers);
    changed.max_workers = params.find_uint("maxWorkers").value_or(figures.max_workers);
    changed.priority_workers = params.find_uint("prioWorkers").value_or(figures.priority_workers);
    if (changed.min_workers > changed.max_workers) {
        throw Error(ErrorCode::invalid_arg, ErrorDomain::none, "minWorkers cannot be larger than maxWorkers");
    }
    figures = changed;
    return {};
}

proc::AdminServerListClients::Ret AdminService::Calls::list_clients(driver::Call&,
                                                                    proc::AdminServerListClients::Args args) {
    require_no_flags(args.flags, "adminServerListClients");
    const Server& of = server(args.server.name);
    proc::AdminServerListClients::Ret ret;
    ret.ret = static_cast<uint32_t>(of.client_count());
    if (!args.need_results) return ret;
    of.for_each_client([&](ServerSession& one) { ret.clients.push_back(reference_to(one)); });
    return ret;
}

proc::AdminServerLookupClient::Ret AdminService::Calls::look_up_client(driver::Call&,
                                                                       proc::AdminServerLookupClient::Args args) {
    require_no_flags(args.flags, "adminServerLookupClient");
    proc::AdminServerLookupClient::Ret ret;
    ServerSession* found = server(args.server.name).find_client(args.id);
    if (!found) fail(ErrorCode::no_client, ErrorDomain::rpc, "No client with matching ID '{}'", args.id);
    ret.client = reference_to(*found);
    return ret;
}

Task<proc::AdminClientGetInfo::Ret> AdminService::Calls::client_info(driver::Call& call,
                                                                     proc::AdminClientGetInfo::Args args) {
    require_no_flags(args.flags, "adminClientGetInfo");
    ServerSession& of = client(args.client);
    driver::Identity identity = of.session().identity();
    bool read_only = of.session().is_read_only();
    uint32_t uid = identity.uid.value_or(0);
    uint32_t gid = identity.gid.value_or(0);
    auto work = [uid, gid] { return look_up(uid, gid); };
    Names names = co_await io::offload(call.loop(), work, call.deadline);
    wire::TypedParameters params;
    params.add_boolean("readonly", read_only);
    if (identity.uid) {
        params.add_int("unix_user_id", static_cast<int32_t>(uid));
        params.add_string("unix_user_name", std::move(names.user));
        params.add_int("unix_group_id", static_cast<int32_t>(gid));
        params.add_string("unix_group_name", std::move(names.group));
        params.add_int("unix_process_id", identity.pid);
    }
    proc::AdminClientGetInfo::Ret ret;
    ret.params = params.take();
    co_return ret;
}

Void AdminService::Calls::close_client(driver::Call& call, proc::AdminClientClose::Args args) {
    require_no_flags(args.flags, "adminClientClose");
    ServerSession& other = client(args.client);
    ServerSession& own = static_cast<ClientCall&>(call).client;
    if (&other == &own) {
        own.disconnect_after_reply();
    } else {
        other.disconnect("closed by the administrator");
    }
    return {};
}

proc::AdminServerGetClientLimits::Ret AdminService::Calls::client_limits(driver::Call&,
                                                                         proc::AdminServerGetClientLimits::Args args) {
    require_no_flags(args.flags, "adminServerGetClientLimits");
    const Server& of = server(args.server.name);
    wire::TypedParameters params;
    params.add_uint("nclients_max", of.limits().max_clients);
    params.add_uint("nclients", static_cast<uint32_t>(of.client_count()));
    params.add_uint("nclients_unauth_max", of.limits().max_anonymous_clients);
    params.add_uint("nclients_unauth", static_cast<uint32_t>(of.anonymous_count()));
    proc::AdminServerGetClientLimits::Ret ret;
    ret.params = params.take();
    return ret;
}

Void AdminService::Calls::set_client_limits(driver::Call&, proc::AdminServerSetClientLimits::Args args) {
    require_no_flags(args.flags, "adminServerSetClientLimits");
    static constexpr wire::ExpectedParameter expected[] = {{"nclients_max", parameter_uint},
                                                           {"nclients_unauth_max", parameter_uint}};
    Server& of = server(args.server.name);
    wire::validate(args.params, expected);
    wire::TypedParameters params(std::move(args.params));
    of.set_client_limits(params.find_uint("nclients_max"), params.find_uint("nclients_unauth_max"));
    return {};
}

proc::AdminConnectGetLoggingOutputs::Ret AdminService::Calls::outputs(driver::Call&,
                                                                      proc::AdminConnectGetLoggingOutputs::Args args) {
    require_no_flags(args.flags, "adminConnectGetLoggingOutputs");
    proc::AdminConnectGetLoggingOutputs::Ret ret;
    ret.outputs = hooks_.log_outputs();
    ret.noutputs = words_in(ret.outputs);
    return ret;
}

proc::AdminConnectGetLoggingFilters::Ret AdminService::Calls::filters(driver::Call&,
                                                                      proc::AdminConnectGetLoggingFilters::Args args) {
    require_no_flags(args.flags, "adminConnectGetLoggingFilters");
    proc::AdminConnectGetLoggingFilters::Ret ret;
    std::string filters = hooks_.log_filters();
    ret.nfilters = words_in(filters);
    if (ret.nfilters > 0) ret.filters = std::move(filters);
    return ret;
}

Void AdminService::Calls::set_outputs(driver::Call&, proc::AdminConnectSetLoggingOutputs::Args args) {
    require_no_flags(args.flags, "adminConnectSetLoggingOutputs");
    hooks_.set_log_outputs(args.outputs.value_or(""));
    return {};
}

Void AdminService::Calls::set_filters(driver::Call&, proc::AdminConnectSetLoggingFilters::Args args) {
    require_no_flags(args.flags, "adminConnectSetLoggingFilters");
    hooks_.set_log_filters(args.filters.value_or(""));
    return {};
}

Void AdminService::Calls::update_tls(driver::Call&, proc::AdminServerUpdateTlsFiles::Args args) {
    require_no_flags(args.flags, "adminServerUpdateTlsFiles");
    server(args.server.name);
    throw Error(ErrorCode::internal_error, ErrorDomain::rpc, "no tls service found, unable to update tls files");
}

Void AdminService::Calls::set_timeout(driver::Call&, proc::AdminConnectSetDaemonTimeout::Args args) {
    require_no_flags(args.flags, "adminConnectSetDaemonTimeout");
    hooks_.set_idle_timeout(args.timeout);
    return {};
}

Void AdminService::Calls::shut_down(driver::Call&, proc::AdminConnectDaemonShutdown::Args args) {
    require_no_flags(args.flags, "adminConnectDaemonShutdown");
    hooks_.shut_down();
    return {};
}

AdminService::~AdminService() = default;

AdminService::AdminService(AdminHooks hooks) : hooks_(std::move(hooks)), handlers_(std::make_unique<Calls>(hooks_)) {
    driver::HandlerTable& on = calls_;
    Calls* self = handlers_.get();
    on.call<proc::AdminConnectOpen>(self, &Calls::open);
    on.call<proc::AdminConnectClose>(self, &Calls::close);
    on.call<proc::AdminConnectGetLibVersion>(self, &Calls::version);
    on.call<proc::AdminConnectListServers>(self, &Calls::list_servers);
    on.call<proc::AdminConnectLookupServer>(self, &Calls::look_up_server);
    on.call<proc::AdminServerGetThreadpoolParameters>(self, &Calls::workers);
    on.call<proc::AdminServerSetThreadpoolParameters>(self, &Calls::set_workers);
    on.call<proc::AdminServerListClients>(self, &Calls::list_clients);
    on.call<proc::AdminServerLookupClient>(self, &Calls::look_up_client);
    on.call<proc::AdminClientGetInfo>(self, &Calls::client_info);
    on.call<proc::AdminClientClose>(self, &Calls::close_client);
    on.call<proc::AdminServerGetClientLimits>(self, &Calls::client_limits);
    on.call<proc::AdminServerSetClientLimits>(self, &Calls::set_client_limits);
    on.call<proc::AdminConnectGetLoggingOutputs>(self, &Calls::outputs);
    on.call<proc::AdminConnectGetLoggingFilters>(self, &Calls::filters);
    on.call<proc::AdminConnectSetLoggingOutputs>(self, &Calls::set_outputs);
    on.call<proc::AdminConnectSetLoggingFilters>(self, &Calls::set_filters);
    on.call<proc::AdminServerUpdateTlsFiles>(self, &Calls::update_tls);
    on.call<proc::AdminConnectSetDaemonTimeout>(self, &Calls::set_timeout);
    on.call<proc::AdminConnectDaemonShutdown>(self, &Calls::shut_down);
}

}  // namespace virtue::rpc
