#include "drivers/interface/driver.h"

#include "base/error.h"
#include "driver/constants.h"
#include "drivers/interface/interfaces.h"
#include "io/offload.h"
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

/// The calls. They read some small files of the kernel for every device of the host, where a guest has one or more: on
/// the pool.
struct InterfaceDriver::State {
    State(io::Loop& on, bool is_privileged) : loop(on), privileged(is_privileged) {
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

    Task<std::vector<Listed>> all() {
        auto work = [files = files] { return list_interfaces(files); };
        std::vector<Listed> found = co_await io::offload(loop, std::move(work));
        co_return found;
    }
    Task<Listed> named(std::string name) {
        auto work = [files = files, name] { return find_interface(files, name); };
        Listed found = co_await io::offload(loop, std::move(work));
        co_return found;
    }

    template <typename P, bool Listed::*Wanted>
    Task<typename P::Ret> count(driver::Call&, typename P::Args) {
        typename P::Ret ret;
        const std::vector<Listed> interfaces = co_await all();
        for (const Listed& interface : interfaces) ret.num += interface.*Wanted;
        co_return ret;
    }

    template <typename P, bool Listed::*Wanted>
    Task<typename P::Ret> list(driver::Call&, typename P::Args args) {
        typename P::Ret ret;
        const std::vector<Listed> interfaces = co_await all();
        for (const Listed& interface : interfaces)
            if (interface.*Wanted && static_cast<int32_t>(ret.names.size()) < args.maxnames)
                ret.names.push_back(interface.name);
        co_return ret;
    }

    Task<proc::ConnectListAllInterfaces::Ret> list_all(driver::Call&, proc::ConnectListAllInterfaces::Args args) {
        constexpr uint32_t both = api::connect_list_interfaces_active | api::connect_list_interfaces_inactive;
        require_flags(args.flags, both, "udevConnectListAllInterfaces");
        proc::ConnectListAllInterfaces::Ret ret;
        const std::vector<Listed> interfaces = co_await all();
        for (const Listed& interface : interfaces) {
            const uint32_t is =
                interface.up ? api::connect_list_interfaces_active : api::connect_list_interfaces_inactive;
            if (args.flags && !(args.flags & is)) continue;
            ret.ret++;
            if (args.need_results) ret.interfaces.push_back(reference(interface));
        }
        co_return ret;
    }

    Task<proc::InterfaceLookupByName::Ret> by_name(driver::Call&, proc::InterfaceLookupByName::Args args) {
        const Listed found = co_await named(std::move(args.name));
        co_return proc::InterfaceLookupByName::Ret{reference(found)};
    }

    Task<proc::InterfaceLookupByMacString::Ret> by_mac(driver::Call&, proc::InterfaceLookupByMacString::Args args) {
        auto work = [files = files, mac = std::move(args.mac)] { return find_interface_by_mac(files, mac); };
        const Listed found = co_await io::offload(loop, std::move(work));
        co_return proc::InterfaceLookupByMacString::Ret{reference(found)};
    }

    Task<proc::InterfaceGetXmlDesc::Ret> get_xml(driver::Call&, proc::InterfaceGetXmlDesc::Args args) {
        require_flags(args.flags, api::interface_xml_inactive, "udevInterfaceGetXMLDesc");
        auto work = [files = files, name = std::move(args.interface.name)] {
            return xml::format(describe_interface(files, name));
        };
        std::string text = co_await io::offload(loop, std::move(work));
        co_return proc::InterfaceGetXmlDesc::Ret{std::move(text)};
    }

    Task<proc::InterfaceIsActive::Ret> is_active(driver::Call&, proc::InterfaceIsActive::Args args) {
        const Listed found = co_await named(std::move(args.interface.name));
        co_return proc::InterfaceIsActive::Ret{found.up};
    }

    io::Loop& loop;
    driver::HandlerTable table;
    const host::SystemFiles files;
    const bool privileged;
};

InterfaceDriver::InterfaceDriver(io::Loop& loop, const driver::Paths& paths)
    : state_(std::make_unique<State>(loop, paths.privileged)) {}

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
