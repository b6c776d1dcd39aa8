#include "base/log.h"

#include <doctest/doctest.h>

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <fmt/format.h>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "base/error.h"
#include "base/fd.h"
#include "base/text.h"

using namespace virtue;

namespace {

/// A folder of its own; the default settings come back at the end.
struct Folder {
    Folder() : path("/tmp/virtue-log-test-" + std::to_string(::getpid())) { std::filesystem::create_directory(path); }
    ~Folder() {
        log::configure({});
        std::filesystem::remove_all(path);
    }
    std::string read(const std::string& name) const {
        std::ifstream file(path + "/" + name);
        std::stringstream text;
        text << file.rdbuf();
        return text.str();
    }
    std::string path;
};

constinit log::Module monitor("qemu.monitor");
constinit log::Module network("network");

struct Costly {};
int formatted = 0;

}  // namespace

template <>
struct fmt::formatter<Costly> : fmt::formatter<int> {
    auto format(const Costly&, fmt::format_context& context) const {
        ++formatted;
        return fmt::formatter<int>::format(formatted, context);
    }
};

TEST_CASE("messages go to the outputs whose level they reach, with module and level") {
    Folder folder;
    log::Settings settings;
    settings.level = log::Level::info;
    settings.outputs = fmt::format("1:file:{}/all 4:file:{}/errors", folder.path, folder.path);
    log::configure(settings);
    monitor.debug("unseen");
    monitor.info("started {} guests", 3);
    network.error("no bridge '{}'", "br0");
    std::string all = folder.read("all");
    CHECK(all.find("info : qemu.monitor : started 3 guests\n") != std::string::npos);
    CHECK(all.find("error : network : no bridge 'br0'\n") != std::string::npos);
    CHECK(all.find("unseen") == std::string::npos);
    CHECK(split_lines(folder.read("errors")).size() == 1);
}

TEST_CASE("the first filter that fits a module sets its level, and a message not wanted is not formatted") {
    Folder folder;
    log::Settings settings;
    settings.outputs = fmt::format("1:file:{}/all", folder.path);
    settings.filters = "4:qemu.mon 1:qemu 2:net*rk";
    log::configure(settings);
    CHECK_FALSE(monitor.is_enabled(log::Level::warn));
    CHECK(network.is_enabled(log::Level::info));
    CHECK_FALSE(network.is_enabled(log::Level::debug));
    monitor.warn("{}", Costly{});
    CHECK(formatted == 0);
    monitor.error("{}", Costly{});
    CHECK(formatted == 1);
    settings.filters = "";
    log::configure(settings);
    CHECK(monitor.is_enabled(log::Level::warn));
}

TEST_CASE("wrong settings are refused with their text and change nothing") {
    Folder folder;
    log::Settings good;
    good.outputs = fmt::format("1:file:{}/all", folder.path);
    log::configure(good);
    auto message = [](const std::string& filters, const std::string& outputs) -> std::string {
        log::Settings settings;
        settings.filters = filters;
        settings.outputs = outputs;
        try {
            log::configure(settings);
        } catch (const Error& error) {
            return error.message();
        }
        return "";
    };
    CHECK(message("qemu", "").find("'qemu'") != std::string::npos);
    CHECK(message("9:qemu", "").find("'9'") != std::string::npos);
    CHECK(message("", "1:printer").find("'1:printer'") != std::string::npos);
    CHECK(message("", "1:file:relative").find("absolute") != std::string::npos);
    CHECK(message("", "1:file:" + folder.path + "/all/x").find("cannot open the log file") != std::string::npos);
    CHECK(message("", "1:file:" + folder.path + "/nowhere/x").find("cannot open the log file") != std::string::npos);
    network.error("still here");
    CHECK(folder.read("all").find("still here") != std::string::npos);
}

TEST_CASE("after a rotation the file is made anew") {
    Folder folder;
    log::Settings settings;
    settings.outputs = fmt::format("1:file:{}/log", folder.path);
    log::configure(settings);
    network.error("one");
    std::filesystem::rename(folder.path + "/log", folder.path + "/log.1");
    network.error("two");
    log::reopen();
    network.error("three");
    CHECK(split_lines(folder.read("log.1")).size() == 2);
    CHECK(split_lines(folder.read("log")).size() == 1);
}

TEST_CASE("the journal gets fields, and messages of several lines whole") {
    Folder folder;
    std::string path = folder.path + "/journal";
    Fd server(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strcpy(address.sun_path, path.c_str());
    REQUIRE(::bind(server.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
    log::Settings settings;
    settings.outputs = "1:journald";
    settings.journal_socket = path;
    log::configure(settings);
    auto next = [&] {
        char buffer[1024];
        ssize_t size = ::recv(server.get(), buffer, sizeof buffer, MSG_DONTWAIT);
        return std::string(buffer, static_cast<size_t>(std::max<ssize_t>(size, 0)));
    };
    monitor.error("broken");
    CHECK(next() == "MESSAGE=broken\nPRIORITY=3\nSYSLOG_IDENTIFIER=virtued\nVIRTUE_MODULE=qemu.monitor\n");
    monitor.warn("a\nb");
    using namespace std::string_literals;
    CHECK(next().starts_with("MESSAGE\n\x03\0\0\0\0\0\0\0a\nb\nPRIORITY=4\n"s));
}
