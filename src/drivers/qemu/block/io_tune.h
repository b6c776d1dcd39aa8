// The limits of a disk's input and output: the parameters of the calls, QEMU's throttle, and the definition. Pure
// functions; any thread.
#pragma once
#include <cstdint>
#include <vector>

#include "drivers/qemu/monitor/json.h"
#include "model/domain/disk.h"
#include "wire/types.h"

namespace virtue::model {
struct Domain;
}

namespace virtue::qemu {

/// How many there are.
constexpr int32_t io_tune_parameters = 20;

/// Refuses unknown parameters, wrong types, values beyond QEMU's. Throws argument_unsupported, invalid_arg.
void require_io_tune(const std::vector<wire::TypedParameter>& params);

/// What a call sets. Limits of bytes, of operations and of their bursts are set by families: who sets one of a family
/// clears the others of it.
struct IoTuneChange {
    model::DiskIoTune values;
    bool bytes = false, iops = false, bytes_max = false, iops_max = false;
    bool size_iops = false, group = false, bytes_max_length = false, iops_max_length = false;

    /// The limits that `disk` has then. A disk that joins a group takes what the call leaves open from that group.
    model::DiskIoTune applied_to(const model::Domain& domain, const model::Disk& disk) const;
};
/// Throws config_unsupported for a burst without a limit or below it.
void require_bases(const model::DiskIoTune& wanted);
/// Throws invalid_arg for a total beside its parts.
IoTuneChange read_io_tune(const std::vector<wire::TypedParameter>& params);

/// Throws operation_unsupported for disks whose data QEMU does not see.
void require_throttling(const model::Disk& disk);

/// The arguments of block_set_io_throttle.
Json throttle_arguments(const model::Disk& disk, const model::DiskIoTune& tune);
/// What query-block says of a disk.
model::DiskIoTune told_io_tune(const Json& blocks, const model::Disk& disk);
/// Enters the limits for the disk and all others of its group.
void set_io_tune_of_group(model::Domain& domain, const std::string& target, const model::DiskIoTune& tune);

/// All parameters, or the first `most`.
std::vector<wire::TypedParameter> io_tune_answer(const model::DiskIoTune& tune, size_t most);
/// What the event of a change tells: the disk and what was set.
std::vector<wire::TypedParameter> io_tune_event(const std::string& target,
                                                const std::vector<wire::TypedParameter>& params);

}  // namespace virtue::qemu
