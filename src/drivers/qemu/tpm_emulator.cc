#include "drivers/qemu/tpm_emulator.h"

#include <fcntl.h>
#include <pwd.h>
#include <sys/socket.h>
#include <unistd.h>
#include <csignal>
#include <filesystem>

#include "base/error.h"
#include "drivers/qemu/command/command.h"
#include "io/files.h"
#include "io/offload.h"
#include "io/unix_address.h"
#include "model/domain/domain.h"

namespace virtue::qemu {
namespace {

constexpr const char* emulator_program = "/usr/bin/swtpm";
constexpr const char* setup_program = "/usr/bin/swtpm_setup";

const model::Tpm* emulated_tpm(const model::Domain& domain) {
    for (const model::Tpm& tpm : domain.tpms) {
        if (tpm.backend == model::TpmBackend::emulator) return &tpm;
    }
    return nullptr;
}

/// Who the emulator runs as: the owner of the host's TPM software, whose certificate authority the setup uses.
std::optional<GuestUser> tpm_user(const Core& core) {
    if (!core.settings.paths.privileged) return std::nullopt;
    passwd entry{};
    passwd* found = nullptr;
    char buffer[4096];
    if (::getpwnam_r("tss", &entry, buffer, sizeof buffer, &found) == 0 && found != nullptr) {
        return GuestUser{entry.pw_uid, entry.pw_gid};
    }
    return core.guest_user;
}

/// What the work on the disk needs and gives.
struct Places {
    std::string state;   ///< "…/swtpm/UUID/tpm2"
    std::string socket;  ///< "…/swtpm/1-NAME-swtpm.sock"
    std::string log;
    std::optional<GuestUser> emulator_user;
    std::optional<GuestUser> guest_user;
};

struct Opened {
    Fd socket;
    Fd log;
    bool is_new = false;  ///< there was no state
};

void give(const std::string& path, const std::optional<GuestUser>& user) {
    if (user && ::lchown(path.c_str(), user->uid, user->gid) != 0) {
        throw Error::from_errno(errno, ErrorDomain::qemu, "cannot give '" + path + "' to the TPM emulator's user");
    }
}

Opened open_places(const Places& places) {
    Opened opened;
    const std::string guest_folder = places.state.substr(0, places.state.rfind('/'));
    opened.is_new = !std::filesystem::exists(places.state) || std::filesystem::is_empty(places.state);
    io::make_folders(guest_folder, 0711);
    if (!std::filesystem::exists(places.state)) {
        io::make_folders(places.state, 0700);
        give(places.state, places.emulator_user);
    }
    io::make_folders(places.log.substr(0, places.log.rfind('/')), 0711);
    opened.log = Fd(::open(places.log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!opened.log) throw Error::from_errno(errno, ErrorDomain::qemu, "cannot open '" + places.log + "'");
    io::make_folders(places.socket.substr(0, places.socket.rfind('/')), 0711);
    io::UnixAddress address(places.socket);
    ::unlink(places.socket.c_str());
    opened.socket = Fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (!opened.socket || ::bind(opened.socket.get(), address.get(), address.size()) != 0 ||
        ::listen(opened.socket.get(), 1) != 0) {
        throw Error::from_errno(errno, ErrorDomain::qemu, "cannot listen at '" + places.socket + "'");
    }
    give(places.socket, places.guest_user);
    return opened;
}

io::ProcessOptions options_for(const Places& places, std::vector<std::string> arguments) {
    io::ProcessOptions options;
    options.arguments = std::move(arguments);
    options.environment = {"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C"};
    if (places.emulator_user) {
        options.uid = places.emulator_user->uid;
        options.gid = places.emulator_user->gid;
        options.groups = {places.emulator_user->gid};
    }
    return options;
}

/// A pipe's end from which the key of the state is read; nothing where the state is not encrypted.
Fd key_reader(const Core& core, const model::Tpm& tpm) {
    if (!tpm.secret) return {};
    if (core.secrets == nullptr) throw Error(ErrorCode::no_secret, ErrorDomain::secret, "there is no secret driver");
    driver::SecretKey key;
    key.uuid = *tpm.secret;
    const std::vector<uint8_t> value = core.secrets->value_of(key);
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) throw Error::from_errno(errno, ErrorDomain::qemu, "cannot make a pipe");
    Fd reading(ends[0]);
    const Fd writing(ends[1]);
    // Far less than a pipe holds.
    if (::write(writing.get(), value.data(), value.size()) != static_cast<ssize_t>(value.size())) {
        throw Error::from_errno(errno, ErrorDomain::qemu, "cannot hand the key of the TPM's state over");
    }
    return reading;
}

Task<void> set_up_state(Core& core, Places places, const model::Tpm& tpm, std::string vm_id, io::Deadline deadline) {
    std::vector<std::string> arguments = {
        setup_program,    "--tpm-state",    places.state,       "--vmid",
        std::move(vm_id), "--createek",     "--create-ek-cert", "--create-platform-cert",
        "--lock-nvram",   "--not-overwrite"};
    if (tpm.version != model::TpmVersion::v1_2) arguments.insert(arguments.begin() + 1, "--tpm2");
    if (!tpm.pcr_banks.empty()) {
        std::string banks;
        for (const std::string& bank : tpm.pcr_banks) banks += (banks.empty() ? "" : ",") + bank;
        arguments.insert(arguments.end(), {"--pcr-banks", banks});
    }
    const Fd key = key_reader(core, tpm);
    if (key) arguments.insert(arguments.end(), {"--pwdfile-fd", "3", "--cipher", "aes-256-cbc"});
    io::ProcessOptions options = options_for(places, std::move(arguments));
    if (key) options.descriptors.emplace_back(&key, 3);
    std::string nothing;
    const io::CommandResult result =
        co_await io::run_command(core.loop, std::move(options), std::move(nothing), deadline);
    if (!result.status.success()) {
        // Half a state would be taken for a whole one by the next start.
        std::error_code ignored;
        std::filesystem::remove_all(places.state, ignored);
        fail(ErrorCode::internal_error, ErrorDomain::qemu, "Could not run '{}'. {}: {}{}", setup_program,
             result.status.to_string(), result.output, result.errors);
    }
}

}  // namespace

std::string tpm_state_folder(const Settings& settings, const Uuid& uuid) {
    const std::string parent = settings.paths.privileged ? settings.paths.data : settings.paths.config + "/qemu";
    return parent + "/swtpm/" + uuid.to_string();
}

std::string tpm_socket_path(const Core& core, const Run& run) {
    if (emulated_tpm(*run.domain) == nullptr) return {};
    return fmt::format("{}/swtpm/{}-swtpm.sock", core.settings.state(), short_name(run.id, run.domain->name).substr(7));
}

Task<void> start_tpm_emulator(Core& core, Run& run, io::Deadline deadline) {
    const std::shared_ptr<model::Domain> live = run.domain;
    const model::Tpm* tpm = emulated_tpm(*live);
    if (tpm == nullptr) co_return;
    for (const char* program : {emulator_program, setup_program}) {
        if (::access(program, X_OK) == 0) continue;
        throw Error(ErrorCode::config_unsupported, ErrorDomain::qemu, fmt::format("Unable to find '{}'", program),
                    "install the packages swtpm and swtpm-tools");
    }
    const bool is_old = tpm->version == model::TpmVersion::v1_2;
    Places places;
    places.state = tpm_state_folder(core.settings, live->uuid.value_or(Uuid{})) + (is_old ? "/tpm1.2" : "/tpm2");
    places.socket = tpm_socket_path(core, run);
    const std::string logs = core.settings.paths.privileged ? "/var/log/swtpm/libvirt/qemu" : core.settings.logs();
    places.log = fmt::format("{}/{}-swtpm.log", logs, live->name);
    places.emulator_user = tpm_user(core);
    places.guest_user = core.guest_user;
    run.tpm_socket = places.socket;
    auto work = [places] { return open_places(places); };
    Opened opened = co_await io::offload(core.loop, std::move(work));
    if (opened.is_new) {
        std::string vm_id = fmt::format("{}:{}", live->name, live->uuid.value_or(Uuid{}).to_string());
        co_await set_up_state(core, places, *tpm, std::move(vm_id), deadline);
    }
    std::vector<std::string> arguments = {emulator_program, "socket",
                                          "--ctrl",         "type=unixio,fd=3",
                                          "--tpmstate",     fmt::format("dir={},mode=0600", places.state),
                                          "--log",          "fd=4",
                                          "--terminate"};
    if (!is_old) arguments.emplace_back("--tpm2");
    const Fd key = key_reader(core, *tpm);
    if (key) arguments.insert(arguments.end(), {"--key", "pwdfd=5,mode=aes-256-cbc"});
    io::ProcessOptions options = options_for(places, std::move(arguments));
    options.descriptors.emplace_back(&opened.socket, 3);
    options.descriptors.emplace_back(&opened.log, 4);
    if (key) options.descriptors.emplace_back(&key, 5);
    run.tpm_emulator = io::Process::spawn(core.loop, options);
}

void stop_tpm_emulator(Core&, Run& run) {
    // Without a connection from QEMU it would wait for one for ever.
    if (run.tpm_emulator && !run.tpm_emulator->has_ended()) run.tpm_emulator->signal(SIGTERM);
    if (!run.tpm_socket.empty()) ::unlink(run.tpm_socket.c_str());
}

}  // namespace virtue::qemu
