// The builders of single devices: each adds what one device of the document needs to the command line. Private to
// command/. All throw config_unsupported for what this QEMU does not have.
#pragma once
#include "drivers/qemu/command/builder.h"
#include "model/domain/audio.h"
#include "model/domain/chardev.h"
#include "model/domain/disk.h"
#include "model/domain/filesystem.h"
#include "model/domain/graphics.h"
#include "model/domain/hostdev.h"
#include "model/domain/interface.h"
#include "model/domain/simple_devices.h"
#include "model/domain/video.h"

namespace virtue::qemu {

/// Whether a <controller> is a -device of its own: those that the machine brings along are not.
bool is_implicit(const GuestShape& shape, const model::Controller& controller);
void add_controller(Builder& builder, const model::Controller& controller);

/// Node names and devices of a disk; `index` numbers its layers, the first being the top one.
/// The cache mode of the document; a disk that guests share bypasses the host's cache unless told otherwise.
model::DiskCache effective_cache(const model::Disk& disk);
void add_disk(Builder& builder, const model::Disk& disk);
/// The node graph of a source ("libvirt-1-storage", "libvirt-1-format"), innermost first; gives the top node's name.
std::string add_storage(Builder& builder, const model::StorageSource& source, const model::Disk* disk, bool read_only);
/// A secret of the document as an object, encrypted with the master key; `id` finds it in the context.
void add_secret(Builder& builder, const std::string& id);
/// The protocol node of a source without its node name, cache and so on; throws for what QEMU cannot open.
Json storage_protocol(const model::StorageSource& source);

/// -chardev for a device's host side; the id is "char" and the alias. `fd_key` finds a descriptor that the driver
/// opened.
void add_chardev(Builder& builder, const model::ChardevSource& source, const std::string& id,
                 const std::string& fd_key);
void add_serial(Builder& builder, const model::Serial& serial);
void add_parallel(Builder& builder, const model::Parallel& parallel);
void add_console(Builder& builder, const model::Console& console);
void add_channel(Builder& builder, const model::Channel& channel);
void add_redirected(Builder& builder, const model::RedirectedDevice& device, const model::RedirectFilter* filter);
void add_smartcard(Builder& builder, const model::Smartcard& smartcard);

void add_interface(Builder& builder, const model::Interface& interface);
void add_filesystem(Builder& builder, const model::Filesystem& filesystem);
void add_input(Builder& builder, const model::Input& input);
void add_hub(Builder& builder, const model::Hub& hub);
void add_audio(Builder& builder, const model::Audio& audio);
void add_sound(Builder& builder, const model::Sound& sound, std::span<const model::Audio> audios);
void add_graphics(Builder& builder, const model::Graphics& graphics, std::span<const model::Audio> audios);
void add_video(Builder& builder, const model::Video& video, bool primary);
void add_watchdog(Builder& builder, const model::Watchdog& watchdog);
void add_memballoon(Builder& builder, const model::Memballoon& balloon);
void add_rng(Builder& builder, const model::Rng& rng);
void add_panic(Builder& builder, const model::Panic& panic);
void add_shmem(Builder& builder, const model::Shmem& shmem);
void add_vsock(Builder& builder, const model::Vsock& vsock);
void add_iommu(Builder& builder, const model::Iommu& iommu);
void add_tpm(Builder& builder, const model::Tpm& tpm);
void add_crypto(Builder& builder, const model::Crypto& crypto);
/// <rom>: the option ROM that the guest sees instead of the device's own.
void set_rom(Json& json, const model::DeviceInfo& info);
void add_hostdev(Builder& builder, const model::Hostdev& hostdev);

}  // namespace virtue::qemu
