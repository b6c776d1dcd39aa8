// The calls about filters. Owned by FilterDriver; loop thread only.
#pragma once
#include "driver/handler_table.h"
#include "drivers/nwfilter/bindings.h"
#include "protocol/remote/nwfilter.h"

namespace virtue::nwfilter {

class FilterCalls {
public:
    FilterCalls(Core& core, Bindings& bindings) : core_(core), bindings_(bindings) {}
    void bind(driver::HandlerTable& on);

private:
    using Call = driver::Call;
    proc::ConnectNumOfNwfilters::Ret count(Call& call, proc::ConnectNumOfNwfilters::Args args);
    proc::ConnectListNwfilters::Ret list(Call& call, proc::ConnectListNwfilters::Args args);
    proc::ConnectListAllNwfilters::Ret list_all(Call& call, proc::ConnectListAllNwfilters::Args args);
    proc::NwfilterLookupByName::Ret by_name(Call& call, proc::NwfilterLookupByName::Args args);
    proc::NwfilterLookupByUuid::Ret by_uuid(Call& call, proc::NwfilterLookupByUuid::Args args);
    proc::NwfilterGetXmlDesc::Ret get_xml(Call& call, proc::NwfilterGetXmlDesc::Args args);
    Task<proc::NwfilterDefineXml::Ret> define(Call& call, proc::NwfilterDefineXml::Args args);
    Task<proc::NwfilterDefineXmlFlags::Ret> define_flags(Call& call, proc::NwfilterDefineXmlFlags::Args args);
    Task<proc::NwfilterUndefine::Ret> undefine(Call& call, proc::NwfilterUndefine::Args args);

    Task<proc::NwfilterRef> take(Call& call, std::string xml, bool validate);
    void require_fit(const model::Filter& wanted) const;
    Core& core_;
    Bindings& bindings_;
};

}  // namespace virtue::nwfilter
