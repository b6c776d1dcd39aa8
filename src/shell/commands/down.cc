// `virtue down`: ends what `virtue up` made, with its disks.
#include "driver/constants.h"
#include "protocol/remote/domain_define.h"
#include "protocol/remote/domain_lifecycle.h"
#include "protocol/remote/domain_lookup.h"
#include "protocol/remote/storage_volume.h"
#include "shell/commands/commands.h"
#include "shell/lookup.h"
#include "shell/seconds.h"
#include "shell/up/guest_text.h"

namespace virtue::shell {
namespace {

using namespace proc;

constexpr io::Milliseconds between_looks{100};
constexpr io::Milliseconds default_patience = std::chrono::seconds(60);  // for the guest to shut down by itself

Task<bool> is_running(Context& context, DomainRef domain) {
    DomainIsActive::Args ask{.domain = std::move(domain)};
    DomainIsActive::Ret answer = co_await context.call<DomainIsActive>(std::move(ask));
    co_return answer.active != 0;
}

Task<void> stop_guest(Context& context, DomainRef domain, io::Milliseconds patience) {
    bool running = co_await is_running(context, domain);
    if (!running) co_return;
    if (patience.count() > 0) {
        DomainShutdown::Args button{.domain = domain};
        try {
            co_await context.call<DomainShutdown>(std::move(button));
        } catch (const Error&) {
            patience = io::Milliseconds(0);  // paused, or deaf: it is destroyed
        }
    }
    const io::Deadline until = context.forever().within(patience);
    while (running && !until.is_over()) {
        io::Deadline next = until.within(between_looks);
        co_await context.loop().sleep_until(next);
        running = co_await is_running(context, domain);
    }
    if (!running) co_return;
    DomainDestroy::Args end{.domain = std::move(domain)};
    try {
        co_await context.call<DomainDestroy>(std::move(end));
    } catch (const Error& error) {
        if (error.code() != ErrorCode::operation_invalid) throw;  // it ended by itself meanwhile
    }
}

Task<Result> run_down(Context& context, Arguments arguments) {
    DomainRef domain = co_await the_domain(context, arguments);
    DomainGetXmlDesc::Args ask{.domain = domain, .flags = api::domain_xml_inactive};
    DomainGetXmlDesc::Ret answer = co_await context.call<DomainGetXmlDesc>(std::move(ask));
    const std::vector<VolumeName> volumes = own_volumes(answer.xml);
    if (volumes.empty())
        throw Failure{
            fmt::format("'{0}' was not made by virtue up; use virtue undefine {0} --remove-all-storage", domain.name)};
    io::Milliseconds patience = find_seconds(arguments, "timeout", 0).value_or(default_patience);
    if (arguments.has("force")) patience = io::Milliseconds(0);
    co_await stop_guest(context, domain, patience);
    DomainUndefineFlags::Args forget{.domain = domain,
                                     .flags = api::domain_undefine_managed_save | api::domain_undefine_nvram |
                                              api::domain_undefine_snapshots_metadata |
                                              api::domain_undefine_checkpoints_metadata};
    co_await context.attempt<DomainUndefineFlags>(std::move(forget), "Failed to undefine domain " + domain.name);
    for (const VolumeName& volume : volumes) {
        if (arguments.has("keep-disk")) break;
        StorageVolumeRef found = co_await find_volume(context, volume.name, volume.pool);
        StorageVolDelete::Args remove{.volume = std::move(found)};
        co_await context.attempt<StorageVolDelete>(std::move(remove), "Failed to delete volume " + volume.name);
    }
    co_return Sentence{fmt::format("Guest '{}' is gone", domain.name), {{"name", domain.name}}};
}

}  // namespace

Commands down_commands() {
    return {
        make_command("down", "<domain> --force --keep-disk --timeout=:n",
                     "stop a guest that up made, and remove it with its disks", run_down),
    };
}

}  // namespace virtue::shell
