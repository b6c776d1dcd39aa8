// Jobs that copy blocks below a running guest: pull, commit, copy; and a disk's size.
#include <chrono>

#include "base/text.h"
#include "driver/constants.h"
#include "io/condition.h"
#include "protocol/remote/domain_block.h"
#include "protocol/remote/event_domain_callback.h"
#include "protocol/remote/event_register.h"
#include "shell/commands/commands.h"
#include "shell/commands/object.h"
#include "shell/job_watch.h"
#include "shell/seconds.h"
#include "shell/xml_text.h"

namespace virtue::shell {
namespace {

using namespace proc;

constexpr uint64_t mebibyte = 1 << 20;
constexpr uint64_t bandwidth_max = UINT64_MAX / mebibyte;  // in MiB/s; more does not fit in bytes
constexpr io::Milliseconds poll_interval(500);

std::string_view job_word(int32_t type) {
    constexpr std::string_view words[] = {"Unknown job",  "Block Pull",          "Block Copy",
                                          "Block Commit", "Active Block Commit", "Backup"};
    return type >= 0 && static_cast<size_t>(type) < std::size(words) ? words[type] : words[0];
}

// --bandwidth: a number of MiB/s, or with --bytes of bytes/s; with a unit it is what it says.
uint64_t bandwidth_of(const Arguments& arguments) {
    std::optional<std::string> text = arguments.find("bandwidth");
    if (!text) return 0;
    bool bytes = arguments.has("bytes");
    std::optional<uint64_t> number = parse_number<uint64_t>(*text);
    if (number) return *number;
    try {
        uint64_t size = *arguments.find_size("bandwidth", 1);
        return bytes ? size : size / mebibyte;
    } catch (const UsageError&) {
        throw UsageError{
            fmt::format("Scaled numeric value '{}' for <--bandwidth> option is malformed or out of range", *text)};
    }
}

enum class Outcome : uint8_t { running, completed, failed, cancelled, ready };

// Hears how the job on one disk goes on.
class BlockJob {
public:
    BlockJob(Context& context, DomainRef domain, std::string path)
        : context_(context), domain_(std::move(domain)), path_(std::move(path)), changed_(context.loop()) {
        context_.connection().on_event([this](const driver::EventPacket& packet) { accept(packet); });
    }
    ~BlockJob() {
        if (context_.is_connected()) context_.connection().on_event({});
    }
    BlockJob(const BlockJob&) = delete;
    BlockJob& operator=(const BlockJob&) = delete;

    // Subscribes; a driver without these events is asked alone.
    Task<void> listen() {
        for (DomainEventId event : {DomainEventId::block_job, DomainEventId::block_job_2}) {
            ConnectDomainEventCallbackRegisterAny::Args call{.event_id = static_cast<int32_t>(event),
                                                             .domain = domain_};
            std::optional<ConnectDomainEventCallbackRegisterAny::Ret> registered =
                co_await ask_optional<ConnectDomainEventCallbackRegisterAny>(context_, std::move(call));
            if (registered) callbacks_.push_back(registered->callback_id);
        }
    }

    // Until the job ends, is ready for its second phase, or the time is over (running).
    Task<Outcome> wait(std::string label, bool verbose, std::optional<io::Milliseconds> limit) {
        io::Deadline end = context_.forever();
        if (limit) end = end.within(*limit);
        while (outcome_ == Outcome::running && !end.is_over()) {
            DomainGetBlockJobInfo::Args ask{.domain = domain_, .path = path_};
            DomainGetBlockJobInfo::Ret info = co_await context_.attempt<DomainGetBlockJobInfo>(
                std::move(ask), "failed to query job for disk " + path_);
            if (outcome_ != Outcome::running) break;
            // No job and no event: it ended before we subscribed.
            if (info.found == 0) outcome_ = Outcome::completed;
            if (info.found == 0) break;
            if (verbose) show_progress(context_, label, info.end - info.cur, info.end);
            bool two_phases = info.type == static_cast<int32_t>(api::domain_block_job_type_copy) ||
                              info.type == static_cast<int32_t>(api::domain_block_job_type_active_commit);
            if (two_phases && callbacks_.empty() && info.end != 0 && info.cur == info.end) outcome_ = Outcome::ready;
            io::Deadline pause = end.within(poll_interval);
            co_await changed_.wait(pause);
        }
        bool good = outcome_ == Outcome::completed || outcome_ == Outcome::ready;
        if (verbose && good) show_progress(context_, label, 0, 1);
        co_return outcome_;
    }

