#include "drivers/storage/new_image.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cerrno>

#include "base/fd.h"
#include "driver/constants.h"
#include "drivers/storage/errors.h"

namespace virtue::storage {
namespace {

// qcow2, as docs/interop/qcow2 of QEMU describes it. All numbers are big-endian.
constexpr unsigned cluster_bits = 16;
constexpr uint64_t cluster = uint64_t{1} << cluster_bits;
constexpr uint64_t reference_table = 1 * cluster;
constexpr uint64_t reference_block = 2 * cluster;
constexpr uint64_t first_level_table = 3 * cluster;
constexpr uint64_t entry_covers = cluster / 8 * cluster;  // bytes of the guest's disk behind one entry of that table
constexpr uint64_t largest_capacity = cluster / 8 * entry_covers;  // behind one cluster of it

/// As QEMU has them.
uint64_t whole_sectors(uint64_t bytes) {
    return (bytes + 511) / 512 * 512;
}

template <typename T>
void put(std::string& out, T value) {
    for (size_t i = sizeof value; i-- > 0;) out += static_cast<char>(value >> (8 * i) & 0xff);
}

std::string header(uint64_t capacity, bool is_old) {
    std::string out = "QFI\xfb";
    put<uint32_t>(out, is_old ? 2 : 3);
    put<uint64_t>(out, 0);  // backing file: offset
    put<uint32_t>(out, 0);  //               and size of its name
    put<uint32_t>(out, cluster_bits);
    put<uint64_t>(out, capacity);
    put<uint32_t>(out, 0);  // encryption
    put<uint32_t>(out, static_cast<uint32_t>((capacity + entry_covers - 1) / entry_covers));
    put<uint64_t>(out, first_level_table);
    put<uint64_t>(out, reference_table);
    put<uint32_t>(out, 1);  // clusters of it
    put<uint32_t>(out, 0);  // snapshots
    put<uint64_t>(out, 0);
    if (is_old) return out;
    put<uint64_t>(out, 0);  // features: incompatible,
    put<uint64_t>(out, 0);  //           compatible,
    put<uint64_t>(out, 0);  //           dropped by who does not know them
    put<uint32_t>(out, 4);  // a count has 16 bits
    const auto size = static_cast<uint32_t>(out.size() + sizeof(uint32_t) + 8);
    put<uint32_t>(out, size);
    put<uint64_t>(out, 0);  // compressed by deflate; then nothing
    return out;
}

void write_all(int fd, std::string_view bytes, const std::string& path) {
    const ssize_t done = ::pwrite(fd, bytes.data(), bytes.size(), 0);
    if (done != static_cast<ssize_t>(bytes.size())) refuse_errno(done < 0 ? errno : ENOSPC, "cannot write '{}'", path);
}

void write_qcow2(int fd, const model::Volume& wanted) {
    const std::string& path = wanted.target.path;
    const uint64_t capacity = whole_sectors(wanted.capacity.value_or(0));
    const uint64_t entries = (capacity + entry_covers - 1) / entry_covers;
    const uint64_t size = first_level_table + entries * 8;
    // Written, not set aside: places that were set aside and written to here and there cost the file system a block of
    // its own to tell them apart, which would show as the volume's.
    std::string image(size, '\0');
    const auto put_at = [&](uint64_t offset, const std::string& bytes) { image.replace(offset, bytes.size(), bytes); };
    std::string counts;
    for (int used = 0; used < 4; used++) put<uint16_t>(counts, 1);
    std::string table;
    put<uint64_t>(table, reference_block);
    put_at(0, header(capacity, wanted.target.compat != "1.1"));
    put_at(reference_table, table);
    put_at(reference_block, counts);
    write_all(fd, image, path);
}

void write_raw(int fd, const model::Volume& wanted) {
    const uint64_t bytes = wanted.capacity.value_or(0);
    const int error = bytes > INT64_MAX ? EFBIG : ::ftruncate(fd, static_cast<off_t>(bytes)) != 0 ? errno : 0;
    if (error != 0)
        throw Error::from_errno(error, ErrorDomain::none,
                                fmt::format("Failed to truncate file '{}'", wanted.target.path));
}

}  // namespace

void set_access(int fd, const model::Volume& wanted) {
    const model::Permissions& permissions = wanted.target.permissions;
    const std::string& path = wanted.target.path;
    const auto owner = permissions.owner.value_or(static_cast<uint32_t>(-1));
    const auto group = permissions.group.value_or(static_cast<uint32_t>(-1));
    if (::geteuid() == 0 && ::fchown(fd, owner, group) != 0)
        refuse_errno(errno, "unable to set ownership of '{}' to user {} and group {}", path, owner, group);
    if (::fchmod(fd, permissions.mode.value_or(0600)) != 0)
        refuse_errno(errno, "cannot set mode of '{}' to {:04o}", path, permissions.mode.value_or(0600));
}

bool is_plain_new_image(const NewVolume& volume) {
    const model::Volume& wanted = volume.wanted;
    const model::VolumeTarget& target = wanted.target;
    const bool has_backing = wanted.backing && !wanted.backing->path.empty();
    const bool any_wish = volume.source || volume.flags != 0 || has_backing || target.encryption || target.nocow;
    if (any_wish) return false;
    if (target.format == "raw" || target.format.empty()) return wanted.allocation.value_or(0) == 0;
    const bool is_known = target.compat.empty() || target.compat == "0.10" || target.compat == "1.1";
    const uint64_t capacity = wanted.capacity.value_or(0);
    return target.format == "qcow2" && is_known && !target.features &&
           (target.cluster_size == 0 || target.cluster_size == cluster) && capacity > 0 && capacity <= largest_capacity;
}

Seen write_new_image(const model::Volume& wanted, const std::string& path) {
    const Fd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (!fd) refuse_errno(errno, "cannot create path '{}'", wanted.target.path);
    try {
        if (wanted.target.format == "qcow2") {
            write_qcow2(fd.get(), wanted);
        } else {
            write_raw(fd.get(), wanted);
        }
        set_access(fd.get(), wanted);
        const bool has_sectors = wanted.target.format == "qcow2";
        const uint64_t capacity = wanted.capacity.value_or(0);
        return look_at_new(wanted, fd.get(), has_sectors ? whole_sectors(capacity) : capacity);
    } catch (const Error&) {
        ::unlink(path.c_str());
        throw;
    }
}

}  // namespace virtue::storage
