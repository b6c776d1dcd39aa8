#include "drivers/qemu/calls/console_calls.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "drivers/qemu/calls/support.h"
#include "drivers/qemu/keycodes.h"
#include "io/files.h"
#include "io/offload.h"
#include "model/domain/domain.h"

namespace virtue::qemu {
namespace {

/// What is in an open file, from its beginning.
std::string read_all(int fd, size_t limit) {
    std::string content;
    std::vector<char> portion(1 << 20);
    while (true) {
        ssize_t got = ::pread(fd, portion.data(), portion.size(), static_cast<off_t>(content.size()));
        if (got < 0) throw Error::from_errno(errno, ErrorDomain::qemu, "cannot read the screenshot");
        if (got == 0) return content;
        content.append(portion.data(), static_cast<size_t>(got));
        if (content.size() > limit) {
            fail(ErrorCode::operation_failed, ErrorDomain::qemu, "a screenshot of over {} bytes", limit);
        }
    }
}

/// A file that QEMU wrote for us, given out in portions and removed at the end. It is read through the descriptor that
/// made it: its folder is the guest's user's, who could put a link to any file in its place.
class FileStream final : public driver::StreamEndpoint {
public:
    FileStream(io::Loop& loop, std::string path, Fd file)
        : loop_(loop), path_(std::move(path)), file_(std::make_shared<Fd>(std::move(file))) {}
    ~FileStream() override { ::unlink(path_.c_str()); }
    bool sends() const override { return true; }
    bool receives() const override { return false; }
    Task<driver::StreamChunk> read(size_t limit, io::Deadline deadline) override {
        driver::StreamChunk chunk;
        if (!loaded_) {
            std::shared_ptr<Fd> file = file_;
            auto load = [file] { return read_all(file->get(), 64 << 20); };
            content_ = co_await io::offload(loop_, std::move(load), deadline);
            loaded_ = true;
        }
        size_t count = std::min(limit, content_.size() - sent_);
        chunk.data.assign(content_.begin() + static_cast<ptrdiff_t>(sent_),
                          content_.begin() + static_cast<ptrdiff_t>(sent_ + count));
        sent_ += count;
        chunk.end = count == 0;
        co_return chunk;
    }

private:
    io::Loop& loop_;
    std::string path_;
    std::shared_ptr<Fd> file_;  ///< shared with the reading on the pool
    std::string content_;
    size_t sent_ = 0;
    bool loaded_ = false;
};

}  // namespace

void ConsoleCalls::bind(driver::HandlerTable& on) {
    on.call<proc::DomainOpenConsole>(this, &ConsoleCalls::open_console);
    on.call<proc::DomainOpenChannel>(this, &ConsoleCalls::open_channel);
    on.call<proc::DomainOpenGraphics>(this, &ConsoleCalls::open_graphics);
    on.call<proc::DomainOpenGraphicsFd>(this, &ConsoleCalls::open_graphics_fd);
    on.call<proc::DomainScreenshot>(this, &ConsoleCalls::screenshot);
    on.call<proc::DomainSendKey>(this, &ConsoleCalls::send_key);
}

Task<wire::Void> ConsoleCalls::open_console(driver::Call& call, proc::DomainOpenConsole::Args args) {
    require_flags(args.flags, api::domain_console_safe | api::domain_console_force, "qemuDomainOpenConsole");
    DomainOwner domain = core_.at(args.domain.name, args.domain.uuid);
    domain->running();
    Terminal terminal = find_console(domain->current(), args.dev_name.value_or(""));
    bool force = (args.flags & api::domain_console_force) != 0;
    co_await open_terminal(call, domain, std::move(terminal), force, "Active console session exists for this domain");
    co_return wire::Void{};
}

Task<wire::Void> ConsoleCalls::open_channel(driver::Call& call, proc::DomainOpenChannel::Args args) {
    require_flags(args.flags, api::domain_channel_force, "qemuDomainOpenChannel");
    DomainOwner domain = core_.at(args.domain.name, args.domain.uuid);
    domain->running();
    Terminal terminal = find_channel(domain->current(), args.name.value_or(""));
    bool force = (args.flags & api::domain_channel_force) != 0;
    co_await open_terminal(call, domain, std::move(terminal), force, "Active channel stream exists for this domain");
    co_return wire::Void{};
}

Task<void> ConsoleCalls::open_terminal(driver::Call& call, DomainOwner domain, Terminal terminal, bool force,
                                       const char* busy) {
    if (terminal.path.empty()) {
        throw Error(ErrorCode::operation_failed, ErrorDomain::none, "PTY device is not yet assigned",
                    "the guest is being started");
    }
    int id = domain->id();
    auto present = domain->running().terminals[terminal.path].lock();
    bool is_taken = present && (present->user || present->opening);
    if (is_taken && !force) throw Error(ErrorCode::operation_failed, ErrorDomain::qemu, busy);
    if (present && present->user) present->user->evict("another client took over");
    // Keeps a second client out while the socket is being connected; one that may use force takes this, too.
    auto kept = std::make_shared<TerminalStream::Seat>();
    kept->opening = true;
    domain->running().terminals[terminal.path] = kept;
    std::unique_ptr<TerminalStream> stream;
    if (terminal.is_socket) {
        io::Deadline deadline = core_.monitor_deadline(call.deadline, *domain);
        std::string path = terminal.path;
        std::unique_ptr<io::Socket> socket = co_await io::Socket::connect_unix(core_.loop, path, deadline);
        stream = std::make_unique<TerminalStream>(core_.loop, std::move(socket));
    } else {
        stream = TerminalStream::open_pty(core_.loop, terminal.path);
    }
    if (domain->id() != id || domain->running().terminals[terminal.path].lock() != kept) {
        throw Error(ErrorCode::operation_failed, ErrorDomain::qemu, "another client took over");
    }
    domain->running().terminals[terminal.path] = stream->seat();
    call.stream = std::move(stream);
}

Task<wire::Void> ConsoleCalls::open_graphics(driver::Call& call, proc::DomainOpenGraphics::Args args) {
    require_flags(args.flags, api::domain_open_graphics_skipauth, "qemuDomainOpenGraphics");
    if (call.received.empty()) {
        throw Error(ErrorCode::invalid_arg, ErrorDomain::qemu, "no file descriptor came with the call");
    }
    DomainOwner domain = core_.at(args.domain.name, args.domain.uuid);
    bool skip = (args.flags & api::domain_open_graphics_skipauth) != 0;
    co_await add_display_client(call, domain, args.idx, skip, std::move(call.received.front()));
    co_return wire::Void{};
}

Task<wire::Void> ConsoleCalls::open_graphics_fd(driver::Call& call, proc::DomainOpenGraphicsFd::Args args) {
    require_flags(args.flags, api::domain_open_graphics_skipauth, "qemuDomainOpenGraphicsFD");
    DomainOwner domain = core_.at(args.domain.name, args.domain.uuid);
    auto [ours, theirs] = io::Socket::pair();
    bool skip = (args.flags & api::domain_open_graphics_skipauth) != 0;
    co_await add_display_client(call, domain, args.idx, skip, std::move(ours));
    call.reply.push_back(std::move(theirs));
    co_return wire::Void{};
}

Task<void> ConsoleCalls::add_display_client(driver::Call& call, DomainOwner domain, uint32_t index, bool skip_auth,
                                            Fd fd) {
    driver::Job job = co_await domain->jobs().begin(driver::JobKind::modify, "virDomainOpenGraphics", call.deadline);
    Run& run = domain->running();
    std::string protocol = display_protocol(*run.domain, index);
    io::Deadline deadline = core_.monitor_deadline(call.deadline, *domain);
    std::string name = fmt::format("display-{}", index);
    Json get = Json::object({{"fdname", name}});
    std::vector<const Fd*> fds = {&fd};
    co_await domain->monitor()->command_with_fds("getfd", std::move(get), std::move(fds), deadline);
    Json add = Json::object({{"protocol", protocol}, {"fdname", name}, {"skipauth", skip_auth}});
    co_await domain->monitor()->command("add_client", std::move(add), deadline);
}

Task<proc::DomainScreenshot::Ret> ConsoleCalls::screenshot(driver::Call& call, proc::DomainScreenshot::Args args) {
    require_flags(args.flags, 0, "qemuDomainScreenshot");
    DomainOwner domain = core_.at(args.domain.name, args.domain.uuid);
    driver::Job job = co_await domain->jobs().begin(driver::JobKind::modify, "virDomainScreenshot", call.deadline);
    Run& run = domain->running();
    ScreenPlace place = find_screen(*run.domain, args.screen);
    std::string path = run.folder + "/screenshot-XXXXXX";
    Fd file(::mkostemp(path.data(), O_CLOEXEC));
    if (!file) throw Error::from_errno(errno, ErrorDomain::qemu, "mkostemp(\"" + path + "\") failed");
    int number = file.get();
    auto stream = std::make_unique<FileStream>(core_.loop, path, std::move(file));
    if (core_.guest_user && ::fchown(number, core_.guest_user->uid, core_.guest_user->gid) != 0) {
        throw Error::from_errno(errno, ErrorDomain::qemu, "cannot give '" + path + "' to the guest's user");
    }
    Json arguments = Json::object({{"filename", path}, {"format", "png"}});
    if (!place.device.empty()) arguments.set("device", place.device).set("head", place.head);
    io::Deadline deadline = core_.monitor_deadline(call.deadline, *domain);
    co_await domain->monitor()->command("screendump", std::move(arguments), deadline);
    call.stream = std::move(stream);
    proc::DomainScreenshot::Ret ret;
    ret.mime = "image/png";
    co_return ret;
}

Task<wire::Void> ConsoleCalls::send_key(driver::Call& call, proc::DomainSendKey::Args args) {
    require_flags(args.flags, 0, "qemuDomainSendKey");
    std::vector<uint32_t> numbers = to_qemu_keycodes(args.codeset, args.keycodes);
    DomainOwner domain = core_.at(args.domain.name, args.domain.uuid);
    driver::Job job = co_await domain->jobs().begin(driver::JobKind::modify, "virDomainSendKey", call.deadline);
    domain->running();
    Json keys = Json::array();
    for (uint32_t number : numbers) keys.add(Json::object({{"type", "number"}, {"data", number}}));
    Json arguments = Json::object({{"keys", std::move(keys)}});
    if (args.holdtime != 0) arguments.set("hold-time", args.holdtime);
    io::Deadline deadline = core_.monitor_deadline(call.deadline, *domain);
    co_await domain->monitor()->command("send-key", std::move(arguments), deadline);
    co_return wire::Void{};
}

}  // namespace virtue::qemu
