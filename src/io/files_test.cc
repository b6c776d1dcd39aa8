#include "io/files.h"

#include <doctest/doctest.h>

#include <fmt/core.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cerrno>
#include <csignal>
#include <filesystem>
#include <fstream>

#include "base/error.h"

using namespace virtue;
using namespace virtue::io;

namespace {

struct Folder {
    Folder() : path(fmt::format("/tmp/virtue-files-test-{}", ::getpid())) { std::filesystem::create_directory(path); }
    ~Folder() { std::filesystem::remove_all(path); }
    std::string file(const std::string& name) const { return path + "/" + name; }
    std::string path;
};

Error error_of(const std::function<void()>& function) {
    try {
        function();
    } catch (const Error& error) {
        return error;
    }
    return Error(ErrorCode{}, ErrorDomain::none, "no error");
}

}  // namespace

TEST_CASE("a file is replaced as a whole, with the mode asked for, whatever the umask") {
    Folder folder;
    std::string path = folder.file("domain.xml");
    mode_t before = ::umask(0077);
    write_file_atomically(path, "one", 0640);
    write_file_atomically(path, "two", 0644);
    ::umask(before);
    CHECK(read_file(path, 100) == "two");
    struct stat status {};
    REQUIRE(::stat(path.c_str(), &status) == 0);
    CHECK((status.st_mode & 07777) == 0644);
    CHECK(list_folder(folder.path) == std::vector<std::string>{"domain.xml"});
}

TEST_CASE("without room the old file stays whole and nothing is left beside it") {
    Folder folder;
    std::string path = folder.file("domain.xml");
    write_file_atomically(path, "old", 0600);
    auto* old = std::signal(SIGXFSZ, SIG_IGN);
    rlimit before{};
    ::getrlimit(RLIMIT_FSIZE, &before);
    rlimit small = before;
    small.rlim_cur = 4096;
    ::setrlimit(RLIMIT_FSIZE, &small);
    std::string large(10000, 'x');
    Error error = error_of([&] { write_file_atomically(path, large, 0600); });
    ::setrlimit(RLIMIT_FSIZE, &before);
    std::signal(SIGXFSZ, old);
    CHECK(error.code() == ErrorCode::system_error);
    CHECK(error.int1() == EFBIG);
    CHECK(error.message().find(path) != std::string::npos);
    CHECK(read_file(path, 100) == "old");
    CHECK(list_folder(folder.path) == std::vector<std::string>{"domain.xml"});
}

TEST_CASE("on a full disk the old file stays whole, and what was written beside gives its room back") {
    Folder folder;
    // The small disk exists for a child alone, which tells by its exit code what it found.
    int child = ::fork();
    if (child == 0) {
        if (::unshare(CLONE_NEWNS) < 0) ::_exit(77);
        if (::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) < 0) ::_exit(77);
        if (::mount("tmpfs", folder.path.c_str(), "tmpfs", 0, "size=64k") < 0) ::_exit(77);
        std::string path = folder.file("domain.xml");
        write_file_atomically(path, "old", 0600);
        std::string large(200000, 'x');
        Error error = error_of([&] { write_file_atomically(path, large, 0600); });
        if (error.int1() != ENOSPC) ::_exit(1);
        if (read_file(path, 100) != "old") ::_exit(2);
        if (list_folder(folder.path).size() != 1) ::_exit(3);
        write_file_atomically(path, std::string(40000, 'y'), 0600);
        ::_exit(0);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    int code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    if (code == 77) MESSAGE("no private mounts here: the full disk is not tested");
    CHECK((code == 0 || code == 77));
}

TEST_CASE("a file that cannot be put in place is an error naming it") {
    Folder folder;
    Error error = error_of([&] { write_file_atomically(folder.file("none/x"), "y", 0600); });
    CHECK(error.message().ends_with(folder.file("none/x") + "': No such file or directory"));
    std::filesystem::create_directories(folder.file("taken/inside"));
    error = error_of([&] { write_file_atomically(folder.file("taken"), "y", 0600); });
    CHECK(error.int1() == EISDIR);
    CHECK(list_folder(folder.path) == std::vector<std::string>{"taken"});
}

