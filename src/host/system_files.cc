#include "host/system_files.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/error.h"
#include "base/fd.h"
#include "base/text.h"
#include "io/files.h"

namespace virtue::host {

namespace {

constexpr size_t largest_file = 4 << 20;

}  // namespace

std::optional<std::string> SystemFiles::text(const std::string& path) const {
    try {
        return std::string(trim(io::read_file(root_ + path, largest_file)));
    } catch (const Error&) {
        return std::nullopt;
    }
}

std::optional<uint64_t> SystemFiles::number(const std::string& path) const {
    const auto found = text(path);
    return found ? parse_number<uint64_t>(*found) : std::nullopt;
}

std::optional<Bitmap> SystemFiles::set(const std::string& path) const {
    const auto found = text(path);
    if (!found) return std::nullopt;
    if (found->empty()) return Bitmap();
    return Bitmap::parse(*found);
}

std::vector<std::string> SystemFiles::list(const std::string& path) const {
    return io::list_folder(root_ + path);
}

std::vector<unsigned> SystemFiles::numbered(const std::string& path, const std::string& prefix) const {
    std::vector<unsigned> numbers;
    for (const std::string& name : list(path)) {
        if (!name.starts_with(prefix)) continue;
        if (const auto number = parse_number<unsigned>(std::string_view(name).substr(prefix.size()))) {
            numbers.push_back(*number);
        }
    }
    std::sort(numbers.begin(), numbers.end());
    return numbers;
}

bool SystemFiles::exists(const std::string& path) const {
    return ::access((root_ + path).c_str(), F_OK) == 0;
}

void SystemFiles::write(const std::string& path, const std::string& value) const {
    const std::string whole = root_ + path;
    // Not O_TRUNC on /sys itself, where it means nothing; on a copy for tests it does.
    const Fd file(::open(whole.c_str(), O_WRONLY | O_TRUNC | O_CLOEXEC));
    const bool written =
        file.get() >= 0 && ::write(file.get(), value.data(), value.size()) == static_cast<ssize_t>(value.size());
    if (!written) throw Error::from_errno(errno, ErrorDomain::none, "failed to write " + whole);
}

}  // namespace virtue::host
