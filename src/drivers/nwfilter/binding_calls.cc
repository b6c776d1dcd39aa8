#include "drivers/nwfilter/binding_calls.h"

#include "base/error.h"
#include "xml/mapper.h"

namespace virtue::nwfilter {

namespace {

proc::NwfilterBindingRef reference(const model::FilterBinding& binding) {
    return {binding.port_device, binding.filter.filter};
}

}  // namespace

void BindingCalls::bind(driver::HandlerTable& on) {
    on.call<proc::ConnectListAllNwfilterBindings>(this, &BindingCalls::list_all);
    on.call<proc::NwfilterBindingLookupByPortDev>(this, &BindingCalls::look_up);
    on.call<proc::NwfilterBindingGetXmlDesc>(this, &BindingCalls::get_xml);
}

proc::ConnectListAllNwfilterBindings::Ret BindingCalls::list_all(Call&,
                                                                 proc::ConnectListAllNwfilterBindings::Args args) {
    require_flags(args.flags, 0, "nwfilterConnectListAllNWFilterBindings");
    proc::ConnectListAllNwfilterBindings::Ret ret;
    for (const auto& [port, binding] : core_.bindings) {
        ret.ret++;
        if (args.need_results) ret.bindings.push_back(reference(binding));
    }
    return ret;
}

proc::NwfilterBindingLookupByPortDev::Ret BindingCalls::look_up(Call&,
                                                                proc::NwfilterBindingLookupByPortDev::Args args) {
    return {reference(core_.binding_at(args.name))};
}

proc::NwfilterBindingGetXmlDesc::Ret BindingCalls::get_xml(Call&, proc::NwfilterBindingGetXmlDesc::Args args) {
    require_flags(args.flags, 0, "nwfilterBindingGetXMLDesc");
    return {xml::format(core_.binding_at(args.nwfilter.portdev))};
}

}  // namespace virtue::nwfilter
