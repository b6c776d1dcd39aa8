// The layers of a disk: which images lie below one another, found from their headers at the start and kept in the live
// definition, and how calls name them. Layers are counted from the top, which is 0. Functions that read files block:
// they run on the pool; the others any thread.
#pragma once
#include <optional>
#include <string>

#include "drivers/qemu/core.h"
#include "model/domain/storage_source.h"

namespace virtue::qemu {

/// Images may lie this deep.
constexpr int deepest_chain = 200;

/// Completes the layers below `top` from the headers of the images, down to the one that ends the chain; a chain that
/// the document ends itself is left alone. A header is believed only as the format that the document, or the header
/// above, says. Blocks. Throws system_error naming a file that is missing, operation_invalid for an image whose
/// header does not tell the format of the next one though that has a next one itself.
void detect_layers(model::StorageSource& top);

/// Does so for every disk of a guest about to start, in its live definition.
Task<void> detect_chains(Core& core, std::shared_ptr<model::Domain> domain, io::Deadline deadline);
/// Does so for a disk that is about to be plugged.
Task<model::StorageSource> with_layers(Core& core, model::StorageSource source);

/// True if something lies below.
bool has_backing(const model::StorageSource& layer);
/// The layer so far below `top`. Must be there.
model::StorageSource& layer_at(model::StorageSource& top, size_t depth);
const model::StorageSource& layer_at(const model::StorageSource& top, size_t depth);
/// How many layers there are: 1 for an image without another below it.
size_t depth_of(const model::StorageSource& top);
/// The layer of that number; nothing if there is none.
std::optional<size_t> find_layer_number(const model::StorageSource& top, uint32_t index);

/// "vda[2]": a disk's target and the number of one of its layers; 0 stands for none.
struct LayerName {
    std::string target;
    uint32_t index = 0;
};
/// Nothing for what has another form.
std::optional<LayerName> parse_layer_name(const std::string& text);

/// The layer that a client names by path, by "vda[2]" or, without a name, the lowest. `above` limits the search to what
/// lies below that layer. Blocks where paths have to be compared. Throws invalid_arg with libvirt's words.
size_t find_layer(const model::StorageSource& top, std::optional<size_t> above, const std::optional<std::string>& name,
                  const std::string& target);

/// The name by which the image above `layer` finds the one at `base`, put together from the relative names in the
/// headers; nothing where one of them is absolute. `layer` is not the top. Blocks.
std::optional<std::string> relative_name(const model::StorageSource& top, size_t layer, size_t base);

/// What stands in an image's header for the one below it: a path, or QEMU's "json:" form for what has none.
std::string backing_name(const model::StorageSource& layer);

/// The next number for a layer of this guest.
uint32_t next_node(Run& run);
std::string format_node_name(const model::StorageSource& layer);

}  // namespace virtue::qemu
