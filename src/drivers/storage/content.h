// Bytes of raw files and devices: made, copied, resized, overwritten, piece by piece on the blocking pool, so that no
// long operation keeps others from it and each can be given up. Loop thread only.
#pragma once
#include <string>

#include "drivers/storage/kind.h"

namespace virtue::storage {

/// A raw file to make, or a device to fill; sizes in bytes.
struct RawFile {
    std::string path;
    uint64_t capacity = 0;
    uint64_t allocation = 0;
    bool nocow = false;
    bool is_device = false;
};

/// Makes the file, which must not exist, with `allocation` bytes of disk behind it; the caller syncs it. Throws
/// system_error
/// ("No space left on device"); what was begun is the caller's to remove.
Task<void> make_raw(Context context, RawFile file);

/// Makes the file (or fills the device) with what is in `from`; holes stay holes. A device is on disk afterwards, a
/// file is the caller's to sync. The file systems share the blocks where they can; with `must_share` it is an error
/// when they cannot.
Task<void> copy_raw(Context context, RawFile file, std::string from, bool must_share);

Task<void> resize_raw(Context context, std::string path, uint64_t capacity, bool allocate);

/// Overwrites `size` bytes with zeros, or makes a hole of a sparse file. A file that this ends in the middle of is
/// noted as unfinished.
Task<void> wipe_raw(Context context, std::string path, uint64_t size);

}  // namespace virtue::storage
