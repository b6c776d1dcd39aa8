#include <algorithm>
#include <map>
#include <set>

#include <fmt/format.h>

#include "model/domain/address/assign.h"
#include "model/domain/complete/machine.h"

namespace virtue::model {

namespace {

using Path = std::vector<uint32_t>;

// One bus: a tree of ports. Every hub, the root one too, has a number of them.
struct Bus {
    std::map<Path, uint32_t> hubs;  ///< ports of each hub, by its own path; the root hub's is empty
    std::set<Path> taken;

    std::optional<Path> free_port() const { return free_port_of({}); }

    // All ports of a hub come before those of the hubs in it.
    std::optional<Path> free_port_of(const Path& hub) const {
        const auto found = hubs.find(hub);
        if (found == hubs.end()) return std::nullopt;
        Path path = hub;
        path.push_back(0);
        for (path.back() = 1; path.back() <= found->second; path.back()++)
            if (!taken.contains(path)) return path;
        for (path.back() = 1; path.back() <= found->second; path.back()++)
            if (auto below = free_port_of(path)) return below;
        return std::nullopt;
    }
};

uint32_t root_ports(const Controller& c) {
    switch (c.model) {
        case ControllerModel::piix3_uhci:
        case ControllerModel::piix4_uhci:
        case ControllerModel::vt82c686b_uhci:
            return 2;
        case ControllerModel::ehci:
        case ControllerModel::ich9_ehci1:
            return 6;
        case ControllerModel::ich9_uhci1:
        case ControllerModel::ich9_uhci2:
        case ControllerModel::ich9_uhci3:
            return 0;  // they share the ports of their master
        case ControllerModel::pci_ohci:
            return 3;
        case ControllerModel::nec_xhci:
        case ControllerModel::qemu_xhci:
            return c.ports ? static_cast<uint32_t>(*c.ports) : 4;
        case ControllerModel::qusb1:
        case ControllerModel::qusb2:
            return c.ports ? static_cast<uint32_t>(*c.ports) : 8;
        default:
            return 2;
    }
}

Path path_of(const UsbAddress& a) {
    Path path;
    for (uint32_t step : a.port)
        if (step != 0) path.push_back(step);
    return path;
}

UsbAddress address_of(uint32_t bus, const Path& path) {
    UsbAddress a;
    a.bus = bus;
    std::copy_n(path.begin(), std::min<size_t>(path.size(), 4), a.port.begin());
    return a;
}

constexpr uint32_t ports_of_hub = 8;

class UsbAssignment {
public:
    explicit UsbAssignment(Domain& domain) : d_(domain) {}
    void run();

private:
    // Hubs first: the others may sit on them.
    template <typename Visit>
    void each_device(Visit visit) {
        for (Hub& h : d_.hubs) visit(h.info, true);
        each_plain([&](DeviceInfo& info) { visit(info, false); });
    }
    template <typename Visit>
    void each_plain(Visit visit);
    void note_controllers();
    void take(DeviceInfo& info);
    void give(DeviceInfo& info, bool is_hub);
    void add_hubs();

