// Empty files without a name, made before they are needed. To make a file, a file system looks for a free inode, which
// can take longer than everything else that saving a small file costs; a burst of files need not wait for that. A file
// without a name is nobody's to see, and goes with its last descriptor. Owned by whoever saves; any thread.
#pragma once
#include <map>
#include <mutex>
#include <string>

#include <sys/types.h>

#include "base/fd.h"

namespace virtue::io {

class SpareFiles {
public:
    /// An empty file of mode 0600 on the file system of `folder`, for a PreparedFile; an empty Fd if there is none, and
    /// then stock_up() makes one for the next time.
    Fd take(const std::string& folder);
    /// Makes what was taken or missed. Never throws: what cannot be had ahead is made when it is needed.
    void stock_up() noexcept;
    /// Drops all.
    void clear();

private:
    struct Shelf {
        Fd file;
        dev_t device = 0;  // of the folder that it was made for: another one may have its path now
        ino_t inode = 0;
        bool wanted = false;
        bool never = false;  // the file system has no such files
    };
    static Shelf make_shelf(const std::string& path);
    void put_on_shelf(const std::string& path, Shelf made);

    std::mutex mutex_;
    std::map<std::string, Shelf> shelves_;
};

}  // namespace virtue::io
