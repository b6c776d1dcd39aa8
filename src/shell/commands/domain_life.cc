// What happens to a domain that is there: stop, restart, pause, forget.
#include "base/text.h"
#include "driver/constants.h"
#include "protocol/remote/domain_define.h"
#include "protocol/remote/domain_lifecycle.h"
#include "protocol/remote/storage_volume.h"
#include "shell/commands/commands.h"
#include "shell/lookup.h"
#include "xml/xpath.h"

namespace virtue::shell {
namespace {

using namespace proc;

// Calls P on the option's domain with flags, and says what was done.
template <typename P>
Task<Result> act(Context& context, Arguments arguments, uint32_t flags, std::string verb, std::string done) {
    DomainRef domain = co_await the_domain(context, arguments);
    typename P::Args call{.domain = domain};
    if constexpr (requires { call.flags; }) call.flags = flags;
    co_await context.attempt<P>(std::move(call), fmt::format("Failed to {} domain '{}'", verb, domain.name));
    co_return Sentence{fmt::format("Domain '{}' {}", domain.name, done), {{"name", domain.name}}};
}

Task<Result> destroy(Context& context, Arguments arguments) {
    uint32_t flags = flag_if(arguments, "graceful", api::domain_destroy_graceful) |
                     flag_if(arguments, "remove-logs", api::domain_destroy_remove_logs);
    return act<DomainDestroyFlags>(context, std::move(arguments), flags, "destroy", "destroyed");
}

struct Mode {
    std::string_view name;
    uint32_t flag;
};

// The ways of --mode, joined.
template <size_t Count>
uint32_t mode_flags(const Arguments& arguments, const Mode (&modes)[Count]) {
    std::optional<std::string> list = arguments.find("mode");
    uint32_t flags = 0;
    if (!list) return flags;
    for (std::string_view word : split(*list, ',')) {
        uint32_t flag = 0;
        for (const Mode& mode : modes) {
            if (mode.name == word) flag = mode.flag;
        }
        if (flag == 0) {
            throw UsageError{fmt::format(
                "Unknown mode {} value, expecting 'acpi', 'agent', 'initctl', 'signal', or 'paravirt'", word)};
        }
        flags |= flag;
    }
    return flags;
}

Task<Result> shutdown(Context& context, Arguments arguments) {
    static constexpr Mode modes[] = {{"acpi", api::domain_shutdown_acpi_power_btn},
                                     {"agent", api::domain_shutdown_guest_agent},
                                     {"initctl", api::domain_shutdown_initctl},
                                     {"signal", api::domain_shutdown_signal},
                                     {"paravirt", api::domain_shutdown_paravirt}};
    uint32_t flags = mode_flags(arguments, modes);
    return act<DomainShutdownFlags>(context, std::move(arguments), flags, "shutdown", "is being shutdown");
}

Task<Result> reboot(Context& context, Arguments arguments) {
    static constexpr Mode modes[] = {{"acpi", api::domain_reboot_acpi_power_btn},
                                     {"agent", api::domain_reboot_guest_agent},
                                     {"initctl", api::domain_reboot_initctl},
                                     {"signal", api::domain_reboot_signal},
                                     {"paravirt", api::domain_reboot_paravirt}};
    uint32_t flags = mode_flags(arguments, modes);
    return act<DomainReboot>(context, std::move(arguments), flags, "reboot", "is being rebooted");
}

Task<Result> reset(Context& context, Arguments arguments) {
    return act<DomainReset>(context, std::move(arguments), 0, "reset", "was reset");
}

Task<Result> suspend(Context& context, Arguments arguments) {
    return act<DomainSuspend>(context, std::move(arguments), 0, "suspend", "suspended");
}

Task<Result> resume(Context& context, Arguments arguments) {
    return act<DomainResume>(context, std::move(arguments), 0, "resume", "resumed");
}

Task<Result> pmsuspend(Context& context, Arguments arguments) {
    DomainRef domain = co_await the_domain(context, arguments);
    constexpr std::string_view targets[] = {"mem", "disk", "hybrid"};
    auto found = std::find(std::begin(targets), std::end(targets), arguments.text("target"));
    if (found == std::end(targets)) throw UsageError{"Invalid target"};
    DomainPmSuspendForDuration::Args call{.domain = domain,
                                          .target = static_cast<uint32_t>(found - std::begin(targets)),
                                          .duration = arguments.find_unsigned("duration").value_or(0)};
    co_await context.attempt<DomainPmSuspendForDuration>(
        std::move(call), fmt::format("Domain '{}' could not be suspended", domain.name));
    co_return Sentence{fmt::format("Domain '{}' successfully suspended", domain.name), {{"name", domain.name}}};
}

Task<Result> pmwakeup(Context& context, Arguments arguments) {
    DomainRef domain = co_await the_domain(context, arguments);
    DomainPmWakeup::Args call{.domain = domain};
    co_await context.attempt<DomainPmWakeup>(std::move(call),
                                             fmt::format("Domain '{}' could not be woken up", domain.name));
    co_return Sentence{fmt::format("Domain '{}' successfully woken up", domain.name), {{"name", domain.name}}};
}

struct DiskVolume {
    std::string target;
    std::string source;
    StorageVolumeRef volume;
};

// The volumes that undefine shall delete: of --storage those named, of --remove-all-storage all that are in a pool.
Task<std::vector<DiskVolume>> volumes_of(Context& context, const Arguments& arguments, DomainRef domain) {
    std::vector<DiskVolume> volumes;
    std::optional<std::string> list = arguments.find("storage");
    if (!list && !arguments.has("remove-all-storage")) co_return volumes;
    if (domain.id >= 0) throw Failure{"Storage volume deletion is supported only on stopped domains"};
    DomainGetXmlDesc::Args ask{.domain = std::move(domain), .flags = api::domain_xml_inactive};
    DomainGetXmlDesc::Ret xml =
        co_await context.attempt<DomainGetXmlDesc>(std::move(ask), "Could not retrieve domain XML description");
    std::vector<std::string> targets = xml::find_texts(xml.xml, "/domain/devices/disk[source]/target/@dev");
    std::vector<std::string_view> wanted;
    if (list) wanted = split(*list, ',');
    for (const std::string& target : targets) {
        std::string disk = "/domain/devices/disk[target/@dev='" + target + "']/source/";
        std::vector<std::string> sources = xml::find_texts(xml.xml, disk + "@file | " + disk + "@dev");
        if (sources.empty()) continue;
        bool named = std::find(wanted.begin(), wanted.end(), target) != wanted.end() ||
                     std::find(wanted.begin(), wanted.end(), sources.front()) != wanted.end();
        if (list && !named) continue;
        StorageVolLookupByPath::Args by_path{.path = sources.front()};
        try {
            StorageVolLookupByPath::Ret found = co_await context.call<StorageVolLookupByPath>(std::move(by_path));
            volumes.push_back({target, sources.front(), std::move(found.volume)});
        } catch (const Error& error) {
            context.print_error(fmt::format("Storage volume '{}'({}) is not managed by libvirt. Remove it manually.\n",
                                            target, sources.front()));
        }
    }
    co_return volumes;
}

Task<void> delete_volume(Context& context, DiskVolume disk, bool wipe, uint32_t flags) {
    std::string what = fmt::format("'{}'({})", disk.target, disk.source);
    if (wipe) {
        context.print(fmt::format("Wiping volume {} ... ", what));
        StorageVolWipe::Args wiping{.volume = disk.volume};
        co_await context.attempt<StorageVolWipe>(std::move(wiping), "Failed! Volume not removed.");
        context.print("Done.\n");
    }
    StorageVolDelete::Args call{.volume = std::move(disk.volume), .flags = flags};
    co_await context.attempt<StorageVolDelete>(std::move(call), "Failed to remove storage volume " + what);
    context.print_extra(fmt::format("Volume {} removed.\n", what));
}

Task<Result> undefine(Context& context, Arguments arguments) {
    exclude(arguments, "storage", "remove-all-storage");
    exclude(arguments, "nvram", "keep-nvram");
    exclude(arguments, "tpm", "keep-tpm");
    uint32_t flags = flag_if(arguments, "managed-save", api::domain_undefine_managed_save) |
                     flag_if(arguments, "snapshots-metadata", api::domain_undefine_snapshots_metadata) |
                     flag_if(arguments, "checkpoints-metadata", api::domain_undefine_checkpoints_metadata) |
                     flag_if(arguments, "nvram", api::domain_undefine_nvram) |
                     flag_if(arguments, "keep-nvram", api::domain_undefine_keep_nvram) |
                     flag_if(arguments, "tpm", api::domain_undefine_tpm) |
                     flag_if(arguments, "keep-tpm", api::domain_undefine_keep_tpm);
    DomainRef domain = co_await the_domain(context, arguments);
    std::vector<DiskVolume> volumes = co_await volumes_of(context, arguments, domain);
    DomainUndefineFlags::Args call{.domain = domain, .flags = flags};
    co_await context.attempt<DomainUndefineFlags>(std::move(call),
                                                  fmt::format("Failed to undefine domain '{}'", domain.name));
    Sentence done{fmt::format("Domain '{}' has been undefined", domain.name), {{"name", domain.name}}};
    uint32_t delete_flags =
        flag_if(arguments, "delete-storage-volume-snapshots", api::storage_vol_delete_with_snapshots);
    for (DiskVolume& volume : volumes) {
        bool wipe = arguments.has("wipe-storage");
        co_await delete_volume(context, std::move(volume), wipe, delete_flags);
    }
    co_return done;
}

Task<Result> set_lifecycle_action(Context& context, Arguments arguments) {
    constexpr std::string_view types[] = {"poweroff", "reboot", "crash"};
    constexpr std::string_view actions[] = {"destroy",  "restart",          "rename-restart",
                                            "preserve", "coredump-destroy", "coredump-restart"};
    auto type = std::find(std::begin(types), std::end(types), arguments.text("type"));
    if (type == std::end(types)) throw UsageError{"Invalid lifecycle type '" + arguments.text("type") + "'."};
    auto action = std::find(std::begin(actions), std::end(actions), arguments.text("action"));
    if (action == std::end(actions)) throw UsageError{"Invalid lifecycle action '" + arguments.text("action") + "'."};
    DomainRef domain = co_await the_domain(context, arguments);
    DomainSetLifecycleAction::Args call{.domain = std::move(domain),
                                        .type = static_cast<uint32_t>(type - std::begin(types)),
                                        .action = static_cast<uint32_t>(action - std::begin(actions)),
                                        .flags = affect_of(arguments).flags};
    co_await context.attempt<DomainSetLifecycleAction>(std::move(call), "Unable to change lifecycle action.");
    co_return std::monostate{};
}

}  // namespace

Commands domain_life_commands() {
    return {
        make_command("destroy", "<domain> --graceful --remove-logs", "stop a domain at once, as if unplugged", destroy),
        make_command("shutdown", "<domain> --mode=", "ask a domain to shut down", shutdown),
        make_command("reboot", "<domain> --mode=", "ask a domain to restart", reboot),
        make_command("reset", "<domain>", "restart a domain at once, as by its reset button", reset),
        make_command("suspend", "<domain>", "pause a domain", suspend),
        make_command("resume", "<domain>", "go on with a paused domain", resume),
        make_command("dompmsuspend", "<domain> <target> --duration=:n",
                     "let the guest suspend itself: mem, disk, hybrid", pmsuspend),
        make_command("dompmwakeup", "<domain>", "wake a guest that suspended itself", pmwakeup),
        make_command("undefine",
                     "<domain> --managed-save --storage= --remove-all-storage --delete-storage-volume-snapshots "
                     "--wipe-storage --snapshots-metadata --checkpoints-metadata --nvram --keep-nvram --tpm --keep-tpm",
                     "forget the definition of a domain", undefine),
        make_command("set-lifecycle-action", "<domain> <type> <action> --config --live --current",
                     "what happens at poweroff, reboot or crash", set_lifecycle_action),
    };
}

}  // namespace virtue::shell
