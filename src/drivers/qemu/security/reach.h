// Whether a guest's user gets to a file by its name: asked of the kernel as that user, so that modes, groups, access
// control lists and mounts all count. For the blocking pool: a thread takes the user's place for a moment.
#pragma once
#include <string>
#include <vector>

#include "drivers/qemu/security/dac.h"
#include "drivers/qemu/settings.h"

namespace virtue::qemu {

/// A file that QEMU opens by its name.
struct NeededFile {
    std::string path;
    bool given = false;  ///< its owner will be the guest's user: only the folders on the way can refuse
    bool written = false;
};

/// Throws system_error (EACCES) for the first file that the user cannot open. The hint names the folder on the way that
/// is closed to the user, or the file, and the command that opens it. Files that are not there are passed over. Blocks.
void require_reach(const std::vector<NeededFile>& files, const GuestUser& user, const std::vector<uint32_t>& groups);

/// Gives files to the user of a guest that runs already, once it is sure that the folders on the way let it in. Throws
/// as require_reach(); then no owner was changed. Blocks.
void give_within_reach(const DacOwner& owner, const std::vector<OwnedFile>& files, const GuestUser& user);

}  // namespace virtue::qemu
