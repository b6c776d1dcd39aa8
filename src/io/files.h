// Files written so that a crash leaves the old or the new content, never half. The plain functions block: call
// them from the blocking pool, or use the awaitable forms.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/fd.h"
#include "io/loop.h"

namespace virtue::io {

/// A file that is written beside the one whose place it takes later. What never takes it is removed.
class PreparedFile {
public:
    /// An empty file. Throws system_error naming `path`; then nothing is left beside it.
    PreparedFile(std::string path, uint32_t mode);
    PreparedFile(std::string path, std::string_view content, uint32_t mode) : PreparedFile(std::move(path), mode) {
        write(content);
    }
    /// The same in a file from SpareFiles, or in a new one if `spare` is empty.
    PreparedFile(std::string path, uint32_t mode, Fd spare);
    ~PreparedFile();
    PreparedFile(PreparedFile&& other) noexcept;
    PreparedFile& operator=(PreparedFile&&) = delete;

    /// Appends content, which is not on disk yet.
    void write(std::string_view content);
    /// Gives it this time of modification, in ns since 1970.
    void set_time(int64_t time);
    /// Waits until its content is on disk.
    void sync();
    /// Renames it over `path`. The name is on disk after sync_folder_of().
    void put_in_place();

private:
    void name_it();

    std::string path_;
    std::string beside_;  // empty when it has no name yet, or is in place
    Fd fd_;
};
/// Waits until the names in the folder that `path` lies in are on disk.
void sync_folder_of(const std::string& path);

/// Writes beside, syncs, renames over `path`, and syncs the folder. Throws system_error naming the path; then the old
/// file is intact and nothing is left beside it.
void write_file_atomically(const std::string& path, std::string_view content, uint32_t mode);
Task<void> save_file(Loop& loop, std::string path, std::string content, uint32_t mode);
/// The whole file, refused beyond `limit` bytes. Throws system_error naming the path.
std::string read_file(const std::string& path, size_t limit);
Task<std::string> load_file(Loop& loop, std::string path, size_t limit);
/// Removes a file and syncs its folder; a missing file is fine. Throws system_error.
void remove_file(const std::string& path);
Task<void> delete_file(Loop& loop, std::string path);
/// mkdir -p. Existing folders keep their mode. Throws system_error naming the folder.
void make_folders(const std::string& path, uint32_t mode);
/// Names in a folder (without . and ..), sorted; empty if the folder is absent.
std::vector<std::string> list_folder(const std::string& path);

/// Removes what processes that died while writing left beside the files of a folder.
void remove_leftovers(const std::string& folder);

/// An advisory lock on a whole file, held while this object lives and dropped by the kernel when we die. It belongs
/// to the process: closing any other descriptor of the same file in this process drops it, so never read that file.
class FileLock {
public:
    /// Locks by fcntl (F_SETLK, as libvirt's pid files do). Throws operation_failed naming the holder's pid.
    static FileLock take(const std::string& path, uint32_t mode);
    int fd() const { return fd_.get(); }
    /// Writes our pid into the file, as pid files have it.
    void write_pid();

private:
    Fd fd_;
};

}  // namespace virtue::io
