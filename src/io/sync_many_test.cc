#include "io/sync_many.h"

#include <doctest/doctest.h>

#include <fcntl.h>
#include <fmt/core.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>
#include <cerrno>
#include <filesystem>
#include <fstream>

#include "base/fd.h"

using namespace virtue::io;

TEST_CASE("many files are synced, folders too, and each that cannot be opened is told by its place") {
    const std::string folder = fmt::format("/tmp/virtue-sync-test-{}", ::getpid());
    std::filesystem::create_directory(folder);
    std::vector<std::string> paths;
    for (int i = 0; i < 300; i++) {
        paths.push_back(fmt::format("{}/{}", folder, i));
        if (i != 7 && i != 200) std::ofstream(paths.back()) << "content";
    }
    std::filesystem::create_symlink("nowhere", paths[200]);
    paths.push_back(folder);
    const std::vector<Synced> results = sync_files(paths);
    REQUIRE(results.size() == paths.size());
    for (size_t i = 0; i < paths.size(); i++) {
        CAPTURE(i);
        CHECK(results[i].open_error == (i == 7 ? ENOENT : i == 200 ? ELOOP : 0));
        CHECK(results[i].sync_error == 0);
    }
    // What cannot be synced at all says so or counts as synced; nothing hangs.
    const std::vector<std::string> odd = {"/proc/self/status", folder + "/0", "/proc/self/stat"};
    CHECK(sync_files(odd).at(1).sync_error == 0);
    CHECK(sync_files({}).empty());
    std::filesystem::remove_all(folder);
}

namespace {

/// "vda" where /dev/vda holds the root file system, as the kernel's table of mounts tells it.
std::string root_device() {
    std::ifstream mounts("/proc/self/mounts");
    std::string device, place, rest;
    std::string found;
    while (mounts >> device >> place && std::getline(mounts, rest))
        if (place == "/") found = device;
    return found.substr(found.rfind('/') + 1);
}

}  // namespace

TEST_CASE("only a journal keeps the order") {
    const virtue::Fd memory(::open("/dev/shm", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    CHECK_FALSE(keeps_order(memory.get()));
    CHECK_FALSE(keeps_order(-1));
    const virtue::Fd root(::open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    struct statfs system {};
    REQUIRE(::fstatfs(root.get(), &system) == 0);
    const bool is_ext = system.f_type == EXT4_SUPER_MAGIC;
    // Its own journal: others on this host, of a test that mounts a disk for instance, say nothing of it.
    if (is_ext && std::filesystem::exists(fmt::format("/proc/fs/jbd2/{}-8", root_device())))
        CHECK(keeps_order(root.get()));
}
