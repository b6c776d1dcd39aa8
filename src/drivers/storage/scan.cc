#include "drivers/storage/scan.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>
#include <algorithm>
#include <cerrno>

#include "base/error.h"
#include "base/fd.h"
#include "base/text.h"
#include "host/image_header.h"

namespace virtue::storage {
namespace {

using model::Volume;
using model::VolumeTarget;

std::string time_text(const timespec& time) {
    return time.tv_nsec == 0 ? fmt::format("{}", time.tv_sec) : fmt::format("{}.{:09}", time.tv_sec, time.tv_nsec);
}

Stamp stamp_of(const struct stat& st) {
    auto nanoseconds = [](const timespec& t) { return int64_t{t.tv_sec} * 1000000000 + t.tv_nsec; };
    return {st.st_dev,
            st.st_ino,
            static_cast<uint64_t>(st.st_size),
            static_cast<uint64_t>(st.st_blocks),
            nanoseconds(st.st_mtim),
            nanoseconds(st.st_ctim)};
}

/// The label in `label`, which the kernel said has that size.
std::string label_text(const char* label, ssize_t size) {
    if (size <= 0) return {};
    std::string text(label, static_cast<size_t>(size));
    return text.substr(0, text.find('\0'));
}

constexpr const char* label_name = "security.selinux";

std::string label_of(const std::string& path) {
    char label[256];
    return label_text(label, ::getxattr(path.c_str(), label_name, label, sizeof label));
}

std::string label_of(int fd) {
    char label[256];
    return label_text(label, ::fgetxattr(fd, label_name, label, sizeof label));
}

template <typename File>
model::Permissions permissions_in(const struct stat& st, const File& file) {
    model::Permissions permissions;
    permissions.mode = st.st_mode & 07777;
    permissions.owner = st.st_uid;
    permissions.group = st.st_gid;
    permissions.label = label_of(file);
    return permissions;
}

template <typename File>
void fill_target(VolumeTarget& target, const struct stat& st, const File& file) {
    target.permissions = permissions_in(st, file);
    // libvirt shows no time of birth on any file system.
    target.timestamps = {time_text(st.st_atim), time_text(st.st_mtim), time_text(st.st_ctim), "0"};
}

void fill_target(VolumeTarget& target, const struct stat& st) {
    fill_target(target, st, target.path);
}

/// The size of a device, in bytes.
uint64_t device_size(int fd) {
    uint64_t bytes = 0;
    return ::ioctl(fd, BLKGETSIZE64, &bytes) == 0 ? bytes : 0;
}

void fill_sizes(Volume& volume, const struct stat& st, int fd) {
    if (S_ISDIR(st.st_mode)) {
        volume.type = model::VolumeType::dir;
        volume.capacity = volume.allocation = 0;
        volume.physical = 0;
    } else if (S_ISBLK(st.st_mode)) {
        volume.type = model::VolumeType::block;
        volume.physical = device_size(fd);
        volume.capacity = volume.allocation = volume.physical;
    } else {
        volume.type = model::VolumeType::file;
        volume.allocation = static_cast<uint64_t>(st.st_blocks) * 512;
        volume.physical = volume.capacity.emplace(static_cast<uint64_t>(st.st_size));
    }
}

bool can_be_volume(const struct stat& st) {
    return S_ISREG(st.st_mode) || S_ISBLK(st.st_mode) || S_ISDIR(st.st_mode);
}

/// Opens to read without waiting for anything and without becoming anybody's terminal.
Fd open_to_read(const std::string& path) {
    return Fd(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
}

/// What a header calls its backing file, as seen from the file that the header is in.
std::string backing_path(const std::string& image, std::string name) {
    if (name.starts_with("file:")) name = name.substr(5);
    const bool is_other = name.starts_with("json:") || name.find("://") != std::string::npos;
    if (name.starts_with('/') || is_other) return name;
    return image.substr(0, image.rfind('/') + 1) + name;
}

VolumeTarget backing_of(const std::string& image, const host::ImageFacts& facts) {
    VolumeTarget backing;
    backing.path = backing_path(image, *facts.backing);
    backing.format = facts.backing_format.value_or("");
    if (!backing.format.empty() && !model::is_volume_format(model::PoolType::dir, backing.format))
        backing.format.clear();
    struct stat st {};
    if (backing.path.starts_with('/') && ::stat(backing.path.c_str(), &st) == 0 &&
        (S_ISREG(st.st_mode) || S_ISBLK(st.st_mode))) {
        fill_target(backing, st);
        if (backing.format.empty()) {
            // For the eye only: nobody opens a backing file as what was guessed here.
            if (Fd fd = open_to_read(backing.path))
                backing.format = host::read_image_header(fd.get(), static_cast<uint64_t>(st.st_size)).format;
        }
    }
    if (backing.format.empty() || backing.format == "luks") backing.format = "raw";
    return backing;
}

void fill_from_header(Volume& volume, const host::ImageFacts& facts) {
    VolumeTarget& target = volume.target;
    target.format = facts.format;
    if (facts.capacity && (*facts.capacity != 0 || facts.format == "luks")) volume.capacity = facts.capacity;
    target.compat = facts.compat;
    target.cluster_size = facts.cluster_size;
    if (!facts.compat.empty()) target.features = model::VolumeFeatures{facts.lazy_refcounts, facts.extended_l2};
    if (facts.encrypted != host::Encrypted::no) {
        target.encryption.emplace();
        target.encryption->format =
            facts.encrypted == host::Encrypted::aes ? model::EncryptionFormat::qcow : model::EncryptionFormat::luks;
    }
    // A LUKS container is an encrypted raw volume.
    if (facts.format == "luks") target.format = "raw";
    if (facts.backing) volume.backing = backing_of(target.path, facts);
}

/// The note about an operation that has not come to its end. What a guest's user could write counts for nothing.
const char* unfinished_note() {
    return ::geteuid() == 0 ? "trusted.virtue.unfinished" : "user.virtue.unfinished";
}

std::string unfinished_in(int fd) {
    char operation[32];
    const ssize_t size = ::fgetxattr(fd, unfinished_note(), operation, sizeof operation);
    if (size <= 0) return {};
    std::string text(operation, static_cast<size_t>(size));
    const bool is_word = std::all_of(text.begin(), text.end(), [](char c) { return c >= 'a' && c <= 'z'; });
    return is_word ? text : std::string();
}

/// True if the header still says what is known of it: the next scan need not read it again then.
bool is_as_known(const Volume& known, const host::ImageFacts& facts) {
    const VolumeTarget& target = known.target;
    const model::VolumeFeatures features{facts.lazy_refcounts, facts.extended_l2};
    return target.format == (facts.format == "luks" ? "raw" : facts.format) && target.compat == facts.compat &&
           target.cluster_size == facts.cluster_size && target.features.value_or(features) == features &&
           target.encryption.has_value() == (facts.encrypted != host::Encrypted::no) &&
           known.backing.has_value() == facts.backing.has_value();
}

bool has_control_characters(std::string_view name) {
    return std::any_of(name.begin(), name.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20; });
}

}  // namespace

std::optional<Seen> look_at(const std::string& path, const std::string& name) {
    struct stat st {};
    if (::stat(path.c_str(), &st) != 0 || !can_be_volume(st)) return std::nullopt;
    auto volume = std::make_shared<Volume>();
    volume->name = name;
    volume->key = path;
    volume->target.path = path;
    if (S_ISDIR(st.st_mode)) {
        fill_sizes(*volume, st, -1);
        volume->target.format = "dir";
        fill_target(volume->target, st);
        return Seen{std::move(volume), stamp_of(st)};
    }
    Fd fd = open_to_read(path);
    if (!fd || ::fstat(fd.get(), &st) != 0 || !can_be_volume(st)) return std::nullopt;
    fill_sizes(*volume, st, fd.get());
    fill_from_header(*volume, host::read_image_header(fd.get(), *volume->capacity));
    fill_target(volume->target, st);
    return Seen{std::move(volume), stamp_of(st), unfinished_in(fd.get())};
}

Seen look_at_new(const model::Volume& made, int fd, uint64_t capacity) {
    struct stat st {};
    if (::fstat(fd, &st) != 0)
        throw Error::from_errno(errno, ErrorDomain::storage, fmt::format("cannot stat file '{}'", made.target.path));
    auto volume = std::make_shared<Volume>(made);
    fill_sizes(*volume, st, fd);
    volume->capacity = capacity;
    fill_target(volume->target, st, fd);
    return {std::move(volume), stamp_of(st)};
}

Seen look_again(const model::Volume& known) {
    const std::string& path = known.target.path;
    struct stat st {};
    if (::stat(path.c_str(), &st) != 0)
        throw Error::from_errno(errno, ErrorDomain::storage, fmt::format("cannot stat file '{}'", path));
    auto volume = std::make_shared<Volume>(known);
    if (S_ISFIFO(st.st_mode) || S_ISSOCK(st.st_mode))
        throw Error(ErrorCode::internal_error, ErrorDomain::storage,
                    fmt::format("Volume path '{}' is a {}", path, S_ISFIFO(st.st_mode) ? "FIFO" : "socket"));
    Fd fd = S_ISDIR(st.st_mode) ? Fd() : open_to_read(path);
    if (!fd && !S_ISDIR(st.st_mode))
        throw Error::from_errno(errno, ErrorDomain::storage,
                                fmt::format("Failed to open storage volume with path '{}'", path));
    fill_sizes(*volume, st, fd.get());
    Stamp stamp = stamp_of(st);
    if (fd) {
        const host::ImageFacts facts = host::read_image_header(fd.get(), *volume->capacity);
        if (!is_as_known(known, facts)) stamp = {};
        const bool same = facts.format == known.target.format || facts.format == "luks";
        if (same && facts.capacity && *facts.capacity != 0) volume->capacity = facts.capacity;
    }
    fill_target(volume->target, st);
    if (volume->backing) {
        struct stat base {};
        if (::stat(volume->backing->path.c_str(), &base) == 0 && (S_ISREG(base.st_mode) || S_ISBLK(base.st_mode)))
            fill_target(*volume->backing, base);
    }
    return {std::move(volume), stamp, fd ? unfinished_in(fd.get()) : std::string()};
}

SeenByName scan_folder(const std::string& folder, const SeenByName& known) {
    const std::unique_ptr<DIR, int (*)(DIR*)> directory(::opendir(folder.c_str()), ::closedir);
    if (!directory)
        throw Error::from_errno(errno, ErrorDomain::none, fmt::format("cannot open directory '{}'", folder));
    std::vector<std::string> names;
    for (;;) {
        errno = 0;
        const dirent* entry = ::readdir(directory.get());
        // Half a list would tell that volumes are gone.
        if (!entry && errno != 0)
            throw Error::from_errno(errno, ErrorDomain::none, fmt::format("Unable to read directory '{}'", folder));
        if (!entry) break;
        std::string name = entry->d_name;
        if (name == "." || name == ".." || is_work_name(name) || has_control_characters(name)) continue;
        names.push_back(std::move(name));
    }
    // Tens of thousands of look-ups of names that begin alike take longer than all the rest: sorted, they are passed
    // side by side with what is known.
    std::sort(names.begin(), names.end());
    SeenByName all;
    auto before = known.begin();
    for (const std::string& name : names) {
        struct stat st {};
        if (::fstatat(::dirfd(directory.get()), name.c_str(), &st, 0) != 0 || !can_be_volume(st)) continue;
        while (before != known.end() && before->first < name) ++before;
        const bool is_known = before != known.end() && before->first == name;
        // A file with a backing file is read again: that may have changed by itself.
        if (is_known && before->second.stamp == stamp_of(st) && !before->second.volume->backing) {
            all.emplace_hint(all.end(), name, before->second);
        } else if (auto seen = look_at(folder + "/" + name, name)) {
            all.emplace_hint(all.end(), name, std::move(*seen));
        }
    }
    return all;
}

Chain chain_of(const std::string& image) {
    constexpr size_t longest = 256;
    Chain chain;
    std::string path = image;
    while (chain.backing.size() < longest) {
        const Fd fd = open_to_read(path);
        struct stat st {};
        if (!fd || ::fstat(fd.get(), &st) != 0) break;
        const host::ImageFacts facts = host::read_image_header(fd.get(), static_cast<uint64_t>(st.st_size));
        if (facts.is_scattered || facts.hides_backing) chain.scattered = path;
        if (chain.scattered || !facts.backing) break;
        path = backing_path(path, *facts.backing);
        chain.backing.push_back(path);
        if (facts.backing_format == "raw" || !path.starts_with('/')) break;
    }
    return chain;
}

std::optional<model::Permissions> permissions_of(const std::string& path) {
    struct stat st {};
    if (::stat(path.c_str(), &st) != 0) return std::nullopt;
    return permissions_in(st, path);
}

void note_unfinished(int fd, const std::string& operation) {
    // A file system without notes is no reason not to work.
    [[maybe_unused]] int result = ::fsetxattr(fd, unfinished_note(), operation.data(), operation.size(), 0);
}

void clear_unfinished(int fd) {
    [[maybe_unused]] int result = ::fremovexattr(fd, unfinished_note());
}

}  // namespace virtue::storage
