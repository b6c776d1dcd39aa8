#include "drivers/storage/publisher.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <exception>

#include "base/fd.h"
#include "base/log.h"
#include "drivers/storage/errors.h"
#include "drivers/storage/new_image.h"
#include "io/offload.h"
#include "io/sync_many.h"

namespace virtue::storage {

struct Publisher::Item {
    std::string draft;
    std::string path;
    std::optional<model::Volume> wanted = {};  // to be written first
    Seen seen = {};
    std::exception_ptr problem = {};
    /// Nobody waits for it any more: the file is not to be there.
    std::shared_ptr<std::atomic<bool>> unwanted = std::make_shared<std::atomic<bool>>(false);

    bool has_content() const { return wanted && wanted->target.format == "qcow2"; }
    bool is_hollow() const { return wanted && !has_content(); }
};

struct Publisher::Batch {
    std::vector<Item> items;
    bool done = false;
};

namespace {

constinit log::Module logger("storage");

constexpr size_t journal_size = 1 << 20;
/// Deleted again before this is over, a file has cost its file system no sync at all.
constexpr io::Milliseconds settle_after{1000};
constexpr io::Milliseconds settle_again_after{10000};
/// What is under way mostly ends in a moment, and then nothing has to be undone.
constexpr io::Milliseconds patience{10000};

io::JournalSettler::Options settling(std::shared_ptr<io::Journal> journal) {
    auto tell = [](const Error& error) {
        logger.error("new volumes are recorded, but not yet on disk by themselves: {}", error.message());
    };
    return {std::move(journal), settle_after, settle_again_after, tell};
}

using Item = Publisher::Item;

[[noreturn]] void refuse_taken(const std::string& path) {
    refuse(ErrorCode::operation_invalid, "volume target path '{}' already exists", path);
}

void give_name(const std::string& from, const std::string& to) {
    if (::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) == 0) return;
    if (errno == EEXIST) refuse_taken(to);
    if (errno != EINVAL && errno != ENOSYS) refuse_errno(errno, "cannot create path '{}'", to);
    // A file system that cannot be told not to replace.
    if (::access(to.c_str(), F_OK) == 0) refuse_taken(to);
    if (::rename(from.c_str(), to.c_str()) != 0) refuse_errno(errno, "cannot create path '{}'", to);
}

template <typename Step>
void attempt(Item& item, Step step) {
    if (item.problem) return;
    try {
        if (*item.unwanted) throw Error(ErrorCode::operation_aborted, here, "nobody waits for the new volume any more");
        step();
    } catch (...) {
        item.problem = std::current_exception();
    }
}

/// Work on one batch, on the pool.
class Round {
public:
    Round(std::vector<Item>& items, const std::string& folder)
        : items_(items),
          folder_(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)),
          no_folder_(folder_ ? 0 : errno) {}

    void write_all() {
        for (Item& item : items_) {
            attempt(item, [&] {
                if (no_folder_ != 0) refuse_errno(no_folder_, "cannot create path '{}'", item.path);
                if (::access(item.path.c_str(), F_OK) == 0) refuse_taken(item.path);
                if (item.wanted) item.seen = write_new_image(*item.wanted, item.draft);
            });
        }
    }

    void name_all() {
        // A file with content never has its name before that is on disk; one of holes has nothing to wait for.
        sync_those(&Item::has_content, &Item::draft);
        for (Item& item : items_) attempt(item, [&] { give_name(item.draft, item.path); });
    }

    /// Returns when no power cut undoes the names.
    void keep_all(io::Journal& journal, const std::string& journal_path) {
        bool is_kept = is_beside(journal_path);
        if (is_kept) is_kept = record(journal);
        if (is_kept && count(&Item::is_hollow) == count(nullptr)) return;
        if (count(nullptr) == 0) return;
        const int error = ::fsync(folder_.get()) == 0 || errno == EINVAL ? 0 : errno;
        if (!is_kept && !io::keeps_order(folder_.get())) sync_those(&Item::is_hollow, &Item::path);
        for (Item& item : items_) {
            if (error == 0 || item.problem) continue;
            ::rename(item.path.c_str(), item.draft.c_str());
            attempt(item, [&] { refuse_errno(error, "cannot create path '{}'", item.path); });
        }
    }

    void clean_up(io::Journal& journal) {
        for (Item& item : items_) {
            const bool has_name = !item.problem;
            attempt(item, [] {});
            if (!item.problem) continue;
            if (has_name) take_back(item, journal);
            // A draft that somebody else made is theirs to remove.
            if (item.wanted) ::unlink(item.draft.c_str());
        }
    }

private:
    static void take_back(const Item& item, io::Journal& journal) {
        ::rename(item.path.c_str(), item.draft.c_str());
        try {
            journal.forget(item.path);
        } catch (const Error&) {
            // Only a power cut within seconds could bring it back.
        }
    }

    size_t count(bool (Item::*wants)() const) const {
        size_t found = 0;
        for (const Item& item : items_) found += !item.problem && (!wants || (item.*wants)());
        return found;
    }

    /// True if the folder is there whenever the journal is.
    bool is_beside(const std::string& journal_path) const {
        struct stat mine {};
        struct stat its {};
        return ::fstat(folder_.get(), &mine) == 0 && ::stat(journal_path.c_str(), &its) == 0 &&
               mine.st_dev == its.st_dev;
    }

