#include "drivers/storage/content.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/fd.h"
#include "drivers/storage/errors.h"
#include "io/offload.h"

namespace virtue::storage {
namespace {

constexpr uint64_t piece = 16 << 20;  // bytes done in one go on the blocking pool
constexpr size_t block = 256 << 10;   // bytes read or written at once
constexpr uint64_t allocated_at_once = 256 << 20;

using SharedFd = std::shared_ptr<const Fd>;

/// Keeps a copy-on-write file system from copying on each write; a wish, not a demand.
void set_nocow(int fd) {
    int flags = 0;
    if (::ioctl(fd, FS_IOC_GETFLAGS, &flags) != 0) return;
    flags |= FS_NOCOW_FL;
    [[maybe_unused]] int result = ::ioctl(fd, FS_IOC_SETFLAGS, &flags);
}

SharedFd open_target(const RawFile& file) {
    const int flags = file.is_device ? O_RDWR | O_CLOEXEC : O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC;
    Fd fd(::open(file.path.c_str(), flags, 0600));
    if (!fd) refuse_errno(errno, "cannot create path '{}'", file.path);
    if (file.nocow && !file.is_device) set_nocow(fd.get());
    return std::make_shared<const Fd>(std::move(fd));
}

/// Sends what was written on its way to the disk, and waits for what was sent before it: no great heap of it is left
/// for the sync at the end, which would hold a thread of the pool for long.
void keep_flowing(int fd, uint64_t from, uint64_t to) {
    if (to <= from) return;
    ::sync_file_range(fd, static_cast<off_t>(from), static_cast<off_t>(to - from), SYNC_FILE_RANGE_WRITE);
    if (from == 0) return;
    const uint64_t before = from > piece ? from - piece : 0;
    ::sync_file_range(fd, static_cast<off_t>(before), static_cast<off_t>(from - before),
                      SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE | SYNC_FILE_RANGE_WAIT_AFTER);
}

void extend(int fd, uint64_t bytes, const std::string& path) {
    const int error = bytes > INT64_MAX ? EFBIG : ::ftruncate(fd, static_cast<off_t>(bytes)) != 0 ? errno : 0;
    if (error != 0) {
        throw Error::from_errno(error, ErrorDomain::none, fmt::format("Failed to truncate file '{}'", path));
    }
}

void sync_file(int fd, const std::string& path) {
    if (::fsync(fd) != 0) refuse_errno(errno, "cannot sync data to file '{}'", path);
}

void write_all(int fd, const uint8_t* data, size_t size, uint64_t offset, const std::string& path) {
    while (size > 0) {
        const ssize_t done = ::pwrite(fd, data, size, static_cast<off_t>(offset));
        if (done < 0 && errno == EINTR) continue;
        if (done < 0) refuse_errno(errno, "failed writing to file '{}'", path);
        data += done;
        offset += static_cast<size_t>(done);
        size -= static_cast<size_t>(done);
    }
}

uint64_t size_of(int fd) {
    const off_t end = ::lseek(fd, 0, SEEK_END);
    return end < 0 ? 0 : static_cast<uint64_t>(end);
}

bool is_zero(const uint8_t* data, size_t size) {
    return size == 0 || (data[0] == 0 && std::memcmp(data, data + 1, size - 1) == 0);
}

/// Copies about one piece from `at` on and returns where to go on; `end` when all is done.
uint64_t copy_piece(int from, int to, uint64_t at, uint64_t end, bool skip_zeros, const std::string& path) {
    const off_t data = ::lseek(from, static_cast<off_t>(at), SEEK_DATA);
    if (data < 0 && errno == ENXIO && skip_zeros) return end;
    if (data > 0 && skip_zeros) at = static_cast<uint64_t>(data);
    const uint64_t begin = at;
    const uint64_t stop = std::min(end, at + piece);
    std::vector<uint8_t> buffer(block);
    while (at < stop) {
        const size_t wanted = std::min<uint64_t>(block, stop - at);
        const ssize_t got = ::pread(from, buffer.data(), wanted, static_cast<off_t>(at));
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) refuse_errno(errno, "failed reading from file '{}'", path);
        if (got == 0) return end;
        const auto size = static_cast<size_t>(got);
        if (!skip_zeros || !is_zero(buffer.data(), size)) write_all(to, buffer.data(), size, at, path);
        at += size;
    }
    keep_flowing(to, begin, at);
    return at;
}

uint64_t zero_piece(int fd, uint64_t at, uint64_t end, const std::string& path) {
    const std::vector<uint8_t> zeros(block);
    const uint64_t begin = at;
    const uint64_t stop = std::min(end, at + piece);
    while (at < stop) {
        const size_t size = std::min<uint64_t>(block, stop - at);
        write_all(fd, zeros.data(), size, at, path);
        at += size;
    }
    keep_flowing(fd, begin, at);
    return at;
}

/// Between two pieces of a long operation: has the caller gone?
void require_wanted(const Context& context) {
    if (context.deadline.is_over())
        throw Error(ErrorCode::operation_aborted, here, "the operation was given up before its end");
}

/// Puts blocks of the disk behind the first `bytes` of a file.
Task<void> allocate(Context context, SharedFd fd, uint64_t bytes, std::string path) {
    for (uint64_t at = 0; at < bytes;) {
        require_wanted(context);
        const uint64_t size = std::min(allocated_at_once, bytes - at);
        auto take = [fd, at, size, bytes, path] {
            const int error = ::posix_fallocate(fd->get(), static_cast<off_t>(at), static_cast<off_t>(size));
            if (error != 0) refuse_errno(error, "cannot allocate {} bytes in file '{}'", bytes, path);
        };
        co_await io::offload(context.lane, std::move(take));
        at += size;
        context.tell_done(at);
    }
}

}  // namespace

