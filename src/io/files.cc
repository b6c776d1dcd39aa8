#include "io/files.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>
#include <algorithm>
#include <atomic>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdio>
#include <memory>

#include "base/error.h"
#include "io/offload.h"

namespace virtue::io {

namespace {

// "NAME.PID-COUNT.new" is what we write beside NAME. The pid tells a leftover from a file in the making.
constexpr std::string_view temporary_suffix = ".new";
std::atomic<unsigned> temporary_count{0};
constexpr uint32_t own_mode = 0600;

[[noreturn]] void fail_with(int number, const char* what, const std::string& path) {
    throw Error::from_errno(number, ErrorDomain::none, fmt::format("{} '{}'", what, path));
}

std::string folder_of(const std::string& path) {
    size_t slash = path.rfind('/');
    if (slash == std::string::npos) return ".";
    return slash == 0 ? "/" : path.substr(0, slash);
}

/// 0 or errno.
int write_all(int fd, std::string_view content) {
    while (!content.empty()) {
        ssize_t count = ::write(fd, content.data(), content.size());
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return errno;
        content.remove_prefix(static_cast<size_t>(count));
    }
    return 0;
}

std::string name_beside(const std::string& path) {
    return fmt::format("{}.{}-{}{}", path, ::getpid(), ++temporary_count, temporary_suffix);
}

/// The pid in the name of a file beside; 0 if the name is none of ours.
int pid_of_temporary(std::string_view name) {
    if (!name.ends_with(temporary_suffix)) return 0;
    name.remove_suffix(temporary_suffix.size());
    size_t dot = name.rfind('.');
    size_t dash = name.rfind('-');
    if (dot == std::string_view::npos || dash == std::string_view::npos || dash < dot) return 0;
    int pid = 0;
    auto [end, error] = std::from_chars(name.data() + dot + 1, name.data() + dash, pid);
    bool is_number = error == std::errc() && end == name.data() + dash;
    return is_number ? pid : 0;
}

}  // namespace

PreparedFile::PreparedFile(std::string path, uint32_t mode) : PreparedFile(std::move(path), mode, Fd()) {}

PreparedFile::PreparedFile(std::string path, uint32_t mode, Fd spare) : path_(std::move(path)), fd_(std::move(spare)) {
    if (!fd_) {
        beside_ = name_beside(path_);
        fd_.reset(::open(beside_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, own_mode));
        if (!fd_) fail_with(errno, "cannot create a file beside", path_);
    }
    // Each change of a file is one of the file system's journal, too. What is for the owner alone no mask narrows.
    if (mode == own_mode || ::fchmod(fd_.get(), mode) == 0) return;
    const int error = errno;
    if (!beside_.empty()) ::unlink(beside_.c_str());
    fail_with(error, "cannot set the mode of", path_);
}

PreparedFile::~PreparedFile() {
    if (!beside_.empty()) ::unlink(beside_.c_str());
}

PreparedFile::PreparedFile(PreparedFile&& other) noexcept
    : path_(std::move(other.path_)), beside_(std::exchange(other.beside_, {})), fd_(std::move(other.fd_)) {}

void PreparedFile::write(std::string_view content) {
    if (const int error = write_all(fd_.get(), content)) fail_with(error, "cannot write", path_);
}

void PreparedFile::set_time(int64_t time) {
    constexpr int64_t second = 1000000000;
    const timespec when{time / second, time % second};
    const timespec times[] = {when, when};
    if (::futimens(fd_.get(), times) < 0) fail_with(errno, "cannot set the time of", path_);
}

void PreparedFile::sync() {
    if (::fsync(fd_.get()) < 0) fail_with(errno, "cannot sync", path_);
}

/// Gives it its name, or one beside if somebody has that.
void PreparedFile::name_it() {
    const std::string self = fmt::format("/proc/self/fd/{}", fd_.get());
    auto link = [&self](const std::string& name) {
        return ::linkat(AT_FDCWD, self.c_str(), AT_FDCWD, name.c_str(), AT_SYMLINK_FOLLOW) == 0;
    };
    if (link(path_)) return;
    if (errno != EEXIST) fail_with(errno, "cannot create", path_);
    std::string name = name_beside(path_);
    if (!link(name)) fail_with(errno, "cannot create a file beside", path_);
    beside_ = std::move(name);
}

void PreparedFile::put_in_place() {
    const bool has_name = !beside_.empty();
    if (!has_name) name_it();
    // Some file systems (NFS) report a lack of room only here; they have no files without a name.
    if (::close(fd_.release()) < 0) fail_with(errno, "cannot write", path_);
    if (!has_name && beside_.empty()) return;
    if (::rename(beside_.c_str(), path_.c_str()) < 0) fail_with(errno, "cannot replace", path_);
    beside_.clear();
}

void sync_folder_of(const std::string& path) {
    std::string folder = folder_of(path);
    Fd fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!fd) fail_with(errno, "cannot open the folder", folder);
    // Some file systems know no sync of folders and say EINVAL; there is nothing to be had from them.
    if (::fsync(fd.get()) < 0 && errno != EINVAL) fail_with(errno, "cannot sync the folder", folder);
}

void write_file_atomically(const std::string& path, std::string_view content, uint32_t mode) {
    PreparedFile file(path, content, mode);
    file.sync();
    file.put_in_place();
    sync_folder_of(path);
}

