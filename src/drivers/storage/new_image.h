// New images without content, by our own hand: raw files of holes and plain qcow2 images. Starting qemu-img takes a
// hundred times as long as writing four clusters. Plain functions that block: for the blocking pool.
#pragma once
#include <string>

#include "drivers/storage/kind.h"

namespace virtue::storage {

/// True for what write_new_image() makes: nothing copied, no backing file, nothing encrypted, nothing allocated before
/// it is written, and qcow2 only in the form that definitions without special wishes get.
bool is_plain_new_image(const NewVolume& volume);

/// Writes the image as `path`, which must not exist, with the owner and mode that the volume is to have, and returns it
/// as it is seen then. Throws system_error naming the volume's own path; then nothing is left.
Seen write_new_image(const model::Volume& wanted, const std::string& path);

/// Gives an open file or folder the owner and mode that the volume is to have. Throws system_error naming its path.
void set_access(int fd, const model::Volume& wanted);

}  // namespace virtue::storage
