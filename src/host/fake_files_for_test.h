// A folder that stands for the root of /proc and /sys in tests; removed with everything in it at the end.
#pragma once
#include <stdlib.h>

#include <filesystem>
#include <string>

#include "base/error.h"
#include "io/files.h"

namespace virtue::host {

/// A temporary folder with the files that a test puts there.
class FakeFiles {
public:
    FakeFiles() {
        char path[] = "/tmp/virtue-host-XXXXXX";
        if (::mkdtemp(path) == nullptr) throw Error::from_errno(errno, ErrorDomain::none, path);
        root_ = path;
    }
    ~FakeFiles() {
        std::error_code ignored;
        std::filesystem::remove_all(root_, ignored);
    }
    FakeFiles(const FakeFiles&) = delete;
    FakeFiles& operator=(const FakeFiles&) = delete;

    void put(const std::string& path, const std::string& content) {
        std::filesystem::create_directories(std::filesystem::path(root_ + path).parent_path());
        io::write_file_atomically(root_ + path, content, 0600);
    }
    /// A symbolic link to another path of the tree.
    void link(const std::string& path, const std::string& target) {
        std::filesystem::create_directories(std::filesystem::path(root_ + path).parent_path());
        std::filesystem::create_directories(root_ + target);
        std::filesystem::create_symlink(root_ + target, root_ + path);
    }
    const std::string& root() const { return root_; }

private:
    std::string root_;
};

}  // namespace virtue::host
