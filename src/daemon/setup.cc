#include <unistd.h>

#include "base/error.h"
#include "daemon/daemon.h"
#include "io/files.h"

namespace virtue::daemon {

namespace {
constexpr size_t configuration_max = 1U << 20U;
}  // namespace

driver::Paths choose_paths(const Options& options) {
    bool system = options.system.value_or(::geteuid() == 0);
    return system ? driver::Paths::system(options.root) : driver::Paths::session(options.root);
}

Configuration load_configuration(const Options& options, const driver::Paths& paths) {
    std::string path = options.config.empty() ? paths.config + "/virtued.conf" : options.config;
    if (options.config.empty() && ::access(path.c_str(), F_OK) != 0) return {};
    return parse_configuration(io::read_file(path, configuration_max), path);
}

log::Settings log_settings(const Configuration& configuration, const Options& options, const driver::Paths& paths) {
    log::Settings settings;
    settings.level = static_cast<log::Level>(configuration.log_level);
    if (!options.log_level.empty()) settings.level = log::parse_level(options.log_level);
    settings.filters = configuration.log_filters;
    settings.outputs = configuration.log_outputs;
    if (settings.outputs.empty() && options.background)
        settings.outputs = fmt::format("1:file:{}/virtued.log", paths.log);
    return settings;
}

void make_daemon_folders(const driver::Paths& paths) {
    uint32_t private_mode = paths.privileged ? 0755 : 0700;
    io::make_folders(paths.config, private_mode);
    io::make_folders(paths.state, private_mode);
    io::make_folders(paths.data, private_mode);
    io::make_folders(paths.cache, paths.privileged ? 0711 : 0755);
    io::make_folders(paths.log, private_mode);
    for (const Locks::StateFolder& folder : Locks::state_folders(paths)) io::make_folders(folder.path, folder.mode);
}

}  // namespace virtue::daemon
