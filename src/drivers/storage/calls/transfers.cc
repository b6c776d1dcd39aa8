// Upload and download: a volume's bytes by the streams of the calls, holes included where the client asks for them.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <algorithm>
#include <cerrno>

#include "driver/constants.h"
#include "driver/stream.h"
#include "drivers/storage/core.h"
#include "drivers/storage/errors.h"
#include "io/offload.h"
#include "protocol/remote/storage_volume.h"

namespace virtue::storage {
namespace {

using driver::Call;
using driver::StreamChunk;

constexpr size_t chunk_limit = 1 << 20;  // bytes read in one go

/// What both directions share. `left` bytes remain of what was asked for; 0 with `is_bounded` unset is no bound.
class VolumeStream : public driver::StreamEndpoint {
public:
    VolumeStream(std::shared_ptr<io::Lane> lane, Fd fd, uint64_t offset, uint64_t length, bool sparse)
        : lane_(std::move(lane)),
          fd_(std::make_shared<const Fd>(std::move(fd))),
          offset_(offset),
          left_(length),
          is_bounded_(length != 0),
          sparse_(sparse) {}
    bool is_sparse() const override { return sparse_; }

protected:
    const std::shared_ptr<io::Lane> lane_;
    std::shared_ptr<const Fd> fd_;
    uint64_t offset_;
    uint64_t left_;
    bool is_bounded_;
    bool sparse_;
};

StreamChunk read_chunk(int fd, uint64_t offset, uint64_t limit, bool sparse) {
    StreamChunk chunk;
    if (sparse) {
        const off_t end = ::lseek(fd, 0, SEEK_END);
        const off_t data = ::lseek(fd, static_cast<off_t>(offset), SEEK_DATA);
        const bool rest_is_hole = data < 0 && errno == ENXIO;
        const uint64_t next = data >= 0      ? static_cast<uint64_t>(data)
                              : rest_is_hole ? static_cast<uint64_t>(end)
                                             : offset;
        if (next > offset) {
            chunk.hole = static_cast<int64_t>(std::min(next - offset, limit));
            return chunk;
        }
        const off_t hole = ::lseek(fd, static_cast<off_t>(offset), SEEK_HOLE);
        if (hole > static_cast<off_t>(offset)) limit = std::min(limit, static_cast<uint64_t>(hole) - offset);
    }
    chunk.data.resize(std::min<uint64_t>(limit, chunk_limit));
    while (true) {
        const ssize_t got = ::pread(fd, chunk.data.data(), chunk.data.size(), static_cast<off_t>(offset));
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) refuse_errno(errno, "cannot read from stream");
        chunk.data.resize(static_cast<size_t>(got));
        chunk.end = got == 0;
        return chunk;
    }
}

class Download final : public VolumeStream {
public:
    using VolumeStream::VolumeStream;
    bool sends() const override { return true; }
    bool receives() const override { return false; }

    Task<StreamChunk> read(size_t limit, io::Deadline deadline) override {
        StreamChunk chunk;
        chunk.end = is_bounded_ && left_ == 0;
        if (chunk.end) co_return chunk;
        // A hole may be larger than a packet of data.
        const uint64_t wanted = is_bounded_ ? left_ : UINT64_MAX >> 1;
        auto read = [fd = fd_, offset = offset_, wanted, limit, sparse = sparse_] {
            StreamChunk got =
                read_chunk(fd->get(), offset, sparse ? wanted : std::min<uint64_t>(wanted, limit), sparse);
            if (got.data.size() > limit) got.data.resize(limit);
            return got;
        };
        chunk = co_await io::offload(lane_, std::move(read), deadline);
        const uint64_t done = chunk.data.size() + static_cast<uint64_t>(chunk.hole);
        offset_ += done;
        if (is_bounded_) left_ -= std::min(left_, done);
        co_return chunk;
    }
};

class Upload final : public VolumeStream {
public:
    Upload(Core& core, PoolVolume at, Fd fd, const proc::StorageVolUpload::Args& args)
        : VolumeStream(at.pool->lane, std::move(fd), args.offset, args.length,
                       (args.flags & api::storage_vol_upload_sparse_stream) != 0),
          core_(core),
          at_(at),
          work_(std::make_unique<Work>(at.pool, at.volume)),
          shown_(std::make_unique<ShownJob>(
              at.volume, "upload", args.length != 0 ? args.length : at.volume->definition().capacity.value_or(0))) {}
    bool sends() const override { return false; }
    bool receives() const override { return true; }

    Task<void> write(std::span<const uint8_t> data, io::Deadline deadline) override {
        take(data.size());
        auto bytes = std::make_shared<std::vector<uint8_t>>(data.begin(), data.end());
        auto write = [fd = fd_, offset = offset_, bytes] {
            for (size_t at = 0; at < bytes->size();) {
                const ssize_t done =
                    ::pwrite(fd->get(), bytes->data() + at, bytes->size() - at, static_cast<off_t>(offset + at));
                if (done < 0 && errno == EINTR) continue;
                if (done < 0) refuse_errno(errno, "cannot write to stream");
                at += static_cast<size_t>(done);
            }
        };
        co_await io::offload(lane_, std::move(write), deadline);
        advance(data.size());
    }

