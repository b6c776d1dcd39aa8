#include "drivers/interface/driver.h"

#include "base/error.h"
#include "driver/constants.h"
#include "drivers/interface/interfaces.h"
#include "protocol/remote/interface.h"
#include "xml/mapper.h"

namespace virtue::interface {

namespace {

void require_flags(uint32_t flags, uint32_t known, const char* function) {
    if ((flags & ~known) == 0) return;
    throw Error::with_message(ErrorCode::invalid_arg, ErrorDomain::interface,
                              fmt::format("unsupported flags ({:#x}) in function {}", flags & ~known, function));
}

proc::InterfaceRef reference(const Listed& interface) {
    return {interface.name, interface.mac};
}

}  // namespace

/// The calls. They read a handful of small files of the kernel, so they answer at once.
struct InterfaceDriver::State {
    explicit State(bool is_privileged) : privileged(is_privileged) {
        table.call<proc::ConnectNumOfInterfaces>(this, &State::count<proc::ConnectNumOfInterfaces, &Listed::up>);
        table.call<proc::ConnectNumOfDefinedInterfaces>(
            this, &State::count<proc::ConnectNumOfDefinedInterfaces, &Listed::down>);
        table.call<proc::ConnectListInterfaces>(this, &State::list<proc::ConnectListInterfaces, &Listed::up>);
        table.call<proc::ConnectListDefinedInterfaces>(this,
                                                       &State::list<proc::ConnectListDefinedInterfaces, &Listed::down>);
        table.call<proc::ConnectListAllInterfaces>(this, &State::list_all);
        table.call<proc::InterfaceLookupByName>(this, &State::by_name);
        table.call<proc::InterfaceLookupByMacString>(this, &State::by_mac);
        table.call<proc::InterfaceGetXmlDesc>(this, &State::get_xml);
        table.call<proc::InterfaceIsActive>(this, &State::is_active);
    }

    template <typename P, bool Listed::*Wanted>
    typename P::Ret count(driver::Call&, typename P::Args) {
        typename P::Ret ret;
        for (const Listed& interface : list_interfaces(files)) ret.num += interface.*Wanted;
        return ret;
    }

    template <typename P, bool Listed::*Wanted>
    typename P::Ret list(driver::Call&, typename P::Args args) {
        typename P::Ret ret;
        for (const Listed& interface : list_interfaces(files))
            if (interface.*Wanted && static_cast<int32_t>(ret.names.size()) < args.maxnames)
                ret.names.push_back(interface.name);
        return ret;
    }

    proc::ConnectListAllInterfaces::Ret list_all(driver::Call&, proc::ConnectListAllInterfaces::Args args) {
        constexpr uint32_t both = api::connect_list_interfaces_active | api::connect_list_interfaces_inactive;
        require_flags(args.flags, both, "udevConnectListAllInterfaces");
        proc::ConnectListAllInterfaces::Ret ret;
        for (const Listed& interface : list_interfaces(files)) {
            const uint32_t is =
                interface.up ? api::connect_list_interfaces_active : api::connect_list_interfaces_inactive;
            if (args.flags && !(args.flags & is)) continue;
            ret.ret++;
            if (args.need_results) ret.interfaces.push_back(reference(interface));
        }
        return ret;
    }

    proc::InterfaceLookupByName::Ret by_name(driver::Call&, proc::InterfaceLookupByName::Args args) {
        return {reference(find_interface(files, args.name))};
    }

    proc::InterfaceLookupByMacString::Ret by_mac(driver::Call&, proc::InterfaceLookupByMacString::Args args) {
        return {reference(find_interface_by_mac(files, args.mac))};
    }

    proc::InterfaceGetXmlDesc::Ret get_xml(driver::Call&, proc::InterfaceGetXmlDesc::Args args) {
        require_flags(args.flags, api::interface_xml_inactive, "udevInterfaceGetXMLDesc");
        return {xml::format(describe_interface(files, args.interface.name))};
    }

    proc::InterfaceIsActive::Ret is_active(driver::Call&, proc::InterfaceIsActive::Args args) {
        return {find_interface(files, args.interface.name).up};
    }

    driver::HandlerTable table;
    const host::SystemFiles files;
    const bool privileged;
};

InterfaceDriver::InterfaceDriver(const driver::Paths& paths) : state_(std::make_unique<State>(paths.privileged)) {}

InterfaceDriver::~InterfaceDriver() = default;

const driver::HandlerTable& InterfaceDriver::table() const {
    return state_->table;
}

bool InterfaceDriver::accepts(const driver::Uri& uri) const {
    return uri.scheme == "interface";
}

Task<driver::Route> InterfaceDriver::open(driver::Call&, driver::Uri uri) {
    const std::string wanted = state_->privileged ? "/system" : "/session";
    if (uri.path != wanted)
        fail(ErrorCode::internal_error, ErrorDomain::none, "unexpected interface URI path '{}', try interface://{}",
             uri.path, wanted);
    driver::Route route;
    route.tables[static_cast<size_t>(proc::DriverKind::interface)] = &state_->table;
    route.uri = "interface://" + uri.path;
    co_return route;
}

}  // namespace virtue::interface
