// Limits of disks: bytes and operations a second.
#include <algorithm>

#include "drivers/test/domains.h"
#include "drivers/test/refusals.h"
#include "protocol/remote/domain_block.h"
#include "wire/typed_params.h"

namespace virtue::test {
namespace {

using Tune = model::DiskIoTune;

constexpr uint32_t live_or_config = api::domain_affect_live | api::domain_affect_config;
constexpr uint64_t most = 1000000000000000;  // what libvirt takes at most

struct Field {
    const char* name;
    uint64_t Tune::*member;
};
// In the order in which they are answered; the group's name stands between the plain limits and the lengths.
constexpr Field limits[] = {
    {"total_bytes_sec", &Tune::total_bytes_sec},
    {"read_bytes_sec", &Tune::read_bytes_sec},
    {"write_bytes_sec", &Tune::write_bytes_sec},
    {"total_iops_sec", &Tune::total_iops_sec},
    {"read_iops_sec", &Tune::read_iops_sec},
    {"write_iops_sec", &Tune::write_iops_sec},
    {"total_bytes_sec_max", &Tune::total_bytes_sec_max},
    {"read_bytes_sec_max", &Tune::read_bytes_sec_max},
    {"write_bytes_sec_max", &Tune::write_bytes_sec_max},
    {"total_iops_sec_max", &Tune::total_iops_sec_max},
    {"read_iops_sec_max", &Tune::read_iops_sec_max},
    {"write_iops_sec_max", &Tune::write_iops_sec_max},
    {"size_iops_sec", &Tune::size_iops_sec},
};
constexpr Field lengths[] = {
    {"total_bytes_sec_max_length", &Tune::total_bytes_sec_max_length},
    {"read_bytes_sec_max_length", &Tune::read_bytes_sec_max_length},
    {"write_bytes_sec_max_length", &Tune::write_bytes_sec_max_length},
    {"total_iops_sec_max_length", &Tune::total_iops_sec_max_length},
    {"read_iops_sec_max_length", &Tune::read_iops_sec_max_length},
    {"write_iops_sec_max_length", &Tune::write_iops_sec_max_length},
};

model::Disk& disk_of(model::Domain& domain, const std::string& name) {
    for (model::Disk& disk : domain.disks)
        if (disk.target == name || (!name.empty() && disk.source.path == name)) return disk;
    refuse(ErrorCode::invalid_arg, "disk '{}' was not found in the domain config", name);
}

proc::DomainGetBlockIoTune::Ret get(Instance& in, proc::DomainGetBlockIoTune::Args args) {
    check_flags(args.flags, live_or_config | api::typed_param_string_okay, "testDomainGetBlockIoTune");
    model::Domain& domain = guest_of(in, args.domain).chosen(args.flags & live_or_config);
    constexpr size_t count = std::size(limits) + 1 + std::size(lengths);
    proc::DomainGetBlockIoTune::Ret ret;
    ret.nparams = count;
    if (args.nparams == 0) return ret;
    const Tune& tune = disk_of(domain, args.disk.value_or("")).iotune;
    wire::TypedParameters params;
    for (const Field& field : limits) params.add_ullong(field.name, tune.*field.member);
    params.add_string("group_name", tune.group_name);
    for (const Field& field : lengths) params.add_ullong(field.name, tune.*field.member);
    std::vector<wire::TypedParameter> items = params.take();
    if (items.size() > static_cast<size_t>(std::max(args.nparams, 0)))
        items.resize(static_cast<size_t>(std::max(args.nparams, 0)));
    ret.nparams = static_cast<int32_t>(items.size());
    ret.params = std::move(items);
    return ret;
}

void require_one_kind(uint64_t total, uint64_t read, uint64_t write, const char* what) {
    if (total != 0 && (read != 0 || write != 0))
        refuse(ErrorCode::invalid_arg, "total and read/write of {} cannot be set at the same time", what);
}

void require_below(uint64_t plain, uint64_t maximum, const char* name) {
    // A burst limit makes sense only above the lasting one; the blank at the end is libvirt's.
    if (maximum != 0 && plain > maximum)
        refuse(ErrorCode::invalid_arg, "{} cannot be set higher than {}_max ", name, name);
}

void check(const Tune& t) {
    require_one_kind(t.total_bytes_sec, t.read_bytes_sec, t.write_bytes_sec, "bytes_sec");
    require_one_kind(t.total_iops_sec, t.read_iops_sec, t.write_iops_sec, "iops_sec");
    require_one_kind(t.total_bytes_sec_max, t.read_bytes_sec_max, t.write_bytes_sec_max, "bytes_sec_max");
    require_one_kind(t.total_iops_sec_max, t.read_iops_sec_max, t.write_iops_sec_max, "iops_sec_max");
    require_below(t.total_bytes_sec, t.total_bytes_sec_max, "total_bytes_sec");
    require_below(t.read_bytes_sec, t.read_bytes_sec_max, "read_bytes_sec");
    require_below(t.write_bytes_sec, t.write_bytes_sec_max, "write_bytes_sec");
    require_below(t.total_iops_sec, t.total_iops_sec_max, "total_iops_sec");
    require_below(t.read_iops_sec, t.read_iops_sec_max, "read_iops_sec");
    require_below(t.write_iops_sec, t.write_iops_sec_max, "write_iops_sec");
}

proc::DomainSetBlockIoTune::Ret set(Instance& in, proc::DomainSetBlockIoTune::Args args) {
    std::vector<wire::ExpectedParameter> expected{{"group_name", api::typed_param_string}};
    for (const Field& field : limits) expected.push_back({field.name, api::typed_param_ullong});
    for (const Field& field : lengths) expected.push_back({field.name, api::typed_param_ullong});
    check_flags(args.flags, live_or_config, "testDomainSetBlockIoTune");
    wire::validate(args.params, expected);
    Guest& guest = guest_of(in, args.domain);
    model::Disk& disk = disk_of(guest.chosen(args.flags), args.disk);
    wire::TypedParameters params(args.params);
    Tune tune = disk.iotune;
    for (const auto& fields : {std::span<const Field>(limits), std::span<const Field>(lengths)}) {
        for (const Field& field : fields) {
            std::optional<uint64_t> value = params.find_ullong(field.name);
            if (!value) continue;
            if (*value > most)
                fail(ErrorCode::argument_unsupported, here, "block I/O throttle limit value must be no more than {}",
                     most);
            tune.*field.member = *value;
        }
    }
    if (auto group = params.find_string("group_name")) tune.group_name = *group;
    check(tune);
    disk.iotune = tune;
    return {};
}

}  // namespace

void bind_domain_block_tuning(Instance& in) {
    bind<proc::DomainGetBlockIoTune>(in.hypervisor, in, get);
    bind<proc::DomainSetBlockIoTune>(in.hypervisor, in, set);
}

}  // namespace virtue::test
