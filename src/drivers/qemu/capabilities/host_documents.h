// The XML documents that tell clients about the host itself: the <host> part of virConnectGetCapabilities, and
// virConnectGetSysinfo. Plain functions that read /proc and /sys; any thread, best the blocking pool.
#pragma once
#include <span>
#include <string>
#include <vector>

#include "host/cpu_compare.h"
#include "host/smbios.h"
#include "host/system_files.h"

namespace virtue::qemu {

/// A security driver and the labels that guests get by default.
struct SecurityModel {
    struct Label {
        std::string virt_type;  ///< "kvm", "qemu"
        std::string label;
    };
    std::string name;  ///< "none", "dac", "apparmor"
    std::string domain_of_interpretation = "0";
    std::vector<Label> labels;
};

/// What the document needs besides the kernel's files.
struct HostIdentity {
    std::string uuid;  ///< empty leaves it out
    std::string arch;  ///< "x86_64"
    std::vector<SecurityModel> security;
};

/// The CPU that this process runs on, named as in the host capabilities; without a model where none fits.
host::CpuDescription host_cpu(const std::string& arch);

/// The `<host>` element with its lines, indented as in the whole document.
std::string host_xml(const host::SystemFiles& files, const HostIdentity& identity);

/// The `<sysinfo>` document of the sections.
std::string sysinfo_xml(std::span<const host::FirmwareSection> sections);

}  // namespace virtue::qemu
