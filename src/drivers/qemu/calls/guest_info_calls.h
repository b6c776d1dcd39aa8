// What the agent inside a guest tells of the system there, all at once, and the SSH keys of its users. Owned by
// QemuDriver; loop thread only.
#pragma once
#include "driver/handler_table.h"
#include "drivers/qemu/core.h"
#include "protocol/remote/domain_guest.h"

namespace virtue::qemu {

class GuestInfoCalls {
public:
    explicit GuestInfoCalls(Core& core) : core_(core) {}
    void bind(driver::HandlerTable& on);

private:
    Task<proc::DomainGetGuestInfo::Ret> info(driver::Call& call, proc::DomainGetGuestInfo::Args args);
    Task<proc::DomainAuthorizedSshKeysGet::Ret> ssh_keys(driver::Call& call,
                                                         proc::DomainAuthorizedSshKeysGet::Args args);
    Task<wire::Void> set_ssh_keys(driver::Call& call, proc::DomainAuthorizedSshKeysSet::Args args);

    Core& core_;
};

}  // namespace virtue::qemu
