// The administrator's hook programs: hooks/qemu and hooks/qemu.d/* in the daemon's configuration folder, called as
// libvirt calls them. Loop thread only.
#pragma once
#include <string>

#include "drivers/qemu/core.h"

namespace virtue::qemu {

/// Runs them with NAME OPERATION STEP - and the guest's live XML at their input; gives what they printed. Throws
/// hook_script_failed when one fails, operation_timeout.
Task<std::string> run_hooks(Core& core, std::shared_ptr<const model::Domain> domain, std::string operation,
                            std::string step);

/// The same where a failure changes nothing any more: it is logged.
Task<void> run_hooks_after(Core& core, std::shared_ptr<const model::Domain> domain, std::string operation,
                           std::string step);

/// Shows them a definition that is about to be restored; what they print takes its place. Throws as run_hooks(), and
/// what a bad definition throws.
Task<std::shared_ptr<model::Domain>> changed_by_hooks(Core& core, std::shared_ptr<model::Domain> definition,
                                                      io::Deadline deadline);

}  // namespace virtue::qemu
