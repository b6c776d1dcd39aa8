#include "io/sync_many.h"

#include <fcntl.h>
#include <linux/aio_abi.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>
#include <algorithm>
#include <cerrno>
#include <cstdint>

#include <fmt/format.h>

#include "base/fd.h"

namespace virtue::io {
namespace {

// So many are open at once.
constexpr size_t at_once = 128;

/// A queue of the kernel's own asynchronous calls; none where it does not give one.
class Queue {
public:
    explicit Queue(size_t size) {
        if (::syscall(SYS_io_setup, size, &context_) != 0) context_ = 0;
    }
    ~Queue() {
        if (context_ != 0) ::syscall(SYS_io_destroy, context_);
    }
    Queue(const Queue&) = delete;
    Queue& operator=(const Queue&) = delete;

    /// How many of the calls it took.
    size_t submit(std::span<iocb*> calls) {
        size_t done = 0;
        while (context_ != 0 && done < calls.size()) {
            const long count = ::syscall(SYS_io_submit, context_, calls.size() - done, calls.data() + done);
            if (count <= 0) break;
            done += static_cast<size_t>(count);
        }
        return done;
    }
    std::vector<io_event> wait_for(size_t count) {
        std::vector<io_event> events(count);
        for (size_t got = 0; got < count;) {
            const long more = ::syscall(SYS_io_getevents, context_, 1, count - got, events.data() + got, nullptr);
            if (more > 0) got += static_cast<size_t>(more);
        }
        return events;
    }

private:
    aio_context_t context_ = 0;
};

int sync_one(int fd) {
    // Some file systems know no sync of folders and say EINVAL; there is nothing to be had from them.
    return ::fsync(fd) == 0 || errno == EINVAL ? 0 : errno;
}

void sync_some(std::span<const std::string> paths, std::span<Synced> results) {
    std::vector<Fd> files;
    std::vector<iocb> calls(paths.size());
    std::vector<iocb*> wanted;
    for (size_t i = 0; i < paths.size(); i++) {
        files.emplace_back(::open(paths[i].c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
        if (!files[i]) {
            results[i].open_error = errno;
            continue;
        }
        // Their contents first, so that one commit serves them all.
        ::sync_file_range(files[i].get(), 0, 0, SYNC_FILE_RANGE_WRITE);
        calls[i].aio_data = i;
        calls[i].aio_lio_opcode = IOCB_CMD_FSYNC;
        calls[i].aio_fildes = static_cast<uint32_t>(files[i].get());
        wanted.push_back(&calls[i]);
    }
    size_t taken = 0;
    if (wanted.size() > 1) {
        // To end a queue takes the kernel tens of milliseconds: each thread of the pool keeps its own.
        thread_local Queue queue(at_once);
        taken = queue.submit(wanted);
        for (const io_event& event : queue.wait_for(taken)) {
            // Where the file system cannot do it so, it says EINVAL.
            results[event.data].sync_error =
                event.res == -EINVAL ? sync_one(files[event.data].get()) : static_cast<int>(-event.res);
        }
    }
    for (size_t i = taken; i < wanted.size(); i++) {
        results[wanted[i]->aio_data].sync_error = sync_one(files[wanted[i]->aio_data].get());
    }
}

/// True if an ext4 (or ext3) file system on that device has its journal, in the usual place of it.
bool has_ext_journal(dev_t device) {
    char target[256];
    const std::string link = fmt::format("/sys/dev/block/{}:{}", major(device), minor(device));
    const ssize_t length = ::readlink(link.c_str(), target, sizeof target);
    if (length <= 0) return false;
    const std::string_view whole(target, static_cast<size_t>(length));
    const std::string_view name = whole.substr(whole.rfind('/') + 1);
    return ::access(fmt::format("/proc/fs/jbd2/{}-8", name).c_str(), F_OK) == 0;
}

}  // namespace

bool keeps_order(int folder) {
    struct statfs system {};
    struct stat st {};
    if (::fstatfs(folder, &system) != 0 || ::fstat(folder, &st) != 0) return false;
    constexpr long xfs = 0x58465342;
    // Both have one journal, which is written from its beginning.
    return system.f_type == xfs || (system.f_type == EXT4_SUPER_MAGIC && has_ext_journal(st.st_dev));
}

std::vector<Synced> sync_files(std::span<const std::string> paths) {
    std::vector<Synced> results(paths.size());
    for (size_t done = 0; done < paths.size(); done += at_once) {
        const size_t count = std::min(at_once, paths.size() - done);
        sync_some(paths.subspan(done, count), std::span(results).subspan(done, count));
    }
    return results;
}

}  // namespace virtue::io
