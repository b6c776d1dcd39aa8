#include "driver/session.h"

namespace virtue::driver {

Session::Session(io::Loop& loop, EventSink& sink, Identity identity, bool read_only)
    : loop_(loop), sink_(sink), identity_(std::move(identity)), read_only_(read_only) {}

Session::~Session() {
    close();
}

void Session::close() {
    // Newest first; an undo may itself untie others, so look at the map anew each time.
    while (!undo_.empty()) {
        auto newest = std::prev(undo_.end());
        std::function<void()> undo = std::move(newest->second);
        undo_.erase(newest);
        undo();
    }
    route_.reset();
}

uint64_t Session::on_close(std::function<void()> undo) {
    uint64_t key = next_key_++;
    undo_.emplace(key, std::move(undo));
    return key;
}

void Session::forget(uint64_t key) {
    undo_.erase(key);
}

}  // namespace virtue::driver
