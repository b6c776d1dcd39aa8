#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <cerrno>

#include "base/error.h"
#include "base/fd.h"
#include "base/text.h"
#include "host/cgroup.h"
#include "io/files.h"

namespace virtue::host {
namespace {

constexpr size_t largest_file = 1 << 20;

/// A file of a limit in each version; the key is what it is called in the second version's line of several.
struct Names {
    const char* first;
    const char* second;
    const char* key = nullptr;
};

constexpr Names memory_files[] = {
    {"memory.limit_in_bytes", "memory.max"},
    {"memory.soft_limit_in_bytes", "memory.high"},
    {"memory.memsw.limit_in_bytes", "memory.swap.max"},
};

constexpr Names device_files[] = {
    {"", ""},
    {"blkio.throttle.read_iops_device", "io.max", "riops"},
    {"blkio.throttle.write_iops_device", "io.max", "wiops"},
    {"blkio.throttle.read_bps_device", "io.max", "rbps"},
    {"blkio.throttle.write_bps_device", "io.max", "wbps"},
};

/// "8:16"
std::string device_number(const std::string& device) {
    struct stat status {};
    if (::stat(device.c_str(), &status) != 0) {
        throw Error::from_errno(errno, ErrorDomain::cgroup, fmt::format("Path '{}' is not accessible", device));
    }
    if (!S_ISBLK(status.st_mode)) {
        throw Error::from_errno(EINVAL, ErrorDomain::cgroup, fmt::format("Path '{}' must be a block device", device));
    }
    return fmt::format("{}:{}", major(status.st_rdev), minor(status.st_rdev));
}

/// The number in a line "KEY NUMBER" of a file.
uint64_t number_of(std::string_view text, std::string_view key) {
    for (std::string_view line : split_lines(text)) {
        const std::vector<std::string_view> words = split_words(line);
        if (words.size() == 2 && words[0] == key) return parse_number<uint64_t>(words[1]).value_or(0);
    }
    return 0;
}

}  // namespace

const ControlGroup::Place& ControlGroup::at(Controller controller) const {
    if (const Place* place = place_of(controller)) return *place;
    fail(ErrorCode::system_error, ErrorDomain::cgroup, "Controller '{}' is not mounted", controller_name(controller));
}

std::string ControlGroup::path(Controller controller, const std::string& thread, std::string_view file) const {
    const Place& place = at(controller);
    return thread.empty() ? fmt::format("{}/{}", place.folder, file)
                          : fmt::format("{}/{}/{}", place.folder, thread, file);
}

std::string ControlGroup::read(const std::string& path) const {
    try {
        return std::string(trim(io::read_file(files_.root() + path, largest_file)));
    } catch (const Error& error) {
        throw Error::from_errno(error.int1(), ErrorDomain::cgroup, fmt::format("Unable to read from '{}'", path));
    }
}

uint64_t ControlGroup::read_number(const std::string& path) const {
    const std::string text = read(path);
    const auto number = parse_number<uint64_t>(text);
    if (!number) fail(ErrorCode::internal_error, ErrorDomain::cgroup, "Unable to parse '{}' of '{}'", text, path);
    return *number;
}

void ControlGroup::write(const std::string& path, const std::string& value) const {
    // A copy for tests keeps no end of what was there before.
    const int flags = O_WRONLY | O_CLOEXEC | (files_.root().empty() ? 0 : O_TRUNC);
    const Fd file(::open((files_.root() + path).c_str(), flags));
    const ssize_t size = static_cast<ssize_t>(value.size());
    if (file && ::write(file.get(), value.data(), value.size()) == size) return;
    const int error = errno;
    if (file && error == EINVAL) {
        fail(ErrorCode::invalid_arg, ErrorDomain::cgroup, "Invalid value '{}' for '{}'", value,
             path.substr(path.rfind('/') + 1));
    }
    throw Error::from_errno(error, ErrorDomain::cgroup, fmt::format("Unable to write to '{}'", path));
}

void ControlGroup::set_shares(uint64_t shares) const {
    const bool unified = at(Controller::cpu).unified;
    const uint64_t least = unified ? 1 : 2;
    const uint64_t most = unified ? 10000 : 262144;
    if (shares < least || shares > most) {
        fail(ErrorCode::invalid_arg, ErrorDomain::cgroup, "shares '{}' must be in range [{}, {}]", shares, least, most);
    }
    write(path(Controller::cpu, {}, unified ? "cpu.weight" : "cpu.shares"), std::to_string(shares));
}

uint64_t ControlGroup::shares() const {
    return read_number(path(Controller::cpu, {}, at(Controller::cpu).unified ? "cpu.weight" : "cpu.shares"));
}

CpuBandwidth ControlGroup::bandwidth(const std::string& thread) const {
    if (!at(Controller::cpu).unified) {
        const uint64_t period = read_number(path(Controller::cpu, thread, "cpu.cfs_period_us"));
        const std::string quota = read(path(Controller::cpu, thread, "cpu.cfs_quota_us"));
        return {period, parse_number<int64_t>(quota).value_or(-1)};
    }
    const std::string text = read(path(Controller::cpu, thread, "cpu.max"));
    const std::vector<std::string_view> words = split_words(text);
    if (words.size() != 2) fail(ErrorCode::internal_error, ErrorDomain::cgroup, "Unable to parse cpu.max '{}'", text);
    return {parse_number<uint64_t>(words[1]).value_or(0), parse_number<int64_t>(words[0]).value_or(unlimited_quota)};
}

void ControlGroup::set_bandwidth(const std::string& thread, CpuBandwidth wanted) const {
    if (wanted.period == 0 && wanted.quota == 0) return;
    const CpuBandwidth before = bandwidth(thread);
    const uint64_t period = wanted.period != 0 ? wanted.period : before.period;
    int64_t quota = wanted.quota != 0 ? wanted.quota : before.quota;
    if (quota >= unlimited_quota) quota = -1;
    if (at(Controller::cpu).unified) {
        const std::string most = quota < 0 ? "max" : std::to_string(quota);
        return write(path(Controller::cpu, thread, "cpu.max"), fmt::format("{} {}", most, period));
    }
    const std::string period_file = path(Controller::cpu, thread, "cpu.cfs_period_us");
    if (wanted.period != 0) write(period_file, std::to_string(wanted.period));
    if (wanted.quota == 0) return;
    try {
        write(path(Controller::cpu, thread, "cpu.cfs_quota_us"), std::to_string(quota < 0 ? -1 : quota));
    } catch (const Error&) {
        if (wanted.period != 0) write(period_file, std::to_string(before.period));
        throw;
    }
}

void ControlGroup::set_cpus(const std::string& thread, const Bitmap& cpus) const {
    const bool unified = at(Controller::cpuset).unified;
    const auto present = files_.set(path(Controller::cpuset, {}, unified ? "cpuset.cpus.effective" : "cpuset.cpus"));
    Bitmap both;
    for (auto cpu = cpus.next(); cpu && present; cpu = cpus.next(*cpu + 1)) {
        if (present->test(*cpu)) both.set(*cpu);
    }
    write(path(Controller::cpuset, thread, "cpuset.cpus"), both.empty() ? cpus.to_string() : both.to_string());
}

void ControlGroup::set_memory_nodes(const std::string& thread, const Bitmap& nodes) const {
    write(path(Controller::cpuset, thread, "cpuset.mems"), nodes.to_string());
}

void ControlGroup::let_memory_migrate(const std::string& thread) const {
    // The second version always does it.
    if (!at(Controller::cpuset).unified) write(path(Controller::cpuset, thread, "cpuset.memory_migrate"), "1");
}

void ControlGroup::set_memory_limit(MemoryLimit limit, std::optional<uint64_t> kib) const {
    const Names& names = memory_files[static_cast<size_t>(limit)];
    const bool unified = at(Controller::memory).unified;
    const std::string value = kib ? std::to_string(*kib << 10) : unified ? "max" : "-1";
    write(path(Controller::memory, {}, unified ? names.second : names.first), value);
}

std::optional<uint64_t> ControlGroup::memory_limit(MemoryLimit limit) const {
    // What a group without a limit shows in the first version: the most that fits, in whole pages of up to 64 KiB.
    constexpr uint64_t unlimited = (uint64_t{INT64_MAX} >> 16) << 16;
    const Names& names = memory_files[static_cast<size_t>(limit)];
    const std::string file = path(Controller::memory, {}, at(Controller::memory).unified ? names.second : names.first);
    if (limit == MemoryLimit::swap_hard && !files_.exists(file)) return std::nullopt;
    const std::string text = read(file);
    if (text == "max") return std::nullopt;
    const auto bytes = parse_number<uint64_t>(text);
    if (!bytes) fail(ErrorCode::internal_error, ErrorDomain::cgroup, "Unable to parse '{}' of '{}'", text, file);
    if (*bytes >= unlimited) return std::nullopt;
    return *bytes >> 10;
}

std::string ControlGroup::weight_path(bool of_device) const {
    const bool unified = at(Controller::blkio).unified;
    const char* bfq = unified ? "io.bfq.weight" : of_device ? "blkio.bfq.weight_device" : "blkio.bfq.weight";
    const char* plain = unified ? "io.weight" : of_device ? "blkio.weight_device" : "blkio.weight";
    for (const char* file : {bfq, plain}) {
        std::string whole = path(Controller::blkio, {}, file);
        if (files_.exists(whole)) return whole;
    }
    if (of_device) {
        throw Error(ErrorCode::operation_invalid, ErrorDomain::cgroup,
                    "blkio device weight is valid only for cfq scheduler");
    }
    throw Error(ErrorCode::config_unsupported, ErrorDomain::cgroup,
                "blkio weight is valid only for bfq or cfq scheduler");
}

void ControlGroup::set_weight(uint64_t weight) const {
    write(weight_path(false), std::to_string(weight));
}

uint32_t ControlGroup::weight() const {
    const std::string file = weight_path(false);
    std::string text = read(file);
    text = text.substr(0, text.find('\n'));
    if (text.starts_with("default ")) text = text.substr(8);
    const auto weight = parse_number<uint32_t>(text);
    if (!weight) fail(ErrorCode::internal_error, ErrorDomain::cgroup, "Unable to parse '{}' of '{}'", text, file);
    return *weight;
}

void ControlGroup::set_device_limit(DeviceLimit limit, const std::string& device, uint64_t value) const {
    if (limit == DeviceLimit::weight) {
        const std::string file = weight_path(true);
        return write(file, fmt::format("{} {}", device_number(device), value));
    }
    const Names& names = device_files[static_cast<size_t>(limit)];
    const std::string number = device_number(device);
    if (!at(Controller::blkio).unified) {
        return write(path(Controller::blkio, {}, names.first), fmt::format("{} {}", number, value));
    }
    const std::string most = value == 0 ? "max" : std::to_string(value);
    write(path(Controller::blkio, {}, names.second), fmt::format("{} {}={}", number, names.key, most));
}

CpuUsage ControlGroup::cpu_usage() const {
    if (at(Controller::cpuacct).unified) {
        const std::string text = read(path(Controller::cpuacct, {}, "cpu.stat"));
        return {number_of(text, "usage_usec") * 1000, number_of(text, "user_usec") * 1000,
                number_of(text, "system_usec") * 1000};
    }
    const uint64_t tick = 1000000000 / static_cast<uint64_t>(::sysconf(_SC_CLK_TCK));
    const std::string text = read(path(Controller::cpuacct, {}, "cpuacct.stat"));
    return {read_number(path(Controller::cpuacct, {}, "cpuacct.usage")), number_of(text, "user") * tick,
            number_of(text, "system") * tick};
}

std::vector<uint64_t> ControlGroup::usage_by_cpu(const std::string& thread) const {
    if (at(Controller::cpuacct).unified) {
        throw Error(ErrorCode::operation_unsupported, ErrorDomain::cgroup,
                    "operation 'getCpuacctPercpuUsage' not supported for backend 'cgroup V2'");
    }
    std::vector<uint64_t> usage;
    const std::string text = read(path(Controller::cpuacct, thread, "cpuacct.usage_percpu"));
    for (std::string_view word : split_words(text)) usage.push_back(parse_number<uint64_t>(word).value_or(0));
    return usage;
}

}  // namespace virtue::host