    Task<void> write_hole(int64_t length, io::Deadline deadline) override {
        if (static_cast<uint64_t>(length) > INT64_MAX - offset_) refuse_errno(EFBIG, "unable to create a hole");
        take(static_cast<uint64_t>(length));
        auto punch = [fd = fd_, offset = offset_, length] {
            struct stat st {};
            if (::fstat(fd->get(), &st) != 0) refuse_errno(errno, "unable to create a hole");
            auto end = static_cast<off_t>(offset) + length;
            if (S_ISREG(st.st_mode) && end > st.st_size && ::ftruncate(fd->get(), end) != 0)
                refuse_errno(errno, "unable to truncate");
            const int mode = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE;
            if (::fallocate(fd->get(), mode, static_cast<off_t>(offset), length) == 0) return;
            // What was added is zeros already.
            if (S_ISREG(st.st_mode)) end = std::min(end, st.st_size);
            const std::vector<uint8_t> zeros(256 << 10);
            for (off_t at = static_cast<off_t>(offset); at < end;) {
                const size_t size = std::min<size_t>(zeros.size(), static_cast<size_t>(end - at));
                const ssize_t done = ::pwrite(fd->get(), zeros.data(), size, at);
                if (done < 0 && errno != EINTR) refuse_errno(errno, "unable to create a hole");
                if (done > 0) at += done;
            }
        };
        co_await io::offload(lane_, std::move(punch), deadline);
        advance(static_cast<uint64_t>(length));
    }

    Task<void> finish(io::Deadline deadline) override {
        auto sync = [fd = fd_] {
            if (::fsync(fd->get()) != 0 && errno != EINVAL) refuse_errno(errno, "cannot sync the volume");
            clear_unfinished(fd->get());
        };
        co_await io::offload(lane_, std::move(sync), deadline);
        done();
    }

    void abort() noexcept override { done(); }

private:
    void advance(uint64_t bytes) {
        offset_ += bytes;
        if (shown_) shown_->job()->done += bytes;
    }

    void take(uint64_t bytes) {
        if (!is_bounded_) return;
        if (bytes > left_) refuse_errno(ENOSPC, "cannot write to stream");
        left_ -= bytes;
    }

    /// What was written may be an image of another format: the volume is seen anew.
    void done() noexcept {
        if (!work_) return;
        work_.reset();
        shown_.reset();
        try {
            core_.gate.spawn(look(core_, at_));
        } catch (const std::exception&) {
            // The next refresh sees it.
        }
    }

    static Task<void> look(Core& core, PoolVolume at) {
        const std::string path = at.volume->definition().target.path;
        const std::string name = at.volume->name();
        VolumeDefinition before = at.volume->seen.volume;
        auto look = [path, name] { return look_at(path, name); };
        io::Deadline deadline = io::Deadline::never().with_cancel(core.gate.cancel_source());
        std::optional<Seen> seen = co_await io::offload(at.pool->lane, std::move(look), deadline);
        if (!seen || at.volume->seen.volume != before || !at.pool->active) co_return;
        at.pool->touch(name);
        const bool has_header =
            at.pool->definition->type != model::PoolType::logical && at.pool->definition->type != model::PoolType::disk;
        if (has_header) at.volume->seen = std::move(*seen);
        core.tell_refreshed(*at.pool);
    }

    Core& core_;
    PoolVolume at_;
    std::unique_ptr<Work> work_;
    std::unique_ptr<ShownJob> shown_;
};

/// Opens a volume's file or device for a stream.
Task<Fd> open_content(Core& core, PoolVolume at, int mode, io::Deadline deadline) {
    require_built(*at.volume);
    if (!core.kind(*at.pool).has_paths())
        throw Error(ErrorCode::no_support, here, "storage pool doesn't support transfers of volumes' content");
    auto open = [path = at.volume->definition().target.path, mode] {
        Fd fd(::open(path.c_str(), mode | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
        struct stat st {};
        if (!fd || ::fstat(fd.get(), &st) != 0) refuse_errno(errno, "Unable to open stream for '{}'", path);
        if (S_ISDIR(st.st_mode)) refuse_errno(EISDIR, "Unable to open stream for '{}'", path);
        if (mode == O_WRONLY) note_unfinished(fd.get(), "upload");
        return fd;
    };
    Fd fd = co_await io::offload(at.pool->lane, std::move(open), deadline);
    co_return fd;
}

Task<proc::StorageVolDownload::Ret> download(Core& core, Call& call, proc::StorageVolDownload::Args args) {
    require_flags(args.flags, api::storage_vol_download_sparse_stream, "storageVolDownload");
    if (args.offset > INT64_MAX || args.length > INT64_MAX) throw Error(ErrorCode::overflow, here, "offset or length");
    PoolVolume at = find_volume(core, args.volume);
    Fd fd = co_await open_content(core, at, O_RDONLY, call.deadline);
    const bool sparse = (args.flags & api::storage_vol_download_sparse_stream) != 0;
    call.stream = std::make_unique<Download>(at.pool->lane, std::move(fd), args.offset, args.length, sparse);
    co_return proc::StorageVolDownload::Ret{};
}

Task<proc::StorageVolUpload::Ret> upload(Core& core, Call& call, proc::StorageVolUpload::Args args) {
    require_flags(args.flags, api::storage_vol_upload_sparse_stream, "storageVolUpload");
    if (args.offset > INT64_MAX || args.length > INT64_MAX) throw Error(ErrorCode::overflow, here, "offset or length");
    PoolVolume at = find_volume(core, args.volume);
    require_unused(*at.volume);
    Fd fd = co_await open_content(core, at, O_WRONLY, call.deadline);
    require_unused(*at.volume);
    call.stream = std::make_unique<Upload>(core, at, std::move(fd), args);
    co_return proc::StorageVolUpload::Ret{};
}

}  // namespace

void bind_transfers(driver::HandlerTable& on, Core& core) {
    bind<proc::StorageVolDownload>(on, core, download);
    bind<proc::StorageVolUpload>(on, core, upload);
}

}  // namespace virtue::storage
