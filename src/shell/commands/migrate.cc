// Moves a domain to another host, and what can be said to a migration under way.
#include <chrono>

#include "base/text.h"
#include "client/connect.h"
#include "driver/constants.h"
#include "protocol/remote/connect.h"
#include "protocol/remote/domain_lifecycle.h"
#include "protocol/remote/domain_migrate.h"
#include "shell/commands/commands.h"
#include "shell/commands/object.h"
#include "shell/job_watch.h"
#include "shell/seconds.h"

namespace virtue::shell {
namespace {

using namespace proc;
using Parameters = std::vector<TypedParameter>;

// VIR_DRV_FEATURE numbers.
constexpr int32_t feature_peer_to_peer = 4;
constexpr int32_t feature_direct = 5;
constexpr int32_t feature_parameters = 13;

struct FlagOption {
    const char* option;
    uint32_t flag;
};
constexpr FlagOption flag_options[] = {
    {"live", api::migrate_live},
    {"offline", api::migrate_offline},
    {"p2p", api::migrate_peer2peer},
    {"tunnelled", api::migrate_tunnelled},
    {"persistent", api::migrate_persist_dest},
    {"undefinesource", api::migrate_undefine_source},
    {"suspend", api::migrate_paused},
    {"copy-storage-all", api::migrate_non_shared_disk},
    {"copy-storage-inc", api::migrate_non_shared_inc},
    {"copy-storage-synchronous-writes", api::migrate_non_shared_synchronous_writes},
    {"change-protection", api::migrate_change_protection},
    {"unsafe", api::migrate_unsafe},
    {"compressed", api::migrate_compressed},
    {"auto-converge", api::migrate_auto_converge},
    {"rdma-pin-all", api::migrate_rdma_pin_all},
    {"abort-on-error", api::migrate_abort_on_error},
    {"postcopy", api::migrate_postcopy},
    {"postcopy-resume", api::migrate_postcopy_resume},
    {"zerocopy", api::migrate_zerocopy},
    {"tls", api::migrate_tls},
    {"parallel", api::migrate_parallel},
};

enum class ParameterKind : uint8_t { text, file, integer, unsigned_long, list };
struct ParameterOption {
    const char* option;
    const char* field;
    ParameterKind kind;
};
constexpr ParameterOption parameter_options[] = {
    {"migrateuri", "migrate_uri", ParameterKind::text},
    {"graphicsuri", "graphics_uri", ParameterKind::text},
    {"listen-address", "listen_address", ParameterKind::text},
    {"disks-port", "disks_port", ParameterKind::integer},
    {"disks-uri", "disks_uri", ParameterKind::text},
    {"dname", "destination_name", ParameterKind::text},
    {"migrate-disks", "migrate_disks", ParameterKind::list},
    {"comp-methods", "compression", ParameterKind::list},
    {"comp-mt-level", "compression.mt.level", ParameterKind::integer},
    {"comp-mt-threads", "compression.mt.threads", ParameterKind::integer},
    {"comp-mt-dthreads", "compression.mt.dthreads", ParameterKind::integer},
    {"comp-xbzrle-cache", "compression.xbzrle.cache", ParameterKind::unsigned_long},
    {"xml", "destination_xml", ParameterKind::file},
    {"persistent-xml", "persistent_xml", ParameterKind::file},
    {"auto-converge-initial", "auto_converge.initial", ParameterKind::integer},
    {"auto-converge-increment", "auto_converge.increment", ParameterKind::integer},
    {"bandwidth", "bandwidth", ParameterKind::unsigned_long},
    {"postcopy-bandwidth", "bandwidth.postcopy", ParameterKind::unsigned_long},
    {"parallel-connections", "parallel.connections", ParameterKind::integer},
    {"tls-destination", "tls.destination", ParameterKind::text},
};

std::string read_xml(const std::string& file) {
    try {
        return read_input(file);
    } catch (Failure& failure) {
        failure.sentence = "cannot read file '" + file + "'";
        throw;
    }
}

Parameters parameters_of(const Arguments& arguments) {
    Parameters parameters;
    for (const ParameterOption& option : parameter_options) {
        std::optional<std::string> text = arguments.find(option.option);
        if (!text) continue;
        std::string field = option.field;
        switch (option.kind) {
            case ParameterKind::text:
                parameters.push_back({field, *text});
                break;
            case ParameterKind::file:
                parameters.push_back({field, read_xml(*text)});
                break;
            case ParameterKind::integer:
                parameters.push_back({field, static_cast<int32_t>(*arguments.find_number(option.option))});
                break;
            case ParameterKind::unsigned_long:
                parameters.push_back({field, *arguments.find_unsigned(option.option)});
                break;
            case ParameterKind::list:
                for (std::string_view word : split(*text, ',')) parameters.push_back({field, std::string(word)});
                break;
        }
    }
    return parameters;
}

void set_parameter(Parameters& parameters, const char* field, std::string value) {
    std::erase_if(parameters, [&](const TypedParameter& parameter) { return parameter.field == field; });
    parameters.push_back({field, std::move(value)});
}

// One migration that we conduct ourselves, speaking with both sides (version 3 of the protocol).
class Conducted {
public:
    Conducted(Context& context, driver::Connection& target, DomainRef domain, Parameters parameters, uint32_t flags)
        : context_(context),
          target_(target),
          domain_(std::move(domain)),
          parameters_(std::move(parameters)),
          flags_(flags) {}

