// The small devices: input, hub, watchdog, memory balloon, random numbers, panic, shared memory, memory modules, IOMMU,
// vsock, lease, NVRAM, TPM, crypto. Value types.
#pragma once
#include "model/domain/chardev.h"
#include "model/domain/size.h"

namespace virtue::model {

enum class InputType : uint8_t { mouse, tablet, keyboard, passthrough, evdev };
VIRTUE_XML_NAMES(InputType, "mouse", "tablet", "keyboard", "passthrough", "evdev")
enum class InputBus : uint8_t { absent, ps2, usb, xen, parallels, virtio, none };
VIRTUE_XML_NAMES(InputBus, "", "ps2", "usb", "xen", "parallels", "virtio", "none")
enum class VirtioModel : uint8_t { absent, virtio, virtio_transitional, virtio_non_transitional };
VIRTUE_XML_NAMES(VirtioModel, "", "virtio", "virtio-transitional", "virtio-non-transitional")

struct Input {
    static constexpr const char* element = "input";
    InputType type = InputType::mouse;
    InputBus bus = InputBus::absent;
    VirtioModel model = VirtioModel::absent;
    VirtioOptions virtio;
    std::string evdev;  ///< passthrough: <source evdev>; evdev: <source dev>
    std::string grab, grab_toggle;
    xml::Switch repeat = xml::Switch::absent;
    DeviceInfo info;
    bool operator==(const Input&) const = default;
};
void map(xml::Mapper& m, Input& input);

struct Hub {
    static constexpr const char* element = "hub";
    std::string type = "usb";
    DeviceInfo info;
    bool operator==(const Hub&) const = default;
};
void map(xml::Mapper& m, Hub& hub);

enum class WatchdogModel : uint8_t { i6300esb, ib700, diag288 };
VIRTUE_XML_NAMES(WatchdogModel, "i6300esb", "ib700", "diag288")
enum class WatchdogAction : uint8_t { reset, shutdown, poweroff, pause, dump, none, inject_nmi };
VIRTUE_XML_NAMES(WatchdogAction, "reset", "shutdown", "poweroff", "pause", "dump", "none", "inject-nmi")

struct Watchdog {
    static constexpr const char* element = "watchdog";
    WatchdogModel model = WatchdogModel::i6300esb;
    WatchdogAction action = WatchdogAction::reset;
    DeviceInfo info;
    bool operator==(const Watchdog&) const = default;
};
void map(xml::Mapper& m, Watchdog& watchdog);

enum class MemballoonModel : uint8_t { virtio, xen, none, virtio_transitional, virtio_non_transitional };
VIRTUE_XML_NAMES(MemballoonModel, "virtio", "xen", "none", "virtio-transitional", "virtio-non-transitional")

struct Memballoon {
    static constexpr const char* element = "memballoon";
    MemballoonModel model = MemballoonModel::virtio;
    xml::Switch autodeflate = xml::Switch::absent;
    xml::Switch free_page_reporting = xml::Switch::absent;
    uint32_t stats_period = 0;  ///< seconds
    VirtioOptions virtio;
    DeviceInfo info;
    bool operator==(const Memballoon&) const = default;
};
void map(xml::Mapper& m, Memballoon& balloon);

enum class RngModel : uint8_t { virtio, virtio_transitional, virtio_non_transitional };
VIRTUE_XML_NAMES(RngModel, "virtio", "virtio-transitional", "virtio-non-transitional")
enum class RngBackendModel : uint8_t { random, egd, builtin };
VIRTUE_XML_NAMES(RngBackendModel, "random", "egd", "builtin")

struct RngRate {
    uint32_t bytes = 0;
    std::optional<uint32_t> period;  ///< milliseconds
    bool operator==(const RngRate&) const = default;
};
void map(xml::Mapper& m, RngRate& rate);

struct Rng {
    static constexpr const char* element = "rng";
    RngModel model = RngModel::virtio;
    std::optional<RngRate> rate;
    RngBackendModel backend = RngBackendModel::random;
    std::string device;    ///< random: "/dev/urandom"
    ChardevSource source;  ///< egd
    VirtioOptions virtio;
    DeviceInfo info;
    bool operator==(const Rng&) const = default;
};
void map(xml::Mapper& m, Rng& rng);

enum class PanicModel : uint8_t { absent, isa, pseries, hyperv, s390 };
VIRTUE_XML_NAMES(PanicModel, "", "isa", "pseries", "hyperv", "s390")

struct Panic {
    static constexpr const char* element = "panic";
    PanicModel model = PanicModel::absent;
    DeviceInfo info;
    bool operator==(const Panic&) const = default;
};
void map(xml::Mapper& m, Panic& panic);

enum class ShmemModel : uint8_t { ivshmem, ivshmem_plain, ivshmem_doorbell };
VIRTUE_XML_NAMES(ShmemModel, "ivshmem", "ivshmem-plain", "ivshmem-doorbell")

struct Shmem {
    static constexpr const char* element = "shmem";
    std::string name;
    std::string role;
    ShmemModel model = ShmemModel::ivshmem_plain;
    uint64_t size = 0;  ///< bytes, 0: not given
    bool has_server = false;
    std::string server_path;
    bool has_msi = false;
    uint32_t vectors = 0;
    xml::Switch ioeventfd = xml::Switch::absent;
    DeviceInfo info;
    bool operator==(const Shmem&) const = default;
};
void map(xml::Mapper& m, Shmem& shmem);

enum class MemoryModel : uint8_t { absent, dimm, nvdimm, virtio_pmem, virtio_mem, sgx_epc };
VIRTUE_XML_NAMES(MemoryModel, "", "dimm", "nvdimm", "virtio-pmem", "virtio-mem", "sgx-epc")

struct MemoryDevice {
    static constexpr const char* element = "memory";
    MemoryModel model = MemoryModel::dimm;
    std::string access;
    xml::YesNo discard = xml::YesNo::absent;
    std::optional<Uuid> uuid;
    // source
    Kibibytes page_size;
    Bitmap nodes;
    std::string path;
    Kibibytes align_size;
    bool pmem = false;
    // target
    Kibibytes size;
    int node = -1;
    Kibibytes block, requested, current;
    Kibibytes label_size;
    bool readonly = false;
    DeviceInfo info;
    bool operator==(const MemoryDevice&) const = default;
};
void map(xml::Mapper& m, MemoryDevice& memory);

enum class IommuModel : uint8_t { intel, smmuv3, virtio };
VIRTUE_XML_NAMES(IommuModel, "intel", "smmuv3", "virtio")

struct Iommu {
    static constexpr const char* element = "iommu";
    IommuModel model = IommuModel::intel;
    xml::Switch intremap = xml::Switch::absent, caching_mode = xml::Switch::absent, eim = xml::Switch::absent,
                iotlb = xml::Switch::absent;
    uint32_t aw_bits = 0;
    DeviceInfo info;
    bool operator==(const Iommu&) const = default;
};
void map(xml::Mapper& m, Iommu& iommu);

struct Vsock {
    static constexpr const char* element = "vsock";
    VirtioModel model = VirtioModel::absent;
    xml::YesNo automatic_cid = xml::YesNo::absent;
    uint32_t cid = 0;
    VirtioOptions virtio;
    DeviceInfo info;
    bool operator==(const Vsock&) const = default;
};
void map(xml::Mapper& m, Vsock& vsock);

struct Lease {
    static constexpr const char* element = "lease";
    std::string lockspace, key, path;
    uint64_t offset = 0;
    bool operator==(const Lease&) const = default;
};
void map(xml::Mapper& m, Lease& lease);

struct Nvram {
    static constexpr const char* element = "nvram";
    DeviceInfo info;
    bool operator==(const Nvram&) const = default;
};
void map(xml::Mapper& m, Nvram& nvram);

enum class TpmModel : uint8_t { absent, tis, crb, spapr, spapr_proxy };
VIRTUE_XML_NAMES(TpmModel, "", "tpm-tis", "tpm-crb", "tpm-spapr", "spapr-tpm-proxy")
enum class TpmBackend : uint8_t { passthrough, emulator, external };
VIRTUE_XML_NAMES(TpmBackend, "passthrough", "emulator", "external")
enum class TpmVersion : uint8_t { absent, v1_2, v2_0 };
VIRTUE_XML_NAMES(TpmVersion, "", "1.2", "2.0")

struct Tpm {
    static constexpr const char* element = "tpm";
    TpmModel model = TpmModel::absent;
    TpmBackend backend = TpmBackend::passthrough;
    TpmVersion version = TpmVersion::absent;
    xml::YesNo persistent_state = xml::YesNo::absent;
    std::string device;    ///< passthrough
    ChardevSource source;  ///< external
    std::optional<Uuid> secret;
    std::vector<std::string> pcr_banks;
    DeviceInfo info;
    bool operator==(const Tpm&) const = default;
};
void map(xml::Mapper& m, Tpm& tpm);

struct Crypto {
    static constexpr const char* element = "crypto";
    std::string model = "virtio";
    std::string type = "qemu";
    std::string backend = "builtin";
    uint32_t queues = 0;
    VirtioOptions virtio;
    DeviceInfo info;
    bool operator==(const Crypto&) const = default;
};
void map(xml::Mapper& m, Crypto& crypto);

}  // namespace virtue::model
