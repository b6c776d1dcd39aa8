#include "drivers/qemu/capabilities/cache.h"

#include <malloc.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include <fmt/format.h>

#include "base/error.h"
#include "drivers/qemu/capabilities/probe.h"
#include "io/files.h"
#include "io/offload.h"

namespace virtue::qemu {

namespace {

// Raised when what we keep in a file changes its meaning.
constexpr int file_format = 1;
constexpr size_t largest_file = 4 << 20;
constexpr io::Milliseconds places_stay_good{1000};

// libvirt's architectures in its order, with the suffix of QEMU's binary.
constexpr std::pair<const char*, const char*> emulator_names[] = {{"alpha", "alpha"},
                                                                  {"armv6l", "arm"},
                                                                  {"armv7l", "arm"},
                                                                  {"aarch64", "aarch64"},
                                                                  {"cris", "cris"},
                                                                  {"i686", "i386"},
                                                                  {"lm32", "lm32"},
                                                                  {"m68k", "m68k"},
                                                                  {"microblaze", "microblaze"},
                                                                  {"microblazeel", "microblazeel"},
                                                                  {"mips", "mips"},
                                                                  {"mipsel", "mipsel"},
                                                                  {"mips64", "mips64"},
                                                                  {"mips64el", "mips64el"},
                                                                  {"or32", "or1k"},
                                                                  {"parisc", "hppa"},
                                                                  {"ppc", "ppc"},
                                                                  {"ppc64", "ppc64"},
                                                                  {"ppc64le", "ppc64"},
                                                                  {"riscv32", "riscv32"},
                                                                  {"riscv64", "riscv64"},
                                                                  {"s390x", "s390x"},
                                                                  {"sh4", "sh4"},
                                                                  {"sh4eb", "sh4eb"},
                                                                  {"sparc", "sparc"},
                                                                  {"sparc64", "sparc64"},
                                                                  {"x86_64", "x86_64"},
                                                                  {"xtensa", "xtensa"},
                                                                  {"xtensaeb", "xtensaeb"}};

std::string find_program(const std::string& search_path, const std::string& name) {
    size_t at = 0;
    while (at <= search_path.size()) {
        size_t end = search_path.find(':', at);
        if (end == std::string::npos) end = search_path.size();
        const std::string path = fmt::format("{}/{}", search_path.substr(at, end - at), name);
        if (end > at && access(path.c_str(), X_OK) == 0) return path;
        at = end + 1;
    }
    return {};
}

uint64_t hash_of(std::string_view text) {
    uint64_t hash = 0xcbf29ce484222325u;
    for (char c : text) hash = (hash ^ static_cast<uint8_t>(c)) * 0x100000001b3u;
    return hash;
}

std::string file_of(const std::string& folder, const std::string& binary) {
    const size_t slash = binary.rfind('/');
    return fmt::format("{}/{}-{:016x}.json", folder, binary.substr(slash + 1), hash_of(binary));
}

std::string nanoseconds(const timespec& time) {
    return fmt::format("{}.{:09}", time.tv_sec, time.tv_nsec);
}

// A file that cannot be read or understood counts as none: it is only a cache.
std::optional<QemuCapabilities> read_cached(const std::string& path, const std::string& identity) {
    try {
        if (access(path.c_str(), R_OK) != 0) return std::nullopt;
        const Json json = Json::parse(io::read_file(path, largest_file));
        if (json.int_or("format", 0) != file_format) return std::nullopt;
        if (json.string_or("identity", "") != identity) return std::nullopt;
        return QemuCapabilities::from_json(json.at("capabilities"));
    } catch (const Error&) {
        return std::nullopt;
    }
}

void write_cached(const std::string& folder, const std::string& path, const std::string& identity,
                  const QemuCapabilities& capabilities) {
    try {
        io::make_folders(folder, 0755);
        Json json = Json::object({{"format", file_format}, {"identity", identity}});
        json.set("capabilities", capabilities.to_json());
        io::write_file_atomically(path, json.to_text(), 0644);
    } catch (const Error&) {
        // A full or read-only disk costs only the next start a probe.
    }
}

}  // namespace

std::string binary_identity(const std::string& path) {
    struct stat status {};
    if (stat(path.c_str(), &status) != 0) {
        throw Error::from_errno(errno, ErrorDomain::qemu, fmt::format("Cannot check QEMU binary {}", path));
    }
    if (S_ISDIR(status.st_mode) || access(path.c_str(), X_OK) != 0) {
        throw Error::from_errno(S_ISDIR(status.st_mode) ? EISDIR : errno, ErrorDomain::qemu,
                                fmt::format("QEMU binary {} is not executable", path));
    }
    return fmt::format("{} {} {} {} {} {}", path, status.st_dev, status.st_ino, status.st_size,
                       nanoseconds(status.st_mtim), nanoseconds(status.st_ctim));
}

struct CapabilitiesCache::Entry {
    std::string identity;
    CapabilitiesRef known;
    // Set while a probe is under way; those who ask meanwhile wait for it.
    std::shared_ptr<io::Completion<bool>> probing;
};

CapabilitiesCache::CapabilitiesCache(io::Loop& loop, Options options) : loop_(loop), options_(std::move(options)) {}
CapabilitiesCache::~CapabilitiesCache() = default;

Task<KvmState> CapabilitiesCache::kvm(io::Deadline deadline) {
    if (kvm_) co_return *kvm_;
    if (!kvm_probing_) {
        auto probing = std::make_shared<io::Completion<bool>>(loop_);
        kvm_probing_ = probing;
        auto work = [] { return probe_kvm(); };
        const io::Deadline own_time = io::Deadline::after(options_.probe_time);
        KvmState found;
        try {
            found = co_await io::offload(loop_, work, own_time);
        } catch (const Error& error) {
            found.reason = fmt::format("KVM could not be tried: {}", error.detail());
        }
        kvm_ = found;
        kvm_probing_.reset();
        probing->set(true);
        co_return found;
    }
    std::shared_ptr<io::Completion<bool>> probing = kvm_probing_;
    co_await probing->take(deadline, "the trial of KVM");
    co_return *kvm_;
}

CapabilitiesRef CapabilitiesCache::find(const std::string& binary) const {
    auto found = entries_.find(binary);
    if (found == entries_.end() || !found->second->known) return nullptr;
    try {
        if (binary_identity(binary) != found->second->identity) return nullptr;
    } catch (const Error&) {
        return nullptr;
    }
    return found->second->known;
}

Task<CapabilitiesRef> CapabilitiesCache::get(std::string binary, io::Deadline deadline) {
    if (CapabilitiesRef known = find(binary)) co_return known;
    const KvmState kvm_state = co_await kvm(deadline);
    std::string identity = binary_identity(binary);
    std::unique_ptr<Entry>& slot = entries_[binary];
    if (!slot) slot = std::make_unique<Entry>();
    // Entries are never erased, so this stays good over suspensions.
    Entry& entry = *slot;
    if (entry.probing && entry.identity == identity) {
        std::shared_ptr<io::Completion<bool>> probing = entry.probing;
        co_await probing->take(deadline, "the probe of a QEMU binary");
        co_return entry.known;
    }
    auto probing = std::make_shared<io::Completion<bool>>(loop_);
    entry.probing = probing;
    entry.identity = identity;
    std::exception_ptr error;
    try {
        // The probe has its own time: one impatient caller must not spoil it for those who share it.
        const io::Deadline own_time = io::Deadline::after(options_.probe_time);
        CapabilitiesRef result = co_await load_or_probe(binary, identity, own_time);
        // QEMU's answers are ten times what is kept of them: the rest goes back to the system.
        ::malloc_trim(0);
        entry.known = result;
        entry.probing.reset();
        probing->set(true);
        co_return result;
    } catch (...) {
        error = std::current_exception();
    }
    entry.probing.reset();
    entry.known.reset();
    probing->set_error(error);
    std::rethrow_exception(error);
}

Task<CapabilitiesRef> CapabilitiesCache::load_or_probe(std::string binary, std::string identity,
                                                       io::Deadline deadline) {
    const std::string key = fmt::format("{} kvm={}", identity, kvm_->usable);
    const std::string path = options_.folder.empty() ? "" : file_of(options_.folder, binary);
    if (!path.empty()) {
        std::optional<QemuCapabilities> cached;
        auto read = [path, key] { return read_cached(path, key); };
        cached = co_await io::offload(loop_, read, deadline);
        if (cached && !kvm_->usable) cached->kvm_reason = kvm_->reason;
        if (cached) co_return std::make_shared<const QemuCapabilities>(std::move(*cached));
    }
    ProbeOptions probe;
    probe.binary = binary;
    probe.kvm_works = kvm_->usable;
    probe.kvm_reason = kvm_->reason;
    probe.uid = options_.uid;
    probe.gid = options_.gid;
    QemuCapabilities fresh = co_await probe_binary(loop_, std::move(probe), deadline);
    auto result = std::make_shared<const QemuCapabilities>(std::move(fresh));
    if (!path.empty()) {
        auto write = [folder = options_.folder, path, key, result] { write_cached(folder, path, key, *result); };
        co_await io::offload(loop_, write, deadline);
    }
    co_return result;
}

void CapabilitiesCache::forget_unused(const std::string& kept) {
    for (auto& [binary, entry] : entries_) {
        if (binary != kept && !entry->probing && entry->known.use_count() == 1) entry->known.reset();
    }
}

std::string CapabilitiesCache::default_emulator(const std::string& arch) const {
    const io::TimePoint now = io::Clock::now();
    Place& place = places_[arch];
    if (place.looked + places_stay_good < now) place = {find_emulator(arch), now};
    return place.path;
}

std::string CapabilitiesCache::find_emulator(const std::string& arch) const {
    for (const auto& [name, suffix] : emulator_names) {
        if (arch != name) continue;
        const std::string found = find_program(options_.search_path, fmt::format("qemu-system-{}", suffix));
        if (!found.empty()) return found;
    }
    // A 64-bit emulator runs 32-bit guests as well.
    return arch == "i686" ? find_program(options_.search_path, "qemu-system-x86_64") : std::string();
}

std::vector<std::pair<std::string, std::string>> CapabilitiesCache::emulators() const {
    std::vector<std::pair<std::string, std::string>> result;
    for (const auto& [name, suffix] : emulator_names) result.emplace_back(name, default_emulator(name));
    return result;
}

}  // namespace virtue::qemu