Task<void> make_raw(Context context, RawFile file) {
    auto make = [file] {
        SharedFd fd = open_target(file);
        if (!file.is_device) extend(fd->get(), file.capacity, file.path);
        return fd;
    };
    const SharedFd fd = co_await io::offload(context.lane, std::move(make));
    if (file.is_device) co_return;
    const uint64_t wanted = std::min(file.allocation, file.capacity);
    context.tell_total(wanted);
    co_await allocate(context, fd, wanted, file.path);
}

Task<void> copy_raw(Context context, RawFile file, std::string from, bool must_share) {
    struct Ends {
        SharedFd source, target;
        uint64_t size = 0;
        bool shared = false;
    };
    auto open = [file, from, must_share] {
        Ends ends;
        // Not to wait for anybody, should it have become a FIFO.
        ends.source = std::make_shared<const Fd>(::open(from.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
        if (!*ends.source) refuse_errno(errno, "could not open input path '{}'", from);
        ends.size = size_of(ends.source->get());
        ends.target = open_target(file);
        ends.shared = !file.is_device && ::ioctl(ends.target->get(), FICLONE, ends.source->get()) == 0;
        if (must_share && !ends.shared) refuse_errno(errno, "failed to clone files from '{}'", from);
        if (!file.is_device) extend(ends.target->get(), std::max(file.capacity, ends.size), file.path);
        return ends;
    };
    const Ends ends = co_await io::offload(context.lane, std::move(open));
    context.tell_total(ends.size);
    uint64_t at = ends.shared ? ends.size : 0;
    while (at < ends.size) {
        require_wanted(context);
        // A device may hold old data where the source has a hole.
        auto copy = [ends, file, at] {
            return copy_piece(ends.source->get(), ends.target->get(), at, ends.size, !file.is_device, file.path);
        };
        at = co_await io::offload(context.lane, std::move(copy));
        context.tell_done(at);
    }
    const uint64_t wanted = std::min(file.allocation, file.capacity);
    if (!file.is_device && wanted >= file.capacity && !ends.shared)
        co_await allocate(context, ends.target, wanted, file.path);
    if (!file.is_device) co_return;
    auto finish = [ends, path = file.path] { sync_file(ends.target->get(), path); };
    co_await io::offload(context.lane, std::move(finish));
}

Task<void> resize_raw(Context context, std::string path, uint64_t capacity, bool with_blocks) {
    auto resize = [path, capacity, with_blocks] {
        const Fd fd(::open(path.c_str(), O_RDWR | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
        if (!fd) refuse_errno(errno, "Unable to open '{}'", path);
        struct stat st {};
        if (::fstat(fd.get(), &st) != 0 || !S_ISREG(st.st_mode))
            throw Error(ErrorCode::no_support, here, "storage pool does not support changing of volume capacity");
        if (!with_blocks) return extend(fd.get(), capacity, path);
        const auto size = static_cast<uint64_t>(st.st_size);
        const int error = ::posix_fallocate(fd.get(), 0, static_cast<off_t>(capacity));
        if (error != 0) {
            // The size that it had: nothing half done stays.
            [[maybe_unused]] int result = ::ftruncate(fd.get(), static_cast<off_t>(size));
            refuse_errno(error, "Failed to pre-allocate space for file '{}'", path);
        }
        if (capacity < size) extend(fd.get(), capacity, path);
    };
    co_await io::offload(context.lane, std::move(resize));
}

Task<void> wipe_raw(Context context, std::string path, uint64_t size) {
    auto open = [path]() -> SharedFd {
        auto fd = std::make_shared<const Fd>(::open(path.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC));
        struct stat st {};
        if (!*fd || ::fstat(fd->get(), &st) != 0)
            refuse_errno(errno, "Failed to open storage volume with path '{}'", path);
        const bool is_sparse = S_ISREG(st.st_mode) && st.st_blocks < st.st_size / 512;
        note_unfinished(fd->get(), "wipe");
        if (!is_sparse) return fd;
        const int mode = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE;
        const bool is_hole = ::fallocate(fd->get(), mode, 0, st.st_size) == 0;
        if (!is_hole && (::ftruncate(fd->get(), 0) != 0 || ::ftruncate(fd->get(), st.st_size) != 0))
            refuse_errno(errno, "Failed to truncate volume with path '{}' to {} bytes", path, st.st_size);
        clear_unfinished(fd->get());
        return nullptr;
    };
    const SharedFd fd = co_await io::offload(context.lane, std::move(open));
    if (!fd) co_return;
    // What is allocated may exceed a file's size by a part of a block: the file does not grow.
    const uint64_t end = std::min(size, size_of(fd->get()));
    context.tell_total(end);
    for (uint64_t at = 0; at < end;) {
        require_wanted(context);
        auto zero = [fd, at, end, path] { return zero_piece(fd->get(), at, end, path); };
        at = co_await io::offload(context.lane, std::move(zero));
        context.tell_done(at);
    }
    auto finish = [fd, path] {
        sync_file(fd->get(), path);
        clear_unfinished(fd->get());
    };
    co_await io::offload(context.lane, std::move(finish));
}

}  // namespace virtue::storage
