// What the guest's own processes and users are told: signals, ssh keys; and the rooms of containers.
#include <fcntl.h>
#include <sched.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <algorithm>

#include "base/text.h"
#include "driver/constants.h"
#include "io/watch.h"
#include "protocol/lxc/lxc.h"
#include "protocol/remote/domain_guest.h"
#include "protocol/remote/domain_stats.h"
#include "shell/commands/commands.h"
#include "shell/lookup.h"

namespace virtue::shell {
namespace {

using namespace proc;

std::optional<uint32_t> signal_number(std::string name) {
    constexpr std::string_view names[] = {"nop",    "hup",  "int",    "quit", "ill",   "trap", "abrt", "bus",
                                          "fpe",    "kill", "usr1",   "segv", "usr2",  "pipe", "alrm", "term",
                                          "stkflt", "chld", "cont",   "stop", "tstp",  "ttin", "ttou", "urg",
                                          "xcpu",   "xfsz", "vtalrm", "prof", "winch", "poll", "pwr",  "sys"};
    constexpr uint32_t first_real_time = 32;
    if (std::optional<uint32_t> number = parse_number<uint32_t>(name)) return number;
    for (char& c : name) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
    std::string_view word = name;
    if (word.starts_with("sig_")) word.remove_prefix(4);
    if (word.starts_with("sig")) word.remove_prefix(3);
    auto found = std::find(std::begin(names), std::end(names), word);
    if (found != std::end(names)) return static_cast<uint32_t>(found - std::begin(names));
    if (!word.starts_with("rt")) return std::nullopt;
    std::optional<uint32_t> real_time = parse_number<uint32_t>(word.substr(2));
    if (!real_time || *real_time > 32) return std::nullopt;
    return first_real_time + *real_time;
}

Task<Result> send_signal(Context& context, Arguments arguments) {
    DomainRef domain = co_await the_domain(context, arguments);
    std::optional<int64_t> pid = arguments.find_number("pid");
    std::string name = arguments.text("signame");
    std::optional<uint32_t> number = signal_number(name);
    if (!number) throw Failure{"malformed signal name: " + name};
    DomainSendProcessSignal::Args call{.domain = std::move(domain), .pid_value = *pid, .signum = *number};
    co_await context.call<DomainSendProcessSignal>(std::move(call));
    co_return std::monostate{};
}

Task<Result> get_keys(Context& context, Arguments arguments) {
    DomainRef domain = co_await the_domain(context, arguments);
    DomainAuthorizedSshKeysGet::Args ask{.domain = std::move(domain), .user = arguments.text("user")};
    DomainAuthorizedSshKeysGet::Ret answer = co_await context.call<DomainAuthorizedSshKeysGet>(std::move(ask));
    Lines lines{{}, "keys"};
    for (const std::string& key : answer.keys) lines.lines.push_back(key);
    co_return lines;
}

Task<Result> set_keys(Context& context, Arguments arguments) {
    require(arguments, "remove", "file");
    exclude(arguments, "reset", "remove");
    DomainRef domain = co_await the_domain(context, arguments);
    DomainAuthorizedSshKeysSet::Args call{.domain = std::move(domain), .user = arguments.text("user")};
    if (std::optional<std::string> file = arguments.find("file")) {
        std::string text = read_input(*file);
        for (std::string_view line : split_lines(text)) {
            if (!trim(line).empty()) call.keys.push_back(std::string(line));
        }
        if (call.keys.empty()) throw Failure{fmt::format("File {} contains no keys", *file)};
    } else if (!arguments.has("reset")) {
        throw Failure{"Option --file is required"};
    }
    if (arguments.has("remove")) {
        call.flags = api::domain_authorized_ssh_keys_set_remove;
    } else if (!arguments.has("reset")) {
        call.flags = api::domain_authorized_ssh_keys_set_append;
    }
    co_await context.call<DomainAuthorizedSshKeysSet>(std::move(call));
    co_return std::monostate{};
}

// The confinement that the container runs under is taken over at the next exec. Only what a forked child may do.
bool take_label(const char* label, size_t size) {
    int file = ::open("/proc/self/attr/exec", O_WRONLY | O_CLOEXEC);
    if (file < 0) return false;
    bool done = ::write(file, label, size) == static_cast<ssize_t>(size);
    ::close(file);
    return done;
}

// Forks twice: a process gets into a PID namespace only with its children. The first child ends as the second does.
pid_t run_inside(const std::vector<Fd>& namespaces, std::vector<char*> words, const std::string& label) {
    pid_t child = ::fork();
    if (child != 0) return child;
    for (const Fd& space : namespaces) {
        if (::setns(space.get(), 0) != 0) ::_exit(126);
    }
    pid_t inner = ::fork();
    if (inner < 0) ::_exit(126);
    if (inner == 0) {
        if (!label.empty() && !take_label(label.c_str(), label.size())) ::_exit(126);
        ::execvp(words[0], words.data());
        ::_exit(127);
    }
    int status = 0;
    while (::waitpid(inner, &status, 0) < 0 && errno == EINTR) {
    }
    ::_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 126);
}

// The label of a container under SELinux or AppArmor; empty where there is none.
Task<std::string> label_of(Context& context, DomainRef domain) {
    DomainGetSecurityLabel::Args ask{.domain = std::move(domain)};
    DomainGetSecurityLabel::Ret answer = co_await context.call<DomainGetSecurityLabel>(std::move(ask));
    std::string label(answer.label.begin(), answer.label.end());
    size_t end = label.find('\0');
    if (end != label.npos) label.resize(end);
    co_return label;
}

// Waits for our child without keeping the connection waiting.
Task<bool> ended_well(Context& context, pid_t child) {
    Fd handle(static_cast<int>(::syscall(SYS_pidfd_open, child, 0)));
    if (handle) {
        io::FdWatch watch(context.loop(), handle.get());
        io::Deadline forever = io::Deadline::never();
        co_await watch.wait_readable(forever);
    }
    int status = 0;
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    co_return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

Task<Result> enter_namespace(Context& context, Arguments arguments) {
    DomainRef domain = co_await the_domain(context, arguments);
    LxcDomainOpenNamespace::Args call{.domain = domain};
    driver::CallExtras extras;
    co_await context.call<LxcDomainOpenNamespace>(std::move(call), &extras);
    std::string label;
    if (!arguments.has("noseclabel")) label = co_await label_of(context, std::move(domain));
    std::vector<std::string> texts = arguments.rest();
    std::vector<char*> words;
    for (std::string& text : texts) words.push_back(text.data());
    words.push_back(nullptr);
    pid_t child = run_inside(extras.received_fds, std::move(words), label);
    if (child < 0) throw Failure{{}, Error::from_errno(errno, ErrorDomain::none, "cannot fork")};
    bool good = co_await ended_well(context, child);
    if (!good) throw Failure{};
    co_return std::monostate{};
}

}  // namespace

Commands guest_agent_commands() {
    return {
        make_command("send-process-signal", "<domain> <pid> <signame>", "send a signal to a process of the guest",
                     send_signal),
        make_command("get-user-sshkeys", "<domain> <user>", "the ssh keys that let in as a user of the guest",
                     get_keys),
        make_command("set-user-sshkeys", "<domain> <user> --file= --reset --remove",
                     "change the ssh keys that let in as a user of the guest", set_keys),
        make_command("lxc-enter-namespace", "<domain> --noseclabel <cmd>...", "run a command inside a container",
                     enter_namespace),
    };
}

}  // namespace virtue::shell
