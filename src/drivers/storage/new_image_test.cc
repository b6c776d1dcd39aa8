#include "drivers/storage/new_image.h"

#include <doctest/doctest.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cstdlib>
#include <filesystem>

#include "base/error.h"
#include "base/fd.h"
#include "host/image_header.h"
#include "io/files.h"

using namespace virtue;
using namespace virtue::storage;

namespace {

struct Folder {
    Folder() : path(fmt::format("/tmp/virtue-new-image-{}", ::getpid())) { std::filesystem::create_directory(path); }
    ~Folder() { std::filesystem::remove_all(path); }
    std::string file(const std::string& name) const { return path + "/" + name; }
    std::string path;
};

NewVolume wish(const std::string& format, uint64_t capacity) {
    NewVolume volume;
    volume.wanted.name = "disk";
    volume.wanted.target.path = "/pool/disk";
    volume.wanted.target.format = format;
    volume.wanted.capacity = capacity;
    volume.wanted.allocation = 0;
    return volume;
}

bool runs(const std::string& command) {
    return std::system((command + " >/dev/null 2>&1").c_str()) == 0;
}

constexpr uint64_t mib = 1 << 20;

}  // namespace

TEST_CASE("an empty qcow2 image is the one that qemu-img makes, and takes as much of the disk") {
    Folder folder;
    for (const uint64_t capacity : {uint64_t{512}, 64 * mib, 513 * mib, 20480 * mib + 512, 3 * mib * mib}) {
        CAPTURE(capacity);
        const std::string ours = folder.file("ours");
        const std::string theirs = folder.file("theirs");
        write_new_image(wish("qcow2", capacity).wanted, ours);
        REQUIRE(runs(fmt::format("qemu-img create -f qcow2 -o compat=0.10 {} {}", theirs, capacity)));
        CHECK(io::read_file(ours, 8 * mib) == io::read_file(theirs, 8 * mib));
        struct stat status[2] = {};
        REQUIRE(::stat(ours.c_str(), &status[0]) == 0);
        REQUIRE(::stat(theirs.c_str(), &status[1]) == 0);
        CHECK(status[0].st_blocks == status[1].st_blocks);
        CHECK(runs("qemu-img check " + ours));
        ::unlink(ours.c_str());
    }
}

TEST_CASE("an image of the newer form says so, is sound, and can be written") {
    Folder folder;
    NewVolume volume = wish("qcow2", 64 * mib);
    volume.wanted.target.compat = "1.1";
    const std::string path = folder.file("disk");
    write_new_image(volume.wanted, path);
    CHECK(runs("qemu-img check " + path));
    CHECK(runs("qemu-io -f qcow2 -c 'write -P 7 1M 3M' -c 'read -P 7 2M 1M' -c 'read -P 0 60M 4M' " + path));
    CHECK(runs("qemu-img check " + path));
    const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    const host::ImageFacts facts = host::read_image_header(fd.get(), 0);
    CHECK(facts.format == "qcow2");
    CHECK(facts.compat == "1.1");
    CHECK(facts.capacity == 64 * mib);
}

TEST_CASE("a raw image of holes has its size and the mode asked for, and never takes the place of a file") {
    Folder folder;
    NewVolume volume = wish("raw", 64 * mib);
    volume.wanted.target.permissions.mode = 0640;
    const std::string path = folder.file("disk");
    write_new_image(volume.wanted, path);
    struct stat status {};
    REQUIRE(::stat(path.c_str(), &status) == 0);
    CHECK(static_cast<uint64_t>(status.st_size) == 64 * mib);
    CHECK(status.st_blocks == 0);
    CHECK((status.st_mode & 07777) == 0640);
    CHECK_THROWS_AS(write_new_image(volume.wanted, path), Error);
    CHECK(std::filesystem::exists(path));
}

TEST_CASE("what needs more than an empty image is left to qemu-img") {
    CHECK(is_plain_new_image(wish("raw", mib)));
    CHECK(is_plain_new_image(wish("qcow2", mib)));
    CHECK_FALSE(is_plain_new_image(wish("vmdk", mib)));
    CHECK_FALSE(is_plain_new_image(wish("qcow2", uint64_t{5} * mib * mib)));
    auto changed = [](auto change, const char* format = "qcow2") {
        NewVolume volume = wish(format, mib);
        change(volume);
        return is_plain_new_image(volume);
    };
    CHECK_FALSE(changed([](NewVolume& v) { v.wanted.backing.emplace().path = "/pool/base"; }));
    CHECK_FALSE(changed([](NewVolume& v) { v.wanted.target.encryption.emplace(); }));
    CHECK_FALSE(changed([](NewVolume& v) { v.wanted.target.features.emplace().lazy_refcounts = true; }));
    CHECK_FALSE(changed([](NewVolume& v) { v.wanted.target.cluster_size = 4096; }));
    CHECK_FALSE(changed([](NewVolume& v) { v.wanted.target.nocow = true; }));
    CHECK_FALSE(changed([](NewVolume& v) { v.wanted.target.compat = "2.0"; }));
    CHECK_FALSE(changed([](NewVolume& v) { v.flags = 1; }));
    CHECK_FALSE(changed([](NewVolume& v) { v.source = std::make_shared<model::Volume>(); }));
    CHECK_FALSE(changed([](NewVolume& v) { v.wanted.allocation = mib; }, "raw"));
}
