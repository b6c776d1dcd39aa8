// What a guest sees of its machine, compared between two definitions: who restores, migrates or redefines a guest gives
// a second definition, and may change the host's side of it only. Pure functions; any thread.
#pragma once
#include <optional>
#include <string>

#include "model/domain/domain.h"

namespace virtue::model {

/// The first difference that the guest would see.
struct AbiDifference {
    std::string path;      ///< in the second definition: "/domain/devices/disk[2]/target/bus"
    std::string sentence;  ///< libvirt's: "Target disk bus scsi does not match source virtio"
};

/// Compares in libvirt's order (virDomainDefCheckABIStability). Nothing if the guest would see none. Both definitions
/// are complete (complete.h).
std::optional<AbiDifference> abi_difference(const Domain& source, const Domain& target);

/// Throws config_unsupported: "PATH: SENTENCE".
void check_abi(const Domain& source, const Domain& target);

}  // namespace virtue::model
