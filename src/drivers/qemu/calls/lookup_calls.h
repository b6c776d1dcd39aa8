// Calls that find guests and tell what they are: lists, look-ups, state, info, XML. All answer from memory at once.
// Owned by QemuDriver; loop thread only.
#pragma once
#include "driver/handler_table.h"
#include "drivers/qemu/core.h"
#include "protocol/remote/domain_define.h"
#include "protocol/remote/domain_lookup.h"
#include "protocol/remote/domain_stats.h"

namespace virtue::qemu {

/// True if a guest passes the filter flags of virConnectListAllDomains (VIR_CONNECT_LIST_DOMAINS_*).
bool passes_filter(const Domain& domain, uint32_t flags, const Settings& settings);

class LookupCalls {
public:
    explicit LookupCalls(Core& core) : core_(core) {}
    void bind(driver::HandlerTable& on);

private:
    proc::ConnectListDefinedDomains::Ret list_defined(driver::Call&, proc::ConnectListDefinedDomains::Args args);
    proc::ConnectNumOfDefinedDomains::Ret count_defined(driver::Call&, wire::Void);
    proc::ConnectListDomains::Ret list_ids(driver::Call&, proc::ConnectListDomains::Args args);
    proc::ConnectNumOfDomains::Ret count_active(driver::Call&, wire::Void);
    proc::ConnectListAllDomains::Ret list_all(driver::Call&, proc::ConnectListAllDomains::Args args);
    proc::DomainLookupById::Ret by_id(driver::Call&, proc::DomainLookupById::Args args);
    proc::DomainLookupByName::Ret by_name(driver::Call&, proc::DomainLookupByName::Args args);
    proc::DomainLookupByUuid::Ret by_uuid(driver::Call&, proc::DomainLookupByUuid::Args args);
    proc::DomainIsActive::Ret is_active(driver::Call&, proc::DomainIsActive::Args args);
    proc::DomainIsPersistent::Ret is_persistent(driver::Call&, proc::DomainIsPersistent::Args args);
    proc::DomainIsUpdated::Ret is_updated(driver::Call&, proc::DomainIsUpdated::Args args);
    proc::DomainGetInfo::Ret info(driver::Call&, proc::DomainGetInfo::Args args);
    proc::DomainGetState::Ret state(driver::Call&, proc::DomainGetState::Args args);
    proc::DomainGetControlInfo::Ret control_info(driver::Call&, proc::DomainGetControlInfo::Args args);
    Task<proc::DomainGetXmlDesc::Ret> xml(driver::Call& call, proc::DomainGetXmlDesc::Args args);
    Task<std::string> migratable_xml(DomainOwner domain, bool live, io::Deadline deadline);
    proc::DomainGetOsType::Ret os_type(driver::Call&, proc::DomainGetOsType::Args args);
    proc::DomainGetSecurityLabel::Ret security_label(driver::Call&, proc::DomainGetSecurityLabel::Args args);
    proc::DomainGetSecurityLabelList::Ret security_labels(driver::Call&, proc::DomainGetSecurityLabelList::Args args);
    proc::DomainGetMessages::Ret messages(driver::Call&, proc::DomainGetMessages::Args args);

    Core& core_;
};

}  // namespace virtue::qemu
