// The calls about bindings: which card has which filter. Owned by FilterDriver; loop thread only.
#pragma once
#include "driver/handler_table.h"
#include "drivers/nwfilter/bindings.h"
#include "protocol/remote/nwfilter.h"

namespace virtue::nwfilter {

class BindingCalls {
public:
    BindingCalls(Core& core, Bindings& bindings) : core_(core), bindings_(bindings) {}
    void bind(driver::HandlerTable& on);

private:
    using Call = driver::Call;
    proc::ConnectListAllNwfilterBindings::Ret list_all(Call& call, proc::ConnectListAllNwfilterBindings::Args args);
    proc::NwfilterBindingLookupByPortDev::Ret look_up(Call& call, proc::NwfilterBindingLookupByPortDev::Args args);
    proc::NwfilterBindingGetXmlDesc::Ret get_xml(Call& call, proc::NwfilterBindingGetXmlDesc::Args args);
    Task<proc::NwfilterBindingCreateXml::Ret> create(Call& call, proc::NwfilterBindingCreateXml::Args args);
    Task<proc::NwfilterBindingDelete::Ret> remove(Call& call, proc::NwfilterBindingDelete::Args args);
    Core& core_;
    Bindings& bindings_;
};

}  // namespace virtue::nwfilter
