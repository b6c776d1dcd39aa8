#include "drivers/qemu/process_figures.h"

#include <fcntl.h>
#include <unistd.h>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <string_view>
#include <utility>

#include <fmt/core.h>

#include "base/fd.h"

namespace virtue::qemu {
namespace {

std::optional<std::string> read_small(const std::string& path) {
    Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!fd) return std::nullopt;
    char room[4096];
    ssize_t got = ::read(fd.get(), room, sizeof room);
    if (got < 0) return std::nullopt;
    return std::string(room, static_cast<size_t>(got));
}

/// Takes the next word of `rest` as a number; zero for what is none.
uint64_t next_number(std::string_view& rest) {
    while (rest.starts_with(' ')) rest.remove_prefix(1);
    int64_t number = 0;
    auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), number);
    rest.remove_prefix(std::min(rest.size(), rest.find(' ')));
    return error == std::errc() ? static_cast<uint64_t>(number) : 0;
}

}  // namespace

std::optional<CpuTime> read_cpu_time(int pid, int thread) {
    auto text =
        read_small(thread ? fmt::format("/proc/{}/task/{}/stat", pid, thread) : fmt::format("/proc/{}/stat", pid));
    if (!text) return std::nullopt;
    // The second field is the command in brackets and may hold anything, brackets too.
    size_t bracket = text->rfind(')');
    if (bracket == text->npos || bracket + 4 > text->size()) return std::nullopt;
    std::string_view rest = std::string_view(*text).substr(bracket + 4);  // after ") S", at field 4
    static const uint64_t tick = 1000000000ull / static_cast<uint64_t>(::sysconf(_SC_CLK_TCK));
    static const int64_t page_kib = ::sysconf(_SC_PAGESIZE) / 1024;
    CpuTime figures;
    for (int field = 4; field <= 39; field++) {
        uint64_t number = next_number(rest);
        if (field == 14) figures.user = number * tick;
        if (field == 15) figures.system = number * tick;
        if (field == 22) figures.start_ticks = number;
        if (field == 24) figures.resident_kib = static_cast<int64_t>(number) * page_kib;
        if (field == 39) figures.last_cpu = static_cast<int>(number);
    }
    return figures;
}

std::optional<uint64_t> read_run_delay(int pid, int thread) {
    auto text = read_small(fmt::format("/proc/{}/task/{}/schedstat", pid, thread));
    if (!text) return std::nullopt;
    std::string_view rest = *text;
    next_number(rest);
    return next_number(rest);
}

std::optional<InterfaceCounters> read_tap_counters(const std::string& device, bool is_own_end) {
    auto counter = [&](const char* name) -> int64_t {
        auto text = read_small(fmt::format("/sys/class/net/{}/statistics/{}", device, name));
        if (!text) return 0;
        std::string_view rest = std::string_view(*text).substr(0, text->find('\n'));
        return static_cast<int64_t>(next_number(rest));
    };
    if (device.empty() || device.find('/') != device.npos || device.starts_with('.')) return std::nullopt;
    if (::access(fmt::format("/sys/class/net/{}/statistics", device).c_str(), F_OK) != 0) return std::nullopt;
    InterfaceCounters counters{
        .rx_bytes = counter("tx_bytes"),
        .rx_packets = counter("tx_packets"),
        .rx_errors = counter("tx_errors"),
        .rx_drops = counter("tx_dropped"),
        .tx_bytes = counter("rx_bytes"),
        .tx_packets = counter("rx_packets"),
        .tx_errors = counter("rx_errors"),
        .tx_drops = counter("rx_dropped"),
    };
    if (is_own_end) {
        std::swap(counters.rx_bytes, counters.tx_bytes);
        std::swap(counters.rx_packets, counters.tx_packets);
        std::swap(counters.rx_errors, counters.tx_errors);
        std::swap(counters.rx_drops, counters.tx_drops);
    }
    return counters;
}

std::optional<HaltPolling> read_halt_polling(int pid) {
    const char* root = "/sys/kernel/debug/kvm";
    if (::access(root, X_OK) != 0) return std::nullopt;
    HaltPolling polling;
    bool found = false;
    std::error_code failed;
    for (const auto& entry : std::filesystem::directory_iterator(root, failed)) {
        // A folder for each virtual machine: PID-DESCRIPTOR.
        if (!entry.path().filename().string().starts_with(fmt::format("{}-", pid))) continue;
        const auto number = [&](const char* name) -> uint64_t {
            uint64_t value = 0;
            std::FILE* file = std::fopen((entry.path() / name).c_str(), "re");
            if (file == nullptr) return 0;
            if (std::fscanf(file, "%lu", &value) != 1) value = 0;
            std::fclose(file);
            return value;
        };
        polling.success += number("halt_poll_success_ns");
        polling.failure += number("halt_poll_fail_ns");
        found = true;
    }
    return found ? std::optional(polling) : std::nullopt;
}

}  // namespace virtue::qemu
