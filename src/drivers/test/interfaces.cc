#include "drivers/test/interfaces.h"

#include <strings.h>

#include "drivers/test/instance.h"
#include "drivers/test/refusals.h"
#include "protocol/remote/interface.h"
#include "xml/mapper.h"

namespace virtue::test {
namespace {

MockInterface& interface_of(Instance& in, const std::string& name) {
    auto found = in.interfaces.all.find(name);
    if (found != in.interfaces.all.end()) return found->second;
    refuse(ErrorCode::no_interface, "no interface with matching name '{}'", name);
}

proc::InterfaceRef reference(const MockInterface& interface) {
    return {interface.definition.name, interface.definition.mac};
}

proc::ConnectListAllInterfaces::Ret list_all(Instance& in, proc::ConnectListAllInterfaces::Args args) {
    constexpr uint32_t both = api::connect_list_interfaces_active | api::connect_list_interfaces_inactive;
    check_flags(args.flags, both, "testConnectListAllInterfaces");
    proc::ConnectListAllInterfaces::Ret ret;
    for (const auto& [name, interface] : in.interfaces.all) {
        uint32_t is = interface.active ? api::connect_list_interfaces_active : api::connect_list_interfaces_inactive;
        if ((args.flags & both) && !(args.flags & is)) continue;
        ret.ret++;
        if (args.need_results) ret.interfaces.push_back(reference(interface));
    }
    return ret;
}

template <typename P, bool Active>
typename P::Ret list_names(Instance& in, typename P::Args args) {
    typename P::Ret ret;
    for (const auto& [name, interface] : in.interfaces.all) {
        if (interface.active == Active && static_cast<int32_t>(ret.names.size()) < args.maxnames)
            ret.names.push_back(name);
    }
    return ret;
}

template <typename P, bool Active>
typename P::Ret count(Instance& in, typename P::Args) {
    typename P::Ret ret;
    for (const auto& [name, interface] : in.interfaces.all) ret.num += interface.active == Active;
    return ret;
}

proc::InterfaceLookupByName::Ret by_name(Instance& in, proc::InterfaceLookupByName::Args args) {
    return {reference(interface_of(in, args.name))};
}

proc::InterfaceLookupByMacString::Ret by_mac(Instance& in, proc::InterfaceLookupByMacString::Args args) {
    const MockInterface* match = nullptr;
    for (const auto& [name, interface] : in.interfaces.all) {
        if (strcasecmp(interface.definition.mac.c_str(), args.mac.c_str()) != 0) continue;
        if (match) throw Error(ErrorCode::multiple_interfaces, here, "");
        match = &interface;
    }
    if (!match) refuse(ErrorCode::no_interface, "no interface with matching mac '{}'", args.mac);
    return {reference(*match)};
}

proc::InterfaceIsActive::Ret is_active(Instance& in, proc::InterfaceIsActive::Args args) {
    return {interface_of(in, args.interface.name).active};
}

proc::InterfaceGetXmlDesc::Ret get_xml(Instance& in, proc::InterfaceGetXmlDesc::Args args) {
    check_flags(args.flags, 0, "testInterfaceGetXMLDesc");
    return {xml::format(interface_of(in, args.interface.name).definition)};
}

proc::InterfaceDefineXml::Ret define(Instance& in, proc::InterfaceDefineXml::Args args) {
    constexpr uint32_t define_validate = 1;  // VIR_INTERFACE_DEFINE_VALIDATE
    check_flags(args.flags, define_validate, "testInterfaceDefineXML");
    model::HostInterface definition = model::HostInterface::parse(args.xml, args.flags & define_validate);
    MockInterface& interface = in.interfaces.all[definition.name];
    interface.definition = std::move(definition);
    return {reference(interface)};
}

proc::InterfaceUndefine::Ret undefine(Instance& in, proc::InterfaceUndefine::Args args) {
    interface_of(in, args.interface.name);
    in.interfaces.all.erase(args.interface.name);
    return {};
}

/// Starting what runs and stopping what does not is refused without a word more.
void switch_to(MockInterface& interface, bool active) {
    if (interface.active == active) throw Error(ErrorCode::operation_invalid, here, "");
    interface.active = active;
}

proc::InterfaceCreate::Ret create(Instance& in, proc::InterfaceCreate::Args args) {
    check_flags(args.flags, 0, "testInterfaceCreate");
    switch_to(interface_of(in, args.interface.name), true);
    return {};
}

proc::InterfaceDestroy::Ret destroy(Instance& in, proc::InterfaceDestroy::Args args) {
    check_flags(args.flags, 0, "testInterfaceDestroy");
    switch_to(interface_of(in, args.interface.name), false);
    return {};
}

// Changes.

proc::InterfaceChangeBegin::Ret begin_change(Instance& in, proc::InterfaceChangeBegin::Args args) {
    check_flags(args.flags, 0, "testInterfaceChangeBegin");
    if (in.interfaces.before_change) refuse(ErrorCode::operation_invalid, "there is another transaction running.");
    in.interfaces.before_change = in.interfaces.all;
    return {};
}

proc::InterfaceChangeCommit::Ret commit_change(Instance& in, proc::InterfaceChangeCommit::Args args) {
    check_flags(args.flags, 0, "testInterfaceChangeCommit");
    if (!in.interfaces.before_change)
        refuse(ErrorCode::operation_invalid, "no transaction running, nothing to be committed.");
    in.interfaces.before_change.reset();
    return {};
}

proc::InterfaceChangeRollback::Ret roll_back_change(Instance& in, proc::InterfaceChangeRollback::Args args) {
    check_flags(args.flags, 0, "testInterfaceChangeRollback");
    if (!in.interfaces.before_change)
        refuse(ErrorCode::operation_invalid, "no transaction running, nothing to rollback.");
    in.interfaces.all = std::move(*in.interfaces.before_change);
    in.interfaces.before_change.reset();
    return {};
}

}  // namespace

void bind_interfaces(Instance& in) {
    driver::HandlerTable& on = in.interface;
    bind<proc::ConnectListAllInterfaces>(on, in, list_all);
    bind<proc::ConnectListInterfaces>(on, in, list_names<proc::ConnectListInterfaces, true>);
    bind<proc::ConnectListDefinedInterfaces>(on, in, list_names<proc::ConnectListDefinedInterfaces, false>);
    bind<proc::ConnectNumOfInterfaces>(on, in, count<proc::ConnectNumOfInterfaces, true>);
    bind<proc::ConnectNumOfDefinedInterfaces>(on, in, count<proc::ConnectNumOfDefinedInterfaces, false>);
    bind<proc::InterfaceLookupByName>(on, in, by_name);
    bind<proc::InterfaceLookupByMacString>(on, in, by_mac);
    bind<proc::InterfaceIsActive>(on, in, is_active);
    bind<proc::InterfaceGetXmlDesc>(on, in, get_xml);
    bind<proc::InterfaceDefineXml>(on, in, define);
    bind<proc::InterfaceUndefine>(on, in, undefine);
    bind<proc::InterfaceCreate>(on, in, create);
    bind<proc::InterfaceDestroy>(on, in, destroy);
    bind<proc::InterfaceChangeBegin>(on, in, begin_change);
    bind<proc::InterfaceChangeCommit>(on, in, commit_change);
    bind<proc::InterfaceChangeRollback>(on, in, roll_back_change);
}

}  // namespace virtue::test
