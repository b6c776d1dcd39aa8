// Small files that are on disk as soon as one record of them is. To save a file so that no power cut undoes it takes
// two commits of the file system, for its content and for its name; a record appended to a file whose blocks are all
// there already takes one write. So a change is recorded, then made without waiting, and brought to disk in the
// background; only then its record may go. Whoever reads the files sees the change at once; after a power cut recover()
// makes again what was lost. Owned by the driver whose files it keeps; blocking, for the pool's threads, any number at
// once.
#pragma once
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "base/fd.h"
#include "io/journal_record.h"
#include "io/spare_files.h"

namespace virtue::io {

/// Writes changes of files. While its own file is not there or not usable, it saves as write_file_atomically() does.
class Journal {
public:
    struct Options {
        std::string path;       ///< of its own file; the folder is made when it is needed
        size_t size = 8 << 20;  ///< bytes; a multiple of 4096
        std::string boot{};     ///< names the run of the kernel; empty asks the kernel
    };
    explicit Journal(Options options);
    ~Journal();
    Journal(const Journal&) = delete;
    Journal& operator=(const Journal&) = delete;

    /// Makes again what was recorded and lost, and takes the journal into use. Once, before anything reads the files or
    /// calls apply(). Returns what could not be done, in words; the journal is then kept beside, under another name.
    std::vector<std::string> recover();
    /// Makes the changes, all or none of them as far as a crash is concerned, and returns when nothing undoes them any
    /// more. Changes of one path must come one after the other. Throws system_error naming the path; then nothing was
    /// changed.
    void apply(std::vector<FileChange> changes);
    /// The same for one file, whose content is asked for when there is no more to do without it. Throws also what
    /// `content` throws; then nothing was changed.
    void save(std::string path, uint32_t mode, const std::function<std::string()>& content);
    /// Records files of holes that were made just now, and returns when nothing takes them away any more. False if the
    /// journal is not in use: then the caller syncs them. recover() makes those that are missing, and never touches one
    /// that something was written into. Throws system_error; then they are not recorded.
    bool keep(std::vector<FileChange> made);
    /// After a file that keep() was told of was removed: it is not made again, whoever makes another of that name. At
    /// once where no record of it is left. Throws system_error.
    void forget(const std::string& path);
    /// Brings what was changed to disk and lets go of its records; makes the journal's own file if it is missing.
    /// Throws system_error; then the records stay.
    void settle();
    /// Makes ready what the next change of the same folders will need, after the answer to this one was given.
    void stock_up() noexcept { spares_.stock_up(); }
    /// Whether settle() has something to do; whether it had better do it soon.
    bool has_work() const;
    bool is_half_full() const;

private:
    /// A record that is not settled yet.
    struct Kept {
        uint64_t number;
        size_t block;
        size_t blocks;  // with what was left free before it
        bool applied;
        std::vector<std::string> paths;
    };
    /// A record on its way to the disk.
    struct Waiting {
        uint64_t number = 0;
        std::string bytes;
        size_t block = 0;
        bool done = false;
        int error = 0;
    };
    /// Records that one thread brings to disk, its own and those of others.
    struct Batch {
        std::deque<Waiting*> records;
        int error = 0;
    };
    using Lock = std::unique_lock<std::mutex>;

    void change(std::vector<FileChange> changes, const std::function<std::string()>& content);
    uint64_t record(const std::vector<FileChange>& changes, int64_t time, uint64_t withdrawn,
                    const std::function<void()>& meanwhile);
    bool place(Lock& lock, journal::Record& record, Waiting& waiting);
    void wait_until_written(Lock& lock, Waiting& mine);
    Batch begin_writing(Lock& lock);
    void end_writing(Lock& lock, Batch batch);
    void give_up_writing(const Batch& batch);
    bool has_record_of(const std::string& path) const;
    void finish(uint64_t number);
    void withdraw(uint64_t number, int64_t time) noexcept;
    int64_t later_than_all(const std::vector<FileChange>& changes);

    void open(const journal::Content& content, size_t size);
    void make_file();
    void write_mark(uint64_t settled, size_t block, int64_t time);
    void sync_paths(const std::set<std::string>& paths, uint64_t last);
    void save_again(const std::string& path, uint64_t last);
    void give_up();
    void restore_lost(const journal::Content& content, std::vector<std::string>& problems) const;

    Options options_;
    SpareFiles spares_;
    mutable std::mutex mutex_;  // of what follows
    std::condition_variable changed_;
    Fd records_;
    bool is_open_ = false;
    bool is_broken_ = false;              // its file must go before anything else is saved
    bool is_futile_ = false;              // it could not be made, or broke: not tried again in this life
    bool writing_ = false;                // somebody writes what waits
    size_t end_ = 0;                      // of the file, in blocks
    size_t head_ = journal::first_block;  // where the next record goes
    size_t used_ = 0;
    uint64_t last_ = 0;
    int64_t time_ = 0;
    std::deque<Kept> kept_;
    std::deque<Waiting*> waiting_;

    std::mutex settling_;  // of what only settle() uses; taken before the other
    Fd marks_;             // of its own: each open file hears of an error once
    journal::Mark mark_;
    std::set<std::string> suspect_;  // files whose sync failed: what a second sync says means nothing
};

}  // namespace virtue::io
