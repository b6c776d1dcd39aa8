#include "host/image_header.h"

#include <unistd.h>
#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>

namespace virtue::host {
namespace {

constexpr uint64_t file_name_limit = 1023;  // of a backing file's name, in all formats that QEMU writes

/// Numbers at offsets of the header; what lies beyond its end reads as zero.
class Header {
public:
    explicit Header(std::span<const uint8_t> bytes) : bytes_(bytes) {}

    bool has(size_t offset, std::string_view magic) const {
        return offset + magic.size() <= bytes_.size() &&
               std::memcmp(bytes_.data() + offset, magic.data(), magic.size()) == 0;
    }
    uint64_t big(size_t offset, size_t size) const { return number(offset, size, true); }
    uint64_t little(size_t offset, size_t size) const { return number(offset, size, false); }
    /// Nothing unless all of it lies within what was read and it has no NUL.
    std::optional<std::string> text(uint64_t offset, uint64_t size, size_t limit) const {
        if (size == 0 || size > limit || offset > bytes_.size() || size > bytes_.size() - offset) return std::nullopt;
        std::string result(reinterpret_cast<const char*>(bytes_.data()) + offset, size);
        if (result.find('\0') != std::string::npos) result.resize(result.find('\0'));
        if (result.empty()) return std::nullopt;
        return result;
    }
    size_t size() const { return bytes_.size(); }
    /// Takes the name of a backing file from where QEMU would.
    void take_backing(ImageFacts& facts, uint64_t offset, uint64_t size) const {
        facts.backing = text(offset, size, file_name_limit);
        const bool is_within = offset <= bytes_.size() && size <= bytes_.size() - offset;
        facts.hides_backing = size != 0 && size <= file_name_limit && !is_within;
    }

private:
    uint64_t number(size_t offset, size_t size, bool big_endian) const {
        if (offset + size > bytes_.size()) return 0;
        uint64_t value = 0;
        for (size_t i = 0; i < size; i++) value = value << 8 | bytes_[offset + (big_endian ? i : size - 1 - i)];
        return value;
    }
    std::span<const uint8_t> bytes_;
};

// docs/interop/qcow2.txt of QEMU: magic, version (4), backing offset (8), its size (16), cluster bits (20), size (24),
// encryption (32), incompatible features (72; 4: an external data file), compatible ones (80), header length (100),
// then extensions.
void read_qcow2_extensions(const Header& h, ImageFacts& facts, uint64_t start, uint64_t end) {
    constexpr uint32_t backing_format_type = 0xe2792aca;
    for (uint64_t at = start; at + 8 <= std::min<uint64_t>(end, h.size());) {
        const uint64_t type = h.big(at, 4);
        const uint64_t size = h.big(at + 4, 4);
        if (type == 0 || size > h.size() - at - 8) return;
        if (type == backing_format_type) facts.backing_format = h.text(at + 8, size, 64);
        at += 8 + (size + 7) / 8 * 8;
    }
}

ImageFacts read_qcow2(const Header& h) {
    ImageFacts facts;
    facts.format = "qcow2";
    const uint64_t version = h.big(4, 4);
    facts.capacity = h.big(24, 8);
    const uint64_t bits = h.big(20, 4);
    if (bits >= 9 && bits <= 30) facts.cluster_size = uint64_t{1} << bits;
    facts.encrypted = h.big(32, 4) == 1 ? Encrypted::aes : h.big(32, 4) == 2 ? Encrypted::luks : Encrypted::no;
    if (version >= 3) {
        facts.compat = "1.1";
        facts.lazy_refcounts = (h.big(80, 8) & 1) != 0;
        facts.extended_l2 = (h.big(72, 8) & 16) != 0;
        facts.is_scattered = (h.big(72, 8) & 4) != 0;
    }
    const uint64_t offset = h.big(8, 8);
    if (offset == 0) return facts;
    h.take_backing(facts, offset, h.big(16, 4));
    read_qcow2_extensions(h, facts, version >= 3 ? h.big(100, 4) : 72, offset);
    return facts;
}

ImageFacts read_qcow1(const Header& h) {
    ImageFacts facts;
    facts.format = "qcow";
    facts.capacity = h.big(24, 8);
    if (h.big(36, 4) == 1) facts.encrypted = Encrypted::aes;
    if (h.big(8, 8) != 0) h.take_backing(facts, h.big(8, 8), h.big(16, 4));
    return facts;
}

// docs/interop/qed_spec.txt of QEMU: features (16), image size (48), backing offset (56) and size (60).
ImageFacts read_qed(const Header& h) {
    ImageFacts facts;
    facts.format = "qed";
    facts.capacity = h.little(48, 8);
    const uint64_t features = h.little(16, 8);
    if ((features & 1) != 0) h.take_backing(facts, h.little(56, 4), h.little(60, 4));
    if ((features & 4) != 0 && facts.backing) facts.backing_format = "raw";
    return facts;
}

ImageFacts read_vmdk(const Header& h) {
    ImageFacts facts;
    facts.format = "vmdk";
    facts.capacity = h.little(12, 8) <= UINT64_MAX / 512 ? h.little(12, 8) * 512 : 0;
    // Without a size of its own it is nothing but a text that names its parts.
    facts.is_scattered = h.little(12, 8) == 0;
    // The text that describes the image begins at the sector that stands at 28. QEMU takes what follows the word and
    // two more characters, whatever they are.
    constexpr std::string_view hint = "parentFileNameHint";
    constexpr uint64_t text_limit = 20480;
    const uint64_t sector = h.little(28, 8);
    if (sector == 0) return facts;
    const uint64_t offset = sector <= UINT64_MAX / 512 ? sector * 512 : UINT64_MAX;
    const uint64_t rest = offset < h.size() ? h.size() - offset : 0;
    facts.hides_backing = rest == 0;
    const std::optional<std::string> text = h.text(offset, std::min(rest, text_limit), text_limit);
    const size_t begin = text ? text->find(hint) : std::string::npos;
    if (begin == std::string::npos || text->size() < begin + hint.size() + 2) return facts;
    const size_t start = begin + hint.size() + 2;
    const size_t end = text->find('"', start);
    if (end == std::string::npos) return facts;
    std::string name = text->substr(start, end - start);
    if (!name.empty() && name.size() <= file_name_limit) facts.backing = std::move(name);
    return facts;
}

ImageFacts read_luks(const Header& h, uint64_t file_size) {
    ImageFacts facts;
    facts.format = "luks";
    facts.encrypted = Encrypted::luks;
    // Version 1: the payload begins at the sector that stands at 104 (LUKS On-Disk Format 1.2.3, 2.3.2).
    const uint64_t payload = h.big(6, 2) == 1 ? h.big(104, 4) * 512 : 0;
    if (payload != 0 && payload <= file_size) facts.capacity = file_size - payload;
    return facts;
}

ImageFacts plain(std::string_view format, std::optional<uint64_t> capacity = {}) {
    ImageFacts facts;
    facts.format = format;
    facts.capacity = capacity;
    return facts;
}

}  // namespace

ImageFacts probe_image(std::span<const uint8_t> head, uint64_t file_size) {
    const Header h(head.first(std::min(head.size(), probe_size)));
    using namespace std::string_view_literals;
    if (h.has(0, "QFI\xfb")) {
        const uint64_t version = h.big(4, 4);
        if (version == 2 || version == 3) return read_qcow2(h);
        if (version == 1) return read_qcow1(h);
    }
    if (h.has(0, "QED\0"sv)) return read_qed(h);
    if (h.has(0, "KDMV") && h.little(4, 4) >= 1 && h.little(4, 4) <= 3) return read_vmdk(h);
    if (h.has(64, "\x7f\x10\xda\xbe") && h.little(68, 4) == 0x00010001) return plain("vdi", h.little(368, 8));
    if (h.has(0, "conectix") && h.big(12, 4) == 0x10000) return plain("vpc", h.big(40, 8));
    if (h.has(0, "OOOM") && h.big(4, 4) == 2) return plain("cow", h.big(1040, 8));
    if (h.has(0, "Bochs Virtual HD Image")) return plain("bochs", h.little(68 + 12, 8));
    if (h.has(0, "LUKS\xba\xbe") && (h.big(6, 2) == 1 || h.big(6, 2) == 2)) return read_luks(h, file_size);
    if (h.has(32769, "CD001")) return plain("iso");
    return {};
}

ImageFacts read_image_header(int fd, uint64_t file_size) {
    uint8_t head[probe_size];
    size_t have = 0;
    while (have < sizeof head) {
        const ssize_t got = ::pread(fd, head + have, sizeof head - have, static_cast<off_t>(have));
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) break;
        have += static_cast<size_t>(got);
    }
    return probe_image({head, have}, file_size);
}

}  // namespace virtue::host
