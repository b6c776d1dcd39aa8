#include "shell/up/image.h"

#include <fcntl.h>
#include <nettle/sha2.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdlib>
#include <filesystem>

#include "base/fd.h"
#include "base/text.h"
#include "io/offload.h"
#include "io/process.h"

namespace virtue::shell {
namespace {

bool is_url(const std::string& where) {
    return where.starts_with("http://") || where.starts_with("https://") || where.starts_with("ftp://");
}

std::string hex(const uint8_t* bytes, size_t size) {
    std::string out;
    for (size_t i = 0; i < size; i++) out += fmt::format("{:02x}", bytes[i]);
    return out;
}

template <typename State, auto Init, auto Update, auto Digest, size_t Size>
std::string digest_of(int fd) {
    State state;
    Init(&state);
    std::vector<uint8_t> buffer(1 << 20);
    for (;;) {
        const ssize_t count = ::read(fd, buffer.data(), buffer.size());
        if (count < 0) throw Error::from_errno(errno, ErrorDomain::none, "cannot read the image");
        if (count == 0) break;
        Update(&state, static_cast<size_t>(count), buffer.data());
    }
    std::array<uint8_t, Size> out{};
    Digest(&state, Size, out.data());
    return hex(out.data(), Size);
}

// "sha256:ABC…" or its digits: the digits in lower case. Which of the two it is follows from their number.
std::string digits_of(std::string checksum) {
    for (const char* kind : {"sha256:", "sha512:"})
        if (checksum.starts_with(kind)) checksum.erase(0, 7);
    for (char& letter : checksum) letter = static_cast<char>(std::tolower(static_cast<unsigned char>(letter)));
    const bool is_hex = checksum.find_first_not_of("0123456789abcdef") == std::string::npos;
    if (!is_hex || (checksum.size() != 64 && checksum.size() != 128))
        throw Failure{"--checksum takes sha256: and 64 hexadecimal digits, or sha512: and 128"};
    return checksum;
}

Task<std::string> checksum_of(Context& context, std::string path, bool is_long) {
    io::Deadline limit = context.forever();
    auto work = [path = std::move(path), is_long] {
        Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
        if (!file) throw Error::from_errno(errno, ErrorDomain::none, "cannot read " + path);
        if (is_long)
            return digest_of<sha512_ctx, nettle_sha512_init, nettle_sha512_update, nettle_sha512_digest, 64>(
                file.get());
        return digest_of<sha256_ctx, nettle_sha256_init, nettle_sha256_update, nettle_sha256_digest, 32>(file.get());
    };
    std::string digits = co_await io::offload(context.loop(), std::move(work), limit);
    co_return digits;
}

Task<bool> matches(Context& context, std::string path, std::string wanted) {
    std::string found = co_await checksum_of(context, std::move(path), wanted.size() == 128);
    co_return found == wanted;
}

std::filesystem::path cache_folder() {
    const char* cache = std::getenv("XDG_CACHE_HOME");
    const char* home = std::getenv("HOME");
    if (cache && *cache) return std::filesystem::path(cache) / "virtue" / "images";
    return std::filesystem::path(home && *home ? home : "/tmp") / ".cache" / "virtue" / "images";
}

std::vector<std::string> own_environment() {
    std::vector<std::string> out;
    for (char** entry = ::environ; *entry; entry++) out.emplace_back(*entry);
    return out;
}

// curl tells its progress, and what fails, to the user.
Task<void> fetch(Context& context, std::string url, std::string path) {
    const std::string part = path + ".part";
    Fd terminal(::dup(STDERR_FILENO));
    io::ProcessOptions options;
    options.arguments = {"curl", "--fail", "--location", "--progress-bar", "--output", part, url};
    if (context.settings().quiet || !::isatty(STDERR_FILENO))
        options.arguments.insert(options.arguments.begin() + 1, "-sS");
    options.environment = own_environment();
    options.standard_error = &terminal;
    std::unique_ptr<io::Process> curl = io::Process::spawn(context.loop(), options);
    io::Deadline limit = context.forever();
    std::exception_ptr interrupted;
    io::ExitStatus status;
    try {
        status = co_await curl->wait(limit);
    } catch (...) {
        interrupted = std::current_exception();
    }
    if (interrupted) {
        curl->signal(SIGTERM);
        std::rethrow_exception(interrupted);
    }
    if (!status.success()) throw Failure{fmt::format("cannot fetch {}: curl ended with {}", url, status.to_string())};
    std::error_code problem;
    std::filesystem::rename(part, path, problem);
    if (problem) throw Failure{fmt::format("cannot keep {}: {}", path, problem.message())};
}

Task<std::string> fetched(Context& context, std::string url, std::string wanted) {
    const std::string file = url.substr(url.rfind('/') + 1);
    const std::string name = file.substr(0, file.find_first_of("?#"));
    if (name.empty()) throw Failure{fmt::format("the URL {} names no file", url)};
    std::error_code problem;
    std::filesystem::create_directories(cache_folder(), problem);
    std::string path = (cache_folder() / name).string();
    if (std::filesystem::exists(path, problem)) {
        if (wanted.empty()) co_return path;
        bool good = co_await matches(context, path, wanted);
        if (good) co_return path;
    }
    context.print_extra(fmt::format("fetching {}\n", url));
    co_await fetch(context, std::move(url), path);
    co_return path;
}

uint64_t big_endian(const char* bytes) {
    uint64_t value = 0;
    for (int i = 0; i < 8; i++) value = value << 8 | static_cast<uint8_t>(bytes[i]);
    return value;
}

}  // namespace

Image look_at_image(const std::string& path) {
    Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    struct stat status {};
    if (!file || ::fstat(file.get(), &status) != 0)
        throw Failure{"cannot read the image " + path, Error::from_errno(errno, ErrorDomain::none, path)};
    if (!S_ISREG(status.st_mode)) throw Failure{fmt::format("the image {} is not a file", path)};
    std::array<char, 512> head{};
    const ssize_t got = ::pread(file.get(), head.data(), head.size(), 0);
    const std::string_view start(head.data(), got < 0 ? 0 : static_cast<size_t>(got));
    Image image{.path = path, .format = "raw", .size = static_cast<uint64_t>(status.st_size)};
    image.capacity = image.size;
    image.mark = fmt::format("{:x}", image.size ^ static_cast<uint64_t>(status.st_mtim.tv_sec) << 24 ^
                                         static_cast<uint64_t>(status.st_mtim.tv_nsec));
    if (image.size == 0) throw Failure{fmt::format("the image {} is empty", path)};
    if (start.starts_with("QFI\xfb")) {
        if (start.size() < 32) throw Failure{fmt::format("the image {} is cut off", path)};
        if (big_endian(start.data() + 8) != 0)
            throw Failure{
                fmt::format("the image {} lies on another image; join them first: qemu-img convert -O qcow2 {} "
                            "NEW.qcow2",
                            path, path)};
        image.format = "qcow2";
        image.capacity = big_endian(start.data() + 24);
        return image;
    }
    for (auto [magic, tool] : {std::pair<std::string_view, const char*>{"\xfd"
                                                                        "7zXZ",
                                                                        "xz -dk"},
                               {"\x1f\x8b", "gzip -dk"},
                               {"BZh", "bzip2 -dk"},
                               {"\x28\xb5\x2f\xfd", "zstd -dk"}})
        if (start.starts_with(magic))
            throw Failure{fmt::format("the image is packed; unpack it first: {} {}", tool, path)};
    for (std::string_view magic : {"KDMV", "<<< ", "conectix", "vhdxfile"})
        if (start.starts_with(magic))
            throw Failure{
                fmt::format("the image is of another program; make it one of QEMU's first: qemu-img convert -O "
                            "qcow2 {} NEW.qcow2",
                            path)};
    return image;
}

Task<Image> obtain_image(Context& context, std::string where, std::optional<std::string> checksum) {
    const std::string wanted = checksum ? digits_of(std::move(*checksum)) : "";
    const bool remote = is_url(where);
    std::string path = std::move(where);
    if (remote) path = co_await fetched(context, std::move(path), wanted);
    Image image = look_at_image(path);
    if (!wanted.empty()) {
        bool good = co_await matches(context, path, wanted);
        if (!good) throw Failure{fmt::format("the image {} is not what its checksum says", path)};
    }
    co_return image;
}

}  // namespace virtue::shell
