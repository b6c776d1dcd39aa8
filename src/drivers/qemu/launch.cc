#include "drivers/qemu/launch.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>
#include <array>
#include <ctime>

#include "base/error.h"
#include "base/log.h"
#include "drivers/qemu/block/chain.h"
#include "drivers/qemu/command/command.h"
#include "drivers/qemu/fd_groups.h"
#include "drivers/qemu/guest_group.h"
#include "drivers/qemu/guest_helpers.h"
#include "drivers/qemu/guest_secrets.h"
#include "drivers/qemu/hooks.h"
#include "drivers/qemu/host_checks.h"
#include "drivers/qemu/interfaces.h"
#include "drivers/qemu/live_cpu.h"
#include "drivers/qemu/live_definition.h"
#include "drivers/qemu/nvram.h"
#include "drivers/qemu/opened_images.h"
#include "drivers/qemu/start_checks.h"
#include "drivers/qemu/tpm_emulator.h"
#include "drivers/qemu/volumes.h"
#include "io/files.h"
#include "io/offload.h"
#include "io/unix_address.h"
#include "model/domain/domain.h"

namespace virtue::qemu {
namespace {

constinit log::Module logger("qemu.launch");

Fd listen_at(const std::string& path) {
    io::UnixAddress address(path);
    ::unlink(path.c_str());
    Fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (!fd || ::bind(fd.get(), address.get(), address.size()) != 0 || ::listen(fd.get(), 1) != 0) {
        throw Error::from_errno(errno, ErrorDomain::qemu, "cannot listen at '" + path + "'");
    }
    return fd;
}

void make_folder(const std::string& path, uint32_t mode, const std::optional<GuestUser>& owner) {
    io::make_folders(path, mode);
    // The folder above may be the guest's user's, who must not have other folders given to him through a link.
    Fd folder(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!folder || (owner && ::fchown(folder.get(), owner->uid, owner->gid) != 0)) {
        throw Error::from_errno(errno, ErrorDomain::qemu, "cannot give '" + path + "' to the guest's user");
    }
}

/// The key that encrypts the guest's secrets. Of no worth after a crash, so it is not synced.
void write_master_key(const std::string& path, const MasterKey& key, const std::optional<GuestUser>& owner) {
    ::unlink(path.c_str());
    Fd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    bool written = fd && ::write(fd.get(), key.data(), key.size()) == static_cast<ssize_t>(key.size());
    if (written && owner) written = ::fchown(fd.get(), owner->uid, owner->gid) == 0;
    if (!written) throw Error::from_errno(errno, ErrorDomain::qemu, "cannot write '" + path + "'");
}

std::string log_header(const LaunchPlan& plan, const QemuCapabilities& capabilities, const std::string& version) {
    utsname system{};
    ::uname(&system);
    std::string text =
        fmt::format("{}: starting up virtue version: {}, qemu version: {}.{}.{}{}, kernel: {}, hostname: {}\n",
                    log_time(), version, capabilities.version / 1000000, capabilities.version / 1000 % 1000,
                    capabilities.version % 1000, capabilities.package, system.release, system.nodename);
    text += plan.to_shell_text(true);
    if (!text.ends_with('\n')) text += '\n';
    return text;
}

struct Preparation {
    MasterKey key{};
    std::string folder;
    std::string monitor_path;
    std::vector<std::string> folders;
    std::vector<ListeningSocket> sockets;
    std::optional<GuestUser> user;
    std::optional<DacOwner> owner;
    std::vector<OwnedFile> files;
    std::vector<std::string> images;  ///< must be there
    std::vector<NeededFile> needed;   ///< must be open to the user
    std::vector<uint32_t> groups;
    std::shared_ptr<const model::Domain> to_open;  ///< whose images are opened here; null where QEMU opens them
};

struct Prepared {
    Fd monitor;
    std::map<std::string, Fd> sockets;
    OpenedImages images;
};

/// Everything on disk that QEMU finds at its start. Runs on the pool.
Prepared prepare(const Preparation& what) {
    Prepared made;
    for (const std::string& image : what.images) {
        if (::access(image.c_str(), F_OK) == 0) continue;
        throw Error::from_errno(errno, ErrorDomain::storage, "Cannot access storage file '" + image + "'");
    }
    if (what.user) require_reach(what.needed, *what.user, what.groups);
    if (what.to_open) made.images = open_images(what.to_open->disks);
    make_folder(what.folder, 0750, what.user);
    for (const std::string& folder : what.folders) make_folder(folder, 0750, what.user);
    write_master_key(what.folder + "/master-key.aes", what.key, what.user);
    made.monitor = listen_at(what.monitor_path);
    for (const ListeningSocket& socket : what.sockets) {
        Fd fd = listen_at(socket.path);
        // QEMU may have to make the socket again after a client's connection: its user owns it.
        if (what.user && ::lchown(socket.path.c_str(), what.user->uid, what.user->gid) != 0) {
            throw Error::from_errno(errno, ErrorDomain::qemu, "cannot give '" + socket.path + "' to the guest's user");
        }
        made.sockets.emplace(socket.alias, std::move(fd));
    }
    if (what.owner) what.owner->give(what.files);
    return made;
}

/// Which files the guest's user gets, which ones are opened for it, and which it must be able to open.
void choose_files(const Core& core, Run& run, Preparation& what, const std::shared_ptr<const model::Domain>& opened) {
    run.images_opened = core.settings.open_images && core.guest_user;
    if (run.images_opened) what.to_open = opened;
    if (what.owner) what.files = guest_files(*opened, !run.images_opened);
    what.needed = needed_files(*opened, what.files, !run.images_opened);
    if (core.guest_user) what.groups = guest_groups(*core.guest_user);
}

std::map<std::string, Fd> open_vdpa_devices(const model::Domain& domain) {
    std::map<std::string, Fd> opened;
    for (const model::Interface& interface : domain.interfaces) {
        if (interface.type != model::InterfaceType::vdpa) continue;
        Fd fd(::open(interface.dev.c_str(), O_RDWR | O_CLOEXEC));
        if (!fd) {
            throw Error::from_errno(errno, ErrorDomain::qemu,
                                    fmt::format("Unable to open '{}' for vdpa device", interface.dev));
        }
        opened.emplace(interface.info.alias, std::move(fd));
    }
    return opened;
}

/// Folders that QEMU makes its memory's files in. Their parents belong to all guests.
Task<void> make_memory_folders(Core& core, std::map<std::string, std::string> folders) {
    if (folders.empty()) co_return;
    auto work = [folders = std::move(folders), user = core.guest_user] {
        for (const auto& [path, why] : folders) {
            io::make_folders(path.substr(0, path.rfind('/')), 0755);
            make_folder(path, 0700, user);
        }
    };
    co_await io::offload(core.loop, std::move(work));
}

/// What went wrong before its program ran is told in its log, too.
Error failed_spawn(const Error& error, const Fd& log) {
    const std::string words = "libvirt:  error : " + error.detail();
    const std::string line = words + "\n";
    if (::write(log.get(), line.data(), line.size()) < 0) logger.debug("{}", words);
    return Error(ErrorCode::internal_error, ErrorDomain::qemu, "Process exited prior to exec: " + words);
}

/// What is open for a QEMU that is being started.
struct OpenedForIt {
    Fd log;
    std::vector<PassedFd> descriptors;
};

io::ProcessOptions process_options(const Core& core, LaunchPlan& plan, const OpenedForIt& opened) {
    io::ProcessOptions options;
    options.arguments = std::move(plan.arguments);
    options.environment = std::move(plan.environment);
    for (const PassedFd& passed : opened.descriptors) options.descriptors.emplace_back(&passed.fd, passed.child_number);
    options.standard_output = &opened.log;
    options.standard_error = &opened.log;
    options.max_open_files = core.settings.max_open_files;
    if (core.guest_user) {
        options.uid = core.guest_user->uid;
        options.gid = core.guest_user->gid;
        options.groups = guest_groups(*core.guest_user);
    }
    return options;
}

/// Starts QEMU in its control group, if it has one. Off the loop then: entering it may take the kernel a while.
Task<void> spawn_guest(Core& core, Run& run, io::ProcessOptions options, std::shared_ptr<OpenedForIt> opened) {
    std::optional<Error> failure;
    try {
        if (run.group) {
            options.control_groups = run.group->entrances(emulator_group);
            std::unique_ptr<io::Process> process =
                co_await io::Process::spawn_apart(core.loop, std::move(options), opened);
            run.process = std::move(process);
        } else {
            run.process = io::Process::spawn(core.loop, options);
        }
    } catch (const Error& error) {
        failure.emplace(failed_spawn(error, opened->log));
    }
    if (failure) throw *failure;
}

}  // namespace

LaunchContext launch_context(const Core& core, const model::Domain& domain, int id, CapabilitiesRef capabilities) {
    const Settings& settings = core.settings;
    LaunchContext context;
    context.paths.library = settings.library();
    context.paths.state = settings.state();
    context.paths.channel_target = settings.channel_targets();
    context.domain_id = id;
    context.capabilities = std::move(capabilities);
    context.use_kvm = is_kvm(domain);
    context.privileged = settings.paths.privileged;
    context.vnc_listen = settings.vnc_listen;
    context.spice_listen = settings.spice_listen;
    context.allow_reboot = allows_reboot(domain);
    context.hugepage_mounts = huge_page_mounts();
    for (const char* name : {"PATH", "TMPDIR", "HOME", "USER", "LOGNAME", "DISPLAY", "XAUTHORITY", "XDG_RUNTIME_DIR"}) {
        if (const char* value = std::getenv(name)) context.environment[name] = value;
    }
    return context;
}

std::string log_time() {
    timespec now{};
    ::clock_gettime(CLOCK_REALTIME, &now);
    tm parts{};
    ::gmtime_r(&now.tv_sec, &parts);
    char text[32];
    std::strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &parts);
    return fmt::format("{}.{:03}+0000", text, now.tv_nsec / 1000000);
}

