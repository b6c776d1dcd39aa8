// How much of the host's disks guests get.
#include <charconv>
#include <limits>

#include "base/text.h"
#include "drivers/qemu/calls/tune_support.h"
#include "model/domain/domain.h"

namespace virtue::qemu {

using namespace tune;

namespace {

using host::Controller;

constexpr TuneCalls::Subject block_subject{"Block I/O tuning", "blkio cgroup isn't mounted", false, Controller::blkio};

/// A figure of each device, written "PATH,FIGURE,PATH,FIGURE…" in one parameter.
struct DeviceFigure {
    std::string_view name;
    host::DeviceLimit limit;
    uint64_t (*read)(const model::BlkioDevice&);
    void (*write)(model::BlkioDevice&, uint64_t);
    uint64_t most;
};
template <auto Member>
constexpr DeviceFigure device_figure(std::string_view name, host::DeviceLimit limit) {
    using Number = std::remove_cvref_t<decltype(std::declval<model::BlkioDevice>().*Member)>;
    return {name, limit, [](const model::BlkioDevice& device) -> uint64_t { return device.*Member; },
            [](model::BlkioDevice& device, uint64_t value) { device.*Member = static_cast<Number>(value); },
            std::numeric_limits<Number>::max()};
}
constexpr DeviceFigure device_figures[] = {
    device_figure<&model::BlkioDevice::weight>("device_weight", host::DeviceLimit::weight),
    device_figure<&model::BlkioDevice::read_iops_sec>("device_read_iops_sec", host::DeviceLimit::read_iops),
    device_figure<&model::BlkioDevice::write_iops_sec>("device_write_iops_sec", host::DeviceLimit::write_iops),
    device_figure<&model::BlkioDevice::read_bytes_sec>("device_read_bytes_sec", host::DeviceLimit::read_bytes),
    device_figure<&model::BlkioDevice::write_bytes_sec>("device_write_bytes_sec", host::DeviceLimit::write_bytes),
};
constexpr wire::ExpectedParameter block_settings[] = {
    {"weight", type_uint},
    {"device_weight", type_string},
    {"device_read_iops_sec", type_string},
    {"device_write_iops_sec", type_string},
    {"device_read_bytes_sec", type_string},
    {"device_write_bytes_sec", type_string},
};
[[noreturn]] void refuse_device_list(std::string_view name, std::string_view text) {
    fail(ErrorCode::invalid_arg, ErrorDomain::qemu, "unable to parse blkio device '{}' '{}'", name, text);
}

model::BlkioDevice& device_of(model::BlkioTune& tune, std::string_view path) {
    for (model::BlkioDevice& device : tune.devices) {
        if (device.path == path) return device;
    }
    tune.devices.push_back({});
    tune.devices.back().path = path;
    return tune.devices.back();
}

/// What devices, by their paths, are to have of one figure.
using DeviceValues = std::vector<std::pair<std::string, uint64_t>>;

/// "PATH,FIGURE,PATH,FIGURE…"
DeviceValues read_devices(const DeviceFigure& figure, const std::string& text) {
    DeviceValues devices;
    const std::vector<std::string_view> parts = split(text, ',');
    if (parts.size() % 2 != 0) refuse_device_list(figure.name, text);
    for (size_t i = 0; i < parts.size(); i += 2) {
        uint64_t value = 0;
        const char* end = parts[i + 1].data() + parts[i + 1].size();
        auto read = std::from_chars(parts[i + 1].data(), end, value);
        const bool is_number = read.ec == std::errc{} && read.ptr == end && value <= figure.most;
        if (!is_number || !parts[i].starts_with('/')) refuse_device_list(figure.name, text);
        if (figure.name == "device_weight" && value != 0) in_range(figure.name, value, 10, 1000);
        devices.emplace_back(parts[i], value);
    }
    return devices;
}

void change_devices(model::BlkioTune& tune, const DeviceFigure& figure, const DeviceValues& values) {
    for (const auto& [path, value] : values) figure.write(device_of(tune, path), value);
    std::erase_if(tune.devices, [](const model::BlkioDevice& device) {
        for (const DeviceFigure& each : device_figures) {
            if (each.read(device) != 0) return false;
        }
        return true;
    });
}

void change_block_io(model::BlkioTune& tune, const wire::TypedParameters& params) {
    if (auto weight = params.find_uint("weight")) {
        tune.weight = static_cast<uint32_t>(in_range("weight", *weight, 10, 1000));
    }
    for (const DeviceFigure& figure : device_figures) {
        if (auto text = params.find_string(figure.name)) change_devices(tune, figure, read_devices(figure, *text));
    }
}

std::vector<wire::TypedParameter> change_live_block_io(Run& run, const wire::TypedParameters& params) {
    model::BlkioTune& tune = run.domain->blkiotune;
    if (auto weight = params.find_uint("weight")) {
        run.group->set_weight(*weight);
        tune.weight = *weight;
    }
    for (const DeviceFigure& figure : device_figures) {
        const auto text = params.find_string(figure.name);
        if (!text) continue;
        const DeviceValues values = read_devices(figure, *text);
        for (const auto& [path, value] : values) run.group->set_device_limit(figure.limit, path, value);
        change_devices(tune, figure, values);
    }
    return {};
}

std::string device_list(const model::BlkioTune& tune, const DeviceFigure& figure) {
    std::string text;
    for (const model::BlkioDevice& device : tune.devices) {
        if (figure.read(device) == 0) continue;
        fmt::format_to(std::back_inserter(text), "{}{},{}", text.empty() ? "" : ",", device.path, figure.read(device));
    }
    return text;
}

}  // namespace

proc::DomainGetBlkioParameters::Ret TuneCalls::block_io(driver::Call&, proc::DomainGetBlkioParameters::Args args) {
    require_flags(args.flags, reading_flags, "qemuDomainGetBlkioParameters");
    const View seen = view(args.domain, args.flags, block_subject);
    const model::BlkioTune& tune = seen.definition.blkiotune;
    wire::TypedParameters params;
    params.add_uint("weight", seen.run != nullptr ? seen.run->group->weight() : tune.weight);
    for (const DeviceFigure& figure : device_figures) {
        params.add_string(std::string(figure.name), device_list(tune, figure));
    }
    return answer<proc::DomainGetBlkioParameters::Ret>(std::move(params), args.nparams, args.flags);
}

Task<wire::Void> TuneCalls::set_block_io(driver::Call& call, proc::DomainSetBlkioParameters::Args args) {
    require_flags(args.flags, affect_flags, "qemuDomainSetBlkioParameters");
    require_settings(args.params, block_settings);
    wire::TypedParameters params(std::move(args.params));
    std::function<void(model::Domain&)> change = [&params](model::Domain& domain) {
        change_block_io(domain.blkiotune, params);
    };
    LiveChange change_live = [&params](Run& run) { return change_live_block_io(run, params); };
    co_await change_limits(call, std::move(args.domain), args.flags, block_subject, std::move(change),
                           std::move(change_live));
    co_return wire::Void{};
}

}  // namespace virtue::qemu
