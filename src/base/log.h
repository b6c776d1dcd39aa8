// Messages for whoever runs the program, by module and level, to standard error, files or the journal. A facade over
// spdlog, which no header shows. Library code throws; who handles an error logs it once. Usable from any thread;
// configure() belongs to main().
#pragma once
#include <atomic>
#include <cstdint>
#include <exception>
#include <string>
#include <string_view>

#include <fmt/core.h>

namespace virtue::log {

/// libvirt's numbers (virLogPriority), as they stand in log_level, log_filters and log_outputs.
enum class Level : uint8_t { debug = 1, info = 2, warn = 3, error = 4 };

/// What is logged and where to. All three texts have libvirt's syntax.
struct Settings {
    Level level = Level::warn;  ///< for modules that no filter names
    /// "LEVEL:PATTERN ...": the first pattern that is found in the module's name (with * and ? as in file names) sets
    /// its level, as in "1:qemu 3:rpc.*".
    std::string filters;
    /// "LEVEL:stderr", "LEVEL:file:/absolute/path", "LEVEL:journald", separated by spaces; empty means "1:stderr".
    std::string outputs;
    std::string program = "virtued";                             ///< SYSLOG_IDENTIFIER in the journal
    std::string journal_socket = "/run/systemd/journal/socket";  ///< elsewhere in tests
};

/// Replaces the settings. Throws Error (config_unsupported) naming the filter or output at fault, or system_error if a
/// file or the journal cannot be opened; then nothing has changed.
void configure(const Settings& settings);
/// Opens the files anew (after a rotation). Throws system_error; then the old ones stay in use.
void reopen();
/// A level by number or name ("2", "info"). Throws Error (config_unsupported).
Level parse_level(std::string_view text);
/// The sentence of an exception, for logging what a background task threw.
std::string describe(std::exception_ptr error);

/// A source of messages. Make it static in the file that logs: `constinit log::Module logger("qemu.monitor");`
/// A message that is not wanted costs two loads and a comparison; its arguments are not formatted.
class Module {
public:
    explicit constexpr Module(const char* name) : name_(name) {}
    Module(const Module&) = delete;
    Module& operator=(const Module&) = delete;

    bool is_enabled(Level level) {
        if (seen_.load(std::memory_order_relaxed) != generation.load(std::memory_order_acquire)) refresh();
        return static_cast<uint8_t>(level) >= threshold_.load(std::memory_order_relaxed);
    }
    template <typename... Arguments>
    void debug(fmt::format_string<Arguments...> format, Arguments&&... arguments) {
        if (is_enabled(Level::debug)) write(Level::debug, format, fmt::make_format_args(arguments...));
    }
    template <typename... Arguments>
    void info(fmt::format_string<Arguments...> format, Arguments&&... arguments) {
        if (is_enabled(Level::info)) write(Level::info, format, fmt::make_format_args(arguments...));
    }
    template <typename... Arguments>
    void warn(fmt::format_string<Arguments...> format, Arguments&&... arguments) {
        if (is_enabled(Level::warn)) write(Level::warn, format, fmt::make_format_args(arguments...));
    }
    template <typename... Arguments>
    void error(fmt::format_string<Arguments...> format, Arguments&&... arguments) {
        if (is_enabled(Level::error)) write(Level::error, format, fmt::make_format_args(arguments...));
    }
    const char* name() const { return name_; }

    /// Counts up with every configure(), so that modules look up their level again. For is_enabled() only.
    static std::atomic<uint32_t> generation;

private:
    void refresh();
    void write(Level level, fmt::string_view format, fmt::format_args arguments) noexcept;

    const char* name_;
    std::atomic<uint32_t> seen_{0};
    std::atomic<uint8_t> threshold_{0};
};

}  // namespace virtue::log
