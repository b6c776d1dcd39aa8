// Brings what a journal recorded to disk in the background, some time after it was recorded: changes mostly come
// several at once, and many cost as much as one. Owned by who owns the journal, beside the gate that joins it; loop
// thread only.
#pragma once
#include <functional>
#include <memory>

#include "base/error.h"
#include "io/condition.h"
#include "io/gate.h"
#include "io/journal.h"

namespace virtue::io {

class JournalSettler {
public:
    struct Options {
        std::shared_ptr<Journal> journal;
        Milliseconds settle_after;  ///< from a record to the disk; sooner when the journal fills
        Milliseconds again_after;   ///< after it failed
        std::function<void(const Error&)> on_failure;
    };
    /// `gate` runs the work; when it closes, what is left is brought to disk once more, without a wait.
    JournalSettler(Loop& loop, Gate& gate, Options options);
    JournalSettler(const JournalSettler&) = delete;
    JournalSettler& operator=(const JournalSettler&) = delete;

    /// To be called after something was recorded.
    void recorded();

private:
    Task<void> settle();

    Loop& loop_;
    Gate& gate_;
    const Options options_;
    Condition fills_;
    bool settling_ = false;  // settle() is under way
};

}  // namespace virtue::io
