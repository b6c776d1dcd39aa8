// Descriptors that a client handed over for a guest's images: virDomainFDAssociate. A disk names a group of them, and
// QEMU opens the image through it, whatever the guest's user may open by name. Owned by the Domain, dropped when the
// client's connection closes. Loop thread only.
#pragma once
#include "driver/handler_table.h"
#include "drivers/qemu/command/command.h"
#include "drivers/qemu/core.h"
#include "protocol/remote/domain_device.h"

namespace virtue::qemu {

/// One group. The flags of the call say how images by name would be labelled; descriptors need no label.
struct FdGroup {
    std::vector<Fd> fds;
};

/// Answers virDomainFDAssociate.
class FdGroupCalls {
public:
    explicit FdGroupCalls(Core& core) : core_(core) {}
    void bind(driver::HandlerTable& on);

private:
    wire::Void associate(driver::Call& call, proc::DomainFdAssociate::Args args);

    Core& core_;
};

/// Throws invalid_arg for a disk whose group nobody handed over.
void require_fd_groups(const Domain& domain, const model::Domain& definition);
/// The definition with its grouped images named as QEMU sees them; the same object where there are none.
std::shared_ptr<const model::Domain> with_fd_sets(std::shared_ptr<const model::Domain> definition);
/// Passes the descriptors to the process. Throws system_error.
void pass_fd_groups(const Domain& domain, const model::Domain& definition, LaunchPlan& plan);

}  // namespace virtue::qemu
