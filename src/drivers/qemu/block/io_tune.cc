#include "drivers/qemu/block/io_tune.h"

#include <algorithm>

#include "base/error.h"
#include "drivers/qemu/block/nodes.h"
#include "model/domain/domain.h"
#include "wire/typed_params.h"

namespace virtue::qemu {
namespace {

using model::DiskIoTune;

/// What QEMU takes at most.
constexpr uint64_t largest_limit = 1000000000000000;
enum TypeNumber : uint32_t { type_ullong = 4, type_string = 7 };

/// A figure of the calls, of the definition and of QEMU; its family is the flag that says that one of it was set.
struct Limit {
    std::string_view name;
    uint64_t DiskIoTune::*value;
    const char* qemu;
    bool IoTuneChange::*family;
};

using T = DiskIoTune;
using C = IoTuneChange;
constexpr Limit limits[] = {
    {"total_bytes_sec", &T::total_bytes_sec, "bps", &C::bytes},
    {"read_bytes_sec", &T::read_bytes_sec, "bps_rd", &C::bytes},
    {"write_bytes_sec", &T::write_bytes_sec, "bps_wr", &C::bytes},
    {"total_iops_sec", &T::total_iops_sec, "iops", &C::iops},
    {"read_iops_sec", &T::read_iops_sec, "iops_rd", &C::iops},
    {"write_iops_sec", &T::write_iops_sec, "iops_wr", &C::iops},
    {"total_bytes_sec_max", &T::total_bytes_sec_max, "bps_max", &C::bytes_max},
    {"read_bytes_sec_max", &T::read_bytes_sec_max, "bps_rd_max", &C::bytes_max},
    {"write_bytes_sec_max", &T::write_bytes_sec_max, "bps_wr_max", &C::bytes_max},
    {"total_iops_sec_max", &T::total_iops_sec_max, "iops_max", &C::iops_max},
    {"read_iops_sec_max", &T::read_iops_sec_max, "iops_rd_max", &C::iops_max},
    {"write_iops_sec_max", &T::write_iops_sec_max, "iops_wr_max", &C::iops_max},
    {"size_iops_sec", &T::size_iops_sec, "iops_size", &C::size_iops},
};
constexpr Limit lengths[] = {
    {"total_bytes_sec_max_length", &T::total_bytes_sec_max_length, "bps_max_length", &C::bytes_max_length},
    {"read_bytes_sec_max_length", &T::read_bytes_sec_max_length, "bps_rd_max_length", &C::bytes_max_length},
    {"write_bytes_sec_max_length", &T::write_bytes_sec_max_length, "bps_wr_max_length", &C::bytes_max_length},
    {"total_iops_sec_max_length", &T::total_iops_sec_max_length, "iops_max_length", &C::iops_max_length},
    {"read_iops_sec_max_length", &T::read_iops_sec_max_length, "iops_rd_max_length", &C::iops_max_length},
    {"write_iops_sec_max_length", &T::write_iops_sec_max_length, "iops_wr_max_length", &C::iops_max_length},
};

/// The limits that have a burst: six of each, in the same order.
constexpr size_t burst_count = 6;
constexpr std::string_view group_name = "group_name";

std::vector<wire::ExpectedParameter> expected() {
    std::vector<wire::ExpectedParameter> all;
    for (const Limit& limit : limits) all.push_back({limit.name, type_ullong});
    all.push_back({group_name, type_string});
    for (const Limit& limit : lengths) all.push_back({limit.name, type_ullong});
    return all;
}

void refuse_total_with_parts(uint64_t total, uint64_t read, uint64_t write, const char* what) {
    if (total == 0 || (read == 0 && write == 0)) return;
    fail(ErrorCode::invalid_arg, ErrorDomain::qemu, "total and read/write of {} cannot be set at the same time", what);
}

/// The limits of the group that a disk is about to join, if another disk is in it; else its own.
const DiskIoTune& present(const model::Domain& domain, const model::Disk& disk, const IoTuneChange& change) {
    if (!change.group || change.values.group_name.empty() || change.values.group_name == disk.iotune.group_name) {
        return disk.iotune;
    }
    for (const model::Disk& other : domain.disks) {
        if (other.iotune.group_name == change.values.group_name) return other.iotune;
    }
    return disk.iotune;
}

}  // namespace

void require_io_tune(const std::vector<wire::TypedParameter>& params) {
    wire::validate(params, expected());
}

IoTuneChange read_io_tune(const std::vector<wire::TypedParameter>& given) {
    const wire::TypedParameters params(given);
    IoTuneChange change;
    auto read = [&](const Limit& limit) {
        const std::optional<uint64_t> value = params.find_ullong(limit.name);
        if (!value) return;
        if (*value > largest_limit) {
            fail(ErrorCode::argument_unsupported, ErrorDomain::qemu,
                 "block I/O throttle limit value must be no more than {}", largest_limit);
        }
        change.values.*limit.value = *value;
        change.*limit.family = true;
    };
    for (const Limit& limit : limits) read(limit);
    for (const Limit& limit : lengths) read(limit);
    if (std::optional<std::string> group = params.find_string(group_name)) {
        change.values.group_name = *group;
        change.group = true;
    }
    const DiskIoTune& v = change.values;
    refuse_total_with_parts(v.total_bytes_sec, v.read_bytes_sec, v.write_bytes_sec, "bytes_sec");
    refuse_total_with_parts(v.total_iops_sec, v.read_iops_sec, v.write_iops_sec, "iops_sec");
    refuse_total_with_parts(v.total_bytes_sec_max, v.read_bytes_sec_max, v.write_bytes_sec_max, "bytes_sec_max");
    refuse_total_with_parts(v.total_iops_sec_max, v.read_iops_sec_max, v.write_iops_sec_max, "iops_sec_max");
    return change;
}

DiskIoTune IoTuneChange::applied_to(const model::Domain& domain, const model::Disk& disk) const {
    const DiskIoTune& old = present(domain, disk, *this);
    DiskIoTune fresh = values;
    for (const Limit& limit : limits) {
        if (!(this->*limit.family)) fresh.*limit.value = old.*limit.value;
    }
    if (!group) fresh.group_name = old.group_name;
    for (size_t i = 0; i < burst_count; i++) {
        const Limit& length = lengths[i];
        if (!(this->*length.family)) {
            fresh.*length.value = old.*length.value;
        } else if (old.*length.value != 0 && fresh.*length.value == 0) {
            // QEMU takes no 0 for it while there is a limit.
            const bool used = fresh.*limits[i].value != 0 || fresh.*limits[i + burst_count].value != 0;
            fresh.*length.value = used ? 1 : 0;
        }
    }
    return fresh;
}

void require_bases(const DiskIoTune& wanted) {
    for (size_t i = 0; i < burst_count; i++) {
        const Limit& limit = limits[i];
        const Limit& burst = limits[i + burst_count];
        if (wanted.*burst.value == 0) continue;
        if (wanted.*limit.value == 0) {
            fail(ErrorCode::config_unsupported, ErrorDomain::qemu, "cannot reset '{}' when '{}' is set", limit.name,
                 burst.name);
        }
        if (wanted.*burst.value < wanted.*limit.value) {
            fail(ErrorCode::config_unsupported, ErrorDomain::qemu, "value '{}' cannot be smaller than '{}'", burst.name,
                 limit.name);
        }
    }
}

void require_throttling(const model::Disk& disk) {
    if (disk.source.type != model::StorageType::vhostuser) return;
    fail(ErrorCode::operation_unsupported, ErrorDomain::qemu,
         "block I/O throttling is not supported for vhostuser disk");
}

Json throttle_arguments(const model::Disk& disk, const DiskIoTune& tune) {
    Json arguments = Json::object({{"id", device_path(disk)}});
    for (size_t i = 0; i < burst_count; i++) arguments.set(limits[i].qemu, tune.*limits[i].value);
    for (const Limit& limit : limits) {
        if (tune.*limit.value != 0) arguments.set(limit.qemu, tune.*limit.value);
    }
    if (!tune.group_name.empty()) arguments.set("group", tune.group_name);
    for (const Limit& length : lengths) {
        if (tune.*length.value != 0) arguments.set(length.qemu, tune.*length.value);
    }
    return arguments;
}

DiskIoTune told_io_tune(const Json& blocks, const model::Disk& disk) {
    DiskIoTune tune;
    const std::string wanted = device_path(disk);
    for (const Json& block : blocks.items()) {
        const std::string device = block.string_or("qdev", "");
        if (device != wanted && device != "/machine/peripheral/" + wanted) continue;
        const Json* inserted = block.find("inserted");
        if (!inserted) {
            throw Error(ErrorCode::internal_error, ErrorDomain::qemu,
                        "block_io_throttle inserted entry was not in expected format", "the drive is empty");
        }
        for (const Limit& limit : limits) tune.*limit.value = inserted->uint_or(limit.qemu, 0);
        for (const Limit& length : lengths) tune.*length.value = inserted->uint_or(length.qemu, 0);
        tune.group_name = inserted->string_or("group", "");
    }
    return tune;
}

void set_io_tune_of_group(model::Domain& domain, const std::string& target, const DiskIoTune& tune) {
    for (model::Disk& disk : domain.disks) {
        const bool same_group = !tune.group_name.empty() && disk.iotune.group_name == tune.group_name;
        if (disk.target == target || same_group) disk.iotune = tune;
    }
}

std::vector<wire::TypedParameter> io_tune_answer(const DiskIoTune& tune, size_t most) {
    wire::TypedParameters params;
    for (const Limit& limit : limits) params.add_ullong(std::string(limit.name), tune.*limit.value);
    params.add_string(std::string(group_name), tune.group_name);
    for (const Limit& length : lengths) params.add_ullong(std::string(length.name), tune.*length.value);
    std::vector<wire::TypedParameter> all = params.take();
    if (most < all.size()) all.resize(most);
    return all;
}

std::vector<wire::TypedParameter> io_tune_event(const std::string& target,
                                                const std::vector<wire::TypedParameter>& params) {
    const wire::TypedParameters given(params);
    wire::TypedParameters told;
    told.add_string("blkdeviotune.disk", target);
    for (const wire::TypedParameter& param : given) {
        const std::string name = "blkdeviotune." + param.field;
        if (param.field == group_name) {
            told.add_string(name, given.find_string(param.field).value_or(""));
        } else {
            told.add_ullong(name, given.find_ullong(param.field).value_or(0));
        }
    }
    return told.take();
}

}  // namespace virtue::qemu
