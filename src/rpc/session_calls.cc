#include "rpc/session_calls.h"

#include "driver/uri.h"
#include "protocol/remote/auth.h"
#include "protocol/remote/connect.h"
#include "rpc/server_session.h"
#include "wire/typed_params.h"

namespace virtue::rpc {

namespace {

// virDrvFeature: what the daemon itself provides, whatever the driver.
constexpr int32_t feature_fd_passing = 8;
constexpr int32_t feature_parameter_strings = 9;  ///< typed parameters may be strings
constexpr int32_t feature_keepalive = 10;
constexpr int32_t feature_event_callback = 14;
constexpr int32_t feature_close_callback = 15;
constexpr int32_t feature_network_update_order = 16;  ///< virNetworkUpdate: command, then section
constexpr uint32_t open_read_only = 1;                // VIR_CONNECT_RO
constexpr io::Milliseconds polkit_patience{120000};   // a person may have to type a password

ServerSession& client_of(driver::Call& call) {
    return static_cast<ClientCall&>(call).client;
}

const driver::Route& require_open(driver::Call& call) {
    const driver::Route* route = call.session.route();
    if (!route) throw Error(ErrorCode::internal_error, ErrorDomain::rpc, "hypervisor connection not open");
    return *route;
}

proc::AuthList::Ret list_authentication(driver::Call& call, proc::AuthList::Args&&) {
    ServerSession& client = client_of(call);
    proc::AuthList::Ret ret;
    // Asking is what authenticates a peer whom the kernel vouches for; it is then told that nothing more is needed.
    if (client.authenticator().trusts(call.session.identity())) client.set_authenticated();
    ret.types.push_back(client.is_authenticated() ? proc::AuthType::none : client.authenticator().kind());
    return ret;
}

Task<proc::AuthPolkit::Ret> authenticate_by_polkit(driver::Call& call, proc::AuthPolkit::Args) {
    ServerSession& client = client_of(call);
    driver::Identity peer = call.session.identity();
    io::Deadline deadline = call.deadline.within(polkit_patience);
    bool read_only = call.session.is_read_only();
    Authenticator& authenticator = client.authenticator();
    co_await authenticator.check_polkit(call.loop(), std::move(peer), read_only, deadline);
    client.set_authenticated();
    proc::AuthPolkit::Ret ret;
    ret.complete = 1;
    co_return ret;
}

/// SASL is not offered on any listener: its calls fail as libvirtd's do there, without a detail.
template <typename P>
typename P::Ret refuse_sasl(driver::Call&, typename P::Args&&) {
    throw Error(ErrorCode::auth_failed, ErrorDomain::rpc, "authentication failed");
}

driver::Uri parse_uri(const std::string& name) {
    if (name.empty()) return {};
    if (name.find(':') == std::string::npos) {
        fail(ErrorCode::no_connect, ErrorDomain::none, "URI '{}' does not include a driver name", name);
    }
    return driver::Uri::parse(name);
}

driver::Backend& choose_backend(const Service& service, const std::string& name, const driver::Uri& uri) {
    for (driver::Backend* backend : service.backends) {
        if (name.empty() ? backend->is_default() : backend->accepts(uri)) return *backend;
    }
    throw Error(ErrorCode::no_connect, ErrorDomain::none, name.empty() ? "the default URI" : name);
}

Task<wire::Void> open_connection(driver::Call& call, proc::ConnectOpen::Args args) {
    if (call.session.route()) {
        // libvirtd drops the connection that was open, too.
        call.session.close();
        throw Error(ErrorCode::internal_error, ErrorDomain::rpc, "connection already open");
    }
    if (args.flags & open_read_only) call.session.set_read_only();
    std::string name = args.name.value_or("");
    driver::Uri uri = parse_uri(name);
    driver::Backend& backend = choose_backend(client_of(call).server().service(), name, uri);
    driver::Route route = co_await backend.open(call, std::move(uri));
    if (call.session.route()) throw Error(ErrorCode::internal_error, ErrorDomain::rpc, "connection already open");
    call.session.open(std::move(route));
    co_return wire::Void{};
}

wire::Void close_connection(driver::Call& call, proc::ConnectClose::Args&&) {
    client_of(call).disconnect_after_reply();
    return {};
}

/// Asks the driver, which answers from memory.
proc::ConnectSupportsFeature::Ret ask_driver(driver::Call& call, const proc::ConnectSupportsFeature::Args& args) {
    const driver::HandlerTable* table = require_open(call).table(proc::DriverKind::hypervisor);
    const driver::Handler* handler =
        table ? table->find(wire::Program::remote, proc::ConnectSupportsFeature::number) : nullptr;
    wire::Encoder question;
    wire::Encoder answer;
    wire::encode(question, args);
    wire::Decoder arguments(question.view());
    // A driver without an opinion has none of the features.
    if (!handler || !handler->run_now(call, arguments, answer)) return {};
    return wire::decode_as<proc::ConnectSupportsFeature::Ret>(answer.view());
}

proc::ConnectSupportsFeature::Ret supports_feature(driver::Call& call, proc::ConnectSupportsFeature::Args&& args) {
    proc::ConnectSupportsFeature::Ret ret;
    ret.supported = 1;
    if (args.feature == feature_keepalive) {
        client_of(call).start_keepalive();
        return ret;
    }
    require_open(call);
    switch (args.feature) {
        case feature_fd_passing:
        case feature_parameter_strings:
        case feature_event_callback:
        case feature_close_callback:
        case feature_network_update_order:
            return ret;
        default:
            return ask_driver(call, args);
    }
}

proc::ConnectGetUri::Ret connection_uri(driver::Call& call, proc::ConnectGetUri::Args&&) {
    proc::ConnectGetUri::Ret ret;
    ret.uri = require_open(call).uri;
    return ret;
}

proc::ConnectGetLibVersion::Ret library_version(driver::Call& call, proc::ConnectGetLibVersion::Args&&) {
    require_open(call);
    proc::ConnectGetLibVersion::Ret ret;
    ret.lib_ver = compatible_version;
    return ret;
}

/// The drivers of this daemon live in it: their connection never closes before the client's does, so that there is
/// nothing to remember for EVENT_CONNECTION_CLOSED.
template <typename P>
wire::Void accept_close_callback(driver::Call& call, typename P::Args&&) {
    require_open(call);
    return {};
}

using wire::TypedParameter;

void set_identity_field(driver::Identity& identity, const TypedParameter& parameter) {
    auto text = [&] { return std::get<std::string>(parameter.value); };
    if (parameter.field == "user-name") {
        identity.user_name = text();
    } else if (parameter.field == "group-name") {
        identity.group_name = text();
    } else if (parameter.field == "unix-user-id") {
        identity.uid = static_cast<uint32_t>(std::get<uint64_t>(parameter.value));
    } else if (parameter.field == "unix-group-id") {
        identity.gid = static_cast<uint32_t>(std::get<uint64_t>(parameter.value));
    } else if (parameter.field == "process-id") {
        identity.pid = static_cast<int>(std::get<int64_t>(parameter.value));
    } else if (parameter.field == "sasl-user-name") {
        identity.sasl_user_name = text();
    } else if (parameter.field == "x509-distinguished-name") {
        identity.x509_distinguished_name = text();
    } else if (parameter.field == "selinux-context") {
        identity.selinux_context = text();
    }
}

/// A proxy tells for whom it asks. Only root may speak for others.
wire::Void set_identity(driver::Call& call, proc::ConnectSetIdentity::Args&& args) {
    require_open(call);
    if (args.flags != 0) {
        fail(ErrorCode::invalid_arg, ErrorDomain::rpc, "unsupported flags (0x{:x}) in function virConnectSetIdentity",
             args.flags);
    }
    static constexpr wire::ExpectedParameter expected[] = {
        {"user-name", 7},       {"group-name", 7},   {"unix-user-id", 4},   {"unix-group-id", 4},
        {"process-id", 3},      {"process-time", 4}, {"sasl-user-name", 7}, {"x509-distinguished-name", 7},
        {"selinux-context", 7},
    };
    wire::validate(args.params, expected);
    if (args.params.empty()) return {};
    if (call.session.identity().uid != 0u) {
        throw Error(ErrorCode::access_denied, ErrorDomain::rpc, "only root may speak for another identity");
    }
    driver::Identity identity = call.session.identity();
    for (const TypedParameter& parameter : args.params) set_identity_field(identity, parameter);
    call.session.set_identity(std::move(identity));
    return {};
}

}  // namespace

void bind_session_calls(driver::HandlerTable& on) {
    on.call<proc::AuthList>(list_authentication);
    on.call<proc::AuthPolkit>(authenticate_by_polkit);
    on.call<proc::AuthSaslInit>(refuse_sasl<proc::AuthSaslInit>);
    on.call<proc::AuthSaslStart>(refuse_sasl<proc::AuthSaslStart>);
    on.call<proc::AuthSaslStep>(refuse_sasl<proc::AuthSaslStep>);
    on.call<proc::ConnectOpen>(open_connection);
    on.call<proc::ConnectClose>(close_connection);
    on.call<proc::ConnectSupportsFeature>(supports_feature);
    on.call<proc::ConnectGetUri>(connection_uri);
    on.call<proc::ConnectGetLibVersion>(library_version);
    on.call<proc::ConnectRegisterCloseCallback>(accept_close_callback<proc::ConnectRegisterCloseCallback>);
    on.call<proc::ConnectUnregisterCloseCallback>(accept_close_callback<proc::ConnectUnregisterCloseCallback>);
    on.call<proc::ConnectSetIdentity>(set_identity);
}

}  // namespace virtue::rpc