std::string read_file(const std::string& path, size_t limit) {
    Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!fd) fail_with(errno, "cannot open", path);
    struct stat status {};
    if (::fstat(fd.get(), &status) < 0) fail_with(errno, "cannot look at", path);
    std::string content;
    size_t size = 0;
    // Files in /proc say 0: what is read decides, the size only saves reallocations.
    content.resize(std::min<size_t>(limit, static_cast<size_t>(std::max<off_t>(status.st_size, 0))) + 1);
    for (;;) {
        ssize_t count = ::read(fd.get(), content.data() + size, content.size() - size);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) fail_with(errno, "cannot read", path);
        if (count == 0) break;
        size += static_cast<size_t>(count);
        if (size > limit) {
            throw Error::from_errno(EFBIG, ErrorDomain::none,
                                    fmt::format("'{}' is larger than the {} bytes allowed", path, limit));
        }
        if (size == content.size()) content.resize(std::min(limit + 1, std::max<size_t>(4096, size * 2)));
    }
    content.resize(size);
    return content;
}

void remove_file(const std::string& path) {
    if (::unlink(path.c_str()) < 0) {
        if (errno == ENOENT) return;
        fail_with(errno, "cannot remove", path);
    }
    sync_folder_of(path);
}

void make_folders(const std::string& path, uint32_t mode) {
    // Mostly all of them are there already: the last is tried first, and those above it only where they are missing.
    if (path.empty() || ::mkdir(path.c_str(), mode) == 0) return;
    int error = errno;
    const size_t above = path.find_last_of('/');
    if (error == ENOENT && above != path.npos && above != 0) {
        make_folders(path.substr(0, above), mode);
        if (::mkdir(path.c_str(), mode) == 0) return;
        error = errno;
    }
    struct stat status {};
    bool is_folder = ::stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
    if (!is_folder) fail_with(error == EEXIST ? ENOTDIR : error, "cannot create the folder", path);
}

std::vector<std::string> list_folder(const std::string& path) {
    std::unique_ptr<DIR, int (*)(DIR*)> folder(::opendir(path.c_str()), ::closedir);
    if (!folder && errno == ENOENT) return {};
    if (!folder) fail_with(errno, "cannot open the folder", path);
    std::vector<std::string> names;
    for (;;) {
        errno = 0;
        dirent* entry = ::readdir(folder.get());
        if (!entry && errno != 0) fail_with(errno, "cannot read the folder", path);
        if (!entry) break;
        std::string_view name = entry->d_name;
        if (name != "." && name != "..") names.emplace_back(name);
    }
    std::sort(names.begin(), names.end());
    return names;
}

void remove_leftovers(const std::string& folder) {
    for (const std::string& name : list_folder(folder)) {
        int pid = pid_of_temporary(name);
        if (pid <= 0 || pid == ::getpid()) continue;
        if (::kill(pid, 0) < 0 && errno == ESRCH) ::unlink(fmt::format("{}/{}", folder, name).c_str());
    }
}

Task<void> save_file(Loop& loop, std::string path, std::string content, uint32_t mode) {
    auto work = [path = std::move(path), content = std::move(content), mode] {
        write_file_atomically(path, content, mode);
    };
    return offload(loop, std::move(work));
}

Task<std::string> load_file(Loop& loop, std::string path, size_t limit) {
    auto work = [path = std::move(path), limit] { return read_file(path, limit); };
    return offload(loop, std::move(work));
}

Task<void> delete_file(Loop& loop, std::string path) {
    auto work = [path = std::move(path)] { remove_file(path); };
    return offload(loop, std::move(work));
}

FileLock FileLock::take(const std::string& path, uint32_t mode) {
    for (;;) {
        FileLock lock;
        lock.fd_ = Fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, mode));
        if (!lock.fd_) fail_with(errno, "cannot open the lock file", path);
        struct flock whole {};
        whole.l_type = F_WRLCK;
        whole.l_whence = SEEK_SET;
        if (::fcntl(lock.fd(), F_SETLK, &whole) < 0) {
            if (errno != EACCES && errno != EAGAIN) fail_with(errno, "cannot lock", path);
            if (::fcntl(lock.fd(), F_GETLK, &whole) < 0) fail_with(errno, "cannot ask who locks", path);
            if (whole.l_type == F_UNLCK) continue;  // let go between the two questions
            fail(ErrorCode::operation_failed, ErrorDomain::none, "'{}' is locked by process {}", path, whole.l_pid);
        }
        // The file may have been removed by its former holder while we opened it: then the lock is on nothing.
        struct stat ours {};
        struct stat present {};
        if (::fstat(lock.fd(), &ours) < 0) fail_with(errno, "cannot look at", path);
        bool is_there = ::stat(path.c_str(), &present) == 0;
        if (is_there && ours.st_dev == present.st_dev && ours.st_ino == present.st_ino) return lock;
    }
}

void FileLock::write_pid() {
    std::string text = std::to_string(::getpid());
    if (::ftruncate(fd(), 0) < 0 || ::pwrite(fd(), text.data(), text.size(), 0) < 0) {
        throw Error::from_errno(errno, ErrorDomain::none, "cannot write our process number into the lock file");
    }
}

}  // namespace virtue::io
