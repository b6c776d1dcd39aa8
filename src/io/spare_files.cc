#include "io/spare_files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <cerrno>
#include <exception>
#include <utility>
#include <vector>

namespace virtue::io {

namespace {
constexpr size_t most_folders = 8;
constexpr uint32_t own_mode = 0600;
}  // namespace

SpareFiles::Shelf SpareFiles::make_shelf(const std::string& path) {
    Shelf shelf;
    const Fd folder(::open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    struct stat status {};
    if (!folder || ::fstat(folder.get(), &status) != 0) return shelf;
    shelf.device = status.st_dev;
    shelf.inode = status.st_ino;
    shelf.file = Fd(::openat(folder.get(), ".", O_WRONLY | O_TMPFILE | O_CLOEXEC, own_mode));
    shelf.never = !shelf.file && (errno == EOPNOTSUPP || errno == EISDIR || errno == EINVAL);
    return shelf;
}

Fd SpareFiles::take(const std::string& folder) {
    std::lock_guard lock(mutex_);
    if (!shelves_.contains(folder) && shelves_.size() >= most_folders) return {};
    Shelf& shelf = shelves_[folder];
    shelf.wanted = !shelf.never;
    Fd file = std::exchange(shelf.file, {});
    struct stat now {};
    const bool is_same =
        file && ::stat(folder.c_str(), &now) == 0 && now.st_dev == shelf.device && now.st_ino == shelf.inode;
    return is_same ? std::move(file) : Fd();
}

void SpareFiles::stock_up() noexcept {
    try {
        std::vector<std::string> wanted;
        {
            std::lock_guard lock(mutex_);
            for (auto& [path, shelf] : shelves_) {
                if (std::exchange(shelf.wanted, false)) wanted.push_back(path);
            }
        }
        // Nobody who saves meanwhile waits for this.
        for (const std::string& path : wanted) put_on_shelf(path, make_shelf(path));
    } catch (const std::exception&) {
        // Out of memory.
    }
}

void SpareFiles::put_on_shelf(const std::string& path, Shelf made) {
    std::lock_guard lock(mutex_);
    const auto found = shelves_.find(path);
    if (found == shelves_.end()) return;
    made.wanted = found->second.wanted && !made.never;
    found->second = std::move(made);
}

void SpareFiles::clear() {
    std::lock_guard lock(mutex_);
    shelves_.clear();
}

}  // namespace virtue::io
