// The file of a saved guest: a header, the definition, what QEMU wrote. libvirt's own format, so that either daemon
// restores what the other saved. The functions block: call them from the blocking pool.
#pragma once
#include <cstdint>
#include <string>

#include "base/fd.h"

namespace virtue::qemu {

/// What stands before QEMU's own data.
struct SavedImage {
    bool was_running = false;
    std::string xml;
    std::string cookie;  ///< libvirt's further knowledge, kept as it came
    uint32_t room = 0;   ///< bytes that definition and cookie may take
};

/// Makes the file and writes an unfinished header; QEMU's data goes behind it. Throws system_error.
Fd create_saved_image(const std::string& path, const SavedImage& image);
/// Marks the file as whole and puts it on the disk. Throws system_error.
void finish_saved_image(const Fd& fd, const std::string& path);
/// Opens one and reads it up to QEMU's data, where the descriptor then stands. Throws operation_failed for what is no
/// image, was not finished, or is compressed; system_error.
SavedImage read_saved_image(const std::string& path, Fd& fd);
/// Puts another definition into an image. Throws operation_failed when it does not fit.
void replace_saved_definition(const std::string& path, const std::string& xml, bool was_running);

}  // namespace virtue::qemu
