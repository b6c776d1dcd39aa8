// The XML documents that tell clients what host and emulator can do: virConnectGetCapabilities and
// virConnectGetDomainCapabilities. The functions that await are for the loop thread, the others for any.
#pragma once
#include <span>
#include <string>
#include <vector>

#include "drivers/qemu/capabilities/cache.h"
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
    std::string host_arch;                      ///< "x86_64"
    std::vector<std::string> firmwares;         ///< loader paths that exist, in the order of qemu.conf's nvram list
    std::vector<std::string> firmware_folders;  ///< with descriptions of firmwares, the later ones first
    bool vfio = false;                          ///< devices can be given to guests by VFIO
    bool swtpm = false;                         ///< swtpm and swtpm_setup are installed
};

/// Chooses the emulator, asks it, and writes the document. Throws libvirt's errors for what does not exist.
Task<std::string> domain_capabilities(CapabilitiesCache& cache, DomainCapabilitiesRequest request, HostFacts host,
                                      io::Deadline deadline);

/// Reads which of qemu.conf's default firmwares, which firmware descriptions and which helpers are installed.
HostFacts read_host_facts();

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
