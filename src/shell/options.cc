// The compact notation of options, and what an option's name alone says: its help, and what completes it.
#include <map>
#include <set>

#include "base/text.h"
#include "shell/command.h"
#include "shell/glossary.h"

namespace virtue::shell {
namespace {

Completes completes_of(std::string_view command, const std::string& option) {
    static const std::map<std::string, Completes, std::less<>> by_name = {
        {"domain", Completes::domain},
        {"network", Completes::network},
        {"pool", Completes::pool},
        {"inputpool", Completes::pool},
        {"vol", Completes::volume},
        {"secret", Completes::secret},
        {"nwfilter", Completes::nwfilter},
        {"file", Completes::file},
        {"xml", Completes::file},
        {"xmlfile", Completes::file},
        {"dir", Completes::file},
        {"snapshotname", Completes::snapshot},
        {"checkpointname", Completes::checkpoint},
        {"command", Completes::command},
    };
    if (option == "device" && command.starts_with("nodedev")) return Completes::node_device;
    if (option == "interface" && command.starts_with("iface")) return Completes::interface;
    static const std::set<std::string, std::less<>> stopped = {"start", "domrename"};
    static const std::set<std::string, std::less<>> running = {
        "console",    "destroy", "shutdown",    "reboot",     "reset",      "suspend",
        "resume",     "save",    "managedsave", "dump",       "screenshot", "send-key",
        "inject-nmi", "migrate", "ttyconsole",  "vncdisplay", "domdisplay"};
    if (option == "domain" && stopped.contains(command)) return Completes::inactive_domain;
    if (option == "domain" && running.contains(command)) return Completes::active_domain;
    auto found = by_name.find(option);
    return found == by_name.end() ? Completes::nothing : found->second;
}

// One word of the notation.
Option parse_option(std::string_view command, std::string_view word) {
    Option option{.name = {}, .kind = OptionKind::flag, .required = false, .help = {}};
    bool rest = word.ends_with("...");
    if (rest) word.remove_suffix(3);
    bool named = word.starts_with("--");
    if (named) {
        word.remove_prefix(2);
        size_t equals = word.find('=');
        if (equals != word.npos) {
            std::string_view value = word.substr(equals + 1);
            option.required = value.starts_with('<');
            option.kind = value.find(":n") != value.npos ? OptionKind::named_number : OptionKind::named_text;
            word = word.substr(0, equals);
        }
    } else {
        option.required = word.starts_with('<');
        word = word.substr(1, word.size() - 2);
        option.kind = rest ? OptionKind::rest : OptionKind::text;
        if (word.ends_with(":n")) {
            option.kind = OptionKind::number;
            word.remove_suffix(2);
        }
    }
    option.name = std::string(word);
    option.help = std::string(option_help(command, word));
    option.completes = completes_of(command, option.name);
    return option;
}

}  // namespace

Command make_command(std::string name, std::string_view options, std::string summary,
                     Task<Result> (*run)(Context& context, Arguments arguments)) {
    Command command{
        .name = std::move(name), .summary = std::move(summary), .description = {}, .options = {}, .run = run};
    bool has_rest = options.find("...") != options.npos;
    for (std::string_view word : split_words(options)) {
        Option option = parse_option(command.name, word);
        // Where no list of words follows, any option that takes a value may also be given by its place, as in virsh.
        if (!has_rest && option.kind == OptionKind::named_text) option.kind = OptionKind::text;
        if (!has_rest && option.kind == OptionKind::named_number) option.kind = OptionKind::number;
        command.options.push_back(std::move(option));
    }
    return command;
}

Command make_offline_command(std::string name, std::string_view options, std::string summary,
                             Task<Result> (*run)(Context& context, Arguments arguments)) {
    Command command = make_command(std::move(name), options, std::move(summary), run);
    command.needs_connection = false;
    return command;
}

}  // namespace virtue::shell
