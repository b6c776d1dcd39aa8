// The small files in which the kernel tells about the host, below /proc and /sys. A value; reading blocks for
// microseconds and may be done on any thread. Tests give another root.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/bitmap.h"

namespace virtue::host {

/// Where the kernel's files lie.
class SystemFiles {
public:
    /// `root` stands before every path; empty for the real ones.
    explicit SystemFiles(std::string root = {}) : root_(std::move(root)) {}

    /// The file without the white space at its ends; nothing if it cannot be read.
    std::optional<std::string> text(const std::string& path) const;
    /// The file as one number; nothing if it is none.
    std::optional<uint64_t> number(const std::string& path) const;
    /// A file like "0-3,8"; nothing if it cannot be read.
    std::optional<Bitmap> set(const std::string& path) const;
    /// Names in a folder, sorted; empty if there is none.
    std::vector<std::string> list(const std::string& path) const;
    /// The numbers N of the entries PREFIXN in a folder, ascending.
    std::vector<unsigned> numbered(const std::string& path, const std::string& prefix) const;
    bool exists(const std::string& path) const;
    /// Writes a setting. Throws system_error naming the file.
    void write(const std::string& path, const std::string& value) const;
    const std::string& root() const { return root_; }

private:
    std::string root_;
};

}  // namespace virtue::host