    bool record(io::Journal& journal) const {
        std::vector<io::FileChange> made;
        for (const Item& item : items_) {
            if (item.problem || !item.is_hollow()) continue;
            const model::Volume& volume = *item.seen.volume;
            const model::Permissions& permissions = volume.target.permissions;
            made.push_back(io::FileChange::made(
                item.path, permissions.mode.value_or(0600),
                {volume.capacity.value_or(0), permissions.owner.value_or(0), permissions.group.value_or(0)}));
        }
        try {
            return made.empty() || journal.keep(std::move(made));
        } catch (const Error&) {
            // The file system itself is left.
            return false;
        }
    }

    void sync_those(bool (Item::*wants)() const, std::string Item::*path) {
        std::vector<std::string> paths;
        std::vector<Item*> those;
        for (Item& item : items_) {
            if (item.problem || !(item.*wants)()) continue;
            paths.push_back(item.*path);
            those.push_back(&item);
        }
        const std::vector<io::Synced> results = io::sync_files(paths);
        for (size_t i = 0; i < those.size(); i++) {
            const int error = results[i].open_error != 0 ? results[i].open_error : results[i].sync_error;
            if (error == 0) continue;
            if (paths[i] == those[i]->path) ::rename(those[i]->path.c_str(), those[i]->draft.c_str());
            attempt(*those[i], [&] { refuse_errno(error, "cannot sync data to file '{}'", those[i]->path); });
        }
    }

    std::vector<Item>& items_;
    const Fd folder_;
    const int no_folder_;  // errno
};

}  // namespace

Publisher::Publisher(Publishers& owner, std::string folder)
    : owner_(owner), folder_(std::move(folder)), next_(std::make_shared<Batch>()), ended_(owner.loop_) {}
Publisher::~Publisher() = default;

Task<Seen> Publisher::add(Item item, io::Deadline deadline) {
    const std::shared_ptr<Batch> mine = next_;
    const size_t place = mine->items.size();
    const std::shared_ptr<std::atomic<bool>> unwanted = item.unwanted;
    mine->items.push_back(std::move(item));
    if (!running_) owner_.gate_.spawn(work_off(shared_from_this()));
    bool is_late = false;
    while (!mine->done) {
        const io::WakeReason reason = co_await ended_.wait(deadline);
        if (mine->done || reason == io::WakeReason::notified) continue;
        if (is_late) {
            *unwanted = true;
            refuse(ErrorCode::operation_timeout, "the new volume did not get to the disk in time, '{}' may hang",
                   folder_);
        }
        is_late = true;
        deadline = io::Deadline::after(patience);
    }
    Item& done = mine->items[place];
    if (done.problem) std::rethrow_exception(done.problem);
    co_return std::move(done.seen);
}

/// One batch after the other, as long as there are some.
Task<void> Publisher::work_off(std::shared_ptr<Publisher> self) {
    self->running_ = true;
    io::CancelSource& leaving = self->owner_.gate_.cancel_source();
    const io::Deadline until_end = io::Deadline::never().with_cancel(leaving);
    while (!self->next_->items.empty()) {
        const std::shared_ptr<Batch> batch = std::exchange(self->next_, std::make_shared<Batch>());
        auto work = [batch, folder = self->folder_, journal = self->owner_.journal_,
                     path = self->owner_.journal_path_] {
            Round round(batch->items, folder);
            round.write_all();
            round.name_all();
            round.keep_all(*journal, path);
            round.clean_up(*journal);
        };
        std::exception_ptr problem;
        try {
            co_await io::offload(self->owner_.loop_, std::move(work), until_end);
        } catch (...) {
            problem = std::current_exception();
        }
        // It hangs, and nobody waits for it any more.
        if (leaving.is_cancelled()) co_return;
        for (Item& item : batch->items) {
            if (problem && !item.problem) item.problem = problem;
        }
        batch->done = true;
        self->ended_.notify_all();
        self->owner_.settler_.recorded();
    }
    self->running_ = false;
}

Task<Seen> Publisher::make(model::Volume wanted, io::Deadline deadline) {
    Item item;
    item.draft = folder_ + "/" + work_name();
    item.path = wanted.target.path;
    item.wanted = std::move(wanted);
    Seen seen = co_await add(std::move(item), deadline);
    co_return seen;
}

Task<void> Publisher::publish(std::string draft, std::string path, io::Deadline deadline) {
    Item item;
    item.draft = std::move(draft);
    item.path = std::move(path);
    co_await add(std::move(item), deadline);
}

Publishers::Publishers(io::Loop& loop, io::Gate& gate, std::string journal)
    : loop_(loop),
      gate_(gate),
      journal_path_(std::move(journal)),
      journal_(std::make_shared<io::Journal>(io::Journal::Options{journal_path_, journal_size})),
      settler_(loop, gate, settling(journal_)) {}

std::shared_ptr<Publisher> Publishers::of(const std::string& folder) {
    std::erase_if(all_, [](const auto& entry) { return entry.second.expired(); });
    std::weak_ptr<Publisher>& known = all_[folder];
    std::shared_ptr<Publisher> found = known.lock();
    if (!found) known = found = std::make_shared<Publisher>(*this, folder);
    return found;
}

}  // namespace virtue::storage
