// A small CD image: files in one folder, readable by every system (ISO 9660, ECMA-119, with Joliet's long names).
// Pure; used for the disk from which a guest reads its first settings.
#pragma once
#include <string>
#include <utility>
#include <vector>

namespace virtue::shell {

/// A file of the image: its name ("user-data") and content.
using IsoFile = std::pair<std::string, std::string>;

/// The bytes of an image with `files` in its only folder, labelled `label` (ASCII, at most 16 letters). The same input
/// gives the same bytes. Throws invalid_arg for names over 64 letters, or more files than a folder's sector holds (16).
std::string iso_image(const std::string& label, const std::vector<IsoFile>& files);

}  // namespace virtue::shell
