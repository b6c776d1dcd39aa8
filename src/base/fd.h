// A file descriptor with one owner. Closing is the destructor's work; usable from any thread.
#pragma once
#include <utility>

namespace virtue {

/// Owns one descriptor, or none (-1).
class Fd {
public:
    Fd() noexcept = default;
    explicit Fd(int number) noexcept : number_(number) {}
    Fd(Fd&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
    Fd& operator=(Fd&& other) noexcept {
        if (this != &other) reset(std::exchange(other.number_, -1));
        return *this;
    }
    Fd(const Fd&) = delete;
    Fd& operator=(const Fd&) = delete;
    ~Fd() { reset(); }

    int get() const noexcept { return number_; }
    explicit operator bool() const noexcept { return number_ >= 0; }
    /// Gives the descriptor away; the caller closes it.
    int release() noexcept { return std::exchange(number_, -1); }
    /// Closes what is held and holds `number` instead.
    void reset(int number = -1) noexcept;
    /// A second descriptor for the same open file, close-on-exec. Throws Error (system_error).
    Fd duplicate() const;

private:
    int number_ = -1;
};

}  // namespace virtue
