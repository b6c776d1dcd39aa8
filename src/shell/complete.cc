#include "shell/complete.h"

#include <algorithm>

#include "driver/constants.h"
#include "protocol/remote/checkpoint.h"
#include "protocol/remote/domain_lookup.h"
#include "protocol/remote/interface.h"
#include "protocol/remote/network.h"
#include "protocol/remote/node_device.h"
#include "protocol/remote/nwfilter.h"
#include "protocol/remote/secret.h"
#include "protocol/remote/snapshot.h"
#include "protocol/remote/storage_pool.h"
#include "protocol/remote/storage_volume.h"
#include "shell/lookup.h"

namespace virtue::shell {
namespace {

using Names = std::vector<std::string>;

// The names that a listing procedure answers.
template <typename P, typename Take>
Task<Names> ask(Context& context, uint32_t flags, Take take) {
    typename P::Args arguments{.need_results = 1, .flags = flags};
    typename P::Ret answer = co_await context.call<P>(std::move(arguments));
    Names names;
    for (const auto& item : take(answer)) {
        if constexpr (requires { item.name; }) {
            names.push_back(item.name);
        } else {
            names.push_back(item.uuid.to_string());
        }
    }
    co_return names;
}

Task<Names> names_below_domain(Context& context, Completes kind, std::string domain_name) {
    proc::DomainRef domain = co_await find_domain(context, std::move(domain_name));
    Names names;
    if (kind == Completes::snapshot) {
        proc::DomainListAllSnapshots::Args call{.domain = std::move(domain), .need_results = 1};
        proc::DomainListAllSnapshots::Ret answer = co_await context.call<proc::DomainListAllSnapshots>(std::move(call));
        for (const proc::SnapshotRef& snapshot : answer.snapshots) names.push_back(snapshot.name);
    } else {
        proc::DomainListAllCheckpoints::Args call{.domain = std::move(domain), .need_results = 1};
        proc::DomainListAllCheckpoints::Ret answer =
            co_await context.call<proc::DomainListAllCheckpoints>(std::move(call));
        for (const proc::CheckpointRef& checkpoint : answer.checkpoints) names.push_back(checkpoint.name);
    }
    co_return names;
}

Task<Names> volume_names(Context& context, std::string pool_name) {
    proc::StoragePoolRef pool = co_await find_pool(context, std::move(pool_name));
    proc::StoragePoolListAllVolumes::Args call{.pool = std::move(pool), .need_results = 1};
    proc::StoragePoolListAllVolumes::Ret answer =
        co_await context.call<proc::StoragePoolListAllVolumes>(std::move(call));
    Names names;
    for (const proc::StorageVolumeRef& volume : answer.volumes) names.push_back(volume.name);
    co_return names;
}

Task<Names> names_of(Context& context, Completes kind) {
    auto domains = [](auto& answer) -> auto& { return answer.domains; };
    auto networks = [](auto& answer) -> auto& { return answer.networks; };
    auto pools = [](auto& answer) -> auto& { return answer.pools; };
    auto secrets = [](auto& answer) -> auto& { return answer.secrets; };
    auto devices = [](auto& answer) -> auto& { return answer.devices; };
    auto interfaces = [](auto& answer) -> auto& { return answer.interfaces; };
    auto filters = [](auto& answer) -> auto& { return answer.filters; };
    switch (kind) {
        case Completes::domain:
            return ask<proc::ConnectListAllDomains>(context, 0, domains);
        case Completes::active_domain:
            return ask<proc::ConnectListAllDomains>(context, api::connect_list_domains_active, domains);
        case Completes::inactive_domain:
            return ask<proc::ConnectListAllDomains>(context, api::connect_list_domains_inactive, domains);
        case Completes::network:
            return ask<proc::ConnectListAllNetworks>(context, 0, networks);
        case Completes::pool:
            return ask<proc::ConnectListAllStoragePools>(context, 0, pools);
        case Completes::secret:
            return ask<proc::ConnectListAllSecrets>(context, 0, secrets);
        case Completes::node_device:
            return ask<proc::ConnectListAllNodeDevices>(context, 0, devices);
        case Completes::interface:
            return ask<proc::ConnectListAllInterfaces>(context, 0, interfaces);
        default:
            return ask<proc::ConnectListAllNwfilters>(context, 0, filters);
    }
}

Names command_names(Context& context) {
    Names names;
    for (const CommandGroup& group : context.groups()) {
        for (const Command& command : group.commands) {
            if (!command.hidden) names.push_back(command.name);
        }
    }
    return names;
}

const Option* option_named(const Command& command, std::string_view word) {
    for (const Option& option : command.options) {
        if (word == "--" + option.name) return &option;
    }
    return nullptr;
}

// Whether the option takes a value, in its place or behind its name.
bool takes_value(const Option& option) {
    return option.kind != OptionKind::flag;
}

// What was typed so far, by option, as far as it can be told.
struct Typed {
    Arguments arguments;
    const Option* awaited = nullptr;  ///< an option whose value is being typed
};

Typed read_typed(const Command& command, const std::vector<std::string>& words) {
    Typed typed;
    for (size_t i = 1; i + 1 < words.size(); i++) {
        const Option* option = option_named(command, words[i]);
        if (option && takes_value(*option)) {
            if (i + 2 == words.size()) {
                typed.awaited = option;
            } else {
                typed.arguments.set(option->name, words[++i]);
            }
        } else if (option) {
            typed.arguments.set(option->name, "");
        } else {
            for (const Option& free : command.options) {
                if (!takes_value(free) || (typed.arguments.has(free.name) && free.kind != OptionKind::rest)) continue;
                typed.arguments.set(free.name, words[i]);
                break;
            }
        }
    }
    return typed;
}

Task<Names> value_names(Context& context, const Option& option, const Arguments& arguments) {
    Names names;
    if (option.completes == Completes::nothing || option.completes == Completes::file) co_return names;
    if (option.completes == Completes::command) co_return command_names(context);
    co_await context.connect();
    if (option.completes == Completes::snapshot || option.completes == Completes::checkpoint) {
        std::optional<std::string> domain = arguments.find("domain");
        if (!domain) co_return names;
        names = co_await names_below_domain(context, option.completes, *domain);
    } else if (option.completes == Completes::volume) {
        std::optional<std::string> pool = arguments.find("pool");
        if (!pool) co_return names;
        names = co_await volume_names(context, *pool);
    } else {
        names = co_await names_of(context, option.completes);
    }
    co_return names;
}

Task<Names> candidates_for(Context& context, std::vector<std::string> words) {
    if (words.size() <= 1) co_return command_names(context);
    const Command* command = find_command(context.groups(), words.front());
    Names names;
    if (!command) co_return names;
    Typed typed = read_typed(*command, words);
    bool option_begun = words.back().starts_with("-");
    const Option* value = typed.awaited;
    if (!value && !option_begun) {
        for (const Option& option : command->options) {
            if (!takes_value(option) || (typed.arguments.has(option.name) && option.kind != OptionKind::rest)) continue;
            if (option.required || option.kind == OptionKind::rest) {
                value = &option;
                break;
            }
        }
    }
    if (value) {
        try {
            names = co_await value_names(context, *value, typed.arguments);
        } catch (const Failure&) {
            names.clear();  // no connection, no names; completion stays silent
        } catch (const Error&) {
            names.clear();
        }
    }
    if (typed.awaited || (value && !option_begun)) co_return names;
    for (const Option& option : command->options) {
        if (!typed.arguments.has(option.name)) names.push_back("--" + option.name);
    }
    co_return names;
}

constexpr std::string_view bash_script = R"sh(# completion of virtue for bash: source <(virtue completion bash)
_virtue() {
    local words=("${COMP_WORDS[@]:1:COMP_CWORD}") uri=()
    local i
    for ((i = 1; i < COMP_CWORD; i++)); do
        case ${COMP_WORDS[i]} in
            -c | --connect) uri=(-c "${COMP_WORDS[i + 1]}") words=("${COMP_WORDS[@]:i + 2:COMP_CWORD - i - 1}") ;;
        esac
    done
    COMPREPLY=($(compgen -W "$(virtue -q "${uri[@]}" complete -- "${words[@]}" 2>/dev/null)" -- "${words[-1]}"))
}
complete -o default -F _virtue virtue
)sh";
constexpr std::string_view zsh_script = R"sh(#compdef virtue
# completion of virtue for zsh: source <(virtue completion zsh)
_virtue() {
    local -a found
    found=(${(f)"$(virtue -q complete -- "${(@)words[2,CURRENT]}" 2>/dev/null)"})
    if (( $#found )); then compadd -a found; else _files; fi
}
compdef _virtue virtue
)sh";
constexpr std::string_view fish_script = R"sh(# completion of virtue for fish: virtue completion fish | source
function __virtue_complete
    set -l words (commandline -opc) (commandline -ct)
    virtue -q complete -- $words[2..-1] 2>/dev/null
end
complete -c virtue -a '(__virtue_complete)'
)sh";

}  // namespace

Task<std::vector<std::string>> complete_words(Context& context, std::vector<std::string> words) {
    std::string begun = words.empty() ? std::string() : words.back();
    Names names = co_await candidates_for(context, std::move(words));
    std::erase_if(names, [&](const std::string& name) { return !name.starts_with(begun); });
    std::sort(names.begin(), names.end());
    co_return names;
}

std::string completion_script(const std::string& shell) {
    if (shell == "bash") return std::string(bash_script);
    if (shell == "zsh") return std::string(zsh_script);
    if (shell == "fish") return std::string(fish_script);
    throw Failure{fmt::format("no completion for '{}': there is bash, zsh and fish", shell)};
}

}  // namespace virtue::shell
