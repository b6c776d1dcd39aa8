#include "drivers/nwfilter/binding_calls.h"

#include "base/error.h"
#include "driver/constants.h"
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
    on.call<proc::NwfilterBindingCreateXml>(this, &BindingCalls::create);
    on.call<proc::NwfilterBindingDelete>(this, &BindingCalls::remove);
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

Task<proc::NwfilterBindingCreateXml::Ret> BindingCalls::create(Call& call, proc::NwfilterBindingCreateXml::Args args) {
    require_flags(args.flags, api::nwfilter_binding_create_validate, "nwfilterBindingCreateXML");
    model::FilterBinding binding = model::FilterBinding::parse(args.xml, args.flags != 0);
    proc::NwfilterBindingCreateXml::Ret ret;
    ret.nwfilter = reference(binding);
    io::Semaphore::Permit turn = co_await core_.changes.acquire(call.deadline, "another change of filters");
    co_await bindings_.add(std::move(binding));
    co_return ret;
}

Task<proc::NwfilterBindingDelete::Ret> BindingCalls::remove(Call& call, proc::NwfilterBindingDelete::Args args) {
    io::Semaphore::Permit turn = co_await core_.changes.acquire(call.deadline, "another change of filters");
    co_await bindings_.remove(args.nwfilter.portdev);
    co_return proc::NwfilterBindingDelete::Ret{};
}

}  // namespace virtue::nwfilter
