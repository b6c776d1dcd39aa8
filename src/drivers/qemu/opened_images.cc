#include "drivers/qemu/opened_images.h"

#include <fcntl.h>
#include <algorithm>
#include <cerrno>

#include "base/error.h"
#include "io/offload.h"

namespace virtue::qemu {
namespace {

/// Sets of this number and above are ours: the number of the layer is added. Below are those that clients handed over.
constexpr int first_set = 1000;

using model::StorageSource;

bool is_written(const model::Disk& disk) {
    return !disk.readonly && disk.device != model::DiskDevice::cdrom;
}

Fd open_image(const std::string& path, int mode) {
    return Fd(::open(path.c_str(), mode | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
}

void make_blocking(const Fd& fd) {
    const int flags = ::fcntl(fd.get(), F_GETFL);
    if (flags >= 0) ::fcntl(fd.get(), F_SETFL, flags & ~O_NONBLOCK);
}

OpenedImage open_layer(const StorageSource& layer, bool written) {
    OpenedImage image;
    image.set = first_set + static_cast<int>(layer.index);
    image.path = layer.path;
    image.reading = open_image(layer.path, O_RDONLY);
    if (!image.reading)
        throw Error::from_errno(errno, ErrorDomain::storage, "Cannot access storage file '" + layer.path + "'");
    make_blocking(image.reading);
    if (!written) return image;
    image.writing = open_image(layer.path, O_RDWR);
    if (!image.writing)
        throw Error::from_errno(errno, ErrorDomain::storage, "Cannot write to storage file '" + layer.path + "'");
    make_blocking(image.writing);
    return image;
}

template <typename Each>
void each_layer(StorageSource& top, Each each) {
    StorageSource* layer = &top;
    while (layer) {
        each(*layer);
        layer = layer->backing.empty() ? nullptr : &layer->backing[0];
    }
}

}  // namespace

std::string OpenedImage::name() const {
    return fmt::format("/dev/fdset/{}", set);
}

bool is_opened_by_daemon(const StorageSource& layer) {
    const bool is_file = layer.type == model::StorageType::file || layer.type == model::StorageType::block;
    return is_file && !layer.path.empty() && layer.fdgroup.empty();
}

OpenedImages open_images(const std::vector<model::Disk>& disks) {
    OpenedImages images;
    for (const model::Disk& disk : disks) {
        bool written = is_written(disk);
        each_layer(const_cast<StorageSource&>(disk.source), [&](const StorageSource& layer) {
            if (is_opened_by_daemon(layer)) images.push_back(open_layer(layer, written));
            written = false;
        });
    }
    return images;
}

std::shared_ptr<const model::Domain> with_opened_images(std::shared_ptr<const model::Domain> domain,
                                                        const OpenedImages& images) {
    if (images.empty()) return domain;
    auto changed = std::make_shared<model::Domain>(*domain);
    for (model::Disk& disk : changed->disks) {
        each_layer(disk.source, [&](StorageSource& layer) {
            if (!is_opened_by_daemon(layer)) return;
            const int set = first_set + static_cast<int>(layer.index);
            const bool found =
                std::any_of(images.begin(), images.end(), [&](const OpenedImage& image) { return image.set == set; });
            if (found) layer.path = fmt::format("/dev/fdset/{}", set);
        });
    }
    return changed;
}

void pass_images(OpenedImages images, LaunchPlan& plan) {
    int number = 3;
    for (const PassedFd& other : plan.descriptors) number = std::max(number, other.child_number + 1);
    for (OpenedImage& image : images) {
        for (Fd* fd : {&image.reading, &image.writing}) {
            if (!*fd) continue;
            plan.arguments.insert(plan.arguments.end(), {"-add-fd", fmt::format("set={},fd={}", image.set, number)});
            plan.descriptors.push_back({std::move(*fd), number++});
        }
    }
}

Task<void> hand_over_images(Core& core, std::shared_ptr<Monitor> monitor, model::Disk disk, std::vector<QmpStep>& steps,
                            io::Deadline deadline) {
    auto open = [disks = std::vector<model::Disk>{std::move(disk)}] { return open_images(disks); };
    const OpenedImages images = co_await io::offload(core.loop, std::move(open));
    for (const OpenedImage& image : images) {
        for (const Fd* fd : {&image.reading, &image.writing}) {
            if (!*fd) continue;
            Json set = Json::object({{"fdset-id", image.set}});
            std::vector<const Fd*> fds = {fd};
            co_await monitor->command_with_fds("add-fd", std::move(set), std::move(fds), deadline);
        }
        for (QmpStep& step : steps) {
            const bool names_it =
                step.command == "blockdev-add" && step.arguments.string_or("filename", "") == image.path;
            if (names_it) step.arguments.set("filename", image.name());
        }
    }
}

Task<void> take_back_images(std::shared_ptr<Monitor> monitor, model::Disk disk, io::Deadline deadline) {
    std::vector<int> sets;
    each_layer(disk.source, [&](const StorageSource& layer) {
        if (is_opened_by_daemon(layer)) sets.push_back(first_set + static_cast<int>(layer.index));
    });
    for (int set : sets) {
        Json arguments = Json::object({{"fdset-id", set}});
        Json reply = co_await monitor->exchange("remove-fd", std::move(arguments), deadline);
        static_cast<void>(reply);
    }
}

std::vector<NeededFile> needed_files(const model::Domain& domain, const std::vector<OwnedFile>& given, bool images) {
    std::vector<NeededFile> files;
    auto add = [&](const std::string& path, bool written) {
        if (!path.starts_with('/')) return;
        const bool is_given =
            std::any_of(given.begin(), given.end(), [&](const OwnedFile& file) { return file.path == path; });
        files.push_back({path, is_given, written});
    };
    for (const model::Disk& disk : domain.disks) {
        if (!images) break;
        bool written = is_written(disk);
        each_layer(const_cast<StorageSource&>(disk.source), [&](const StorageSource& layer) {
            if (is_opened_by_daemon(layer)) add(layer.path, written);
            written = false;
        });
    }
    add(domain.os.kernel, false);
    add(domain.os.initrd, false);
    return files;
}

}  // namespace virtue::qemu
