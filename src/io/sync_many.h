// Many files brought to disk together. One after the other each waits for a commit of the file system and a flush of
// the disk of its own; asked for at once, they share them. Blocking: for the pool's threads.
#pragma once
#include <span>
#include <string>
#include <vector>

namespace virtue::io {

/// What became of one file: 0, or errno of its open or its sync.
struct Synced {
    int open_error = 0;
    int sync_error = 0;
};

/// Waits until the files or folders are on disk; links are not followed. The results stand in the order of `paths`.
std::vector<Synced> sync_files(std::span<const std::string> paths);

/// True if the file system that an open folder lies on brings changes of names, sizes and owners to disk in the order
/// in which they were made: a sync of the folder then brings all of them that were made before, of its files too, and
/// leaves out only what is in the files. False where this is not known for certain.
bool keeps_order(int folder);

}  // namespace virtue::io
