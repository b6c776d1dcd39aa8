// Which image format a file has, told from its first bytes: our own reading of the headers of qcow, qcow2, qed, vmdk,
// vdi, vpc, bochs, cow, LUKS and ISO 9660. The bytes may come from a guest: everything is bounded, nothing is followed.
// Pure functions but for the one that reads a file, which blocks; any thread.
#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace virtue::host {

/// So many bytes from the start of a file are looked at: the mark of ISO 9660 lies deepest.
constexpr size_t probe_size = 0x8200;

enum class Encrypted : uint8_t { no, aes, luks };

/// What a header says.
struct ImageFacts {
    std::string_view format = "raw";   ///< as libvirt names it; "luks" for a LUKS container
    std::optional<uint64_t> capacity;  ///< bytes, where the header says it
    Encrypted encrypted = Encrypted::no;
    std::optional<std::string> backing;         ///< as it stands in the header
    std::optional<std::string> backing_format;  ///< as it stands in the header
    std::string_view compat;                    ///< qcow2: "0.10" or "1.1"
    uint64_t cluster_size = 0;                  ///< bytes
    bool is_scattered = false;   ///< its content lies in files that it names: a qcow2's data file, a vmdk's extents
    bool hides_backing = false;  ///< it names a backing file beyond what was read
    bool lazy_refcounts = false;
    bool extended_l2 = false;
};

/// Reads the header in `head`, the first bytes (at most probe_size are used) of a file of `file_size` bytes.
ImageFacts probe_image(std::span<const uint8_t> head, uint64_t file_size);

/// The same for an open file. What cannot be read counts as zeroes.
ImageFacts read_image_header(int fd, uint64_t file_size);

}  // namespace virtue::host
