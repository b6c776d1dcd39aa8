// Key codes as clients send them, in the numbering that QEMU's monitor takes. Pure data; any thread.
#pragma once
#include <cstdint>
#include <span>
#include <vector>

namespace virtue::qemu {

/// Turns key codes of a virKeycodeSet into QEMU's numbers. Throws internal_error "cannot translate keycode …" and
/// invalid_arg "invalid keycode …", as libvirt does.
std::vector<uint32_t> to_qemu_keycodes(uint32_t codeset, std::span<const uint32_t> codes);

}  // namespace virtue::qemu
