// Image files and their contents: raw files by our own hand, the other formats by qemu-img as an awaited child. New
// files come into being under a work name and get their own when they are complete. Loop thread only.
#pragma once
#include "drivers/storage/kind.h"
#include "drivers/storage/publisher.h"

namespace virtue::storage {

/// Makes an image at `volume.wanted.target.path`; `publisher` is that of its folder. Afterwards a power cut undoes
/// neither its content nor its name. Throws what libvirt throws; then nothing is left.
Task<void> make_image(Context context, NewVolume volume, Publisher& publisher);

/// Makes the content of a volume whose device is there already (a logical volume, a partition).
Task<void> fill_device(Context context, NewVolume volume);

/// Changes an image's capacity.
Task<void> resize_image(Context context, VolumeDefinition volume, uint64_t capacity, uint32_t flags);

/// Overwrites a file's or a device's content.
Task<void> wipe_content(Context context, VolumeDefinition volume, uint32_t algorithm);

/// Throws for flags and formats that do not go together.
void check_new_image(const NewVolume& volume);

}  // namespace virtue::storage
