#include "shell/transfer.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "base/text.h"
#include "driver/constants.h"
#include "io/gate.h"
#include "protocol/remote/storage_volume.h"
#include "shell/job_watch.h"
#include "xml/xpath.h"

namespace virtue::shell {
namespace {

constexpr size_t copy_size = 256 << 10;
constexpr io::Milliseconds between_shows{100};
constexpr io::Milliseconds between_questions{200};

[[noreturn]] void fail_file(const char* what) {
    throw Failure{{}, Error::from_errno(errno, ErrorDomain::none, what)};
}

// Bytes that an upload will move: with holes left out where they are not sent.
uint64_t length_of(int fd, const TransferOptions& options) {
    struct stat status {};
    const off_t here = ::lseek(fd, 0, SEEK_CUR);
    if (::fstat(fd, &status) != 0 || here < 0 || status.st_size < here) return 0;
    const auto rest = static_cast<uint64_t>(status.st_size - here);
    return options.length == 0 ? rest : std::min(rest, options.length);
}

// One step of an upload: data, or with `sparse` a hole. The bytes of the file that it was about; 0 at the end.
Task<uint64_t> send_some(Context& context, driver::ClientStream& stream, int fd, bool sparse) {
    io::Deadline limit = context.deadline();
    size_t most = copy_size;
    if (sparse) {
        const off_t here = ::lseek(fd, 0, SEEK_CUR);
        const off_t data = ::lseek(fd, here, SEEK_DATA);
        const off_t end = data < 0 ? ::lseek(fd, 0, SEEK_END) : data;
        if (end > here) {
            co_await stream.send_hole(end - here, limit);
            co_return static_cast<uint64_t>(end - here);
        }
        if (data < 0) co_return 0;
        const off_t hole = ::lseek(fd, here, SEEK_HOLE);
        ::lseek(fd, here, SEEK_SET);
        most = std::min<size_t>(most, static_cast<size_t>(hole - here));
    }
    std::vector<uint8_t> buffer(most);
    const ssize_t count = ::read(fd, buffer.data(), buffer.size());
    if (count < 0) fail_file("cannot read the file");
    if (count == 0) co_return 0;
    std::span<const uint8_t> data(buffer.data(), static_cast<size_t>(count));
    co_await stream.send(data, limit);
    co_return static_cast<uint64_t>(count);
}

Task<void> open_upload(Context& context, proc::StorageVolumeRef volume, TransferOptions options,
                       driver::CallExtras& extras) {
    std::string failure = "cannot upload to volume " + volume.name;
    proc::StorageVolUpload::Args call{.volume = std::move(volume),
                                      .offset = options.offset,
                                      .length = options.length,
                                      .flags = options.sparse ? api::storage_vol_upload_sparse_stream : 0};
    co_await context.attempt<proc::StorageVolUpload>(std::move(call), std::move(failure), &extras);
}

// Asks how far the job of a volume is until the gate closes.
Task<void> follow(Context& context, proc::StorageVolumeRef volume, std::string label, bool& shown, io::Gate& gate) {
    for (;;) {
        io::Deadline pause = io::Deadline::after(between_questions).with_cancel(gate.cancel_source());
        bool in_time = co_await context.loop().sleep_until(pause);
        if (!in_time) co_return;
        proc::StorageVolGetXmlDesc::Args ask{.volume = volume};
        io::Deadline limit = context.forever();
        std::optional<proc::StorageVolGetXmlDesc::Ret> answer;
        try {
            proc::StorageVolGetXmlDesc::Ret told =
                co_await context.connection().call<proc::StorageVolGetXmlDesc>(std::move(ask), limit);
            answer.emplace(std::move(told));
        } catch (const Error&) {
            continue;  // a new volume is not there at once
        }
        auto number = [&](const char* name) -> uint64_t {
            const std::vector<std::string> found = xml::find_texts(answer->xml, fmt::format("/volume/job/@{}", name));
            return found.empty() ? 0 : parse_number<uint64_t>(found.front()).value_or(0);
        };
        const uint64_t total = number("total");
        if (total == 0) continue;
        show_progress(context, label, total - std::min(total, number("done")), total);
        shown = true;
    }
}

bool wants_progress(Context& context) {
    return !context.settings().quiet && ::isatty(STDERR_FILENO) == 1;
}

}  // namespace

Task<void> watch_volume(Context& context, proc::StorageVolumeRef volume, std::string label, Task<void> work) {
    io::Gate gate(context.loop(), [](std::exception_ptr) {});
    bool shown = false;
    if (wants_progress(context)) gate.spawn(follow(context, std::move(volume), label, shown, gate));
    std::exception_ptr failure;
    try {
        co_await std::move(work);
    } catch (...) {
        failure = std::current_exception();
    }
    co_await gate.close();
    if (shown && !failure) show_progress(context, label, 0, 1);
    if (shown) context.print_error("\n");
    if (failure && context.is_interrupted()) co_await context.disconnect();
    if (failure) std::rethrow_exception(failure);
}

Progress::Progress(Context& context, std::string label, uint64_t total)
    : context_(context),
      label_(std::move(label)),
      total_(total),
      visible_(wants_progress(context)),
      next_(io::Clock::now() + between_shows) {}

Progress::~Progress() {
    if (!shown_) return;
    show();
    context_.print_error("\n");
}

void Progress::advance(uint64_t bytes) {
    done_ += bytes;
    if (!visible_ || io::Clock::now() < next_) return;
    show();
    shown_ = true;
    next_ = io::Clock::now() + between_shows;
}

void Progress::show() {
    show_progress(context_, label_, total_ > done_ ? total_ - done_ : 0, total_);
}

Task<void> upload_file(Context& context, proc::StorageVolumeRef volume, int fd, TransferOptions options) {
    Progress progress(context, "Upload of " + volume.name, length_of(fd, options));
    driver::CallExtras extras;
    co_await open_upload(context, std::move(volume), options, extras);
    for (;;) {
        uint64_t moved = co_await send_some(context, *extras.stream, fd, options.sparse);
        if (moved == 0) break;
        progress.advance(moved);
    }
    io::Deadline limit = context.deadline();
    co_await extras.stream->finish(limit);
}

Task<void> upload_bytes(Context& context, proc::StorageVolumeRef volume, std::string bytes) {
    driver::CallExtras extras;
    TransferOptions options;
    co_await open_upload(context, std::move(volume), options, extras);
    io::Deadline limit = context.deadline();
    const auto* start = reinterpret_cast<const uint8_t*>(bytes.data());
    for (size_t at = 0; at < bytes.size(); at += copy_size) {
        std::span<const uint8_t> piece(start + at, std::min(copy_size, bytes.size() - at));
        co_await extras.stream->send(piece, limit);
    }
    co_await extras.stream->finish(limit);
}

Task<void> download_file(Context& context, proc::StorageVolumeRef volume, int fd, TransferOptions options) {
    const std::string name = volume.name;
    uint64_t total = options.length;
    if (total == 0) {
        proc::StorageVolGetInfo::Args ask{.volume = volume};
        proc::StorageVolGetInfo::Ret info = co_await context.call<proc::StorageVolGetInfo>(std::move(ask));
        total = info.capacity > options.offset ? info.capacity - options.offset : 0;
    }
    Progress progress(context, "Download of " + name, total);
    proc::StorageVolDownload::Args call{.volume = std::move(volume),
                                        .offset = options.offset,
                                        .length = options.length,
                                        .flags = options.sparse ? api::storage_vol_download_sparse_stream : 0};
    driver::CallExtras extras;
    co_await context.attempt<proc::StorageVolDownload>(std::move(call), "cannot download from volume " + name, &extras);
    off_t length = 0;
    for (;;) {
        io::Deadline limit = context.deadline();
        driver::StreamChunk chunk = co_await extras.stream->receive(limit);
        if (chunk.end) break;
        length += chunk.hole;
        for (size_t done = 0; done < chunk.data.size();) {
            const ssize_t written = ::pwrite(fd, chunk.data.data() + done, chunk.data.size() - done, length);
            if (written < 0) fail_file("cannot write the file");
            done += static_cast<size_t>(written);
            length += written;
        }
        progress.advance(static_cast<uint64_t>(chunk.hole) + chunk.data.size());
    }
    if (::ftruncate(fd, length) != 0 && errno != EINVAL) fail_file("cannot write the file");
    io::Deadline limit = context.deadline();
    co_await extras.stream->finish(limit);
}

}  // namespace virtue::shell
