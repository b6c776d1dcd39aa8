// What the firmware says of the machine (SMBIOS), from the kernel's copy of its tables, in dmidecode's words, which
// clients of virConnectGetSysinfo expect. Read once; any thread.
#pragma once
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "host/system_files.h"

namespace virtue::host {

/// One group of facts, named as in libvirt's <sysinfo>.
struct FirmwareSection {
    std::string element;                                       ///< "bios", "system", "memory_device"
    std::vector<std::pair<std::string, std::string>> entries;  ///< name (empty for OEM strings) and text
    bool operator==(const FirmwareSection&) const = default;
};

/// All sections in libvirt's order; empty where there are no tables or they may not be read.
std::vector<FirmwareSection> read_smbios(const SystemFiles& files);
/// The same from the bytes of the structure table (SMBIOS 3.6, chapter 7). Damaged structures end it.
std::vector<FirmwareSection> parse_smbios(std::span<const uint8_t> table);

}  // namespace virtue::host
