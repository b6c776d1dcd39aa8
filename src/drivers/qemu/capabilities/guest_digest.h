// The <guest> elements of the host capabilities, kept on disk: they tell of every emulator on the host, and reading
// what is known of thirty emulators takes longer than a client likes to wait. The functions block: for the blocking
// pool.
#pragma once
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace virtue::qemu {

/// What the elements were made from: architectures with their emulators' builds, and the state of KVM.
std::string guest_digest_key(const std::vector<std::pair<std::string, std::string>>& emulators, bool kvm_works);
/// The elements as they were saved under that key; nothing if there are none, or others.
std::optional<std::string> read_guest_digest(const std::string& folder, const std::string& key);
/// Saves them where that is possible: it is only a cache.
void write_guest_digest(const std::string& folder, const std::string& key, const std::string& guests) noexcept;

}  // namespace virtue::qemu
