// Gives TCP ports to displays (autoport). A port is taken when nobody holds it here and nothing listens on it.
// Owned by the driver; loop thread only.
#pragma once
#include <memory>
#include <set>
#include <utility>

namespace virtue::qemu {

/// The ports of one range.
class PortRange {
public:
    PortRange(int first, int last) : first_(first), last_(last), taken_(std::make_shared<std::set<int>>()) {}

    /// A port that is ours until this is destroyed.
    class Port {
    public:
        Port() = default;
        Port(Port&& other) noexcept : taken_(std::move(other.taken_)), number_(std::exchange(other.number_, 0)) {}
        Port& operator=(Port&& other) noexcept;
        ~Port() { release(); }
        int number() const { return number_; }

    private:
        friend class PortRange;
        Port(std::shared_ptr<std::set<int>> taken, int number) : taken_(std::move(taken)), number_(number) {}
        void release();
        std::shared_ptr<std::set<int>> taken_;
        int number_ = 0;
    };

    /// The lowest free port. Throws internal_error when the whole range is in use.
    Port take();
    /// Claims a given port: one that a definition names, or that a running guest has. Never fails; QEMU itself says
    /// when it cannot bind it.
    Port claim(int number);

private:
    int first_;
    int last_;
    std::shared_ptr<std::set<int>> taken_;
};

}  // namespace virtue::qemu
