#include "driver/paths.h"

#include <unistd.h>
#include <cstdlib>

#include <fmt/core.h>

namespace virtue::driver {
namespace {

std::string from_environment(const char* name, const std::string& otherwise) {
    const char* value = std::getenv(name);
    return value && value[0] == '/' ? value : otherwise;
}

}  // namespace

Paths Paths::system(const std::string& root) {
    return Paths{
        .root = root,
        .config = root + "/etc/libvirt",
        .state = root + "/run/libvirt",
        .data = root + "/var/lib/libvirt",
        .cache = root + "/var/cache/libvirt",
        .log = root + "/var/log/libvirt",
        .privileged = true,
    };
}

Paths Paths::session(const std::string& root) {
    std::string home = root.empty() ? from_environment("HOME", "/") : root + "/home";
    auto folder = [&](const char* variable, const std::string& otherwise) {
        return (root.empty() ? from_environment(variable, otherwise) : otherwise) + "/libvirt";
    };
    std::string cache = folder("XDG_CACHE_HOME", home + "/.cache");
    std::string runtime = root.empty() ? fmt::format("/run/user/{}", ::getuid()) : root + "/run";
    if (root.empty() && ::access(runtime.c_str(), W_OK) != 0) runtime = home + "/.cache";
    return Paths{
        .root = root,
        .config = folder("XDG_CONFIG_HOME", home + "/.config"),
        .state = folder("XDG_RUNTIME_DIR", runtime),
        .data = folder("XDG_DATA_HOME", home + "/.local/share"),
        .cache = cache,
        .log = cache,
        .privileged = false,
    };
}

}  // namespace virtue::driver
