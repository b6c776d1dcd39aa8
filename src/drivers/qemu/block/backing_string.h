// What stands in an image's header for the image below it: a path, a URI, or QEMU's "json:" form. The text may come
// from a guest; it is only read here, nothing is opened. Pure function; any thread.
#pragma once
#include <optional>
#include <string>

#include "model/domain/storage_source.h"

namespace virtue::qemu {

/// The image that is meant; a relative path lies in `folder`. Its format is set only where the text says it. Nothing
/// for what has no form in a definition.
std::optional<model::StorageSource> parse_backing_string(const std::string& text, const std::string& folder);

}  // namespace virtue::qemu
