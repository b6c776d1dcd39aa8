// The disk image from which `virtue up` makes a guest: a file here, or one fetched from the web. Loop thread only.
#pragma once
#include <optional>
#include <string>

#include "shell/context.h"

namespace virtue::shell {

/// An image file on this machine.
struct Image {
    std::string path;
    std::string format;     ///< "qcow2", "raw", as its first bytes say
    uint64_t size = 0;      ///< bytes of the file
    uint64_t capacity = 0;  ///< bytes of the disk in it
    std::string mark;       ///< changes when the file does
};

/// The image at `where`: a path, or a URL of http, https or ftp, which is fetched (by curl) into the user's cache,
/// once. With `checksum` ("sha256:…", "sha512:…", or the digits alone) the file is compared with it; what was fetched
/// and does not match is fetched again. Throws Failure.
Task<Image> obtain_image(Context& context, std::string where, std::optional<std::string> checksum);

/// What the file's first bytes say it is. Throws Failure for what is no image that a guest can start from.
Image look_at_image(const std::string& path);

}  // namespace virtue::shell
