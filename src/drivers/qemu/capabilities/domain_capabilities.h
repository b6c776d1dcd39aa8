// The XML documents that tell clients what host and emulator can do: virConnectGetCapabilities and
// virConnectGetDomainCapabilities. Pure functions over what was probed; any thread.
#pragma once
#include <span>
#include <string>
#include <vector>

#include "drivers/qemu/capabilities/capabilities.h"

namespace virtue::qemu {

/// What a client asks with virConnectGetDomainCapabilities; empty strings mean the default.
struct DomainCapabilitiesRequest {
    std::string emulator;
    std::string arch;
    std::string machine;
    std::string virt_type;
};

/// Where host-wide facts for both documents come from.
struct HostFacts {
    std::string host_arch;               ///< "x86_64"
    std::vector<std::string> firmwares;  ///< loader paths that exist, in the order of qemu.conf's nvram list
    std::string firmware_folder = "/usr/share/qemu/firmware";
    bool iommu = false;  ///< VFIO can be used
};

/// The document. Throws invalid_arg with libvirt's words for what the emulator does not have.
std::string domain_capabilities_xml(const DomainCapabilitiesRequest& request, const QemuCapabilities& capabilities,
                                    const HostFacts& host);

/// One `<guest>` element of the host capabilities.
struct GuestEmulator {
    std::string arch;              ///< "x86_64"
    CapabilitiesRef capabilities;  ///< of the emulator for it
};
/// All `<guest>` elements, indented as in the whole document, in libvirt's order.
std::string guests_xml(std::span<const GuestEmulator> emulators);

}  // namespace virtue::qemu
