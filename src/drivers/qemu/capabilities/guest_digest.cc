#include "drivers/qemu/capabilities/guest_digest.h"

#include <unistd.h>

#include <fmt/format.h>

#include "base/error.h"
#include "drivers/qemu/capabilities/cache.h"
#include "io/files.h"

namespace virtue::qemu {
namespace {

// Raised when the elements are written in another way.
constexpr int format = 1;
constexpr size_t largest_file = 4 << 20;

std::string identity_of(const std::string& binary) {
    try {
        return binary_identity(binary);
    } catch (const Error&) {
        return binary + " cannot be used";
    }
}

std::string file_in(const std::string& folder) {
    return folder + "/guests";
}

}  // namespace

std::string guest_digest_key(const std::vector<std::pair<std::string, std::string>>& emulators, bool kvm_works) {
    std::string key = fmt::format("format {} kvm={}\n", format, kvm_works);
    for (const auto& [arch, binary] : emulators) {
        if (!binary.empty()) key += fmt::format("{} {}\n", arch, identity_of(binary));
    }
    return key + "\n";
}

std::optional<std::string> read_guest_digest(const std::string& folder, const std::string& key) {
    try {
        const std::string path = file_in(folder);
        if (folder.empty() || ::access(path.c_str(), R_OK) != 0) return std::nullopt;
        std::string text = io::read_file(path, largest_file);
        if (!text.starts_with(key)) return std::nullopt;
        return text.substr(key.size());
    } catch (const Error&) {
        return std::nullopt;
    }
}

void write_guest_digest(const std::string& folder, const std::string& key, const std::string& guests) noexcept {
    try {
        if (folder.empty()) return;
        io::make_folders(folder, 0755);
        io::write_file_atomically(file_in(folder), key + guests, 0644);
    } catch (const std::exception&) {
        // A full or read-only disk costs only the next daemon its time.
    }
}

}  // namespace virtue::qemu
