// Does KVM really work here? The device file does not tell: on some hosts it interprets guests at under a million
// instructions a second. So a vCPU runs a short loop and is timed. Everything here is thread-safe.
#pragma once
#include <string>

#include "io/deadline.h"

namespace virtue::qemu {

/// What the probe found.
struct KvmState {
    bool usable = false;
    double instructions_per_second = 0;  ///< measured; 0 if the loop did not run at all
    std::string reason;                  ///< why it is not usable, a sentence for people; empty when it is
    bool operator==(const KvmState&) const = default;
};

/// Slower than this counts as absent: TCG does better.
constexpr double slowest_usable_kvm = 20e6;

/// Makes a VM with one vCPU and runs a real-mode loop in it, in a child process that is killed when `limit` has
/// passed, so that a broken KVM cannot hang the caller. Blocks for `limit` at most (plus scheduling): call it from the
/// blocking pool. Throws nothing.
KvmState probe_kvm(io::Milliseconds limit = io::Milliseconds(100)) noexcept;

}  // namespace virtue::qemu
