#include "drivers/storage/scan.h"

#include <doctest/doctest.h>

#include <sys/stat.h>
#include <unistd.h>
#include <filesystem>
#include <fstream>

#include "drivers/storage/pool.h"

using namespace virtue;
using namespace virtue::storage;

namespace {

struct Folder {
    Folder() : path(fmt::format("/tmp/virtue-scan-{}", ::getpid())) { std::filesystem::create_directory(path); }
    ~Folder() { std::filesystem::remove_all(path); }
    void write(const std::string& name, const std::string& content) const {
        std::ofstream(path + "/" + name) << content;
    }
    std::string path;
};

std::vector<std::string> names_of(const SeenByName& seen) {
    std::vector<std::string> names;
    for (const auto& [name, one] : seen) names.push_back(name);
    return names;
}

}  // namespace

TEST_CASE("a second look finds what came, went and changed, and reads nothing else again") {
    Folder folder;
    for (const char* name : {"b", "image-2", "image-10", "image-1", "z"}) folder.write(name, "content");
    const SeenByName first = scan_folder(folder.path, {});
    CHECK(names_of(first) == std::vector<std::string>{"b", "image-1", "image-10", "image-2", "z"});
    std::filesystem::remove(folder.path + "/b");
    std::filesystem::remove(folder.path + "/image-10");
    folder.write("a", "new");
    folder.write("image-11", "new");
    folder.write("zz", "new");
    folder.write("image-2", "more content");
    const SeenByName second = scan_folder(folder.path, first);
    CHECK(names_of(second) == std::vector<std::string>{"a", "image-1", "image-11", "image-2", "z", "zz"});
    CHECK(second.at("image-1").volume == first.at("image-1").volume);
    CHECK(second.at("z").volume == first.at("z").volume);
    CHECK(second.at("image-2").volume != first.at("image-2").volume);
    CHECK(second.at("image-2").volume->capacity == 12);
}

TEST_CASE("a file that became another image is read anew by a scan, also when somebody looked at it before") {
    Folder folder;
    folder.write("disk", "content");
    const SeenByName first = scan_folder(folder.path, {});
    REQUIRE(first.at("disk").volume->target.format == "raw");
    std::string header("QFI\xfb\0\0\0\2", 8);
    header.resize(4096);
    folder.write("disk", header);
    const Seen looked = look_again(*first.at("disk").volume);
    CHECK(looked.volume->target.format == "raw");
    const SeenByName second = scan_folder(folder.path, {{"disk", looked}});
    CHECK(second.at("disk").volume->target.format == "qcow2");
    const Seen again = look_again(*second.at("disk").volume);
    const SeenByName third = scan_folder(folder.path, {{"disk", again}});
    CHECK(third.at("disk").volume == again.volume);
}

TEST_CASE("a pool takes over what was found; what is in use or was touched meanwhile stays as it is") {
    Folder folder;
    io::Loop loop;
    auto definition = std::make_shared<model::Pool>();
    definition->name = "pool";
    Pool pool(loop, definition);
    for (const char* name : {"a", "b", "c", "d"}) folder.write(name, "content");
    pool.merge(scan_folder(folder.path, {}));
    REQUIRE(pool.volumes.size() == 4);
    const VolumeOwner a = pool.volumes.at("a");
    pool.volumes.at("b")->building = true;
    for (const char* name : {"b", "c", "d"}) std::filesystem::remove(folder.path + "/" + name);
    folder.write("e", "content");
    folder.write("0", "content");
    pool.scans = 1;
    pool.touch("d");
    pool.merge(scan_folder(folder.path, pool.known()));
    std::vector<std::string> names;
    for (const auto& [name, volume] : pool.volumes) names.push_back(name);
    CHECK(names == std::vector<std::string>{"0", "a", "b", "d", "e"});
    CHECK(pool.volumes.at("a") == a);
}
