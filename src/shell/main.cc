// virtue, the shell: reads its own options, then runs one command line or an interactive session.
#include <getopt.h>
#include <clocale>
#include <csignal>
#include <cstdlib>

#include "base/text.h"
#include "io/signals.h"
#include "shell/backends.h"
#include "shell/interactive.h"
#include "shell/run.h"
#include "shell/version.h"

namespace virtue::shell {
namespace {

constexpr std::string_view usage = R"(
virtue [options]... [<command_string>]
virtue [options]... <command> [args...]

  options:
    -c | --connect=URI      hypervisor connection URI
    -e | --escape <char>    the character that leaves a console (^])
    -h | --help             this help
    -k | --keepalive-interval=NUM
                            seconds between pings, 0 for none
    -K | --keepalive-count=NUM
                            unanswered pings until the connection counts as lost
    -o | --output=FORMAT    table (for people), json or yaml
    -q | --quiet            no headings and no sentences
    -r | --readonly         connect for reading only
    -t | --timing           print how long each command took
    -v                      short version
    -V                      long version
         --version[=TYPE]   version, TYPE is short or long (default short)
  commands (non interactive mode):

)";

struct Start {
    Settings settings;
    std::vector<std::string> words;
    bool leave = false;
    int status = 0;
};

[[noreturn]] void refuse(const std::string& text) {
    throw UsageError{text};
}

int number_of(const char* text, const char* option) {
    std::optional<int> number = parse_number<int>(text);
    if (!number || *number < 0) refuse(fmt::format("option -{} requires a numeric argument", option));
    return *number;
}

uint8_t escape_of(std::string_view text) {
    bool control = text.size() == 2 && text[0] == '^';
    if (control) return static_cast<uint8_t>(text[1] & 0x1f);
    if (text.size() == 1) return static_cast<uint8_t>(text[0]);
    refuse(fmt::format("Invalid string '{}' for escape sequence", text));
}

void print_version(Start& start, std::string_view type) {
    if (type == "short") {
        fmt::print("{}\n", version);
    } else if (type == "long") {
        fmt::print("virtue {}, speaks libvirt's protocol as of {}\ntransports: unix tcp ssh; in this process: {}\n",
                   version, libvirt_version, local_drivers());
    } else {
        refuse(fmt::format("unrecognized version type '{}'", type));
    }
    start.leave = true;
}

void take_option(Start& start, int option) {
    Settings& settings = start.settings;
    switch (option) {
        case 'c':
            settings.uri = optarg;
            break;
        case 'd':
        case 'l':
            refuse(
                fmt::format("option -{} is virsh's own: what a command fails with is printed, and the daemon has "
                            "the log",
                            static_cast<char>(option)));
        case 'e':
            settings.escape = escape_of(optarg);
            break;
        case 'h':
            fmt::print("{}{}", usage, help_overview(all_groups()));
            start.leave = true;
            break;
        case 'k':
            settings.keepalive_interval = number_of(optarg, "k");
            break;
        case 'K':
            settings.keepalive_count = number_of(optarg, "K");
            break;
        case 'o':
            if (std::optional<OutputFormat> format = output_format(optarg))
                settings.format = *format;
            else
                refuse(fmt::format("unknown output format '{}': json, yaml or table", optarg));
            break;
        case 'q':
            settings.quiet = true;
            break;
        case 'r':
            settings.read_only = true;
            break;
        case 't':
            settings.timing = true;
            break;
        case 'v':
            print_version(start, optarg ? optarg : "short");
            break;
        case 'V':
            print_version(start, "long");
            break;
        default:
            start.leave = true;
            start.status = 1;
    }
}

Start read_command_line(int argc, char** argv) {
    static const option options[] = {{"connect", required_argument, nullptr, 'c'},
                                     {"debug", required_argument, nullptr, 'd'},
                                     {"escape", required_argument, nullptr, 'e'},
                                     {"help", no_argument, nullptr, 'h'},
                                     {"keepalive-interval", required_argument, nullptr, 'k'},
                                     {"keepalive-count", required_argument, nullptr, 'K'},
                                     {"log", required_argument, nullptr, 'l'},
                                     {"output", required_argument, nullptr, 'o'},
                                     {"quiet", no_argument, nullptr, 'q'},
                                     {"readonly", no_argument, nullptr, 'r'},
                                     {"timing", no_argument, nullptr, 't'},
                                     {"version", optional_argument, nullptr, 'v'},
                                     {nullptr, 0, nullptr, 0}};
    Start start;
    if (const char* uri = std::getenv("VIRSH_DEFAULT_CONNECT_URI")) start.settings.uri = uri;
    for (;;) {
        // '+': what follows the command's name belongs to the command.
        int found = ::getopt_long(argc, argv, "+c:d:e:hk:K:l:o:qrtvV", options, nullptr);
        if (found < 0) break;
        take_option(start, found);
        if (start.leave) return start;
    }
    start.words.assign(argv + optind, argv + argc);
    start.settings.interactive = start.words.empty();
    return start;
}

// One word may be a line of several commands: virtue 'list; dominfo x'.
int run_once(Context& context, std::vector<std::string> words) {
    bool is_line = words.size() == 1;
    Task<bool> task = is_line ? run_line(context, std::move(words.front())) : run_words(context, std::move(words));
    return context.loop().run_until(std::move(task)) ? 0 : 1;
}

int run(int argc, char** argv) {
    Start start = read_command_line(argc, argv);
    if (start.leave) return start.status;
    ::signal(SIGPIPE, SIG_IGN);
    io::Loop loop;
    LocalBackends local(loop);
    start.settings.backends = local.list();
    bool interactive = start.settings.interactive;
    Context context(loop, std::move(start.settings));
    io::SignalWatch interrupt(loop, SIGINT, [&context] { context.interrupt(); });
    int status = interactive ? run_interactive(context) : run_once(context, std::move(start.words));
    loop.run_until(context.disconnect());
    return status;
}

}  // namespace
}  // namespace virtue::shell

int main(int argc, char** argv) {
    std::setlocale(LC_ALL, "");
    try {
        return virtue::shell::run(argc, argv);
    } catch (const virtue::shell::UsageError& error) {
        fmt::print(stderr, "error: {}\n", error.message);
    } catch (const virtue::Error& error) {
        fmt::print(stderr, "error: {}\n", error.message());
    }
    return 1;
}