    Task<void> run() {
        DomainMigrateBegin3Params::Args begin{.domain = domain_, .flags = flags_};
        begin.params.assign(parameters_.begin(), parameters_.end());
        DomainMigrateBegin3Params::Ret begun = co_await context_.call<DomainMigrateBegin3Params>(std::move(begin));
        set_parameter(parameters_, "destination_xml", std::move(begun.xml));
        cookie_ = std::move(begun.cookie_out);
        std::exception_ptr failure;
        try {
            co_await prepare();
        } catch (...) {
            failure = std::current_exception();
        }
        if (!failure) failure = co_await send_and_finish();
        co_await confirm(failure != nullptr);
        if (failure) std::rethrow_exception(failure);
    }

private:
    Task<void> prepare() {
        uint32_t flags = flags_ & ~(api::migrate_abort_on_error | api::migrate_auto_converge);
        DomainMigratePrepare3Params::Args call{.cookie_in = std::move(cookie_), .flags = flags};
        call.params.assign(parameters_.begin(), parameters_.end());
        io::Deadline limit = context_.deadline();
        DomainMigratePrepare3Params::Ret answer =
            co_await target_.call<DomainMigratePrepare3Params>(std::move(call), limit);
        cookie_ = std::move(answer.cookie_out);
        bool has_uri = answer.uri_out && !answer.uri_out->empty();
        if (has_uri) set_parameter(parameters_, "migrate_uri", *answer.uri_out);
        if (!has_uri && !(flags_ & api::migrate_offline))
            throw Error(ErrorCode::internal_error, ErrorDomain::none, "domainMigratePrepare3 did not set uri");
    }

    // The target is told how it went in any case; what went wrong first is what the user hears.
    Task<std::exception_ptr> send_and_finish() {
        std::exception_ptr failure;
        bool offline = (flags_ & api::migrate_offline) != 0;
        if (!offline) {
            DomainMigratePerform3Params::Args call{
                .domain = domain_, .dconnuri = std::nullopt, .cookie_in = std::move(cookie_), .flags = flags_};
            call.params.assign(parameters_.begin(), parameters_.end());
            cookie_ = {};
            try {
                DomainMigratePerform3Params::Ret answer =
                    co_await context_.call<DomainMigratePerform3Params>(std::move(call));
                cookie_ = std::move(answer.cookie_out);
            } catch (...) {
                failure = std::current_exception();
            }
        }
        std::erase_if(parameters_, [](const TypedParameter& p) { return p.field == "destination_xml"; });
        bool named = std::any_of(parameters_.begin(), parameters_.end(),
                                 [](const TypedParameter& p) { return p.field == "destination_name"; });
        if (!named) parameters_.push_back({"destination_name", domain_.name});
        DomainMigrateFinish3Params::Args finish{
            .cookie_in = std::move(cookie_), .flags = flags_, .cancelled = failure ? 1 : 0};
        finish.params.assign(parameters_.begin(), parameters_.end());
        cookie_ = {};
        try {
            io::Deadline limit = io::Deadline::after(std::chrono::minutes(5));
            DomainMigrateFinish3Params::Ret answer =
                co_await target_.call<DomainMigrateFinish3Params>(std::move(finish), limit);
            cookie_ = std::move(answer.cookie_out);
        } catch (...) {
            if (!failure) failure = std::current_exception();
        }
        co_return failure;
    }