TEST_CASE("reading has a limit, knows files of unknown size, and names what is missing") {
    Folder folder;
    std::string path = folder.file("data");
    std::string data(70000, 'd');
    write_file_atomically(path, data, 0600);
    CHECK(read_file(path, 70000) == data);
    CHECK(error_of([&] { read_file(path, 69999); }).int1() == EFBIG);
    CHECK(read_file("/proc/self/status", 1 << 20).starts_with("Name:"));
    CHECK(error_of([&] { read_file("/proc/self/status", 10); }).int1() == EFBIG);
    write_file_atomically(path, "", 0600);
    CHECK(read_file(path, 0).empty());
    Error error = error_of([&] { read_file(folder.file("none"), 10); });
    CHECK(error.message().ends_with("cannot open '" + folder.file("none") + "': No such file or directory"));
}

TEST_CASE("the awaitable forms do the same on the pool") {
    Loop loop;
    Folder folder;
    std::string path = folder.file("x");
    loop.run_until(save_file(loop, path, "content", 0600));
    CHECK(loop.run_until(load_file(loop, path, 100)) == "content");
    loop.run_until(delete_file(loop, path));
    loop.run_until(delete_file(loop, path));  // a missing file is fine
    CHECK(list_folder(folder.path).empty());
    CHECK(error_of([&] { loop.run_until(load_file(loop, path, 100)); }).int1() == ENOENT);
}

TEST_CASE("folders are made with their parents, and a file in the way is an error") {
    Folder folder;
    make_folders(folder.file("a/b//c/"), 0750);
    CHECK(std::filesystem::is_directory(folder.file("a/b/c")));
    make_folders(folder.file("a/b/c"), 0700);
    struct stat status {};
    REQUIRE(::stat(folder.file("a/b").c_str(), &status) == 0);
    CHECK((status.st_mode & 0777) == 0750);
    std::ofstream(folder.file("plain")) << "x";
    Error error = error_of([&] { make_folders(folder.file("plain/below"), 0700); });
    CHECK(error.int1() == ENOTDIR);
    CHECK(error.message().find(folder.file("plain")) != std::string::npos);
    CHECK(list_folder(folder.file("absent")).empty());
    CHECK(list_folder(folder.path) == std::vector<std::string>{"a", "plain"});
}

TEST_CASE("what a writer that died left behind is removed, and nothing else") {
    Folder folder;
    int dead = ::fork();
    if (dead == 0) ::_exit(0);
    ::waitpid(dead, nullptr, 0);
    std::ofstream(folder.file(fmt::format("x.xml.{}-3.new", dead))) << "half";
    std::ofstream(folder.file(fmt::format("y.xml.{}-3.new", ::getpid()))) << "in the making";
    std::ofstream(folder.file("plan.new")) << "a user's";
    std::ofstream(folder.file("x.xml")) << "whole";
    remove_leftovers(folder.path);
    CHECK(list_folder(folder.path) ==
          std::vector<std::string>{"plan.new", "x.xml", fmt::format("y.xml.{}-3.new", ::getpid())});
}

TEST_CASE("a lock is held by one process, names its holder, and ends with it") {
    Folder folder;
    std::string path = folder.file("virtued.pid");
    int ready[2];
    int leave[2];
    REQUIRE(::pipe(ready) == 0);
    REQUIRE(::pipe(leave) == 0);
    int holder = ::fork();
    if (holder == 0) {
        ::close(leave[1]);
        FileLock lock = FileLock::take(path, 0600);
        lock.write_pid();
        char byte = 'r';
        if (::write(ready[1], &byte, 1) != 1) ::_exit(1);
        if (::read(leave[0], &byte, 1) < 0) ::_exit(1);
        ::_exit(0);  // without a destructor: the kernel drops the lock
    }
    ::close(leave[0]);
    char byte = 0;
    REQUIRE(::read(ready[0], &byte, 1) == 1);
    CHECK(read_file(path, 100) == std::to_string(holder));
    Error error = error_of([&] { FileLock::take(path, 0600); });
    CHECK(error.code() == ErrorCode::operation_failed);
    CHECK(error.message().find(fmt::format("'{}' is locked by process {}", path, holder)) != std::string::npos);
    ::close(leave[1]);
    ::waitpid(holder, nullptr, 0);
    {
        FileLock lock = FileLock::take(path, 0600);
        lock.write_pid();
    }
    CHECK(read_file(path, 100) == std::to_string(::getpid()));
    ::close(ready[0]);
    ::close(ready[1]);
}
