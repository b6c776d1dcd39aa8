#include "io/spare_files.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include "io/files.h"

using namespace virtue;
using namespace virtue::io;

namespace {

/// A folder of its own, removed at the end.
struct Folder {
    Folder() {
        char name[] = "/var/tmp/virtue-spare-XXXXXX";
        path = ::mkdtemp(name);
    }
    ~Folder() { std::filesystem::remove_all(path); }
    bool has_nameless_files() const { return Fd(::open(path.c_str(), O_WRONLY | O_TMPFILE, 0600)).get() >= 0; }
    std::string path;
};

mode_t mode_of(const std::string& path) {
    struct stat status {};
    REQUIRE(::stat(path.c_str(), &status) == 0);
    return status.st_mode & 07777;
}

}  // namespace

TEST_CASE("a spare file is made after one was asked for, and nobody sees it") {
    Folder folder;
    SpareFiles spares;
    CHECK_FALSE(spares.take(folder.path));
    spares.stock_up();
    if (!folder.has_nameless_files()) return;
    CHECK(list_folder(folder.path).empty());
    CHECK(spares.take(folder.path));
    CHECK_FALSE(spares.take(folder.path));
    spares.stock_up();
    spares.clear();
    CHECK_FALSE(spares.take(folder.path));
}

TEST_CASE("what is saved in a spare file is there under its name alone, new or in another's place") {
    Folder folder;
    SpareFiles spares;
    const std::string path = folder.path + "/vm.xml";
    for (const char* content : {"first", "second", "third"}) {
        PreparedFile file(path, 0640, spares.take(folder.path));
        file.write(content);
        file.put_in_place();
        CHECK(read_file(path, 100) == content);
        CHECK(mode_of(path) == 0640);
        CHECK(list_folder(folder.path) == std::vector<std::string>{"vm.xml"});
        spares.stock_up();
    }
}

TEST_CASE("a spare file that is not used leaves nothing") {
    Folder folder;
    SpareFiles spares;
    spares.take(folder.path);
    spares.stock_up();
    { PreparedFile file(folder.path + "/vm.xml", "text", 0600); }
    { PreparedFile file(folder.path + "/vm.xml", 0600, spares.take(folder.path)); }
    CHECK(list_folder(folder.path).empty());
}

TEST_CASE("a spare file is not used for another folder of the same path") {
    Folder folder;
    SpareFiles spares;
    const std::string inner = folder.path + "/definitions";
    std::filesystem::create_directory(inner);
    spares.take(inner);
    spares.stock_up();
    std::filesystem::rename(inner, folder.path + "/old");
    std::filesystem::create_directory(inner);
    CHECK_FALSE(spares.take(inner));
    spares.stock_up();
    if (folder.has_nameless_files()) CHECK(spares.take(inner));
}

TEST_CASE("where no file can be made ahead, nothing is said") {
    SpareFiles spares;
    spares.take("/proc");
    spares.take("/does/not/exist");
    spares.stock_up();
    CHECK_FALSE(spares.take("/proc"));
    CHECK_FALSE(spares.take("/does/not/exist"));
}
