// table
// What libvirt answers to values that it cannot read, where that is not xml_error of its XML part: asked of libvirtd
// 9.0.0 place by place. `scripts/differential --every` finds what is missing here.
#include <algorithm>
#include <array>

#include "model/domain/domain.h"

namespace virtue::model {

namespace {

using xml::Answer;
constexpr Answer error(ErrorCode code, ErrorDomain domain = ErrorDomain::domain) {
    return {Answer::Kind::error, code, domain};
}
constexpr Answer usual{};
constexpr Answer absent{Answer::Kind::absent, ErrorCode::ok, ErrorDomain::none};
constexpr Answer unsupported = error(ErrorCode::config_unsupported);
constexpr Answer wrong = error(ErrorCode::xml_error);
constexpr Answer internal = error(ErrorCode::internal_error);
constexpr Answer bitmap = error(ErrorCode::invalid_arg, ErrorDomain::none);
constexpr Answer plain = error(ErrorCode::xml_error, ErrorDomain::none);
constexpr Answer rate = error(ErrorCode::config_unsupported, ErrorDomain::none);
constexpr Answer storage = error(ErrorCode::xml_error, ErrorDomain::storage);
constexpr Answer storage_unsupported = error(ErrorCode::config_unsupported, ErrorDomain::storage);
constexpr Answer cpu = error(ErrorCode::xml_error, ErrorDomain::cpu);
constexpr Answer cpu_unsupported = error(ErrorCode::config_unsupported, ErrorDomain::cpu);
constexpr Answer detail = error(ErrorCode::xml_detail);
constexpr Answer qemu = error(ErrorCode::xml_error, ErrorDomain::qemu);
constexpr Answer qemu_internal = error(ErrorCode::internal_error, ErrorDomain::qemu);

// Sorted by place, which is the end of a path. After it: a wrong value, an empty one, a missing one.
constexpr auto refusals = std::to_array<xml::Refusal>({
    {"acpi/table@type", wrong, usual, wrong},
    {"address@type", unsupported, usual, internal},
    {"auth/secret@uuid", plain, usual, usual},
    {"auth@username", usual, usual, storage},
    {"backingStore/format@type", wrong, usual, wrong},
    {"backingStore@index", absent, usual, usual},
    {"backingStore@type", wrong, usual, absent},
    {"bios@useserial", absent, usual, usual},
    {"blkiotune/device/read_bytes_sec", unsupported, absent, usual},
    {"blkiotune/device/read_iops_sec", unsupported, absent, usual},
    {"blkiotune/device/weight", unsupported, absent, usual},
    {"blkiotune/device/write_bytes_sec", unsupported, absent, usual},
    {"blkiotune/device/write_iops_sec", unsupported, absent, usual},
    {"blkiotune/weight", absent, usual, usual},
    {"capabilities/add@capability", usual, usual, qemu_internal},
    {"capabilities/del@capability", usual, usual, qemu_internal},
    {"channel/target@address", usual, usual, wrong},
    {"channel/target@state", absent, usual, usual},
    {"channel/target@type", unsupported, usual, unsupported},
    {"channel@type", unsupported, usual, usual},
    {"clock@adjustment", absent, usual, usual},
    {"clock@basis", unsupported, absent, usual},
    {"clock@offset", unsupported, absent, usual},
    {"clock@start", internal, usual, internal},
    {"console/protocol@type", unsupported, usual, usual},
    {"console/target@port", wrong, usual, usual},
    {"console/target@type", unsupported, usual, usual},
    {"console@type", unsupported, usual, usual},
    {"controller/pcihole64", usual, absent, usual},
    {"controller/target/node", wrong, absent, usual},
    {"cookie@name", usual, usual, wrong},
    {"cpu/feature@name", usual, usual, cpu},
    {"cpu/model@fallback", cpu_unsupported, absent, usual},
    {"cpu/numa/cell/cache@associativity", wrong, usual, wrong},
    {"cpu/numa/cell/cache@level", wrong, usual, wrong},
    {"cpu/numa/cell/cache@policy", wrong, usual, wrong},
    {"cpu/numa/cell@cpus", bitmap, usual, usual},
    {"cpu@mode", cpu_unsupported, usual, usual},
    {"cputune/emulatorpin@cpuset", bitmap, usual, usual},
    {"cputune/global_period", wrong, absent, usual},
    {"cputune/global_quota", wrong, absent, usual},
    {"cputune/iothread_period", wrong, absent, usual},
    {"cputune/iothread_quota", wrong, absent, usual},
    {"cputune/iothreadpin@cpuset", bitmap, usual, internal},
    {"cputune/iothreadsched@iothreads", bitmap, usual, wrong},
    {"cputune/period", wrong, absent, usual},
    {"cputune/quota", wrong, absent, usual},
    {"cputune/shares", wrong, absent, usual},
    {"cputune/vcpupin@cpuset", bitmap, usual, internal},
    {"cputune/vcpusched@vcpus", bitmap, usual, wrong},
    {"currentMemory", usual, absent, usual},
    {"disk/driver@type", unsupported, usual, usual},
    {"disk/iotune/read_bytes_sec", wrong, absent, usual},
    {"disk/iotune/read_bytes_sec_max", wrong, absent, usual},
    {"disk/iotune/read_bytes_sec_max_length", wrong, absent, usual},
    {"disk/iotune/read_iops_sec", wrong, absent, usual},
    {"disk/iotune/read_iops_sec_max", wrong, absent, usual},
    {"disk/iotune/read_iops_sec_max_length", wrong, absent, usual},
    {"disk/iotune/size_iops_sec", wrong, absent, usual},
    {"disk/iotune/total_bytes_sec", wrong, absent, usual},
    {"disk/iotune/total_bytes_sec_max", wrong, absent, usual},
    {"disk/iotune/total_bytes_sec_max_length", wrong, absent, usual},
    {"disk/iotune/total_iops_sec", wrong, absent, usual},
    {"disk/iotune/total_iops_sec_max", wrong, absent, usual},
    {"disk/iotune/total_iops_sec_max_length", wrong, absent, usual},
    {"disk/iotune/write_bytes_sec", wrong, absent, usual},
    {"disk/iotune/write_bytes_sec_max", wrong, absent, usual},
    {"disk/iotune/write_bytes_sec_max_length", wrong, absent, usual},
    {"disk/iotune/write_iops_sec", wrong, absent, usual},
    {"disk/iotune/write_iops_sec_max", wrong, absent, usual},
    {"disk/iotune/write_iops_sec_max_length", wrong, absent, usual},
    {"disk/source@mode", unsupported, usual, usual},
    {"disk/source@namespace", wrong, usual, wrong},
    {"disk/source@path", usual, usual, wrong},
    {"disk/source@type", wrong, usual, wrong},
    {"encryption/secret@uuid", plain, usual, usual},
    {"encryption@format", storage_unsupported, storage, storage},
    {"features/cfpc@value", usual, usual, absent},
    {"features/hpt/maxpagesize", unsupported, absent, usual},
    {"features/hyperv/vendor_id@value", usual, usual, wrong},
    {"features/ibs@value", usual, usual, absent},
    {"features/ioapic@driver", usual, usual, absent},
    {"features/sbbc@value", usual, usual, absent},
    {"features/smm/tseg", usual, absent, usual},
    {"filesystem/binary/thread_pool@size", wrong, absent, usual},
    {"filesystem/driver@queue", wrong, absent, usual},
    {"filesystem@accessmode", usual, absent, usual},
    {"frontend/property@name", usual, usual, qemu},
    {"frontend/property@value", usual, usual, qemu},
    {"genid", internal, usual, usual},
    {"graphics@autoport", absent, absent, usual},
    {"graphics@connected", unsupported, usual, usual},
    {"host@transport", unsupported, usual, usual},
    {"hostdev/source/address@uuid", internal, usual, usual},
    {"hostdev/source@name", usual, usual, wrong},
    {"hostdev/source@protocol", usual, usual, wrong},
    {"hostdev/source@wwpn", usual, usual, wrong},
    {"hostdev/teaming@persistent", usual, unsupported, unsupported},
    {"hostdev/teaming@type", unsupported, usual, unsupported},
    {"hostdev@managed", absent, usual, usual},
    {"hostdev@type", usual, usual, wrong},
    {"hub@type", unsupported, usual, internal},
    {"idmap/gid@count", wrong, usual, wrong},
    {"idmap/gid@start", wrong, usual, wrong},
    {"idmap/gid@target", wrong, usual, wrong},
    {"idmap/uid@count", wrong, usual, wrong},
    {"idmap/uid@start", wrong, usual, wrong},
    {"idmap/uid@target", wrong, usual, wrong},
    {"input@bus", unsupported, usual, usual},
    {"input@type", unsupported, usual, internal},
    {"interface/bandwidth/inbound@average", rate, usual, usual},
    {"interface/bandwidth/inbound@burst", rate, usual, usual},
    {"interface/bandwidth/inbound@floor", rate, usual, usual},
    {"interface/bandwidth/inbound@peak", rate, usual, usual},
    {"interface/bandwidth/outbound@average", rate, usual, usual},
    {"interface/bandwidth/outbound@burst", rate, usual, usual},
    {"interface/bandwidth/outbound@peak", rate, usual, usual},
    {"interface/coalesce/rx/frames@max", detail, absent, usual},
    {"interface/filterref@filter", usual, usual, absent},
    {"interface/ip@address", usual, usual, wrong},
    {"interface/ip@family", absent, usual, usual},
    {"interface/ip@prefix", wrong, usual, usual},
    {"interface/link@state", unsupported, absent, usual},
    {"interface/mac@address", wrong, usual, usual},
    {"interface/mtu@size", wrong, absent, usual},
    {"interface/source@address", usual, absent, usual},
    {"interface/teaming@persistent", usual, unsupported, unsupported},
    {"interface/teaming@type", unsupported, absent, absent},
    {"interface/tune/sndbuf", wrong, absent, usual},
    {"interface/virtualport/parameters@instanceid", plain, usual, usual},
    {"interface/virtualport/parameters@interfaceid", plain, usual, usual},
    {"interface/virtualport/parameters@managerid", plain, usual, usual},
    {"interface/virtualport/parameters@typeid", plain, usual, usual},
    {"interface/virtualport/parameters@typeidversion", plain, usual, usual},
    {"interface/vlan@trunk", plain, absent, usual},
    {"iothreads", wrong, absent, usual},
    {"maxMemory", usual, absent, usual},
    {"maxMemory@slots", wrong, absent, usual},
    {"memory", usual, absent, usual},
    {"memory/source/alignsize", usual, absent, usual},
    {"memory/source/nodemask", bitmap, absent, usual},
    {"memory/source/pagesize", usual, absent, usual},
    {"memory/target/block", usual, absent, usual},
    {"memory/target/label/size", usual, absent, usual},
    {"memory/target/node", wrong, absent, usual},
    {"memory/target/requested", usual, absent, usual},
    {"memoryBacking/access@mode", unsupported, absent, usual},
    {"memoryBacking/allocation@mode", unsupported, absent, usual},
    {"memoryBacking/allocation@threads", wrong, absent, usual},
    {"memoryBacking/hugepages/page@nodeset", bitmap, usual, usual},
    {"memoryBacking/source@type", unsupported, absent, usual},
    {"memtune/hard_limit", usual, absent, usual},
    {"memtune/soft_limit", usual, absent, usual},
    {"memtune/swap_hard_limit", usual, absent, usual},
    {"numatune/memnode@nodeset", bitmap, usual, wrong},
    {"numatune/memory@mode", unsupported, usual, usual},
    {"numatune/memory@nodeset", bitmap, usual, usual},
    {"numatune/memory@placement", unsupported, usual, usual},
    {"on_crash", unsupported, absent, usual},
    {"on_lockfailure", unsupported, absent, usual},
    {"on_poweroff", unsupported, absent, usual},
    {"on_reboot", unsupported, absent, usual},
    {"os/type", unsupported, usual, usual},
    {"os@firmware", wrong, absent, usual},
    {"override/device@alias", usual, usual, qemu},
    {"parallel@type", unsupported, usual, usual},
    {"readahead@size", wrong, absent, absent},
    {"redirdev/protocol@type", unsupported, usual, usual},
    {"redirdev@bus", unsupported, usual, usual},
    {"redirdev@type", unsupported, usual, internal},
    {"rng/backend/protocol@type", unsupported, usual, usual},
    {"rng/backend@model", unsupported, usual, wrong},
    {"rng/backend@type", unsupported, usual, usual},
    {"rng/rate@bytes", wrong, absent, absent},
    {"rng/rate@period", wrong, absent, usual},
    {"rng@model", unsupported, usual, wrong},
    {"seclabel@labelskip", absent, usual, usual},
    {"serial/protocol@type", unsupported, usual, usual},
    {"serial/target/model@name", unsupported, absent, usual},
    {"serial/target@port", wrong, usual, usual},
    {"serial/target@type", unsupported, usual, usual},
    {"serial@type", unsupported, usual, usual},
    {"shmem/size", usual, absent, usual},
    {"slice@offset", wrong, usual, wrong},
    {"slice@size", wrong, usual, wrong},
    {"smartcard@type", unsupported, usual, wrong},
    {"smbios@mode", unsupported, absent, usual},
    {"sound/codec@type", unsupported, usual, unsupported},
    {"source@index", absent, usual, usual},
    {"sysinfo/baseBoard/entry@name", usual, usual, absent},
    {"sysinfo/bios/entry@name", usual, usual, absent},
    {"sysinfo/chassis/entry@name", usual, usual, absent},
    {"sysinfo/entry@name", usual, usual, wrong},
    {"sysinfo/system/entry@name", usual, usual, absent},
    {"timeout@seconds", wrong, absent, absent},
    {"tpm/backend/encryption@secret", internal, absent, usual},
    {"tpm/backend/source@type", unsupported, wrong, usual},
    {"tpm/backend@persistent_state", internal, usual, usual},
    {"vcpu@cpuset", bitmap, usual, usual},
    {"video/model@heads", internal, absent, usual},
    {"video/model@primary", absent, usual, usual},
    {"video/model@type", usual, usual, absent},
    {"virtualport@type", rate, usual, plain},
});
static_assert(std::ranges::is_sorted(refusals, {}, &xml::Refusal::place));

}  // namespace

const xml::Refusal* Domain::refusal_at(std::string_view place) {
    // The longest end of the path that the table has.
    for (;;) {
        const auto at = std::ranges::lower_bound(refusals, place, {}, &xml::Refusal::place);
        if (at != refusals.end() && at->place == place) return &*at;
        const size_t slash = place.find('/');
        if (slash == std::string_view::npos) return nullptr;
        place.remove_prefix(slash + 1);
    }
}

}  // namespace virtue::model