void note_in_log(const std::string& path, const std::string& text) {
    Fd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
    std::string line = log_time() + ": " + text + "\n";
    if (fd && ::write(fd.get(), line.data(), line.size()) < 0) return;
}

void taint_guest(Core& core, const DomainOwner& domain, Taint taint) {
    Run* run = domain->run();
    // What a raw command did to QEMU can only be asked for.
    if (run && taint == Taint::custom_monitor) run->figures.ask_dirty_rate = true;
    if (!run || !run->taints.add(taint)) return;
    std::string path = core.store.log_path(domain->name());
    auto note = [path, text = taint_note(run->id, taint)] { note_in_log(path, text); };
    core.spawn(io::offload(core.loop, std::move(note)));
    save_status_soon(core, domain);
}

std::string log_tail(const std::string& path, int64_t position) {
    constexpr int64_t most = 4096;
    Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!fd) return {};
    int64_t end = ::lseek(fd.get(), 0, SEEK_END);
    position = std::max(position, end - most);
    std::string text(static_cast<size_t>(std::max<int64_t>(0, end - position)), '\0');
    ssize_t got = ::pread(fd.get(), text.data(), text.size(), position);
    text.resize(static_cast<size_t>(std::max<ssize_t>(0, got)));
    // Our own notes and QEMU's word about ptys explain nothing.
    std::string kept;
    for (size_t start = 0; start < text.size();) {
        size_t stop = std::min(text.find('\n', start), text.size());
        std::string_view line = std::string_view(text).substr(start, stop - start);
        start = stop + 1;
        if (line.empty() || line.starts_with("char device redirected to") ||
            line.find(": shutting down, reason=") != line.npos ||
            (line.find(": Domain id=") != line.npos && line.find(" is tainted: ") != line.npos))
            continue;
        if (!kept.empty()) kept += '\n';
        kept += line;
    }
    return kept;
}

