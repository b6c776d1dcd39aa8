#include "daemon/options.h"

#include <getopt.h>

#include <cerrno>
#include <climits>
#include <cstdlib>

#include "base/error.h"
#include "base/text.h"

namespace virtue::daemon {

namespace {

constexpr int first_long_only = 1000;
enum LongOnly : int { root = first_long_only, session, system_wide, log_level, print_config };

constexpr option long_options[] = {
    {"root", required_argument, nullptr, root},
    {"config", required_argument, nullptr, 'f'},
    {"session", no_argument, nullptr, session},
    {"system", no_argument, nullptr, system_wide},
    {"daemon", no_argument, nullptr, 'd'},
    {"listen", no_argument, nullptr, 'l'},
    {"pid-file", required_argument, nullptr, 'p'},
    {"timeout", required_argument, nullptr, 't'},
    {"verbose", no_argument, nullptr, 'v'},
    {"log-level", required_argument, nullptr, log_level},
    {"print-config", no_argument, nullptr, print_config},
    {"version", no_argument, nullptr, 'V'},
    {"help", no_argument, nullptr, 'h'},
    {nullptr, 0, nullptr, 0},
};

[[noreturn]] void refuse(std::string detail) {
    throw Error::with_message(ErrorCode::invalid_arg, ErrorDomain::none, std::move(detail) + "; see virtued --help");
}

/// The folder itself may be missing, it is then made with the others; one that is missing above it is a mistake.
std::string absolute(std::string path) {
    if (path.empty()) refuse("--root takes a folder");
    char resolved[PATH_MAX];
    if (::realpath(path.c_str(), resolved)) return resolved[1] ? resolved : "";
    while (path.size() > 1 && path.back() == '/') path.pop_back();
    const size_t slash = path.rfind('/');
    const std::string above = slash == std::string::npos ? "." : path.substr(0, slash + 1);
    if (errno != ENOENT || !::realpath(above.c_str(), resolved))
        refuse(fmt::format("the folder '{}' given with --root is not there, nor is the one above it", path));
    const std::string_view parent = resolved;
    return fmt::format("{}/{}", parent == "/" ? "" : parent, path.substr(slash == std::string::npos ? 0 : slash + 1));
}

void apply(Options& made, int letter, const char* value) {
    switch (letter) {
        case root:
            made.root = absolute(value);
            return;
        case 'f':
            made.config = value;
            return;
        case session:
            made.system = false;
            return;
        case system_wide:
            made.system = true;
            return;
        case 'd':
            made.background = true;
            return;
        case 'p':
            made.pid_file = value;
            return;
        case 't':
            made.idle_timeout = parse_number<uint32_t>(value);
            if (!made.idle_timeout) refuse(fmt::format("--timeout takes seconds, not '{}'", value));
            return;
        case 'v':
            made.log_level = "info";
            return;
        case log_level:
            made.log_level = value;
            return;
        case print_config:
            made.action = Options::Action::print_config;
            return;
        case 'V':
            made.action = Options::Action::version;
            return;
        case 'h':
            made.action = Options::Action::help;
            return;
        case 'l':
            refuse("virtued listens on UNIX sockets only: --listen is not supported");
        default:
            refuse(fmt::format("unknown or incomplete option '{}'", value));
    }
}

}  // namespace

Options parse_options(int count, char** arguments) {
    Options made;
    ::opterr = 0;
    ::optind = 0;
    for (;;) {
        int at = ::optind == 0 ? 1 : ::optind;
        int letter = ::getopt_long(count, arguments, ":f:dlp:t:vVh", long_options, nullptr);
        if (letter == -1) break;
        bool bad = letter == '?' || letter == ':';
        apply(made, letter, bad ? arguments[at] : ::optarg);
    }
    if (::optind < count) refuse(fmt::format("'{}' is no option", arguments[::optind]));
    return made;
}

std::string help_text() {
    return "virtued: manages virtual machines; answers libvirt's clients on libvirt's own sockets.\n"
           "\n"
           "  virtued [OPTION...]            runs in the foreground until SIGTERM; guests keep running\n"
           "\n"
           "  -f, --config FILE      settings (default: virtued.conf in libvirt's configuration folder)\n"
           "      --print-config     print the commented settings file with every default\n"
           "      --root DIR         put every path below DIR, which is made if it is not there\n"
           "      --system           be the system's daemon (default for root)\n"
           "      --session          be this user's daemon (default for everybody else)\n"
           "  -d, --daemon           go to the background once the sockets answer\n"
           "  -p, --pid-file FILE    write the process number there, too\n"
           "  -t, --timeout SECONDS  leave after so long without clients and guests\n"
           "  -v, --verbose          the same as --log-level info\n"
           "      --log-level LEVEL  debug, info, warn or error\n"
           "  -V, --version          print the version\n"
           "  -h, --help             print this\n";
}

}  // namespace virtue::daemon
