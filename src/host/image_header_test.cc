#include <doctest/doctest.h>

#include <cstring>
#include <vector>

#include "host/image_header.h"

using namespace virtue::host;

namespace {

using Bytes = std::vector<uint8_t>;

void put(Bytes& bytes, size_t offset, uint64_t value, size_t size, bool big = true) {
    if (bytes.size() < offset + size) bytes.resize(offset + size);
    for (size_t i = 0; i < size; i++) bytes[offset + i] = static_cast<uint8_t>(value >> 8 * (big ? size - 1 - i : i));
}

void put(Bytes& bytes, size_t offset, std::string_view text) {
    if (bytes.size() < offset + text.size()) bytes.resize(offset + text.size());
    std::memcpy(bytes.data() + offset, text.data(), text.size());
}

Bytes qcow2(uint32_t version) {
    Bytes b(512);
    put(b, 0, "QFI\xfb");
    put(b, 4, version, 4);
    put(b, 20, 16, 4);
    put(b, 24, 10 << 20, 8);
    put(b, 100, 104, 4);
    return b;
}

}  // namespace

TEST_CASE("a file without a mark is raw, however short") {
    CHECK(probe_image({}, 0).format == "raw");
    const Bytes one = {'Q'};
    CHECK(probe_image(one, 1).format == "raw");
}

TEST_CASE("a qcow2 header tells version, size, features and backing file") {
    Bytes b = qcow2(3);
    put(b, 72, 16, 8);
    put(b, 80, 1, 8);
    put(b, 104, 0xe2792aca, 4);
    put(b, 108, 5, 4);
    put(b, 112, "qcow2");
    put(b, 8, 400, 8);
    put(b, 16, 9, 4);
    put(b, 400, "/pool/one");
    const ImageFacts facts = probe_image(b, b.size());
    CHECK(facts.format == "qcow2");
    CHECK(facts.capacity == 10 << 20);
    CHECK(facts.compat == "1.1");
    CHECK(facts.cluster_size == 65536);
    CHECK(facts.lazy_refcounts);
    CHECK(facts.extended_l2);
    CHECK(facts.backing == "/pool/one");
    CHECK(facts.backing_format == "qcow2");
    CHECK(probe_image(qcow2(2), 512).compat.empty());
    CHECK(probe_image(qcow2(9), 512).format == "raw");
}

TEST_CASE("what a hostile header points at beyond its end is not there") {
    Bytes b = qcow2(2);
    put(b, 8, UINT64_MAX - 2, 8);
    put(b, 16, 100, 4);
    CHECK_FALSE(probe_image(b, b.size()).backing);
    put(b, 8, 500, 8);
    put(b, 16, UINT32_MAX, 4);
    CHECK_FALSE(probe_image(b, b.size()).backing);
    put(b, 16, 2000, 4);
    CHECK_FALSE(probe_image(b, b.size()).backing);
    // An extension that claims to go on for ever.
    put(b, 72, 0xe2792aca, 4);
    put(b, 76, 0xfffffff0, 4);
    CHECK_FALSE(probe_image(b, b.size()).backing_format);
    put(b, 20, 99, 4);
    CHECK(probe_image(b, b.size()).cluster_size == 0);
}

TEST_CASE("the other formats are told apart") {
    Bytes vdi(512);
    put(vdi, 64, "\x7f\x10\xda\xbe");
    put(vdi, 68, 0x10001, 4, false);
    put(vdi, 368, 1 << 20, 8, false);
    CHECK(probe_image(vdi, 512).format == "vdi");
    CHECK(probe_image(vdi, 512).capacity == 1 << 20);
    Bytes qed(512);
    put(qed, 0, "QED");
    put(qed, 16, 1, 8, false);
    put(qed, 48, 5 << 20, 8, false);
    put(qed, 56, 64, 4, false);
    put(qed, 60, 4, 4, false);
    put(qed, 64, "base");
    CHECK(probe_image(qed, 512).format == "qed");
    CHECK(probe_image(qed, 512).backing == "base");
    Bytes luks(592);
    put(luks, 0, "LUKS\xba\xbe");
    put(luks, 6, 1, 2);
    put(luks, 104, 4040, 4);
    CHECK(probe_image(luks, 4040 * 512 + 4096).capacity == 4096);
    CHECK(probe_image(luks, 4096).capacity.has_value() == false);
    Bytes iso(40000);
    put(iso, 32769, "CD001");
    CHECK(probe_image(iso, 40000).format == "iso");
    Bytes vmdk(2048);
    put(vmdk, 0, "KDMV");
    put(vmdk, 4, 1, 4, false);
    put(vmdk, 12, 2048, 8, false);
    put(vmdk, 28, 1, 8, false);
    put(vmdk, 512, "# Disk DescriptorFile\nparentFileNameHint=\"base.vmdk\"\n");
    CHECK(probe_image(vmdk, 2048).capacity == 1 << 20);
    CHECK(probe_image(vmdk, 2048).backing == "base.vmdk");
}

TEST_CASE("names that QEMU would find and we do not read are told of") {
    Bytes b = qcow2(3);
    CHECK_FALSE(probe_image(b, b.size()).hides_backing);
    put(b, 8, 40000, 8);
    put(b, 16, 11, 4);
    put(b, 40000, "/etc/shadow");
    CHECK_FALSE(probe_image(b, b.size()).backing);
    CHECK(probe_image(b, b.size()).hides_backing);
    put(b, 8, 400, 8);
    put(b, 400, "/etc/shadow");
    CHECK_FALSE(probe_image(b, b.size()).hides_backing);
    Bytes vmdk(2048);
    put(vmdk, 0, "KDMV");
    put(vmdk, 4, 1, 4, false);
    put(vmdk, 12, 2048, 8, false);
    put(vmdk, 28, 2, 8, false);
    put(vmdk, 1024, "parentFileNameHint: /etc/shadow\"");
    CHECK(probe_image(vmdk, 2048).backing == "/etc/shadow");
    put(vmdk, 28, UINT64_MAX / 256, 8, false);
    CHECK(probe_image(vmdk, 2048).hides_backing);
}

TEST_CASE("an image whose content lies in files that it names says so") {
    Bytes b = qcow2(3);
    CHECK_FALSE(probe_image(b, b.size()).is_scattered);
    put(b, 72, 4, 8);
    CHECK(probe_image(b, b.size()).is_scattered);
    Bytes old = qcow2(2);
    put(old, 72, 4, 8);
    CHECK_FALSE(probe_image(old, old.size()).is_scattered);
    Bytes vmdk(2048);
    put(vmdk, 0, "KDMV");
    put(vmdk, 4, 1, 4, false);
    put(vmdk, 28, 1, 8, false);
    put(vmdk, 512, "RW 2048 FLAT \"/etc/shadow\" 0\n");
    CHECK(probe_image(vmdk, 2048).is_scattered);
}
