#include "io/journal_settler.h"

#include "io/offload.h"

namespace virtue::io {

JournalSettler::JournalSettler(Loop& loop, Gate& gate, Options options)
    : loop_(loop), gate_(gate), options_(std::move(options)), fills_(loop) {}

void JournalSettler::recorded() {
    if (options_.journal->is_half_full()) fills_.notify_all();
    if (settling_ || !options_.journal->has_work()) return;
    settling_ = true;
    gate_.spawn(settle());
}

Task<void> JournalSettler::settle() {
    const std::shared_ptr<Journal> journal = options_.journal;
    while (journal->has_work()) {
        const Deadline until = Deadline::after(options_.settle_after).with_cancel(gate_.cancel_source());
        if (!journal->is_half_full()) co_await fills_.wait(until);
        auto work = [journal] { journal->settle(); };
        bool failed = false;
        try {
            co_await offload(loop_, std::move(work));
        } catch (const Error& error) {
            options_.on_failure(error);
            failed = true;
        }
        if (failed && gate_.cancel_source().is_cancelled()) break;
        const Deadline later = Deadline::after(options_.again_after).with_cancel(gate_.cancel_source());
        if (failed) co_await loop_.sleep_until(later);
    }
    settling_ = false;
}

}  // namespace virtue::io