    Domain& d_;
    std::map<uint32_t, Bus> buses_;
};

template <typename Visit>
void UsbAssignment::each_plain(Visit visit) {
    for (Disk& x : d_.disks)
        if (x.bus == DiskBus::usb) visit(x.info);
    for (Interface& x : d_.interfaces)
        if (x.model == "usb-net") visit(x.info);
    for (Sound& x : d_.sounds)
        if (x.model == SoundModel::usb) visit(x.info);
    for (Hostdev& x : d_.hostdevs)
        if (x.mode == HostdevMode::subsystem && x.type == HostdevType::usb) visit(x.info);
    for (Controller& x : d_.controllers)
        if (x.type == ControllerType::ccid) visit(x.info);
    for (Serial& x : d_.serials)
        if (x.target == SerialTarget::usb_serial) visit(x.info);
    for (Input& x : d_.inputs)
        if (x.bus == InputBus::usb) visit(x.info);
    for (RedirectedDevice& x : d_.redirdevs) visit(x.info);
}

void UsbAssignment::note_controllers() {
    for (const Controller& c : d_.controllers) {
        if (c.type != ControllerType::usb || c.model == ControllerModel::none) continue;
        const uint32_t ports = root_ports(c);
        if (ports == 0) continue;
        buses_[static_cast<uint32_t>(c.index)].hubs[{}] = ports;
    }
}

void UsbAssignment::take(DeviceInfo& info) {
    const UsbAddress& a = info.address.usb;
    const auto bus = buses_.find(a.bus);
    if (bus == buses_.end())
        throw Error(ErrorCode::xml_error, ErrorDomain::domain,
                    fmt::format("USB bus {} requested but no controller with that index is present", a.bus));
    const Path path = path_of(a);
    Path hub = path;
    hub.pop_back();
    const auto found = bus->second.hubs.find(hub);
    if (found == bus->second.hubs.end() || path.back() > found->second)
        throw Error(ErrorCode::xml_error, ErrorDomain::domain,
                    fmt::format("requested USB port {} not present on USB bus {}", a.port_text(), a.bus));
    if (!bus->second.taken.insert(path).second)
        throw Error(ErrorCode::xml_error, ErrorDomain::domain,
                    fmt::format("Duplicate USB address bus {} port {}", a.bus, a.port_text()));
}

void UsbAssignment::give(DeviceInfo& info, bool is_hub) {
    const auto use = [&](uint32_t number, Bus& bus) {
        auto path = bus.free_port();
        if (!path) return false;
        bus.taken.insert(*path);
        info.address.type = AddressType::usb;
        info.address.usb = address_of(number, *path);
        if (is_hub) bus.hubs[*path] = ports_of_hub;
        return true;
    };
    if (info.address.is(AddressType::usb)) {
        const auto wanted = buses_.find(info.address.usb.bus);
        if (wanted == buses_.end())
            throw Error(
                ErrorCode::xml_error, ErrorDomain::domain,
                fmt::format("USB bus {} requested but no controller with that index is present", info.address.usb.bus));
        if (use(wanted->first, wanted->second)) return;
        throw Error(ErrorCode::xml_error, ErrorDomain::domain, "No free USB ports");
    }
    for (auto& [number, bus] : buses_)
        if (use(number, bus)) return;
    throw Error(ErrorCode::xml_error, ErrorDomain::domain, "No free USB ports");
}

// Where there are more devices than ports, hubs are added, as few as do.
void UsbAssignment::add_hubs() {
    size_t ports = 0;
    for (const auto& [number, bus] : buses_) ports += bus.hubs.at({});
    size_t devices = 0;
    size_t hubs = d_.hubs.size();
    each_plain([&](DeviceInfo&) { devices++; });
    if (ports == 0) return;
    const size_t there = ports + hubs * (ports_of_hub - 1);
    if (devices <= there) return;
    // Each hub takes a port and brings eight; one port more than is needed is kept free.
    const size_t more = (devices - there + 1 + ports_of_hub - 2) / (ports_of_hub - 1);
    for (size_t i = 0; i < more; i++) d_.hubs.emplace_back();
}

void UsbAssignment::run() {
    note_controllers();
    if (buses_.empty()) {
        bool any = !d_.hubs.empty();
        each_plain([&](DeviceInfo&) { any = true; });
        const bool off = std::any_of(d_.controllers.begin(), d_.controllers.end(), [](const Controller& c) {
            return c.is(ControllerType::usb, ControllerModel::none);
        });
        if (off &&
            std::any_of(d_.inputs.begin(), d_.inputs.end(), [](const Input& i) { return i.bus == InputBus::usb; }))
            throw Error(ErrorCode::config_unsupported, ErrorDomain::domain,
                        "Can't add USB input device. USB bus is disabled");
        if (off && !d_.hubs.empty())
            throw Error(ErrorCode::config_unsupported, ErrorDomain::domain,
                        "Can't add USB hub: USB is disabled for this domain");
        if (any)
            throw Error(ErrorCode::config_unsupported, ErrorDomain::qemu,
                        "USB is disabled for this domain, but USB devices are present in the domain XML");
        return;
    }
    // Hubs in the order of their depth, so that each finds the one it is plugged into.
    std::vector<DeviceInfo*> given;
    for (Hub& h : d_.hubs)
        if (h.info.address.is(AddressType::usb) && h.info.address.usb.has_port()) given.push_back(&h.info);
    std::stable_sort(given.begin(), given.end(), [](const DeviceInfo* a, const DeviceInfo* b) {
        return path_of(a->address.usb).size() < path_of(b->address.usb).size();
    });
    for (DeviceInfo* info : given) {
        take(*info);
        buses_[info->address.usb.bus].hubs[path_of(info->address.usb)] = ports_of_hub;
    }
    each_plain([&](DeviceInfo& info) {
        if (info.address.is(AddressType::usb) && info.address.usb.has_port()) take(info);
    });
    add_hubs();
    each_device([&](DeviceInfo& info, bool is_hub) {
        const bool open =
            info.address.is(AddressType::none) || (info.address.is(AddressType::usb) && !info.address.usb.has_port());
        if (open) give(info, is_hub);
    });
}

}  // namespace

void assign_usb(Domain& domain) {
    UsbAssignment(domain).run();
}

}  // namespace virtue::model
