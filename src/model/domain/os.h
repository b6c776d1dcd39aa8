// <os>: what the guest boots, and with which firmware; <sysinfo>: what its SMBIOS tables say. Value types.
#pragma once
#include "base/big_value.h"
#include "model/domain/storage_source.h"

namespace virtue::model {

enum class OsFirmware : uint8_t { absent, bios, efi };
VIRTUE_XML_NAMES(OsFirmware, "", "bios", "efi")
enum class LoaderType : uint8_t { absent, rom, pflash, none };
VIRTUE_XML_NAMES(LoaderType, "", "rom", "pflash", "none")
enum class BootDevice : uint8_t { fd, cdrom, hd, network };
VIRTUE_XML_NAMES(BootDevice, "fd", "cdrom", "hd", "network")
enum class SmbiosMode : uint8_t { absent, emulate, host, sysinfo };
VIRTUE_XML_NAMES(SmbiosMode, "", "emulate", "host", "sysinfo")
enum class OsType : uint8_t { absent, hvm, xen, linux_, exe, uml, xenpvh };
VIRTUE_XML_NAMES(OsType, "", "hvm", "xen", "linux", "exe", "uml", "xenpvh")

struct FirmwareFeature {
    std::string name;
    bool enabled = false;
    bool operator==(const FirmwareFeature&) const = default;
};
void map(xml::Mapper& m, FirmwareFeature& feature);

struct Loader {
    xml::YesNo readonly = xml::YesNo::absent;
    LoaderType type = LoaderType::absent;
    xml::YesNo secure = xml::YesNo::absent;
    xml::YesNo stateless = xml::YesNo::absent;
    std::string path;
    bool operator==(const Loader&) const = default;
};
void map(xml::Mapper& m, Loader& loader);

/// Where the firmware keeps its variables: a path, or any storage source.
struct OsNvram {
    std::string template_path;
    StorageSource source;
    bool new_style = false;  ///< written as <nvram type='file'><source …/></nvram>
    bool operator==(const OsNvram&) const = default;
};
void map(xml::Mapper& m, OsNvram& nvram);

struct InitEnvironment {
    std::string name, value;
    bool operator==(const InitEnvironment&) const = default;
};
void map(xml::Mapper& m, InitEnvironment& variable);

struct Os {
    VIRTUE_BIG_VALUE(Os);
    OsFirmware firmware = OsFirmware::absent;
    OsType type = OsType::absent;
    std::string arch;
    std::string machine;
    std::vector<FirmwareFeature> firmware_features;
    std::string init;
    std::vector<std::string> init_arguments;
    std::vector<InitEnvironment> init_environment;
    std::string init_dir, init_user, init_group;
    std::optional<Loader> loader;
    std::optional<OsNvram> nvram;
    std::string kernel, initrd, cmdline, root, dtb;
    std::string slic_table;
    std::vector<BootDevice> boot;
    xml::YesNo bootmenu = xml::YesNo::absent;
    std::optional<uint32_t> bootmenu_timeout;  ///< milliseconds
    xml::YesNo useserial = xml::YesNo::absent;
    std::optional<int> reboot_timeout;  ///< milliseconds, -1: never
    SmbiosMode smbios = SmbiosMode::absent;
    std::string bootloader, bootloader_args;  ///< siblings of <os> in the document
    bool operator==(const Os&) const = default;
};
void map(xml::Mapper& m, Os& os);

struct SysinfoEntry {
    std::string name, value, file;
    bool operator==(const SysinfoEntry&) const = default;
};
void map(xml::Mapper& m, SysinfoEntry& entry);

/// Entries keep libvirt's order, whatever the order in the document.
struct SysinfoBlock {
    std::vector<SysinfoEntry> entries;
    bool operator==(const SysinfoBlock&) const = default;
    /// The value of an entry, or nothing.
    const std::string* find(std::string_view name) const;
};

struct Sysinfo {
    VIRTUE_BIG_VALUE(Sysinfo);
    std::string type;  ///< smbios, fwcfg
    SysinfoBlock bios, system, chassis;
    std::vector<SysinfoBlock> baseboards;
    std::vector<std::string> oem_strings;
    std::vector<SysinfoEntry> fwcfg;
    bool operator==(const Sysinfo&) const = default;
};
void map(xml::Mapper& m, Sysinfo& sysinfo);

}  // namespace virtue::model
