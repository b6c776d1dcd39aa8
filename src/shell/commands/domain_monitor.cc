// What domains there are, and what state they are in.
#include <algorithm>

#include "base/text.h"
#include "driver/constants.h"
#include "protocol/remote/domain_define.h"
#include "protocol/remote/domain_lifecycle.h"
#include "protocol/remote/domain_lookup.h"
#include "protocol/remote/domain_stats.h"
#include "protocol/remote/node.h"
#include "shell/commands/commands.h"
#include "shell/lookup.h"

namespace virtue::shell {
namespace {

using namespace proc;

uint32_t list_flags(const Arguments& arguments) {
    uint32_t flags = api::connect_list_domains_active;
    if (arguments.has("inactive")) flags = api::connect_list_domains_inactive;
    if (arguments.has("all")) flags = api::connect_list_domains_active | api::connect_list_domains_inactive;
    struct Choice {
        std::string_view option;
        uint32_t flag;
    };
    constexpr Choice choices[] = {
        {"persistent", api::connect_list_domains_persistent},
        {"transient", api::connect_list_domains_transient},
        {"with-managed-save", api::connect_list_domains_managedsave},
        {"without-managed-save", api::connect_list_domains_no_managedsave},
        {"autostart", api::connect_list_domains_autostart},
        {"no-autostart", api::connect_list_domains_no_autostart},
        {"with-snapshot", api::connect_list_domains_has_snapshot},
        {"without-snapshot", api::connect_list_domains_no_snapshot},
        {"with-checkpoint", api::connect_list_domains_has_checkpoint},
        {"without-checkpoint", api::connect_list_domains_no_checkpoint},
        {"state-running", api::connect_list_domains_running},
        {"state-paused", api::connect_list_domains_paused},
        {"state-shutoff", api::connect_list_domains_shutoff},
        {"state-other", api::connect_list_domains_other},
    };
    for (const Choice& choice : choices) flags |= flag_if(arguments, choice.option, choice.flag);
    return flags;
}

// Running ones by id, then the others by name.
bool comes_before(const DomainRef& one, const DomainRef& other) {
    if ((one.id < 0) != (other.id < 0)) return one.id >= 0;
    if (one.id >= 0) return one.id < other.id;
    return one.name < other.name;
}

struct Row {
    DomainRef domain;
    std::string state;
    std::string title;
};

Task<Row> describe(Context& context, const Arguments& arguments, DomainRef domain) {
    Row row{std::move(domain), {}, {}};
    DomainGetState::Args ask{.domain = row.domain};
    try {
        DomainGetState::Ret state = co_await context.call<DomainGetState>(std::move(ask));
        row.state = state_word(state.state);
        if (arguments.has("managed-save") && state.state == static_cast<int32_t>(api::domain_shutoff)) {
            DomainHasManagedSaveImage::Args saved{.domain = row.domain};
            DomainHasManagedSaveImage::Ret has = co_await context.call<DomainHasManagedSaveImage>(std::move(saved));
            if (has.result > 0) row.state = "saved";
        }
    } catch (const Error&) {
        row.state = "no state";  // it went away after the list was made
    }
    if (arguments.has("title")) {
        DomainGetMetadata::Args title{.domain = row.domain, .type = api::domain_metadata_title};
        try {
            DomainGetMetadata::Ret answer = co_await context.call<DomainGetMetadata>(std::move(title));
            row.title = std::move(answer.metadata);
        } catch (const Error&) {
            row.title.clear();
        }
    }
    co_return row;
}

Result names_of(const Arguments& arguments, const std::vector<DomainRef>& domains) {
    std::vector<Column> columns;
    if (arguments.has("id")) columns.push_back({"Id", "id"});
    if (arguments.has("uuid")) columns.push_back({"UUID", "uuid"});
    if (arguments.has("name")) columns.push_back({"Name", "name"});
    std::string text;
    Values rows;
    for (const DomainRef& domain : domains) {
        Record record;
        std::string id = domain.id < 0 ? "-" : fmt::format("{}", domain.id);
        std::string line;
        for (const Column& column : columns) {
            std::string cell = column.key == "id" ? id : column.key == "uuid" ? domain.uuid.to_string() : domain.name;
            record.emplace_back(column.key, column.key == "id" && domain.id < 0 ? Value() : Value(cell));
            line += (line.empty() ? "" : " ") + cell;
        }
        text += line + "\n";
        rows.emplace_back(std::move(record));
    }
    return Custom{std::move(text), Value(std::move(rows))};
}

Task<Result> list(Context& context, Arguments arguments) {
    ConnectListAllDomains::Args ask{.need_results = 1, .flags = list_flags(arguments)};
    ConnectListAllDomains::Ret answer = co_await context.attempt<ConnectListAllDomains>(ask, "Failed to list domains");
    std::vector<DomainRef>& domains = answer.domains;
    std::sort(domains.begin(), domains.end(), comes_before);
    bool names = arguments.has("name") || arguments.has("uuid") || arguments.has("id");
    if (names && !arguments.has("table")) co_return names_of(arguments, domains);
    Table table{{{"Id", "id"}, {"Name", "name"}, {"State", "state"}}, {}};
    if (arguments.has("title")) table.columns.push_back({"Title", "title"});
    for (DomainRef& domain : domains) {
        Row row = co_await describe(context, arguments, std::move(domain));
        std::vector<Value> cells = {row.domain.id < 0 ? Value() : Value(row.domain.id), row.domain.name, row.state};
        if (arguments.has("title")) cells.emplace_back(row.title);
        table.rows.push_back(std::move(cells));
    }
    co_return table;
}

// What not every driver answers: then the line is left out.
template <typename P>
Task<std::optional<typename P::Ret>> ask_if_possible(Context& context, typename P::Args arguments) {
    try {
        typename P::Ret answer = co_await context.call<P>(std::move(arguments));
        co_return answer;
    } catch (const Error&) {
        co_return std::nullopt;
    }
}

Task<void> add_security(Context& context, DomainRef domain, Fields& out) {
    NodeGetSecurityModel::Args none;
    std::optional<NodeGetSecurityModel::Ret> model = co_await ask_if_possible<NodeGetSecurityModel>(context, none);
    if (!model || model->model.text().empty()) co_return;
    out.fields.push_back({"Security model", "security_model", std::string(model->model.text())});
    out.fields.push_back({"Security DOI", "security_doi", std::string(model->doi.text())});
    if (domain.id < 0) co_return;
    DomainGetSecurityLabel::Args ask{.domain = std::move(domain)};
    std::optional<DomainGetSecurityLabel::Ret> label =
        co_await ask_if_possible<DomainGetSecurityLabel>(context, std::move(ask));
    if (!label || label->label.text().empty()) co_return;
    std::string text(label->label.text());
    out.fields.push_back({"Security label", "security_label", text,
                          fmt::format("{} ({})", text, label->enforcing ? "enforcing" : "permissive")});
}

Task<void> add_messages(Context& context, DomainRef domain, Fields& out) {
    DomainGetMessages::Args ask{.domain = std::move(domain)};
    std::optional<DomainGetMessages::Ret> messages =
        co_await ask_if_possible<DomainGetMessages>(context, std::move(ask));
    if (!messages || messages->msgs.empty()) co_return;
    std::string shown;
    for (const std::string& message : messages->msgs)
        shown += (shown.empty() ? "" : "\n" + std::string(16, ' ')) + message;
    out.fields.push_back({"Messages", "messages", Values(messages->msgs.begin(), messages->msgs.end()), shown});
}

Task<Result> dominfo(Context& context, Arguments arguments) {
    DomainRef domain = co_await the_domain(context, arguments);
    Fields out;
    out.fields = {{"Id", "id", domain.id < 0 ? Value() : Value(domain.id)},
                  {"Name", "name", domain.name},
                  {"UUID", "uuid", domain.uuid.to_string()}};
    DomainGetOsType::Args ask_type{.domain = domain};
    std::optional<DomainGetOsType::Ret> type = co_await ask_if_possible<DomainGetOsType>(context, std::move(ask_type));
    if (type) out.fields.push_back({"OS Type", "os_type", type->type});
    DomainGetInfo::Args ask_info{.domain = domain};
    DomainGetInfo::Ret info = co_await context.call<DomainGetInfo>(std::move(ask_info));
    out.fields.push_back({"State", "state", std::string(state_word(info.state))});
    out.fields.push_back({"CPU(s)", "cpus", static_cast<uint64_t>(info.nr_virt_cpu)});
    if (info.cpu_time != 0) {
        double seconds = static_cast<double>(info.cpu_time) / 1e9;
        out.fields.push_back({"CPU time", "cpu_time_seconds", seconds, fmt::format("{:.1f}s", seconds)});
    }
    bool limited = info.max_mem != UINT64_MAX;
    out.fields.push_back({"Max memory", "max_memory_kib", limited ? Value(info.max_mem) : Value(),
                          limited ? fmt::format("{} KiB", info.max_mem) : "no limit"});
    out.fields.push_back({"Used memory", "used_memory_kib", info.memory, fmt::format("{} KiB", info.memory)});
    DomainIsPersistent::Args ask_persistent{.domain = domain};
    std::optional<DomainIsPersistent::Ret> persistent =
        co_await ask_if_possible<DomainIsPersistent>(context, std::move(ask_persistent));
    out.fields.push_back({"Persistent", "persistent", persistent ? Value(persistent->persistent != 0) : Value(),
                          persistent ? "" : "unknown"});
    DomainGetAutostart::Args ask_autostart{.domain = domain};
    std::optional<DomainGetAutostart::Ret> autostart =
        co_await ask_if_possible<DomainGetAutostart>(context, std::move(ask_autostart));
    if (autostart) {
        bool on = autostart->autostart != 0;
        out.fields.push_back({"Autostart", "autostart", on, on ? "enable" : "disable"});
    }
    DomainHasManagedSaveImage::Args ask_saved{.domain = domain};
    std::optional<DomainHasManagedSaveImage::Ret> saved =
        co_await ask_if_possible<DomainHasManagedSaveImage>(context, std::move(ask_saved));
    out.fields.push_back(
        {"Managed save", "managed_save", saved ? Value(saved->result != 0) : Value(), saved ? "" : "unknown"});
    co_await add_security(context, domain, out);
    co_await add_messages(context, std::move(domain), out);
    co_return out;
}

Task<Result> domstate(Context& context, Arguments arguments) {
    DomainRef domain = co_await the_domain(context, arguments);
    DomainGetState::Args ask{.domain = std::move(domain)};
    DomainGetState::Ret answer = co_await context.call<DomainGetState>(std::move(ask));
    std::string state(state_word(answer.state));
    std::string reason(state_reason_word(answer.state, answer.reason));
    std::string text = arguments.has("reason") ? fmt::format("{} ({})", state, reason) : state;
    co_return Custom{text + "\n", Value(Record{{"state", state}, {"reason", reason}})};
}

Task<Result> domid(Context& context, Arguments arguments) {
    DomainRef domain = co_await the_domain(context, arguments);
    if (domain.id < 0) co_return Custom{"-\n", Value(Record{{"id", Value()}})};
    co_return Custom{fmt::format("{}\n", domain.id), Value(Record{{"id", domain.id}})};
}

Task<Result> domuuid(Context& context, Arguments arguments) {
    DomainRef domain = co_await the_domain(context, arguments);
    co_return Text{domain.uuid.to_string(), "uuid"};
}

Task<Result> domname(Context& context, Arguments arguments) {
    DomainRef domain = co_await the_domain(context, arguments);
    co_return Text{domain.name, "name"};
}

Task<Result> domcontrol(Context& context, Arguments arguments) {
    DomainRef domain = co_await the_domain(context, arguments);
    DomainGetControlInfo::Args ask{.domain = std::move(domain)};
    DomainGetControlInfo::Ret info = co_await context.call<DomainGetControlInfo>(std::move(ask));
    constexpr std::string_view states[] = {"ok", "background job", "occupied", "error"};
    constexpr std::string_view details[] = {"", "unknown", "monitor failure", "internal (locking) error"};
    std::string state(info.state < std::size(states) ? states[info.state] : "unknown");
    std::string text = state;
    if (info.state == api::domain_control_error) {
        text += fmt::format(": {}", info.details < std::size(details) ? details[info.details] : "unknown");
    } else if (info.state != api::domain_control_ok) {
        text += fmt::format(" ({:.3f}s)", static_cast<double>(info.state_time) / 1000);
    }
    co_return Custom{text + "\n", Value(Record{{"state", state}, {"milliseconds", info.state_time}})};
}

}  // namespace

Commands domain_monitor_commands() {
    return {
        make_command("list",
                     "--inactive --all --transient --persistent --with-snapshot --without-snapshot --with-checkpoint "
                     "--without-checkpoint --state-running --state-paused --state-shutoff --state-other --autostart "
                     "--no-autostart --with-managed-save --without-managed-save --uuid --name --id --table "
                     "--managed-save --title",
                     "the domains; without options those that run", list),
        make_command("dominfo", "<domain>", "what there is to know of a domain at a glance", dominfo),
        make_command("domstate", "<domain> --reason", "the state of a domain", domstate),
        make_command("domcontrol", "<domain>", "what the connection to a running guest is busy with", domcontrol),
    };
}

Commands domain_name_commands() {
    return {
        make_command("domid", "<domain>", "the id of a domain", domid),
        make_command("domuuid", "<domain>", "the UUID of a domain", domuuid),
        make_command("domname", "<domain>", "the name of a domain", domname),
    };
}

}  // namespace virtue::shell
