#include "shell/manual.h"

namespace virtue::shell {
namespace {

constexpr std::string_view introduction = R"(# virtue, the shell

One program for people and scripts. Commands and options have virsh's names, so what you know works, and so do
scripts that call `virsh`. Written by `virtue help --markdown`.

    virtue list --all                       one command
    virtue 'start demo; console demo'       several
    virtue                                  a shell with history and completion; Tab shows what fits
    virtue list --all --output json         for programs: json, yaml or table, with every command
    virtue -c qemu+ssh://host/system list   another host

Before the command: `-c URI` where to connect, `-r` read-only, `-q` no headings and sentences, `-t` how long each
command took, `-o FORMAT` as `--output`, `-e CHAR` the character that leaves a console (`^]`), `-k` and `-K` seconds
between and number of unanswered pings until a connection counts as lost, `-v` and `-V` the version.

Without `-c` the URI is that of `VIRSH_DEFAULT_CONNECT_URI`, then `LIBVIRT_DEFAULT_URI`, then `uri_default` in
`libvirt.conf`, then `qemu:///system` for root and `qemu:///session` for users. The exit status is 0 when the last
command succeeded, else 1.

Tab completion for your shell: `source <(virtue completion bash)`; also `zsh` and `fish`.

)";

}  // namespace

std::string manual(std::span<const CommandGroup> groups) {
    std::string text(introduction);
    for (const CommandGroup& group : groups) {
        text += "## " + group.title + "\n\n";
        for (const Command& command : group.commands) {
            if (command.hidden) continue;
            std::string help = help_of(command);
            size_t start = help.find("SYNOPSIS\n    ") + 13;
            text += "- `" + help.substr(start, help.find('\n', start) - start) + "`: " + command.summary + "\n";
        }
        text += "\n";
    }
    text.pop_back();
    return text;
}

}  // namespace virtue::shell
