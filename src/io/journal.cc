#include "io/journal.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>
#include <algorithm>
#include <cerrno>
#include <ctime>
#include <exception>
#include <map>
#include <optional>
#include <utility>

#include "base/error.h"
#include "io/files.h"
#include "io/sync_many.h"

namespace virtue::io {

using journal::block_size;
using journal::first_block;

namespace {

constexpr int64_t second = 1000000000;
// More than the records that one file can hold: after a crash, numbers go on where none was ever given.
constexpr uint64_t number_gap = 1 << 20;

[[noreturn]] void fail_with(int number, const char* what, const std::string& path) {
    throw Error::from_errno(number, ErrorDomain::none, fmt::format("{} '{}'", what, path));
}

std::string this_boot() {
    std::string text = read_file("/proc/sys/kernel/random/boot_id", 100);
    text.resize(std::min(text.size(), text.find('\n')));
    return text;
}

/// A file's bytes, read where they are looked at.
class Mapped {
public:
    explicit Mapped(const std::string& path) {
        Fd fd(::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
        struct stat status {};
        if (!fd || ::fstat(fd.get(), &status) < 0) fail_with(errno, "cannot open", path);
        size_ = static_cast<size_t>(status.st_size);
        if (size_ == 0) return;
        start_ = ::mmap(nullptr, size_, PROT_READ, MAP_SHARED, fd.get(), 0);
        if (start_ == MAP_FAILED) fail_with(errno, "cannot read", path);
    }
    ~Mapped() {
        if (size_ != 0) ::munmap(start_, size_);
    }
    Mapped(const Mapped&) = delete;
    Mapped& operator=(const Mapped&) = delete;
    std::string_view bytes() const { return {static_cast<const char*>(start_), size_}; }

private:
    void* start_ = nullptr;
    size_t size_ = 0;
};

int64_t nanoseconds(const timespec& time) {
    return time.tv_sec * second + time.tv_nsec;
}

/// When the file that is there was changed last; nothing if there is none.
std::optional<int64_t> time_of(const std::string& path) {
    struct stat status {};
    if (::lstat(path.c_str(), &status) == 0) return nanoseconds(status.st_mtim);
    if (errno != ENOENT && errno != ENOTDIR) fail_with(errno, "cannot look at", path);
    return std::nullopt;
}

std::optional<journal::Content> read_all(const std::string& path, size_t& size) {
    const Mapped file(path);
    size = file.bytes().size();
    return journal::read(file.bytes());
}

Fd open_own(const std::string& path) {
    Fd fd(::open(path.c_str(), O_RDWR | O_NOFOLLOW | O_CLOEXEC));
    if (!fd) fail_with(errno, "cannot open", path);
    // A file that was written or read in large pieces is kept in large pages, and each record would cost a walk over
    // all of one.
    ::posix_fadvise(fd.get(), 0, 0, POSIX_FADV_DONTNEED);
    return fd;
}

/// 0 or errno.
int write_at(int fd, std::string_view bytes, size_t offset) {
    while (!bytes.empty()) {
        const ssize_t count = ::pwrite(fd, bytes.data(), bytes.size(), static_cast<off_t>(offset));
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) return count < 0 ? errno : EIO;
        bytes.remove_prefix(static_cast<size_t>(count));
        offset += static_cast<size_t>(count);
    }
    return 0;
}

std::string folder_of(const std::string& path) {
    return path.substr(0, path.rfind('/') + 1);
}

void remove_if_there(const std::string& path) {
    if (::unlink(path.c_str()) < 0 && errno != ENOENT) fail_with(errno, "cannot remove", path);
}

/// Gives the files beside their content and time.
void fill(std::vector<PreparedFile>& files, const std::vector<FileChange>& changes, int64_t time) {
    auto file = files.begin();
    for (const FileChange& change : changes) {
        if (change.removal) continue;
        file->write(change.content);
        file->set_time(time);
        ++file;
    }
}

void put_in_place(std::vector<PreparedFile>& files, const std::vector<FileChange>& changes) {
    for (PreparedFile& file : files) file.put_in_place();
    for (const FileChange& change : changes) {
        if (change.removal) remove_if_there(change.path);
    }
}

void change_directly(std::vector<PreparedFile>& files, const std::vector<FileChange>& changes) {
    for (PreparedFile& file : files) file.sync();
    std::set<std::string> touched;  // one path for each folder
    for (const FileChange& change : changes) {
        if (!change.removal || time_of(change.path)) touched.insert(folder_of(change.path));
    }
    put_in_place(files, changes);
    for (const std::string& folder : touched) sync_folder_of(folder);
}

/// Makes a file of holes that a power cut took away, or gives it the size that it lost. One that has something in it is
/// left alone, and so is a folder that is gone.
void restore_hollow(const FileChange& change) {
    const Hollow& hollow = *change.hollow;
    const Fd fd(::open(change.path.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600));
    if (!fd && (errno == ENOENT || errno == ENOTDIR || errno == ELOOP || errno == EISDIR || errno == ENXIO)) return;
    struct stat status {};
    if (!fd || ::fstat(fd.get(), &status) < 0) fail_with(errno, "cannot make", change.path);
    const bool has_content = !S_ISREG(status.st_mode) || status.st_blocks != 0;
    if (has_content || static_cast<uint64_t>(status.st_size) >= hollow.size) return;
    // Its size last: by that one knows that the rest was done.
    if (::geteuid() == 0 && ::fchown(fd.get(), hollow.owner, hollow.group) < 0)
        fail_with(errno, "cannot set the owner of", change.path);
    if (::fchmod(fd.get(), change.mode) < 0) fail_with(errno, "cannot set the mode of", change.path);
    if (::ftruncate(fd.get(), static_cast<off_t>(hollow.size)) < 0) fail_with(errno, "cannot extend", change.path);
}

/// Makes one change that a power cut undid, unless somebody else changed the file since.
void restore(const FileChange& change, int64_t time) {
    if (change.forgotten) return;
    if (change.hollow) return restore_hollow(change);
    const std::optional<int64_t> found = time_of(change.path);
    if (found && *found > time) return;
    if (change.removal) return remove_file(change.path);
    make_folders(change.path.substr(0, change.path.rfind('/')), 0700);
    write_file_atomically(change.path, change.content, change.mode);
}

}  // namespace

Journal::Journal(Options options) : options_(std::move(options)) {
    if (options_.boot.empty()) options_.boot = this_boot();
}

Journal::~Journal() = default;

std::vector<std::string> Journal::recover() {
    std::vector<std::string> problems;
    if (::access(options_.path.c_str(), F_OK) != 0) return problems;
    try {
        size_t size = 0;
        const auto content = read_all(options_.path, size);
        if (!content) fail(ErrorCode::internal_error, ErrorDomain::none, "'{}' is damaged", options_.path);
        restore_lost(*content, problems);
        if (problems.empty()) {
            open(*content, size);
            std::set<std::string> paths;
            for (const journal::Record& record : content->records) {
                for (const FileChange& change : record.changes) paths.insert(change.path);
            }
            sync_paths(paths, last_);
            // Numbers of records that were cut off are not given again: a later one of them may be whole.
            last_ += number_gap;
            write_mark(last_, head_, time_);
            is_open_ = true;
            return problems;
        }
    } catch (const Error& error) {
        problems.push_back(error.message());
    }
    const std::string aside = options_.path + ".unread";
    ::rename(options_.path.c_str(), aside.c_str());
    problems.push_back(fmt::format("the journal is kept as '{}'", aside));
    return problems;
}

void Journal::restore_lost(const journal::Content& content, std::vector<std::string>& problems) const {
    std::set<uint64_t> withdrawn;
    for (const journal::Record& record : content.records) withdrawn.insert(record.withdrawn);
    std::map<std::string, std::pair<const FileChange*, int64_t>> last;
    for (const journal::Record& record : content.records) {
        // As long as the kernel runs on, nothing that was reported is lost: its files are as they are to be.
        if (record.boot == options_.boot || withdrawn.contains(record.number)) continue;
        for (const FileChange& change : record.changes) last[change.path] = {&change, record.time};
    }
    for (const auto& [path, found] : last) {
        try {
            restore(*found.first, found.second);
        } catch (const Error& error) {
            problems.push_back(error.message());
        }
    }
}

void Journal::open(const journal::Content& content, size_t size) {
    records_ = open_own(options_.path);
    marks_ = open_own(options_.path);
    end_ = size / block_size;
    head_ = content.end;
    mark_ = content.mark;
    last_ = content.records.empty() ? mark_.settled : content.records.back().number;
    time_ = mark_.time;
    for (const journal::Record& record : content.records) time_ = std::max(time_, record.time);
}

// All of it is written once: a block that is there already is overwritten without a commit of the file system.
void Journal::make_file() {
    make_folders(options_.path.substr(0, options_.path.rfind('/')), 0700);
    journal::Content fresh;
    if (::getrandom(&fresh.mark.salt, sizeof fresh.mark.salt, 0) < 0)
        fresh.mark.salt = static_cast<uint32_t>(::getpid());
    std::string file = journal::encode(fresh.mark);
    file.resize(options_.size, '\0');
    write_file_atomically(options_.path, file, 0600);
    Lock lock(mutex_);
    open(fresh, file.size());
    is_futile_ = false;
    is_open_ = true;
}

bool Journal::has_work() const {
    Lock lock(mutex_);
    return !kept_.empty() || (!is_open_ && !is_futile_);
}

bool Journal::is_half_full() const {
    Lock lock(mutex_);
    return is_open_ ? used_ > (end_ - first_block) / 2 : !is_futile_;
}

// Later than what the changes replace and than every record before, whatever the clock says: after a power cut, a file
// that is younger than its record was changed by somebody else.
int64_t Journal::later_than_all(const std::vector<FileChange>& changes) {
    timespec now{};
    ::clock_gettime(CLOCK_REALTIME_COARSE, &now);  // the clock of files
    int64_t time = nanoseconds(now);
    for (const FileChange& change : changes) time = std::max(time, time_of(change.path).value_or(0) + 1);
    Lock lock(mutex_);
    time_ = std::max(time, time_ + 1);
    return time_;
}

void Journal::apply(std::vector<FileChange> changes) {
    change(std::move(changes), {});
}

void Journal::save(std::string path, uint32_t mode, const std::function<std::string()>& content) {
    change({FileChange::save(std::move(path), {}, mode)}, content);
}

/// `content`, if there is one, tells that of the first change.
void Journal::change(std::vector<FileChange> changes, const std::function<std::string()>& content) {
    const int64_t time = later_than_all(changes);
    std::vector<PreparedFile> files;
    for (const FileChange& one : changes) {
        if (!one.removal) files.emplace_back(one.path, one.mode, spares_.take(folder_of(one.path)));
    }
    if (content) changes.front().content = content();
    // The files are written while the record is on its way to the disk.
    bool filled = false;
    std::exception_ptr failure;
    auto fill_once = [&] {
        if (std::exchange(filled, true)) return;
        try {
            fill(files, changes, time);
        } catch (...) {
            failure = std::current_exception();
        }
    };
    const uint64_t number = record(changes, time, 0, fill_once);
    fill_once();
    try {
        if (failure) std::rethrow_exception(failure);
        if (number == 0) return change_directly(files, changes);
        put_in_place(files, changes);
    } catch (...) {
        if (number == 0) throw;
        finish(number);
        withdraw(number, time);
        throw;
    }
    finish(number);
}

bool Journal::keep(std::vector<FileChange> made) {
    const int64_t time = later_than_all({});
    const uint64_t number = record(made, time, 0, {});
    if (number != 0) finish(number);
    return number != 0;
}

bool Journal::has_record_of(const std::string& path) const {
    Lock lock(mutex_);
    return std::any_of(kept_.begin(), kept_.end(), [&](const Kept& one) {
        return std::find(one.paths.begin(), one.paths.end(), path) != one.paths.end();
    });
}

void Journal::forget(const std::string& path) {
    if (!has_record_of(path)) return;
    const std::vector<FileChange> changes = {FileChange::forget(path)};
    const int64_t time = later_than_all({});
    if (const uint64_t number = record(changes, time, 0, {})) finish(number);
}

/// Says that the changes of a record are not to be made again.
void Journal::withdraw(uint64_t number, int64_t time) noexcept {
    try {
        if (const uint64_t withdrawal = record({}, time, number, {})) finish(withdrawal);
    } catch (const std::exception&) {
        // The journal cannot be written: it goes before anything else is saved, and the record with it.
    }
}

/// The number of the record, which is on disk; 0 if the changes are to be made without one. `meanwhile` is run, once
/// or not at all, while the disk writes.
uint64_t Journal::record(const std::vector<FileChange>& changes, int64_t time, uint64_t withdrawn,
                         const std::function<void()>& meanwhile) {
    Lock lock(mutex_);
    journal::Record record{0, withdrawn, time, options_.boot, changes};
    if (is_open_ && journal::blocks_of(record) > (end_ - first_block) / 4) {
        // Older records of the same files must not be found after it.
        lock.unlock();
        settle();
        lock.lock();
    } else if (Waiting mine; place(lock, record, mine)) {
        std::optional<Batch> batch;
        if (!writing_) batch = begin_writing(lock);
        if (meanwhile) {
            lock.unlock();
            meanwhile();
            lock.lock();
        }
        if (batch) end_writing(lock, std::move(*batch));
        wait_until_written(lock, mine);
        if (mine.error != 0) fail_with(mine.error, "cannot write", options_.path);
        return record.number;
    }
    const bool is_broken = is_broken_;
    lock.unlock();
    if (is_broken) give_up();
    return 0;
}

/// Finds room for a record and puts it among those that wait; settles what is in the way. False if the journal was
/// given up meanwhile.
bool Journal::place(Lock& lock, journal::Record& record, Waiting& waiting) {
    const size_t blocks = journal::blocks_of(record);
    size_t left_free = 0;
    for (;;) {
        if (!is_open_) return false;
        left_free = head_ + blocks > end_ ? end_ - head_ : 0;
        if (used_ + left_free + blocks <= end_ - first_block) break;
        if (kept_.front().applied) {
            lock.unlock();
            settle();
            lock.lock();
        } else {
            changed_.wait(lock);
        }
    }
    if (head_ + blocks > end_) head_ = first_block;
    record.number = ++last_;
    waiting.number = record.number;
    waiting.block = head_;
    waiting.bytes = journal::encode(record, mark_.salt);
    Kept kept{record.number, head_, left_free + blocks, false, {}};
    for (const FileChange& change : record.changes) kept.paths.push_back(change.path);
    kept_.push_back(std::move(kept));
    waiting_.push_back(&waiting);
    head_ += blocks;
    used_ += left_free + blocks;
    return true;
}

void Journal::wait_until_written(Lock& lock, Waiting& mine) {
    while (!mine.done) {
        if (writing_) {
            changed_.wait(lock);
        } else {
            Batch batch = begin_writing(lock);
            end_writing(lock, std::move(batch));
        }
    }
}

// One of those who wait writes for all of them.
Journal::Batch Journal::begin_writing(Lock& lock) {
    writing_ = true;
    Batch batch;
    batch.records.swap(waiting_);
    lock.unlock();
    for (const Waiting* one : batch.records) {
        if (batch.error == 0) batch.error = write_at(records_.get(), one->bytes, one->block * block_size);
    }
    // The disk begins at once; whether it could do it, the sync says.
    if (batch.error == 0) ::sync_file_range(records_.get(), 0, 0, SYNC_FILE_RANGE_WRITE);
    lock.lock();
    return batch;
}

void Journal::end_writing(Lock& lock, Batch batch) {
    lock.unlock();
    if (batch.error == 0 && ::fdatasync(records_.get()) < 0) batch.error = errno;
    lock.lock();
    writing_ = false;
    for (Waiting* one : batch.records) one->done = true;
    if (batch.error != 0) give_up_writing(batch);
    changed_.notify_all();
}

/// Nothing that was written with an error, and nothing that would have followed it, counts as written.
void Journal::give_up_writing(const Batch& batch) {
    is_open_ = false;
    is_broken_ = true;
    while (!kept_.empty() && kept_.back().number >= batch.records.front()->number) kept_.pop_back();
    for (Waiting* one : batch.records) one->error = batch.error;
    for (Waiting* one : waiting_) {
        one->done = true;
        one->error = batch.error;
    }
    waiting_.clear();
}

/// The changes of a record are made, or will not be.
void Journal::finish(uint64_t number) {
    Lock lock(mutex_);
    auto is_before = [](const Kept& one, uint64_t wanted) { return one.number < wanted; };
    const auto found = std::lower_bound(kept_.begin(), kept_.end(), number, is_before);
    if (found != kept_.end() && found->number == number) found->applied = true;
    changed_.notify_all();
}

void Journal::settle() {
    std::unique_lock settling(settling_);
    Lock lock(mutex_);
    if (!is_open_) {
        if (is_futile_) return;
        if (is_broken_) {
            lock.unlock();
            settling.unlock();
            return give_up();
        }
        is_futile_ = true;
        lock.unlock();
        return make_file();
    }
    size_t count = 0;
    std::set<std::string> paths;
    for (; count < kept_.size() && kept_[count].applied; count++) {
        paths.insert(kept_[count].paths.begin(), kept_[count].paths.end());
    }
    if (count == 0) return;
    const uint64_t last = kept_[count - 1].number;
    const size_t end = count < kept_.size() ? kept_[count].block : head_;
    const int64_t time = time_;
    lock.unlock();
    sync_paths(paths, last);
    write_mark(last, end, time);
    lock.lock();
    for (; count > 0; count--) {
        used_ -= kept_.front().blocks;
        kept_.pop_front();
    }
    if (kept_.empty()) spares_.clear();
    changed_.notify_all();
}

void Journal::write_mark(uint64_t settled, size_t block, int64_t time) {
    mark_.count++;
    mark_.settled = settled;
    mark_.block = block;
    mark_.time = time;
    const size_t slot = mark_.count % first_block;
    int error = write_at(marks_.get(), journal::encode(mark_), slot * block_size);
    if (error == 0 && ::fdatasync(marks_.get()) < 0) error = errno;
    if (error != 0) fail_with(error, "cannot write", options_.path);
}

/// Waits until files and their names are on disk. `last` is the record that they follow from.
void Journal::sync_paths(const std::set<std::string>& paths, uint64_t last) {
    const std::vector<std::string> all(paths.begin(), paths.end());
    const std::vector<Synced> synced = sync_files(all);
    std::set<std::string> folders;
    for (size_t i = 0; i < all.size(); i++) {
        // Removed, or a link: the folder's sync covers it.
        const int error = synced[i].open_error;
        if (error != 0 && error != ENOENT && error != ELOOP && error != ENOTDIR)
            fail_with(error, "cannot open", all[i]);
        if (synced[i].sync_error != 0) suspect_.insert(all[i]);
        if (suspect_.contains(all[i])) save_again(all[i], last);
        std::string folder = folder_of(all[i]);
        if (::access(folder.c_str(), F_OK) == 0) folders.insert(std::move(folder));
    }
    for (const std::string& folder : folders) sync_folder_of(folder);
}

/// Writes a file again from its record: once a sync failed, the kernel may have dropped what it could not write.
void Journal::save_again(const std::string& path, uint64_t last) {
    Lock lock(mutex_);
    const Kept* newest = nullptr;
    for (const Kept& one : kept_) {
        if (std::find(one.paths.begin(), one.paths.end(), path) != one.paths.end()) newest = &one;
    }
    // A younger record keeps what the file is to be.
    if (newest && newest->number > last) return;
    if (!newest) fail_with(EIO, "cannot sync", path);
    const Mapped file(options_.path);
    const auto record = journal::decode(file.bytes().substr(newest->block * block_size), mark_.salt);
    if (!record || record->number != newest->number) fail_with(EIO, "cannot read back", options_.path);
    for (const FileChange& change : record->changes) {
        // What others wrote into a file of holes since is theirs, and so is its error.
        if (change.path == path && !change.removal && !change.hollow && !change.forgotten)
            write_file_atomically(path, change.content, change.mode);
    }
    suspect_.erase(path);
}

/// After its file could not be written: no record may be left that somebody finds later.
void Journal::give_up() {
    std::lock_guard settling(settling_);
    Lock lock(mutex_);
    if (!is_broken_) return;
    auto all_applied = [this] {
        return std::all_of(kept_.begin(), kept_.end(), [](const Kept& one) { return one.applied; });
    };
    changed_.wait(lock, all_applied);
    std::set<std::string> paths;
    for (const Kept& one : kept_) paths.insert(one.paths.begin(), one.paths.end());
    const uint64_t last = last_;
    lock.unlock();
    sync_paths(paths, last);
    remove_file(options_.path);
    lock.lock();
    kept_.clear();
    used_ = 0;
    is_broken_ = false;
    is_futile_ = true;
}

}  // namespace virtue::io