    Task<void> abort(uint32_t flags, std::string failure) {
        DomainBlockJobAbort::Args call{.domain = domain_, .path = path_, .flags = flags};
        io::Deadline limit = io::Deadline::after(std::chrono::minutes(5));
        try {
            co_await context_.connection().call<DomainBlockJobAbort>(std::move(call), limit);
        } catch (Error& error) {
            throw Failure{std::move(failure), std::move(error)};
        }
    }

private:
    void accept(const driver::EventPacket& packet) {
        if (packet.program != wire::Program::remote) return;
        wire::Decoder decoder(packet.body);
        if (packet.procedure == DomainEventCallbackBlockJob::number) {
            DomainEventCallbackBlockJob::Msg message{};
            wire::decode(decoder, message);
            if (message.msg.path == path_) tell(message.msg.status);
        } else if (packet.procedure == DomainEventBlockJob2::number) {
            DomainEventBlockJob2::Msg message{};
            wire::decode(decoder, message);
            if (message.dst == path_) tell(message.status);
        }
    }

    void tell(int32_t status) {
        constexpr Outcome outcomes[] = {Outcome::completed, Outcome::failed, Outcome::cancelled, Outcome::ready};
        if (status >= 0 && static_cast<size_t>(status) < std::size(outcomes)) outcome_ = outcomes[status];
        changed_.notify_all();
    }

