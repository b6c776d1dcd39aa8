// What lies in a folder, seen as volumes: stat, and the header of each file that changed since it was last read. The
// functions block: for the blocking pool. They own what they touch.
#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "model/storage/volume.h"

namespace virtue::storage {

/// What tells a file that was read before from one that changed since.
struct Stamp {
    uint64_t device = 0, inode = 0, size = 0, blocks = 0;
    int64_t modified = 0, changed = 0;  ///< nanoseconds
    bool operator==(const Stamp&) const = default;
};

/// A volume as it was found.
struct Seen {
    std::shared_ptr<const model::Volume> volume;
    Stamp stamp;
    std::string unfinished = {};  ///< the operation that ended in the middle of this content: "wipe", "upload"
};
using SeenByName = std::map<std::string, Seen>;

/// The file, device or folder as a volume; nothing for what is none of these, or vanished.
std::optional<Seen> look_at(const std::string& path, const std::string& name);

/// The same for a volume whose definition is known: what only the file tells (size, times, owner) is read anew, and the
/// header's capacity, the rest stays. Throws system_error naming the path.
Seen look_again(const model::Volume& known);

/// A volume that was just made, `capacity` bytes large to its guest, and is open as `fd`.
Seen look_at_new(const model::Volume& made, int fd, uint64_t capacity);

/// What an image leads a reader of its content to, besides itself.
struct Chain {
    std::vector<std::string> backing;  ///< the files below it, the next one first
    /// The image of them that keeps its content in files that it names, or names the next one where nobody finds it.
    std::optional<std::string> scattered;
};
/// Follows what the headers say now, but for a file that the one before calls raw. A file that cannot be read ends it.
Chain chain_of(const std::string& image);

/// All volumes of a folder. Files whose stamps are in `known` are not opened. Throws system_error
/// "cannot open directory".
SeenByName scan_folder(const std::string& folder, const SeenByName& known);

/// Mode, owner and label of a path; nothing if it is not there.
std::optional<model::Permissions> permissions_of(const std::string& path);

/// Names of files that are being made, and left by those who died over it. They tell the maker: this host since its
/// start, the process and when that began.
std::string work_name();
bool is_work_name(std::string_view name);
/// Removes what daemons that are gone left half made in a folder; what may be another host's only when it is old.
void remove_left_work(const std::string& folder);
/// Removes one of them: a file, or a folder with a file in it.
void remove_work(const std::string& path) noexcept;

/// Notes at a file that its content is neither the old nor the new one until clear_unfinished(): whatever becomes of
/// us, the volume tells it. File systems without extended attributes keep no such note.
void note_unfinished(int fd, const std::string& operation);
void clear_unfinished(int fd);

}  // namespace virtue::storage
