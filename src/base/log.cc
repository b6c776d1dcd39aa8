#include "base/log.h"

#include <fcntl.h>
#include <fnmatch.h>
#include <unistd.h>
#include <cerrno>
#include <memory>
#include <mutex>

#include <spdlog/details/log_msg.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/log_journal.h"
#include "base/text.h"

namespace virtue::log {

namespace {

// As libvirt's logs look: time in UTC, thread, level, then who and what.
constexpr const char* line_pattern = "%Y-%m-%d %H:%M:%S.%e+0000: %t: %l : %n : %v";

spdlog::level::level_enum level_of(Level level) {
    switch (level) {
        case Level::debug:
            return spdlog::level::debug;
        case Level::info:
            return spdlog::level::info;
        case Level::warn:
            return spdlog::level::warn;
        case Level::error:
            return spdlog::level::err;
    }
    return spdlog::level::err;
}

class JournalSink final : public spdlog::sinks::base_sink<std::mutex> {
public:
    JournalSink(const std::string& path, const std::string& program) : journal_(path, program) {}

protected:
    void sink_it_(const spdlog::details::log_msg& message) override {
        int priority = 7;
        if (message.level >= spdlog::level::err) {
            priority = 3;
        } else if (message.level == spdlog::level::warn) {
            priority = 4;
        } else if (message.level == spdlog::level::info) {
            priority = 6;
        }
        journal_.send(priority, {message.logger_name.data(), message.logger_name.size()},
                      {message.payload.data(), message.payload.size()});
    }
    void flush_() override {}

private:
    Journal journal_;
};

struct Filter {
    Level level;
    std::string pattern;
};

/// All that configure() decides; replaced as a whole.
struct Configuration {
    Settings settings;
    std::vector<Filter> filters;
    std::vector<std::shared_ptr<spdlog::sinks::sink>> sinks;
};

// The one thing that is global: messages have no owner to carry the way to them.
std::mutex configuration_mutex;
std::shared_ptr<const Configuration> configuration;  // guarded by the mutex; none before the first use

std::unique_ptr<spdlog::formatter> make_formatter() {
    return std::make_unique<spdlog::pattern_formatter>(line_pattern, spdlog::pattern_time_type::utc);
}

[[noreturn]] void refuse(const char* what, std::string_view text, const char* why) {
    fail(ErrorCode::config_unsupported, ErrorDomain::none, "{} '{}': {}", what, text, why);
}

std::vector<Filter> parse_filters(const std::string& text) {
    std::vector<Filter> filters;
    for (std::string_view word : split_words(text)) {
        size_t colon = word.find(':');
        if (colon == std::string_view::npos || colon + 1 == word.size()) {
            refuse("log filter", word, "it must be LEVEL:MODULE");
        }
        filters.push_back({parse_level(word.substr(0, colon)), fmt::format("*{}*", word.substr(colon + 1))});
    }
    return filters;
}

std::shared_ptr<spdlog::sinks::sink> open_file(std::string_view word, const std::string& path) {
    if (!path.starts_with('/')) refuse("log output", word, "the path of the file must be absolute");
    // The library would make missing folders, and a mistyped path would go unnoticed.
    Fd file(::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
    if (!file) throw Error::from_errno(errno, ErrorDomain::none, fmt::format("cannot open the log file '{}'", path));
    try {
        return std::make_shared<spdlog::sinks::basic_file_sink_mt>(path);
    } catch (const spdlog::spdlog_ex&) {
        throw Error::from_errno(errno, ErrorDomain::none, fmt::format("cannot open the log file '{}'", path));
    }
}

std::shared_ptr<spdlog::sinks::sink> parse_output(std::string_view word, const Settings& settings) {
    size_t colon = word.find(':');
    if (colon == std::string_view::npos) refuse("log output", word, "it must be LEVEL:KIND");
    Level level = parse_level(word.substr(0, colon));
    std::string_view kind = word.substr(colon + 1);
    std::shared_ptr<spdlog::sinks::sink> sink;
    if (kind == "stderr") {
        sink = std::make_shared<spdlog::sinks::stderr_sink_mt>();
    } else if (kind == "journald") {
        sink = std::make_shared<JournalSink>(settings.journal_socket, settings.program);
    } else if (kind.starts_with("file:")) {
        sink = open_file(word, std::string(kind.substr(5)));
    } else {
        refuse("log output", word, "the kinds are stderr, file:PATH and journald");
    }
    sink->set_level(level_of(level));
    sink->set_formatter(make_formatter());
    return sink;
}

std::shared_ptr<const Configuration> make_configuration(const Settings& settings) {
    auto made = std::make_shared<Configuration>();
    made->settings = settings;
    made->filters = parse_filters(settings.filters);
    std::string_view outputs = settings.outputs;
    if (trim(outputs).empty()) outputs = "1:stderr";
    for (std::string_view word : split_words(outputs)) made->sinks.push_back(parse_output(word, settings));
    return made;
}

std::shared_ptr<const Configuration> current() {
    std::lock_guard<std::mutex> lock(configuration_mutex);
    if (!configuration) configuration = make_configuration({});
    return configuration;
}

}  // namespace

std::atomic<uint32_t> Module::generation{1};

void configure(const Settings& settings) {
    std::shared_ptr<const Configuration> made = make_configuration(settings);
    {
        std::lock_guard<std::mutex> lock(configuration_mutex);
        configuration = std::move(made);
    }
    Module::generation.fetch_add(1, std::memory_order_release);
}

void reopen() {
    configure(current()->settings);
}

Level parse_level(std::string_view text) {
    if (text == "1" || text == "debug") return Level::debug;
    if (text == "2" || text == "info") return Level::info;
    if (text == "3" || text == "warn" || text == "warning") return Level::warn;
    if (text == "4" || text == "error") return Level::error;
    refuse("log level", text, "the levels are 1 (debug), 2 (info), 3 (warn) and 4 (error)");
}

std::string describe(std::exception_ptr error) {
    try {
        std::rethrow_exception(std::move(error));
    } catch (const std::exception& exception) {
        return exception.what();
    } catch (...) {
        return "an error of unknown kind";
    }
}

void Module::refresh() {
    uint32_t now = generation.load(std::memory_order_acquire);
    std::shared_ptr<const Configuration> all = current();
    Level level = all->settings.level;
    for (const Filter& filter : all->filters) {
        if (::fnmatch(filter.pattern.c_str(), name_, 0) != 0) continue;
        level = filter.level;
        break;
    }
    threshold_.store(static_cast<uint8_t>(level), std::memory_order_relaxed);
    seen_.store(now, std::memory_order_relaxed);
}

// A log that cannot be written must not stop the program: a full disk loses messages, nothing else.
void Module::write(Level level, fmt::string_view format, fmt::format_args arguments) noexcept {
    try {
        std::string text = fmt::vformat(format, arguments);
        spdlog::details::log_msg message(spdlog::string_view_t(name_), level_of(level), text);
        for (const auto& sink : current()->sinks) {
            if (!sink->should_log(message.level)) continue;
            sink->log(message);
            sink->flush();
        }
    } catch (...) {
        return;
    }
}

}  // namespace virtue::log
