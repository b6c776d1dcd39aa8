#include "drivers/qemu/security/dac.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cstdlib>
#include <filesystem>

#include "base/error.h"
#include "base/fd.h"

namespace virtue::qemu {
namespace {

constexpr uint32_t guest_user = 54321;

/// A folder with a file of root's in it; gone at the end.
struct Place {
    Place() {
        char name[] = "/tmp/dac-test-XXXXXX";
        folder = ::mkdtemp(name);
        Fd(::open((folder + "/image").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
    }
    ~Place() { std::filesystem::remove_all(folder); }
    uint32_t owner() const {
        struct stat status {};
        REQUIRE(::stat((folder + "/image").c_str(), &status) == 0);
        return status.st_uid;
    }
    /// Makes `name` a link to `target` that belongs to `user`.
    std::string link(const std::string& name, const std::string& target, uint32_t user) const {
        std::string path = folder + "/" + name;
        REQUIRE(::symlink(target.c_str(), path.c_str()) == 0);
        REQUIRE(::lchown(path.c_str(), user, user) == 0);
        return path;
    }
    std::string folder;
};

bool is_root() {
    if (::geteuid() == 0) return true;
    MESSAGE("skip: only root gives files away");
    return false;
}

std::vector<OwnedFile> only(const std::string& path) {
    return {OwnedFile{path, false, true}};
}

}  // namespace

TEST_CASE("an image is given to the guest's user and taken back, through the host's own links, too") {
    if (!is_root()) return;
    Place place;
    DacOwner owner(guest_user, guest_user, true);
    place.link("there", ".", 0);
    std::string chain = place.link("chain", place.folder + "/there/../" + place.folder.substr(5) + "/image", 0);
    for (const std::string& path : {place.folder + "/image", chain}) {
        owner.give(only(path));
        CHECK(place.owner() == guest_user);
        CHECK(owner.restore(only(path)).empty());
        CHECK(place.owner() == 0);
    }
}

TEST_CASE("a link that the guest's user made gives it no file of the host") {
    if (!is_root()) return;
    Place place;
    DacOwner owner(guest_user, guest_user, false);
    std::string last = place.link("last", "image", guest_user);
    std::string middle = place.link("middle", ".", guest_user) + "/image";
    for (const std::string& path : {last, middle}) {
        CHECK_THROWS_WITH_AS(owner.give(only(path)), doctest::Contains("belongs to the user that guests run as"),
                             Error);
        CHECK(place.owner() == 0);
    }
    // One that was put there while the guest ran takes no file away from its owner either.
    REQUIRE(::chown((place.folder + "/image").c_str(), guest_user + 1, guest_user + 1) == 0);
    CHECK(owner.restore(only(last)).size() == 1);
    CHECK(place.owner() == guest_user + 1);
}

TEST_CASE("links in a circle and files that are gone") {
    if (!is_root()) return;
    Place place;
    DacOwner owner(guest_user, guest_user, false);
    std::string circle = place.link("circle", "circle", 0);
    CHECK_THROWS_AS(owner.give(only(circle)), Error);
    CHECK_THROWS_AS(owner.give(only(place.folder + "/nothing")), Error);
    CHECK(owner.restore(only(place.folder + "/nothing")).empty());
}

TEST_CASE("files that were given before another could not be are taken back") {
    if (!is_root()) return;
    Place place;
    DacOwner owner(guest_user, guest_user, false);
    std::vector<OwnedFile> files = only(place.folder + "/image");
    files.push_back({place.folder + "/nothing", false, true});
    CHECK_THROWS_AS(owner.give(files), Error);
    CHECK(place.owner() == 0);
}

}  // namespace virtue::qemu