    Task<void> confirm(bool cancelled) {
        DomainMigrateConfirm3Params::Args call{.domain = std::move(domain_),
                                               .cookie_in = std::move(cookie_),
                                               .flags = flags_,
                                               .cancelled = cancelled ? 1 : 0};
        call.params.assign(parameters_.begin(), parameters_.end());
        io::Deadline limit = io::Deadline::after(std::chrono::minutes(5));
        try {
            co_await context_.connection().call<DomainMigrateConfirm3Params>(std::move(call), limit);
        } catch (const Error&) {
            if (!cancelled) throw;
        }
    }

    Context& context_;
    driver::Connection& target_;
    DomainRef domain_;
    Parameters parameters_;
    uint32_t flags_;
    Opaque<migrate_cookie_max> cookie_;
};

// Both sides must speak version 3 with named arguments; what older daemons speak is not offered.
Task<void> require_version(Context& context, Parameters parameters) {
    ConnectSupportsFeature::Args ask{.feature = feature_parameters};
    ConnectSupportsFeature::Ret feature = co_await context.call<ConnectSupportsFeature>(ask);
    if (feature.supported != 0) co_return;
    for (const TypedParameter& parameter : parameters) {
        bool old = parameter.field == "migrate_uri" || parameter.field == "destination_name" ||
                   parameter.field == "destination_xml" || parameter.field == "bandwidth";
        if (!old)
            throw Error(ErrorCode::argument_unsupported, ErrorDomain::none,
                        "Migration APIs with extensible parameters are not supported but extended parameters were "
                        "passed");
    }
    throw Error(ErrorCode::no_support, ErrorDomain::none, "virDomainMigrate3");
}

Task<void> conduct(Context& context, DomainRef domain, std::string target_uri, Parameters parameters, uint32_t flags) {
    client::ConnectOptions options{.backends = context.settings().backends};
    io::Deadline limit = context.deadline();
    std::unique_ptr<driver::Connection> target =
        co_await client::connect(context.loop(), target_uri, std::move(options), limit);
    co_await require_version(context, parameters);
    Conducted migration(context, *target, std::move(domain), std::move(parameters), flags);
    std::exception_ptr failure;
    try {
        co_await migration.run();
    } catch (...) {
        failure = std::current_exception();
    }
    io::Deadline soon = io::Deadline::after(std::chrono::seconds(5));
    try {
        co_await target->close(soon);
    } catch (const Error&) {
        // It is over for us either way.
    }
    if (failure) std::rethrow_exception(failure);
}

// The source does it all: by itself with the target's daemon (peer to peer), or with its hypervisor alone (direct).
Task<void> delegate(Context& context, DomainRef domain, std::optional<std::string> target_uri, Parameters parameters,
                    uint32_t flags) {
    bool peer = (flags & api::migrate_peer2peer) != 0;
    ConnectSupportsFeature::Args ask{.feature = peer ? feature_peer_to_peer : feature_direct};
    ConnectSupportsFeature::Ret feature = co_await context.call<ConnectSupportsFeature>(ask);
    if (feature.supported == 0) {
        throw Error(ErrorCode::argument_unsupported, ErrorDomain::none,
                    peer ? "p2p migration is not supported by the source host"
                         : "direct migration is not supported by the source host");
    }
    DomainMigratePerform3Params::Args call{
        .domain = std::move(domain), .dconnuri = std::move(target_uri), .flags = flags};
    call.params.assign(parameters.begin(), parameters.end());
    co_await context.call<DomainMigratePerform3Params>(std::move(call));
}

uint32_t flags_of(const Arguments& arguments) {
    exclude(arguments, "live", "offline");
    exclude(arguments, "timeout-suspend", "timeout-postcopy");
    require(arguments, "postcopy-after-precopy", "postcopy");
    require(arguments, "timeout-postcopy", "postcopy");
    require(arguments, "persistent-xml", "persistent");
    require(arguments, "tls-destination", "tls");
    uint32_t flags = 0;
    for (const FlagOption& option : flag_options) flags |= flag_if(arguments, option.option, option.flag);
    if (arguments.has("copy-storage-synchronous-writes") && !arguments.has("copy-storage-all") &&
        !arguments.has("copy-storage-inc"))
        throw Failure{"'--copy-storage-synchronous-writes' requires one of '--copy-storage-all', 'copy-storage-inc'"};
    return flags;
}

Task<void> start_postcopy(Context& context, DomainRef domain) {
    DomainMigrateStartPostCopy::Args call{.domain = std::move(domain)};
    co_await context.call<DomainMigrateStartPostCopy>(std::move(call));
}

Task<void> suspend(Context& context, DomainRef domain) {
    DomainSuspend::Args call{.domain = std::move(domain)};
    co_await context.call<DomainSuspend>(std::move(call));
}

JobWatch watch_of(Context& context, const Arguments& arguments, const DomainRef& domain) {
    JobWatch watch{.label = "Migration", .verbose = arguments.has("verbose")};
    watch.limit = find_seconds(arguments, "timeout");
    if (!watch.limit && (arguments.has("timeout-suspend") || arguments.has("timeout-postcopy")))
        throw Failure{"migrate: Unexpected --timeout-* option without --timeout"};
    if (watch.limit && arguments.has("offline")) throw Failure{"migrate: Unexpected timeout for offline migration"};
    if (watch.limit) {
        bool postcopy = arguments.has("timeout-postcopy");
        watch.on_limit = [&context, domain, postcopy] {
            return postcopy ? start_postcopy(context, domain) : suspend(context, domain);
        };
    }
    return watch;
}

Task<Result> migrate(Context& context, Arguments arguments) {
    uint32_t flags = flags_of(arguments);
    if (arguments.has("postcopy-after-precopy"))
        throw Failure{
            "--postcopy-after-precopy is not offered here: use --timeout with --timeout-postcopy, or "
            "migrate-postcopy while the migration runs"};
    Parameters parameters = parameters_of(arguments);
    DomainRef domain = co_await the_domain(context, arguments);
    JobWatch watch = watch_of(context, arguments, domain);
    std::string target = arguments.text("desturi");
    Task<void> work;
    if (flags & api::migrate_peer2peer) {
        work = delegate(context, domain, target, std::move(parameters), flags);
    } else if (arguments.has("direct")) {
        set_parameter(parameters, "migrate_uri", target);
        work = delegate(context, domain, std::nullopt, std::move(parameters), flags);
    } else {
        work = conduct(context, domain, target, std::move(parameters), flags);
    }
    co_await watch_job(context, domain, std::move(watch), std::move(work));
    co_return std::monostate{};
}

Task<Result> postcopy(Context& context, Arguments arguments) {
    DomainRef domain = co_await the_domain(context, arguments);
    co_await start_postcopy(context, std::move(domain));
    co_return std::monostate{};
}

Task<Result> set_downtime(Context& context, Arguments arguments) {
    DomainRef domain = co_await the_domain(context, arguments);
    int64_t downtime = arguments.find_number("downtime").value_or(0);
    if (downtime < 1) throw Failure{"migrate: Invalid downtime"};
    DomainMigrateSetMaxDowntime::Args call{.domain = std::move(domain), .downtime = static_cast<uint64_t>(downtime)};
    co_await context.call<DomainMigrateSetMaxDowntime>(std::move(call));
    co_return std::monostate{};
}

Task<Result> get_downtime(Context& context, Arguments arguments) {
    DomainRef domain = co_await the_domain(context, arguments);
    DomainMigrateGetMaxDowntime::Args ask{.domain = std::move(domain)};
    DomainMigrateGetMaxDowntime::Ret answer = co_await context.call<DomainMigrateGetMaxDowntime>(std::move(ask));
    co_return Custom{fmt::format("{}\n", answer.downtime), Value(Record{{"milliseconds", answer.downtime}})};
}

Task<Result> cache(Context& context, Arguments arguments) {
    DomainRef domain = co_await the_domain(context, arguments);
    if (std::optional<uint64_t> size = arguments.find_unsigned("size")) {
        DomainMigrateSetCompressionCache::Args call{.domain = domain, .cache_size = *size};
        co_await context.call<DomainMigrateSetCompressionCache>(std::move(call));
    }
    DomainMigrateGetCompressionCache::Args ask{.domain = std::move(domain)};
    DomainMigrateGetCompressionCache::Ret answer =
        co_await context.call<DomainMigrateGetCompressionCache>(std::move(ask));
    Scaled scale = scaled(answer.cache_size);
    co_return Custom{fmt::format("Compression cache: {:.3f} {}", scale.value, scale.unit),
                     Value(Record{{"bytes", answer.cache_size}})};
}

Task<Result> set_speed(Context& context, Arguments arguments) {
    DomainRef domain = co_await the_domain(context, arguments);
    DomainMigrateSetMaxSpeed::Args call{
        .domain = std::move(domain),
        .bandwidth = arguments.find_unsigned("bandwidth").value_or(0),
        .flags = flag_if(arguments, "postcopy", api::domain_migrate_max_speed_postcopy)};
    co_await context.call<DomainMigrateSetMaxSpeed>(std::move(call));
    co_return std::monostate{};
}

Task<Result> get_speed(Context& context, Arguments arguments) {
    DomainRef domain = co_await the_domain(context, arguments);
    DomainMigrateGetMaxSpeed::Args ask{.domain = std::move(domain),
                                       .flags = flag_if(arguments, "postcopy", api::domain_migrate_max_speed_postcopy)};
    DomainMigrateGetMaxSpeed::Ret answer = co_await context.call<DomainMigrateGetMaxSpeed>(std::move(ask));
    co_return Custom{fmt::format("{}\n", answer.bandwidth), Value(Record{{"mebibytes_per_second", answer.bandwidth}})};
}

}  // namespace

Commands migrate_commands() {
    return {
        make_command(
            "migrate",
            "<domain> <desturi> --live --offline --p2p --direct --tunnelled --persistent --undefinesource --suspend "
            "--copy-storage-all --copy-storage-inc --copy-storage-synchronous-writes --change-protection --unsafe "
            "--verbose --compressed --auto-converge --rdma-pin-all --abort-on-error --postcopy "
            "--postcopy-after-precopy --postcopy-resume --zerocopy --migrateuri= --graphicsuri= --listen-address= "
            "--dname= --timeout=:n --timeout-suspend --timeout-postcopy --xml= --migrate-disks= --disks-port=:n "
            "--disks-uri= --comp-methods= --comp-mt-level=:n --comp-mt-threads=:n --comp-mt-dthreads=:n "
            "--comp-xbzrle-cache=:n --auto-converge-initial=:n --auto-converge-increment=:n --persistent-xml= --tls "
            "--postcopy-bandwidth=:n --parallel --parallel-connections=:n --bandwidth=:n --tls-destination=",
            "move a domain to another host", migrate),
        make_command("migrate-postcopy", "<domain>", "let the guest run on at the target before all memory is there",
                     postcopy),
        make_command("migrate-setmaxdowntime", "<domain> <downtime:n>", "how long the guest may stand still",
                     set_downtime),
        make_command("migrate-getmaxdowntime", "<domain>", "how long the guest may stand still", get_downtime),
        make_command("migrate-compcache", "<domain> --size=:n", "the cache for compressing memory", cache),
        make_command("migrate-setspeed", "<domain> <bandwidth:n> --postcopy", "the most bandwidth that it may use",
                     set_speed),
        make_command("migrate-getspeed", "<domain> --postcopy", "the most bandwidth that it may use", get_speed),
    };
}

}  // namespace virtue::shell
