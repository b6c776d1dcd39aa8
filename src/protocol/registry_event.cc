// table
#include "protocol/registry_rows.h"
#include "protocol/remote/event_domain.h"
#include "protocol/remote/event_domain_callback.h"
#include "protocol/remote/event_object.h"
#include "protocol/remote/event_register.h"

namespace virtue::proc {

Rows event_rows() {
    return Table<EventDomainProcedures, EventDomainCallbackProcedures, EventObjectProcedures,
                 EventRegisterProcedures>::rows;
}

}  // namespace virtue::proc