Task<Launched> launch(Core& core, const DomainOwner& domain, Run& run, bool reset_nvram, io::Deadline deadline) {
    std::string emulator = emulator_of(*run.domain);
    CapabilitiesRef capabilities = co_await core.capabilities.get(emulator, deadline);
    require_vfio(*run.domain);
    require_startable(*run.domain, *capabilities);
    require_cpu_fits(*run.domain, *capabilities);
    require_fd_groups(*domain, *run.domain);
    prepare_firmware(core.settings, *run.domain);

    Preparation what;
    what.folder = run.folder = core.settings.library() + "/" + short_name(run.id, domain->name());
    what.monitor_path = run.monitor_path = run.folder + "/monitor.sock";
    run.channel_folder = core.settings.channel_targets() + "/" + short_name(run.id, domain->name());
    run.ports = take_ports(*run.domain, core.display_ports);
    set_listen_addresses(*run.domain, core.settings.vnc_listen, core.settings.spice_listen);
    what.folders = set_channel_paths(*run.domain, run.channel_folder);
    assign_aliases(*run.domain);
    what.images = settle_images(*run.domain);
    Fd vsock = open_vsock(*run.domain);
    choose_helpers(*run.domain);
    co_await detect_chains(core, run.domain, deadline);
    number_nodes(*run.domain);
    what.sockets = listening_sockets(*run.domain);
    for (const ListeningSocket& socket : what.sockets) run.sockets.push_back(socket.path);
    what.user = core.guest_user;
    what.owner = core.owner_of_files();
    if (core.settings.paths.privileged) set_dac_label(*run.domain, core.guest_user.value_or(GuestUser{0, 0}));
    co_await prepare_nvram(core, run, reset_nvram);
    // What is shown and kept names volumes; what QEMU gets names their files.
    const std::shared_ptr<const model::Domain> opened = co_await with_volumes(core, run.domain, deadline);
    choose_files(core, run, what, opened);
    const MasterKey key = what.key = make_master_key();
    std::map<std::string, std::string> secrets = guest_secrets(*opened, core.secrets, key);
    std::string monitor_path = run.monitor_path;
    const bool what_is_given = what.owner.has_value();
    std::vector<OwnedFile> given = what.files;
    auto work = [what = std::move(what)] { return prepare(what); };
    Prepared made = co_await io::offload(core.loop, std::move(work));
    // From here on they are restored at the end; before, they were not the guest's.
    run.files = std::move(given);

    resolve_listens(core, *run.domain);
    co_await start_tpm_emulator(core, run, deadline);
    co_await start_helpers(core, run, deadline);
    InterfaceFds interfaces = co_await open_interfaces(core, run.domain, deadline);
    LaunchContext context = launch_context(core, *run.domain, run.id, capabilities);
    context.interface_fds = std::move(interfaces);
    context.monitor = std::move(made.monitor);
    context.incoming = run.incoming;
    for (auto& [alias, fd] : made.sockets) context.device_fds.emplace(alias, std::move(fd));
    for (auto& [alias, fd] : open_vdpa_devices(*run.domain)) context.device_fds.emplace(alias, std::move(fd));
    if (vsock) context.device_fds.emplace(run.domain->vsock->info.alias, std::move(vsock));
    context.secrets = std::move(secrets);
    std::shared_ptr<const model::Domain> shown = with_opened_images(with_disks_of(run.domain, opened), made.images);
    shown = with_fd_sets(std::move(shown));
    LaunchPlan plan = build_command(*shown, std::move(context));
    pass_fd_groups(*domain, *shown, plan);
    pass_images(std::move(made.images), plan);
    settle_cpu(*run.domain, *capabilities);
    if (core.settings.paths.privileged) set_security_label(*run.domain, core.guest_user.value_or(GuestUser{0, 0}));

    Launched launched;
    launched.log_path = core.store.log_path(domain->name());
    Fd log(::open(launched.log_path.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
    if (!log) throw Error::from_errno(errno, ErrorDomain::qemu, "failed to create logfile " + launched.log_path);
    std::string header = log_header(plan, *capabilities, core.settings.version);
    run.taints = taints_of(*run.domain, *capabilities, core.settings.paths.privileged && !core.guest_user);
    run.deprecations = deprecations_of(*run.domain, *capabilities);
    if (capabilities->has_command("query-dirty-rate")) run.figures.dirty_rate = DirtyRateFigures{};
    run.figures.ask_dirty_rate = false;
    for (const Taint taint : run.taints.list()) {
        header += fmt::format("{}: {}\n", log_time(), taint_note(run.id, taint));
    }
    if (::write(log.get(), header.data(), header.size()) < 0) {
        throw Error::from_errno(errno, ErrorDomain::qemu, "unable to write to " + launched.log_path);
    }
    launched.log_position = ::lseek(log.get(), 0, SEEK_END);
    if (what_is_given) require_files_to_give(*run.domain);
    require_perf_counters(run.domain->perf);
    co_await make_memory_folders(core, plan.folders);

    auto opened_for_it = std::make_shared<OpenedForIt>(std::move(log), std::move(plan.descriptors));
    io::ProcessOptions options = process_options(core, plan, *opened_for_it);
    co_await run_hooks(core, run.domain, "start", "begin");
    options.max_locked_memory = locked_memory_limit(*run.domain);
    co_await make_guest_group(core, domain, run);
    co_await spawn_guest(core, run, std::move(options), std::move(opened_for_it));
    set_perf_counters(run.perf_counters, run.domain->perf, run.process->pid());
    launched.monitor = co_await io::Socket::connect_unix(core.loop, monitor_path, deadline);
    co_return launched;
}

}  // namespace virtue::qemu
