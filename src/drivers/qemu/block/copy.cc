#include "drivers/qemu/block/copy.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <limits>

#include "drivers/qemu/block/block_job_calls.h"
#include "drivers/qemu/block/chain.h"
#include "drivers/qemu/block/nodes.h"
#include "drivers/qemu/calls/support.h"
#include "host/image_header.h"
#include "io/offload.h"
#include "model/domain/domain.h"
#include "wire/typed_params.h"

namespace virtue::qemu {

/// The document of a destination: of a <disk> only what says where it is.
struct CopyDestination {
    static constexpr const char* element = "disk";
    model::StorageSource source;
};

void map(xml::Mapper& m, CopyDestination& destination) {
    model::StorageSource& source = destination.source;
    if (m.reading()) source.type = model::StorageType::file;
    m.attribute("type", source.type);
    model::map_source(m, source);
    m.attribute_of("driver", "type", source.format);
    model::map_backing(m, source);
}

namespace {

using model::Disk;
using model::StorageFormat;
using model::StorageSource;
using model::StorageType;

constexpr wire::ExpectedParameter copy_parameters[] = {{"bandwidth", 4}, {"granularity", 2}, {"buf-size", 4}};

bool is_set(const CopyRequest& request, uint32_t flag) {
    return (request.flags & flag) != 0;
}

/// What the destination is now.
struct Destination {
    bool exists = false;  ///< as it is to be used: not to be made
    StorageFormat probed = StorageFormat::raw;
};

/// Blocks. Throws as libvirt does for a place that does not fit.
Destination look_at(const StorageSource& place, const std::string& target, bool reuse) {
    Destination found{reuse, StorageFormat::raw};
    if (!place.is_local()) {
        found.exists = true;
        return found;
    }
    struct stat status {};
    if (::stat(place.path.c_str(), &status) != 0) {
        const int problem = errno;
        if (problem == ENOENT && !reuse && place.type != StorageType::block) return found;
        const std::string words = problem == ENOENT
                                      ? fmt::format("missing destination file for disk {}: {}", target, place.path)
                                      : fmt::format("unable to verify existence of block copy target '{}'", place.path);
        throw Error::from_errno(problem, ErrorDomain::qemu, words);
    }
    if (S_ISBLK(status.st_mode)) found.exists = true;
    if (!S_ISBLK(status.st_mode) && status.st_size > 0 && !reuse) {
        fail(ErrorCode::config_unsupported, ErrorDomain::qemu,
             "external destination file for disk {} already exists and is not a block device: {}", target, place.path);
    }
    if (!S_ISBLK(status.st_mode) && place.type == StorageType::block) {
        fail(ErrorCode::invalid_arg, ErrorDomain::qemu,
             "blockdev flag requested for disk {}, but file '{}' is not a block device", target, place.path);
    }
    if (!found.exists) return found;
    if (Fd fd{::open(place.path.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)}) {
        const host::ImageFacts facts = host::read_image_header(fd.get(), static_cast<uint64_t>(status.st_size));
        found.probed = xml::from_name<StorageFormat>(facts.format).value_or(StorageFormat::raw);
    }
    return found;
}

/// A file of that size without content; true if it was not there before. Blocks.
bool make_file(const std::string& path, uint64_t bytes) {
    Fd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    const bool is_new = static_cast<bool>(fd);
    if (!is_new && errno == EEXIST) fd = Fd(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
    if (fd && ::ftruncate(fd.get(), static_cast<off_t>(bytes)) == 0) return is_new;
    const int problem = errno;
    if (is_new) ::unlink(path.c_str());
    throw Error::from_errno(problem, ErrorDomain::storage, fmt::format("failed to create image file '{}'", path));
}

/// Runs its steps, and takes them back if the copy does not begin.
class Copy {
public:
    Copy(Core& core, DomainOwner domain, const Disk& disk, CopyRequest request, io::Deadline deadline)
        : core_(core), domain_(std::move(domain)), disk_(disk), request_(std::move(request)), deadline_(deadline) {}

    Task<void> run() {
        std::optional<Error> failure;
        try {
            co_await prepare();
            co_await begin();
        } catch (const Error& error) {
            failure.emplace(error);
        }
        if (!failure) co_return;
        co_await take_back();
        throw *failure;
    }

private:
    bool shallow() const { return is_set(request_, api::domain_block_copy_shallow) && has_backing(disk_.source); }
    bool reuse() const { return is_set(request_, api::domain_block_copy_reuse_ext); }
    bool shares_backing() const { return shallow() && !has_backing(mirror_); }

    Task<void> prepare() {
        mirror_ = request_.destination;
        auto look = [place = mirror_, target = disk_.target, reuse = reuse()] { return look_at(place, target, reuse); };
        found_ = co_await io::offload(core_.loop, std::move(look));
        if (mirror_.format == StorageFormat::absent) mirror_.format = reuse() ? found_.probed : disk_.source.format;
        if (reuse() && mirror_.backing.empty()) {
            StorageSource looked = co_await with_layers(core_, mirror_);
            mirror_ = std::move(looked);
        }
        // A whole copy needs nothing below it; what is there already is not opened.
        if (!shallow() && !reuse()) mirror_.backing.assign(1, StorageSource{});
        if (shallow() && !has_backing(mirror_)) mirror_.backing.clear();
        number();
        // A daemon that is killed in the middle leaves nodes behind: their numbers are not to be used again.
        co_await save_status(core_, domain_);
        if (!found_.exists && mirror_.type == StorageType::file) {
            co_await make();
        }
        co_await give_images(core_, domain_, mirror_);
        given_ = true;
        CapabilitiesRef capabilities = co_await core_.capabilities.get(domain_->current().emulator, deadline_);
        co_await open(std::move(capabilities));
    }

    void number() {
        Run& run = domain_->running();
        for (size_t i = 0; i < depth_of(mirror_); i++) layer_at(mirror_, i).index = next_node(run);
    }

    Task<void> open(CapabilitiesRef capabilities) {
        StorageSource opened = mirror_;
        // QEMU writes into the top layer only what the disk's own has; what lies below is told where it matters.
        if (shares_backing()) opened.backing.assign(1, StorageSource{});
        std::vector<QmpStep> steps = node_steps(core_, domain_->running(), disk_, opened, capabilities);
        std::shared_ptr<Monitor> monitor = domain_->monitor();
        QmpStep format = std::move(steps.back());
        steps.pop_back();
        if (shares_backing()) format.arguments.set("backing", format_node_name(disk_.source.backing[0]));
        co_await add_nodes(monitor, std::move(steps), deadline_);
        opened_ = true;
        if (!found_.exists && mirror_.format != StorageFormat::raw) co_await fill();
        std::vector<QmpStep> last;
        last.push_back(std::move(format));
        co_await add_nodes(monitor, std::move(last), deadline_);
    }

    /// A file to write to. A raw one gets its size before QEMU opens it, which looks at that once.
    Task<void> make() {
        size_ = co_await size_of_node(domain_->monitor(), format_node_name(disk_.source), deadline_);
        const uint64_t bytes = mirror_.format == StorageFormat::raw ? size_.capacity : 0;
        auto work = [path = mirror_.path, bytes] { return make_file(path, bytes); };
        made_file_ = co_await io::offload(core_.loop, std::move(work));
    }

    /// Makes an image in the empty file.
    Task<void> fill() {
        const std::string storage = fmt::format("libvirt-{}-storage", mirror_.index);
        Json options = Json::object({{"driver", xml::to_name(mirror_.format)}, {"file", storage}});
        options.set("size", size_.capacity);
        const bool same = mirror_.format == disk_.source.format && mirror_.format == StorageFormat::qcow2;
        if (same && size_.cluster > 0) options.set("cluster-size", size_.cluster);
        if (shares_backing()) {
            const StorageSource& below = disk_.source.backing[0];
            options.set("backing-file", backing_name(below));
            options.set("backing-fmt", xml::to_name(below.format));
        }
        std::string name = fmt::format("create-libvirt-{}-format", mirror_.index);
        co_await create_by_qemu(core_, domain_, std::move(name), std::move(options), deadline_);
    }

    Task<void> begin() {
        BlockJobRecord record;
        record.name = fmt::format("copy-{}-{}", disk_.target, format_node_name(disk_.source));
        record.type = BlockJobType::copy;
        record.flags = request_.flags;
        record.target = disk_.target;
        record.has_mirror_chain = true;
        record.shares_backing = shares_backing();
        const std::string device = disk_.driver.copy_on_read == xml::Switch::on ? "libvirt-CoR-" + disk_.target
                                                                                : format_node_name(disk_.source);
        Json arguments = Json::object({{"job-id", record.name}, {"device", device}});
        arguments.set("target", format_node_name(mirror_));
        if (request_.bandwidth > 0) arguments.set("speed", request_.bandwidth);
        if (request_.granularity > 0) arguments.set("granularity", request_.granularity);
        if (request_.buffer_size > 0) arguments.set("buf-size", request_.buffer_size);
        arguments.set("sync", shallow() ? "top" : "full");
        if (is_set(request_, api::domain_block_copy_synchronous_writes)) arguments.set("copy-mode", "write-blocking");
        arguments.set("auto-finalize", true);
        arguments.set("auto-dismiss", false);
        job_ = note_job(core_, domain_, std::move(record));
        model::DiskMirror mirror;
        mirror.source = mirror_;
        mirror.job = "copy";
        disk_by_name(*domain_->running().domain, disk_.target).mirror = std::move(mirror);
        domain_->changed();
        // Before QEMU knows of it: a daemon that is killed in between finds no job and drops the note.
        co_await save_status(core_, domain_);
        co_await domain_->monitor()->command("blockdev-mirror", std::move(arguments), deadline_);
        co_await live_changed(core_, domain_);
    }

    Task<void> take_back() {
        if (!domain_->is_active()) co_return;
        if (job_) forget_job(domain_, job_);
        disk_by_name(*domain_->running().domain, disk_.target).mirror.reset();
        domain_->changed();
        if (opened_) co_await remove_layers(domain_->monitor(), mirror_, deadline_);
        if (given_) co_await return_images(core_, domain_, mirror_);
        if (made_file_) ::unlink(mirror_.path.c_str());
    }

    Core& core_;
    DomainOwner domain_;
    const Disk disk_;
    const CopyRequest request_;
    const io::Deadline deadline_;
    StorageSource mirror_;
    Destination found_;
    NodeSize size_;
    BlockJobRef job_;
    bool made_file_ = false;
    bool given_ = false;
    bool opened_ = false;
};

void require_absolute(const StorageSource& place) {
    if (!place.is_local() || place.path.starts_with('/')) return;
    throw Error(ErrorCode::invalid_arg, ErrorDomain::qemu, "absolute path must be used as block copy target");
}

}  // namespace

CopyRequest read_copy_request(const proc::DomainBlockCopy::Args& args) {
    wire::validate(args.params, copy_parameters);
    const wire::TypedParameters params(args.params);
    CopyRequest request;
    request.flags = args.flags;
    request.bandwidth = params.find_ullong("bandwidth").value_or(0);
    request.granularity = params.find_uint("granularity").value_or(0);
    request.buffer_size = params.find_ullong("buf-size").value_or(0);
    if (request.granularity & (request.granularity - 1)) {
        throw Error(ErrorCode::invalid_arg, ErrorDomain::qemu, "granularity must be power of 2");
    }
    xml::Options options;
    options.domain = ErrorDomain::domain;
    options.source = "(disk_definition)";
    CopyDestination destination = xml::parse<CopyDestination>(args.destxml, options);
    if (destination.source.empty()) {
        throw Error(ErrorCode::no_source, ErrorDomain::domain, "");
    }
    request.destination = std::move(destination.source);
    return request;
}

Task<void> begin_copy(Core& core, driver::Call& call, DomainOwner domain, std::string path, CopyRequest request) {
    require_absolute(request.destination);
    constexpr uint64_t most = std::numeric_limits<int64_t>::max();
    if (request.bandwidth > most) {
        fail(ErrorCode::invalid_arg, ErrorDomain::qemu, "bandwidth must be less than '{}' bytes/s", most);
    }
    driver::Job turn = co_await domain->jobs().begin(driver::JobKind::modify, "virDomainBlockCopy", call.deadline);
    const Disk disk = disk_by_name(*domain->running().domain, path);
    require_job_support(disk);
    require_no_block_job(domain->running(), disk);
    if (disk.source.empty()) {
        fail(ErrorCode::invalid_arg, ErrorDomain::qemu, "disk {} has no source file to be copied", disk.target);
    }
    if (domain->is_persistent() && !is_set(request, api::domain_block_copy_transient_job)) {
        throw Error(ErrorCode::operation_invalid, ErrorDomain::qemu, "domain is not transient",
                    "a persistent guest needs --transient-job: the copy is not begun again by the next start");
    }
    io::Deadline deadline = core.monitor_deadline(call.deadline, *domain);
    Copy copy(core, domain, disk, std::move(request), deadline);
    co_await copy.run();
}

}  // namespace virtue::qemu
