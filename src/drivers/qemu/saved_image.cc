#include "drivers/qemu/saved_image.h"

#include <fcntl.h>
#include <unistd.h>
#include <cerrno>
#include <cstring>

#include "base/error.h"

namespace virtue::qemu {
namespace {

constexpr size_t magic_size = 16;
constexpr char whole_magic[magic_size + 1] = "LibvirtQemudSave";
constexpr char partial_magic[magic_size + 1] = "LibvirtQemudPart";
/// For definitions that are put in later.
constexpr uint32_t spare_room = 64 * 1024;
constexpr uint32_t most_room = 64 << 20;

/// The header as it lies in the file; numbers are the host's.
struct Header {
    char magic[magic_size];  // 0
    uint32_t version;        // 16
    uint32_t room;           // 20: bytes of definition and cookie
    uint32_t was_running;    // 24
    uint32_t compressed;     // 28: 0 for none
    uint32_t cookie_offset;  // 32: 0 for none
    uint32_t unused[14];     // 36
};
static_assert(sizeof(Header) == 92);

void write_all(const Fd& fd, const void* data, size_t size, const std::string& path) {
    const char* at = static_cast<const char*>(data);
    while (size > 0) {
        const ssize_t written = ::write(fd.get(), at, size);
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) throw Error::from_errno(errno, ErrorDomain::qemu, "failed to write header to '" + path + "'");
        at += written;
        size -= static_cast<size_t>(written);
    }
}

void read_all(const Fd& fd, void* data, size_t size) {
    char* at = static_cast<char*>(data);
    while (size > 0) {
        const ssize_t got = ::read(fd.get(), at, size);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) throw Error(ErrorCode::operation_failed, ErrorDomain::qemu, "failed to read qemu header");
        at += got;
        size -= static_cast<size_t>(got);
    }
}

void write_image(const Fd& fd, const std::string& path, const SavedImage& image, const char* magic) {
    Header header{};
    std::memcpy(header.magic, magic, magic_size);
    header.version = 2;
    header.was_running = image.was_running ? 1 : 0;
    header.cookie_offset = image.cookie.empty() ? 0 : static_cast<uint32_t>(image.xml.size() + 1);
    std::string text = image.xml + '\0';
    if (!image.cookie.empty()) text += image.cookie + '\0';
    header.room = image.room != 0 ? image.room : static_cast<uint32_t>(text.size()) + spare_room;
    if (text.size() > header.room) {
        throw Error(ErrorCode::operation_failed, ErrorDomain::qemu, "new xml too large to fit in file");
    }
    text.resize(header.room);
    write_all(fd, &header, sizeof header, path);
    write_all(fd, text.data(), text.size(), path);
}

Header read_header(const Fd& fd) {
    Header header{};
    read_all(fd, &header, sizeof header);
    if (std::memcmp(header.magic, partial_magic, magic_size) == 0) {
        throw Error(ErrorCode::operation_failed, ErrorDomain::qemu, "save image is incomplete");
    }
    if (std::memcmp(header.magic, whole_magic, magic_size) != 0) {
        throw Error(ErrorCode::operation_failed, ErrorDomain::qemu, "image magic is incorrect");
    }
    if (header.version > 2) {
        fail(ErrorCode::operation_failed, ErrorDomain::qemu, "image version is not supported ({} > 2)", header.version);
    }
    if (header.compressed != 0) {
        fail(ErrorCode::operation_failed, ErrorDomain::qemu, "compressed save format {} is not supported",
             header.compressed);
    }
    if (header.room == 0 || header.room > most_room || header.cookie_offset >= header.room) {
        fail(ErrorCode::operation_failed, ErrorDomain::qemu, "invalid XML length: {}", header.room);
    }
    return header;
}

}  // namespace

Fd create_saved_image(const std::string& path, const SavedImage& image) {
    Fd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
    if (!fd) throw Error::from_errno(errno, ErrorDomain::qemu, "Failed to create file '" + path + "'");
    write_image(fd, path, image, partial_magic);
    return fd;
}

void finish_saved_image(const Fd& fd, const std::string& path) {
    const bool done = ::pwrite(fd.get(), whole_magic, magic_size, 0) == static_cast<ssize_t>(magic_size);
    if (!done || ::fsync(fd.get()) != 0) {
        throw Error::from_errno(errno, ErrorDomain::qemu, "unable to write file '" + path + "'");
    }
}

SavedImage read_saved_image(const std::string& path, Fd& fd) {
    fd = Fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!fd) throw Error::from_errno(errno, ErrorDomain::qemu, "Failed to open file '" + path + "'");
    const Header header = read_header(fd);
    std::string text(header.room, '\0');
    read_all(fd, text.data(), text.size());
    SavedImage image;
    image.was_running = header.was_running != 0;
    image.room = header.room;
    image.xml = text.c_str();
    if (header.cookie_offset != 0) image.cookie = text.c_str() + header.cookie_offset;
    return image;
}

void replace_saved_definition(const std::string& path, const std::string& xml, bool was_running) {
    Fd old;
    SavedImage image = read_saved_image(path, old);
    image.xml = xml;
    image.was_running = was_running;
    Fd fd(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
    if (!fd) throw Error::from_errno(errno, ErrorDomain::qemu, "Failed to open file '" + path + "'");
    write_image(fd, path, image, whole_magic);
    if (::fsync(fd.get()) != 0)
        throw Error::from_errno(errno, ErrorDomain::qemu, "unable to write file '" + path + "'");
}

}  // namespace virtue::qemu
