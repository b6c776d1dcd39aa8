// Standard input for coroutines. Whoever shares our terminal must not find it non-blocking afterwards, so a
// descriptor of our own is opened. Owned by whoever reads; loop thread only.
#pragma once
#include <cstdint>
#include <memory>
#include <span>

#include "base/fd.h"
#include "io/watch.h"

namespace virtue::shell {

/// Reads what is typed, piped or in a file.
class StandardInput {
public:
    explicit StandardInput(io::Loop& loop);
    ~StandardInput();
    StandardInput(const StandardInput&) = delete;
    StandardInput& operator=(const StandardInput&) = delete;

    /// Waits for some bytes; 0 at the end of the input. Throws operation_aborted when the deadline's source cancels.
    Task<size_t> read(std::span<uint8_t> into, io::Deadline deadline);

private:
    Fd own_;
    int restore_flags_ = -1;
    std::unique_ptr<io::FdWatch> watch_;  // none for plain files, which never make one wait
};

}  // namespace virtue::shell