    Context& context_;
    DomainRef domain_;
    std::string path_;
    io::Condition changed_;
    std::vector<int32_t> callbacks_;
    Outcome outcome_ = Outcome::running;
};

// What one kind of job says of itself.
struct Sentences {
    const char* label;
    const char* started;
    const char* aborted;
    const char* failed;
};

// Whether the user waits for the job's end, and how long.
struct Waiting {
    bool wait = false;
    bool verbose = false;
    bool async = false;
    std::optional<io::Milliseconds> limit = {};
};

Waiting waiting_of(const Arguments& arguments, std::initializer_list<const char*> implying) {
    Waiting waiting{
        .wait = arguments.has("wait"), .verbose = arguments.has("verbose"), .async = arguments.has("async")};
    for (const char* option : implying) waiting.wait = waiting.wait || arguments.has(option);
    waiting.limit = find_seconds(arguments, "timeout");
    waiting.wait = waiting.wait || waiting.limit;
    return waiting;
}

// Waits; a job that does not end in time or is interrupted is aborted. True when it completed or is ready.
Task<Outcome> await_end(Context& context, BlockJob& job, Waiting waiting, Sentences words) {
    Outcome outcome = co_await job.wait(words.label, waiting.verbose, waiting.limit);
    if (outcome == Outcome::running) {
        uint32_t flags = waiting.async ? api::domain_block_job_abort_async : 0;
        co_await job.abort(flags, "failed to abort job for disk");
        outcome = Outcome::cancelled;
    }
    if (outcome == Outcome::cancelled) {
        context.print_extra(fmt::format("\n{}", words.aborted));
        throw Failure{};
    }
    if (outcome == Outcome::failed) {
        context.print_extra(fmt::format("\n{}", words.failed));
        throw Failure{};
    }
    co_return outcome;
}

Task<Result> pull(Context& context, Arguments arguments) {
    require(arguments, "verbose", "wait");
    require(arguments, "async", "wait");
    uint64_t bandwidth = bandwidth_of(arguments);
    Waiting waiting = waiting_of(arguments, {});
    std::string path = arguments.text("path");
    constexpr Sentences words{"Block Pull", "Block Pull started", "Pull aborted", "Pull failed"};
    DomainRef domain = co_await the_domain(context, arguments);
    BlockJob job(context, domain, path);
    if (waiting.wait) co_await job.listen();
    uint32_t flags = flag_if(arguments, "keep-relative", api::domain_block_rebase_relative) |
                     flag_if(arguments, "bytes", api::domain_block_rebase_bandwidth_bytes);
    if (arguments.has("base") || flags != 0) {
        DomainBlockRebase::Args call{.domain = std::move(domain),
                                     .path = path,
                                     .base = arguments.find("base"),
                                     .bandwidth = bandwidth,
                                     .flags = flags};
        co_await context.call<DomainBlockRebase>(std::move(call));
    } else {
        DomainBlockPull::Args call{.domain = std::move(domain), .path = path, .bandwidth = bandwidth};
        co_await context.call<DomainBlockPull>(std::move(call));
    }
    if (!waiting.wait) co_return Sentence{words.started, {{"started", true}}, false};
    co_await await_end(context, job, waiting, words);
    co_return Sentence{"\nPull complete", {{"completed", true}}, false};
}

// The second phase of a copy or an active commit: pivot to the new image, or leave the job there.
Task<void> conclude(BlockJob& job, const Arguments& arguments, std::string path, bool finish) {
    if (arguments.has("pivot")) {
        co_await job.abort(api::domain_block_job_abort_pivot, "failed to pivot job for disk " + path);
    } else if (finish) {
        uint32_t flags = arguments.has("async") ? api::domain_block_job_abort_async : 0;
        co_await job.abort(flags, "failed to finish job for disk " + path);
    }
}

Task<Result> commit(Context& context, Arguments arguments) {
    exclude(arguments, "pivot", "keep-overlay");
    uint64_t bandwidth = bandwidth_of(arguments);
    Waiting waiting = waiting_of(arguments, {"pivot", "keep-overlay"});
    bool active = arguments.has("active") || arguments.has("pivot") || arguments.has("keep-overlay");
    if (waiting.verbose && !waiting.wait)
        throw Failure{"--verbose requires at least one of --timeout, --wait, --pivot, or --keep-overlay"};
    if (waiting.async && !waiting.wait)
        throw Failure{"--async requires at least one of --timeout, --wait, --pivot, or --keep-overlay"};
    std::string path = arguments.text("path");
    constexpr Sentences words{"Block commit", "Block commit started", "Commit aborted", "Commit failed"};
    DomainRef domain = co_await the_domain(context, arguments);
    BlockJob job(context, domain, path);
    if (waiting.wait) co_await job.listen();
    uint32_t flags = flag_if(arguments, "shallow", api::domain_block_commit_shallow) |
                     flag_if(arguments, "delete", api::domain_block_commit_delete) |
                     flag_if(arguments, "keep-relative", api::domain_block_commit_relative) |
                     flag_if(arguments, "bytes", api::domain_block_commit_bandwidth_bytes) |
                     (active ? api::domain_block_commit_active : 0);
    DomainBlockCommit::Args call{.domain = std::move(domain),
                                 .disk = path,
                                 .base = arguments.find("base"),
                                 .top = arguments.find("top"),
                                 .bandwidth = bandwidth,
                                 .flags = flags};
    co_await context.call<DomainBlockCommit>(std::move(call));
    if (!waiting.wait)
        co_return Sentence{active ? "Active Block Commit started" : "Block commit started", {{"started", true}}, false};
    Outcome outcome = co_await await_end(context, job, waiting, words);
    bool keep = arguments.has("keep-overlay");
    co_await conclude(job, arguments, path, keep);
    const char* done = arguments.has("pivot")      ? "\nSuccessfully pivoted"
                       : keep                      ? "\nCommit complete, overlay image kept"
                       : outcome == Outcome::ready ? "\nNow in synchronized phase"
                                                   : "\nCommit complete";
    co_return Sentence{done, {{"completed", outcome != Outcome::ready || keep}}, false};
}

std::string copy_xml(const Arguments& arguments) {
    if (std::optional<std::string> file = arguments.find("xml")) return read_input(*file);
    XmlText xml;
    bool block = arguments.has("blockdev");
    xml.open("disk", {{"type", block ? "block" : "file"}});
    xml.empty("source", {{block ? "dev" : "file", arguments.text("dest")}});
    xml.empty("driver", {{"type", arguments.find("format")}});
    return xml.finish();
}

// What only the newer call can say.
bool needs_new_copy(const Arguments& arguments) {
    for (const char* option : {"granularity", "buf-size", "xml", "transient-job", "synchronous-writes"}) {
        if (arguments.has(option)) return true;
    }
    return arguments.find("format").value_or("raw") != "raw";
}

Task<void> start_copy(Context& context, DomainRef domain, Arguments arguments, uint64_t bandwidth) {
    if (!needs_new_copy(arguments)) {
        uint32_t flags = api::domain_block_rebase_copy |
                         flag_if(arguments, "shallow", api::domain_block_rebase_shallow) |
                         flag_if(arguments, "reuse-external", api::domain_block_rebase_reuse_ext) |
                         flag_if(arguments, "blockdev", api::domain_block_rebase_copy_dev) |
                         flag_if(arguments, "format", api::domain_block_rebase_copy_raw) |
                         flag_if(arguments, "bytes", api::domain_block_rebase_bandwidth_bytes);
        DomainBlockRebase::Args call{.domain = std::move(domain),
                                     .path = arguments.text("path"),
                                     .base = arguments.text("dest"),
                                     .bandwidth = bandwidth,
                                     .flags = flags};
        co_await context.call<DomainBlockRebase>(std::move(call));
        co_return;
    }
    uint32_t flags = flag_if(arguments, "shallow", api::domain_block_copy_shallow) |
                     flag_if(arguments, "reuse-external", api::domain_block_copy_reuse_ext) |
                     flag_if(arguments, "transient-job", api::domain_block_copy_transient_job) |
                     flag_if(arguments, "synchronous-writes", api::domain_block_copy_synchronous_writes);
    DomainBlockCopy::Args call{
        .domain = std::move(domain), .path = arguments.text("path"), .destxml = copy_xml(arguments), .flags = flags};
    if (bandwidth > bandwidth_max && !arguments.has("bytes"))
        throw Failure{fmt::format("bandwidth must be less than {}", bandwidth_max)};
    if (bandwidth != 0) call.params.push_back({"bandwidth", arguments.has("bytes") ? bandwidth : bandwidth * mebibyte});
    if (std::optional<uint64_t> granularity = arguments.find_unsigned("granularity", UINT32_MAX))
        call.params.push_back({"granularity", static_cast<uint32_t>(*granularity)});
    if (std::optional<uint64_t> size = arguments.find_unsigned("buf-size")) call.params.push_back({"buf-size", *size});
    co_await context.call<DomainBlockCopy>(std::move(call));
}

Task<Result> copy(Context& context, Arguments arguments) {
    exclude(arguments, "dest", "xml");
    exclude(arguments, "format", "xml");
    exclude(arguments, "blockdev", "xml");
    exclude(arguments, "pivot", "finish");
    uint64_t bandwidth = bandwidth_of(arguments);
    Waiting waiting = waiting_of(arguments, {"pivot", "finish"});
    if (waiting.verbose && !waiting.wait)
        throw Failure{"--verbose requires at least one of --timeout, --wait, --pivot, or --finish"};
    if (waiting.async && !waiting.wait)
        throw Failure{"--async requires at least one of --timeout, --wait, --pivot, or --finish"};
    if (!arguments.has("dest") && !arguments.has("xml")) throw Failure{"need either --dest or --xml"};
    std::string path = arguments.text("path");
    if (arguments.has("print-xml")) co_return Text{copy_xml(arguments), "xml"};
    constexpr Sentences words{"Block Copy", "Block Copy started", "Copy aborted", "Copy failed"};
    DomainRef domain = co_await the_domain(context, arguments);
    BlockJob job(context, domain, path);
    if (waiting.wait) co_await job.listen();
    co_await start_copy(context, std::move(domain), arguments, bandwidth);
    if (!waiting.wait) co_return Sentence{words.started, {{"started", true}}, false};
    Outcome outcome = co_await await_end(context, job, waiting, words);
    bool finish = arguments.has("finish");
    co_await conclude(job, arguments, path, finish);
    const char* done = arguments.has("pivot") ? "\nSuccessfully pivoted"
                       : finish               ? "\nSuccessfully copied"
                                              : "\nNow in mirroring phase";
    co_return Sentence{
        done, {{"completed", finish || arguments.has("pivot")}, {"ready", outcome == Outcome::ready}}, false};
}

Task<Result> job_info(Context& context, DomainRef domain, Arguments arguments) {
    std::string path = arguments.text("path");
    bool raw = arguments.has("raw");
    DomainGetBlockJobInfo::Args ask{.domain = std::move(domain),
                                    .path = path,
                                    .flags = flag_if(arguments, "bytes", api::domain_block_job_info_bandwidth_bytes)};
    DomainGetBlockJobInfo::Ret info = co_await context.call<DomainGetBlockJobInfo>(std::move(ask));
    if (info.found == 0) {
        std::string nothing = raw ? "" : fmt::format("No current block job for {}", path);
        co_return Sentence{std::move(nothing), {{"job", Value()}}, false};
    }
    Record record{{"job", std::string(job_word(info.type))},
                  {"type", info.type},
                  {"bandwidth", info.bandwidth},
                  {"current", info.cur},
                  {"end", info.end}};
    if (raw) {
        constexpr std::string_view types[] = {"unknown", "pull", "copy", "commit", "active-commit", "backup"};
        std::string type = info.type >= 0 && static_cast<size_t>(info.type) < std::size(types)
                               ? std::string(types[info.type])
                               : fmt::format("{}", info.type);
        co_return Custom{fmt::format(" type={}\n bandwidth={}\n cur={}\n end={}\n", job_word(info.type), info.bandwidth,
                                     info.cur, info.end),
                         Value(std::move(record))};
    }
    if (context.settings().format == OutputFormat::table)
        show_progress(context, std::string(job_word(info.type)), info.end - info.cur, info.end);
    std::string text;
    if (info.bandwidth != 0) {
        uint64_t bytes = arguments.has("bytes") ? info.bandwidth : info.bandwidth * mebibyte;
        Scaled scale = scaled(bytes);
        text = fmt::format("    Bandwidth limit: {} bytes/s ({:.3f} {}/s)", bytes, scale.value, scale.unit);
    }
    co_return Custom{text + "\n", Value(std::move(record))};
}

Task<Result> blockjob(Context& context, Arguments arguments) {
    for (const char* mode : {"raw", "info", "bytes"}) {
        for (const char* other : {"abort", "async", "pivot", "bandwidth"}) {
            bool speed_in_bytes = std::string_view(mode) == "bytes" && std::string_view(other) == "bandwidth";
            if (!speed_in_bytes) exclude(arguments, mode, other);
        }
    }
    bool bandwidth = arguments.has("bandwidth");
    bool abort = !bandwidth && (arguments.has("abort") || arguments.has("async") || arguments.has("pivot"));
    DomainRef domain = co_await the_domain(context, arguments);
    std::string path = arguments.text("path");
    if (abort) {
        DomainBlockJobAbort::Args call{.domain = std::move(domain),
                                       .path = std::move(path),
                                       .flags = flag_if(arguments, "async", api::domain_block_job_abort_async) |
                                                flag_if(arguments, "pivot", api::domain_block_job_abort_pivot)};
        co_await context.call<DomainBlockJobAbort>(std::move(call));
        co_return std::monostate{};
    }
    if (bandwidth) {
        DomainBlockJobSetSpeed::Args call{
            .domain = std::move(domain),
            .path = std::move(path),
            .bandwidth = bandwidth_of(arguments),
            .flags = flag_if(arguments, "bytes", api::domain_block_job_speed_bandwidth_bytes)};
        co_await context.call<DomainBlockJobSetSpeed>(std::move(call));
        co_return std::monostate{};
    }
    co_return co_await job_info(context, std::move(domain), std::move(arguments));
}

Task<Result> resize(Context& context, Arguments arguments) {
    uint64_t bytes = arguments.find_size("size", 1024).value_or(0);
    // The daemon counts in KiB unless told otherwise; older ones know nothing else.
    bool exact = bytes % 1024 == 0;
    DomainRef domain = co_await the_domain(context, arguments);
    std::string path = arguments.text("path");
    DomainBlockResize::Args call{.domain = std::move(domain),
                                 .disk = path,
                                 .size = exact ? bytes / 1024 : bytes,
                                 .flags = exact ? 0 : api::domain_block_resize_bytes};
    co_await context.attempt<DomainBlockResize>(std::move(call),
                                                fmt::format("Failed to resize block device '{}'", path));
    co_return Sentence{fmt::format("Block device '{}' is resized", path), {{"path", path}, {"bytes", bytes}}, false};
}

}  // namespace

Commands block_job_commands() {
    return {
        make_command("blockpull",
                     "<domain> <path> --bandwidth=:n --base= --wait --verbose --timeout=:n --async --keep-relative "
                     "--bytes",
                     "fill a disk's image from those below it", pull),
        make_command("blockcommit",
                     "<domain> <path> --bandwidth=:n --base= --shallow --top= --active --delete --wait --verbose "
                     "--timeout=:n --pivot --keep-overlay --async --keep-relative --bytes",
                     "write an image into the one below it", commit),
        make_command("blockcopy",
                     "<domain> <path> --dest= --bandwidth=:n --shallow --reuse-external --blockdev --wait --verbose "
                     "--timeout=:n --pivot --finish --async --xml= --format= --granularity=:n --buf-size=:n --bytes "
                     "--transient-job --synchronous-writes --print-xml",
                     "copy a disk elsewhere while the guest runs", copy),
        make_command("blockjob", "<domain> <path> --abort --async --pivot --info --bytes --raw --bandwidth=:n",
                     "show, slow down or end a disk's job", blockjob),
        make_command("blockresize", "<domain> <path> <size:n>", "change the size of a running guest's disk", resize),
    };
}

}  // namespace virtue::shell
