// Watches what others do to our networks: rules that are flushed and bridges that are removed come back. It hears of
// both from the kernel, so it costs nothing while nothing happens. Owned by NetworkDriver; loop thread only.
#pragma once
#include <memory>

#include "drivers/network/core.h"
#include "io/timer.h"
#include "io/watch.h"

namespace virtue::network {

class Watcher {
public:
    /// Begins to listen. Throws system_error.
    explicit Watcher(Core& core);
    ~Watcher();
    Watcher(const Watcher&) = delete;
    Watcher& operator=(const Watcher&) = delete;

private:
    struct Source {
        Source(io::Loop& loop, int protocol, uint32_t groups);
        Fd fd;
        std::unique_ptr<io::FdWatch> watch;
    };
    void heard(Source& source, bool is_firewall);
    void note(bool rules, bool bridges);
    void look_soon();
    void look_again_later(bool rules, bool bridges);
    Task<void> look(bool rules, bool bridges);

    Core& core_;
    Source links_;
    Source firewall_;
    io::Timer timer_;
    bool rules_touched_ = false;
    bool bridges_touched_ = false;
    bool looking_ = false;
    bool due_ = false;  ///< the timer runs
};

}  // namespace virtue::network
