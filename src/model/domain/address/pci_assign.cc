#include <algorithm>

#include <fmt/format.h>

#include "model/domain/address/assign.h"
#include "model/domain/address/pci_needs.h"
#include "model/domain/complete/machine.h"

namespace virtue::model {

namespace {

// No address, or only the word that it shall be PCI.
bool wants_pci(const DeviceInfo& info) {
    return info.address.is(AddressType::none) || (info.address.is(AddressType::pci) && info.address.pci.empty());
}

bool has_pci(const DeviceInfo& info) {
    return info.address.is(AddressType::pci) && !info.address.pci.empty();
}

void set_pci(DeviceInfo& info, const PciAddress& address) {
    const xml::Switch multifunction = info.address.pci.multifunction;
    const ZpciAddress zpci = info.address.pci.zpci;
    info.address.type = AddressType::pci;
    info.address.pci = address;
    if (info.address.pci.multifunction == xml::Switch::absent) info.address.pci.multifunction = multifunction;
    info.address.pci.zpci = zpci;
}

PciAddress place(uint32_t slot, uint32_t function) {
    PciAddress a;
    a.slot = slot;
    a.function = function;
    return a;
}

bool is_ich9_usb(const Controller& c) {
    return c.type == ControllerType::usb && c.model >= ControllerModel::ich9_ehci1 &&
           c.model <= ControllerModel::ich9_uhci3;
}

// The functions of an ICH9's USB set within one slot.
uint32_t ich9_function(ControllerModel model) {
    switch (model) {
        case ControllerModel::ich9_ehci1:
            return 7;
        case ControllerModel::ich9_uhci2:
            return 1;
        case ControllerModel::ich9_uhci3:
            return 2;
        default:
            return 0;
    }
}

class Assignment {
public:
    /// With `dry_run` buses are added as they are needed, and the devices are put back at the end.
    Assignment(Domain& domain, size_t buses, bool dry_run)
        : d_(domain), buses_(domain, buses, dry_run), dry_run_(dry_run) {}
    ~Assignment();
    Assignment(const Assignment&) = delete;
    Assignment& operator=(const Assignment&) = delete;

    void take_given();
    void place_chipset();
    void place_all();
    PciBuses& buses() { return buses_; }

private:
    template <typename Device>
    void take(Device& device) {
        if (!has_pci(device.info)) return;
        const uint32_t needs = needs_of(d_, device);
        const PciAddress& a = device.info.address.pci;
        // An address of function 0 without the word "multifunction" has its slot for itself.
        buses_.reserve(a, needs == connect_none ? uint32_t{connect_pci | connect_pcie} : needs, false, true);
    }
    template <typename Device>
    void next(Device& device) {
        const uint32_t needs = needs_of(d_, device);
        if ((needs & ~uint32_t{connect_aggregate}) == connect_none || !wants_pci(device.info)) return;
        put(device.info, buses_.reserve_next(needs));
    }
    template <typename List>
    void next_all(List& list) {
        for (auto& device : list) next(device);
    }
    void put(DeviceInfo& info, const PciAddress& address) {
        if (dry_run_) moved_.push_back({&info, info.address.type, info.address.pci});
        set_pci(info, address);
    }
    void place_primary_video(uint32_t slot);
    void place_piix3();
    void place_ich9();
    void place_ich9_usb();
    void place_controllers();
    void place_companion(Controller& controller);
    void place_iommu();

    struct Moved {
        DeviceInfo* info;
        AddressType type;
        PciAddress pci;
    };
    Domain& d_;
    PciBuses buses_;
    bool dry_run_;
    std::vector<Moved> moved_;  // where the devices of a dry run were before
};

Assignment::~Assignment() {
    for (auto before = moved_.rbegin(); before != moved_.rend(); ++before) {
        before->info->address.type = before->type;
        before->info->address.pci = before->pci;
    }
}

void Assignment::take_given() {
    for (Controller& c : d_.controllers) {
        if (!c.info.address.is(AddressType::pci)) continue;
        if (c.type == ControllerType::pci &&
            (c.model == ControllerModel::pci_root || c.model == ControllerModel::pcie_root))
            throw Error(ErrorCode::config_unsupported, ErrorDomain::domain,
                        "pci-root and pcie-root controllers should not have an address");
        if (!has_pci(c.info)) continue;
        // The chip set's own devices are placed, and checked, with the chip set.
        const PciAddress& a = c.info.address.pci;
        const bool piix3 = is_i440fx(d_) && c.index == 0 && a.bus == 0 && a.slot == 1 &&
                           (c.type == ControllerType::ide || c.type == ControllerType::usb);
        const bool sata = is_q35(d_) && c.index == 0 && c.type == ControllerType::sata && a.same_place(place(0x1f, 2));
        if (piix3 || sata) continue;
        take(c);
    }
    for (auto& x : d_.filesystems) take(x);
    for (auto& x : d_.interfaces) take(x);
    for (auto& x : d_.sounds) take(x);
    for (auto& x : d_.disks) take(x);
    for (auto& x : d_.hostdevs) take(x);
    if (d_.memballoon) take(*d_.memballoon);
    for (auto& x : d_.rngs) take(x);
    for (auto& x : d_.watchdogs) take(x);
    for (auto& x : d_.shmems) take(x);
    for (auto& x : d_.inputs) take(x);
    for (auto& x : d_.videos) take(x);
    for (auto& x : d_.serials) take(x);
    for (auto& x : d_.memory_devices) take(x);
    for (auto& x : d_.cryptos) take(x);
    if (d_.vsock) take(*d_.vsock);
    if (d_.iommu) take(*d_.iommu);
}

void Assignment::place_primary_video(uint32_t slot) {
    if (d_.videos.empty()) return;
    Video& video = d_.videos.front();
    if (needs_of(d_, video) == connect_none || !wants_pci(video.info)) return;
    const PciAddress wanted = place(slot, 0);
    if (buses_.slot_in_use(wanted)) return next(video);
    buses_.reserve(wanted, connect_pci | connect_pcie, true, true);
    put(video.info, wanted);
}

void Assignment::place_piix3() {
    const auto settle = [&](ControllerType type, uint32_t function, const char* what) {
        Controller* c = find_controller(d_, type, 0);
        if (c == nullptr || (type == ControllerType::usb && c->model != ControllerModel::piix3_uhci &&
                             c->model != ControllerModel::absent))
            return;
        const PciAddress wanted = place(1, function);
        if (has_pci(c->info) && !c->info.address.pci.same_place(wanted))
            throw Error(ErrorCode::internal_error, ErrorDomain::qemu,
                        fmt::format("{} must have PCI address 0:0:1.{}", what, function));
        if (!c->info.address.is(AddressType::none) && !c->info.address.is(AddressType::pci)) return;
        put(c->info, wanted);
    };
    settle(ControllerType::ide, 1, "Primary IDE controller");
    settle(ControllerType::usb, 2, "PIIX3 USB controller at index 0");
    // The PIIX3 has slot 1 to itself, with all its functions.
    buses_.reserve(place(1, 0), connect_none, true, true);
    place_primary_video(2);
}

void Assignment::place_ich9_usb() {
    // A set of the chip set's USB controllers goes where real boards have it: slots 1d and 1a.
    for (Controller& c : d_.controllers) {
        if (!is_ich9_usb(c) || !wants_pci(c.info)) continue;
        for (const Controller& other : d_.controllers)
            if (is_ich9_usb(other) && other.index == c.index && has_pci(other.info)) {
                PciAddress a = other.info.address.pci;
                a.function = ich9_function(c.model);
                a.multifunction = a.function == 0 ? xml::Switch::on : xml::Switch::absent;
                if (buses_.in_use(a)) continue;
                buses_.reserve(a, connect_pci | connect_pcie, false, true);
                put(c.info, a);
                break;
            }
        if (!wants_pci(c.info)) continue;
        for (uint32_t slot : {0x1du, 0x1au}) {
            PciAddress a = place(slot, ich9_function(c.model));
            if (buses_.slot_in_use(a)) continue;
            a.multifunction = a.function == 0 ? xml::Switch::on : xml::Switch::absent;
            buses_.reserve(a, connect_pci | connect_pcie, false, true);
            put(c.info, a);
            break;
        }
    }
}

void Assignment::place_ich9() {
    if (Controller* sata = find_controller(d_, ControllerType::sata, 0)) {
        const PciAddress wanted = place(0x1f, 2);
        if (has_pci(sata->info) && !sata->info.address.pci.same_place(wanted))
            throw Error(ErrorCode::internal_error, ErrorDomain::none,
                        "Primary SATA controller must have PCI address 0:0:1f.2");
        put(sata->info, wanted);
        buses_.reserve(wanted, connect_none, false, true);
    }
    // The ISA bridge and the SMBus controller.
    buses_.reserve(place(0x1f, 0), connect_none, false, true);
    buses_.reserve(place(0x1f, 3), connect_none, false, true);
    place_ich9_usb();
    for (Controller& c : d_.controllers) {
        if (!c.is(ControllerType::pci, ControllerModel::dmi_to_pci_bridge) || !wants_pci(c.info)) continue;
        const PciAddress wanted = place(0x1e, 0);
        if (buses_.slot_in_use(wanted)) continue;
        buses_.reserve(wanted, connect_dmi_to_pci, true, true);
        put(c.info, wanted);
    }
    place_primary_video(1);
    for (Sound& sound : d_.sounds) {
        if (sound.model != SoundModel::ich9 || !wants_pci(sound.info) || buses_.slot_in_use(place(0x1b, 0))) continue;
        buses_.reserve(place(0x1b, 0), connect_pci | connect_pcie, true, true);
        put(sound.info, place(0x1b, 0));
    }
}

void Assignment::place_chipset() {
    if (is_i440fx(d_)) place_piix3();
    if (is_q35(d_)) place_ich9();
}

// A companion sits in the slot of its master.
void Assignment::place_companion(Controller& c) {
    for (const Controller& other : d_.controllers) {
        if (!is_ich9_usb(other) || other.index != c.index || !has_pci(other.info)) continue;
        PciAddress a = other.info.address.pci;
        a.function = ich9_function(c.model);
        a.multifunction = a.function == 0 ? xml::Switch::on : xml::Switch::absent;
        a.zpci = {};
        if (buses_.in_use(a)) continue;
        buses_.reserve(a, connect_pci | connect_pcie, false, true);
        put(c.info, a);
        return;
    }
    // Whoever of a set comes first finds an empty slot for all of it.
    PciAddress a = buses_.reserve_next(needs_of(d_, c));
    buses_.release(a);
    a.function = ich9_function(c.model);
    buses_.reserve(a, connect_pci | connect_pcie, false, true);
    a.multifunction = a.function == 0 ? xml::Switch::on : xml::Switch::absent;
    put(c.info, a);
}

void Assignment::place_controllers() {
    for (Controller& c : d_.controllers) {
        if (c.type == ControllerType::pci || c.type == ControllerType::fdc || c.type == ControllerType::ccid) continue;
        // No chip of QEMU's is either, so no slot suits it.
        if (c.type == ControllerType::isa || c.type == ControllerType::xenbus)
            static_cast<void>(buses_.reserve_next(connect_none));
        if (!wants_pci(c.info) || needs_of(d_, c) == connect_none) continue;
        if (is_ich9_usb(c)) {
            place_companion(c);
        } else {
            next(c);
        }
    }
}

void Assignment::place_iommu() {
    if (!d_.iommu || d_.iommu->model != IommuModel::virtio || !wants_pci(d_.iommu->info)) return;
    put(d_.iommu->info, buses_.reserve_next(connect_pcie | connect_integrated));
}

void Assignment::place_all() {
    for (Controller& c : d_.controllers)
        if (c.type == ControllerType::pci && c.model != ControllerModel::pci_root &&
            c.model != ControllerModel::pcie_root)
            next(c);
    for (Filesystem& f : d_.filesystems) {
        // Drivers of other hypervisors: nothing in QEMU takes them, so no slot suits.
        if (f.driver_type == "loop" || f.driver_type == "nbd" || f.driver_type == "ploop")
            static_cast<void>(buses_.reserve_next(connect_none));
        next(f);
    }
    for (Interface& n : d_.interfaces)
        if (n.type != InterfaceType::hostdev) {
            // On USB, but libvirt looks for a slot, and none suits it.
            if (n.model == "usb-net" && n.info.address.is(AddressType::none))
                static_cast<void>(buses_.reserve_next(connect_none));
            next(n);
        }
    for (Sound& sound : d_.sounds) {
        // There is no such card in QEMU, so no slot suits it.
        if (sound.model == SoundModel::ich7) static_cast<void>(buses_.reserve_next(connect_none));
        next(sound);
    }
    place_controllers();
    next_all(d_.disks);
    for (Interface& n : d_.interfaces)
        if (n.type == InterfaceType::hostdev) next(n);
    next_all(d_.hostdevs);
    if (d_.memballoon) {
        if (d_.memballoon->model == MemballoonModel::xen && !arch_is_s390(d_))
            static_cast<void>(buses_.reserve_next(connect_none));
        next(*d_.memballoon);
    }
    next_all(d_.rngs);
    next_all(d_.watchdogs);
    place_iommu();
    next_all(d_.videos);
    next_all(d_.shmems);
    next_all(d_.inputs);
    next_all(d_.serials);
    if (d_.vsock) next(*d_.vsock);
    next_all(d_.cryptos);
    next_all(d_.memory_devices);
}

size_t buses_of(const Domain& d) {
    int last = -1;
    for (const Controller& c : d.controllers)
        if (c.type == ControllerType::pci) last = std::max(last, c.index);
    if (last > 255)
        throw Error(ErrorCode::xml_error, ErrorDomain::domain,
                    fmt::format("PCI controller index {} too high, maximum is 255", last));
    return static_cast<size_t>(last + 1);
}

std::string default_model_name(const Domain& d, ControllerModel model) {
    switch (model) {
        case ControllerModel::pci_bridge:
            return "pci-bridge";
        case ControllerModel::dmi_to_pci_bridge:
            return "i82801b11-bridge";
        case ControllerModel::pcie_to_pci_bridge:
            return "pcie-pci-bridge";
        case ControllerModel::pcie_root_port:
            return "pcie-root-port";
        case ControllerModel::pcie_switch_upstream_port:
            return "x3130-upstream";
        case ControllerModel::pcie_switch_downstream_port:
            return "xio3130-downstream";
        case ControllerModel::pci_expander_bus:
            return "pxb";
        case ControllerModel::pcie_expander_bus:
            return "pxb-pcie";
        case ControllerModel::pci_root:
            return is_pseries(d) ? "spapr-pci-host-bridge" : "";
        default:
            return "";
    }
}

// The lowest number that leaves room for the buses that are on other expanders.
int free_bus_number(const Domain& d, const Controller& expander) {
    int lowest = 256;
    for (const Controller& c : d.controllers)
        if (c.type == ControllerType::pci && c.pci.bus_nr >= 0) lowest = std::min(lowest, c.pci.bus_nr);
    int behind = 0;
    for (const Controller& c : d.controllers)
        if (c.type == ControllerType::pci && has_pci(c.info) &&
            c.info.address.pci.bus == static_cast<uint32_t>(expander.index))
            behind++;
    const int number = lowest - std::max(behind, 1) - 1;
    if (number < 1)
        throw Error(ErrorCode::internal_error, ErrorDomain::none,
                    "No free bus number lower than the used ones for a PCI expander bus");
    return number;
}

void set_options(Domain& d) {
    for (Controller& c : d.controllers) {
        if (c.type != ControllerType::pci) continue;
        if (c.pci.model_name.empty()) c.pci.model_name = default_model_name(d, c.model);
        const PciAddress& a = c.info.address.pci;
        switch (c.model) {
            case ControllerModel::pci_bridge:
                if (c.pci.chassis_nr == -1) c.pci.chassis_nr = c.index;
                break;
            case ControllerModel::pcie_root_port:
            case ControllerModel::pcie_switch_downstream_port:
                if (c.pci.chassis == -1) c.pci.chassis = c.index;
                if (c.pci.port == -1)
                    c.pci.port = static_cast<int>(c.model == ControllerModel::pcie_root_port ? a.slot << 3 | a.function
                                                                                             : a.slot);
                break;
            case ControllerModel::pci_expander_bus:
            case ControllerModel::pcie_expander_bus:
                if (c.pci.bus_nr == -1) c.pci.bus_nr = free_bus_number(d, c);
                break;
            default:
                break;
        }
    }
}

void set_target_indexes(Domain& d) {
    if (!is_pseries(d)) return;
    for (Controller& c : d.controllers)
        if (c.is(ControllerType::pci, ControllerModel::pci_root) && c.pci.index == -1) {
            int index = c.index == 0 ? 0 : 1;
            const auto used = [&](int n) {
                return std::any_of(d.controllers.begin(), d.controllers.end(), [&](const Controller& o) {
                    return &o != &c && o.type == ControllerType::pci && o.pci.index == n;
                });
            };
            while (used(index)) index++;
            c.pci.index = index;
        }
}

void set_multifunction(Domain& d) {
    std::vector<PciAddress> others;
    each_info(d, [&](const DeviceInfo& info) {
        if (has_pci(info) && info.address.pci.function != 0) others.push_back(info.address.pci);
    });
    each_info(d, [&](DeviceInfo& info) {
        if (!has_pci(info) || info.address.pci.function != 0 || info.address.pci.multifunction != xml::Switch::absent)
            return;
        for (const PciAddress& other : others)
            if (other.same_slot(info.address.pci)) info.address.pci.multifunction = xml::Switch::on;
    });
}

// On s390 each PCI function has two numbers of its own.
void set_zpci(Domain& d) {
    std::vector<uint32_t> uids;
    std::vector<uint32_t> fids;
    const auto take = [](std::vector<uint32_t>& taken, uint32_t n, const char* what) {
        if (std::find(taken.begin(), taken.end(), n) != taken.end())
            throw Error(ErrorCode::internal_error, ErrorDomain::domain,
                        fmt::format("zPCI {} {} is already reserved", what, n));
        taken.push_back(n);
    };
    const auto lowest = [](std::vector<uint32_t>& taken, uint32_t from) {
        while (std::find(taken.begin(), taken.end(), from) != taken.end()) from++;
        taken.push_back(from);
        return from;
    };
    each_info(d, [&](const DeviceInfo& info) {
        if (!has_pci(info)) return;
        if (info.address.pci.zpci.uid) take(uids, *info.address.pci.zpci.uid, "uid");
        if (info.address.pci.zpci.fid) take(fids, *info.address.pci.zpci.fid, "fid");
    });
    std::vector<const DeviceInfo*> bridges;
    for (const Controller& c : d.controllers)
        if (c.type == ControllerType::pci) bridges.push_back(&c.info);
    each_info(d, [&](DeviceInfo& info) {
        if (!has_pci(info) || std::find(bridges.begin(), bridges.end(), &info) != bridges.end()) return;
        ZpciAddress& z = info.address.pci.zpci;
        if (!z.uid) z.uid = xml::Hex<uint32_t, 4>{lowest(uids, 1)};
        if (!z.fid) z.fid = xml::Hex<uint32_t, 8>{lowest(fids, 0)};
    });
}

// What a machine without PCI must not be asked for.
bool any_wants_pci(Domain& d) {
    bool any = false;
    each_info(d, [&](const DeviceInfo& info) { any = any || info.address.is(AddressType::pci); });
    return any;
}

/// The buses that the devices need, by their numbers.
std::vector<ControllerModel> needed_buses(Domain& d, bool spare_port) {
    const size_t before = buses_of(d);
    Assignment dry(d, before, true);
    dry.take_given();
    dry.place_chipset();
    // Room for a bridge is kept as long as there is any; pure virtio boards do without.
    if (!dry.buses().all_full() && !is_arm_virt(d) && !is_riscv_virt(d) && has_pci_root(d) && !is_pseries(d))
        static_cast<void>(dry.buses().reserve_next(connect_hotplug | connect_pci));
    dry.place_all();
    if (spare_port && before == 1 && has_pcie_root(d) && dry.buses().count() > 1)
        static_cast<void>(dry.buses().reserve_next(connect_hotplug | connect_pcie));
    std::vector<ControllerModel> needed;
    for (size_t i = 0; i < dry.buses().count(); i++) needed.push_back(dry.buses().bus(i).model);
    return needed;
}

void add_missing_buses(Domain& d, bool spare_port) {
    const std::vector<ControllerModel> needed = needed_buses(d, spare_port);
    d.controllers.reserve(d.controllers.size() + needed.size());
    for (size_t i = 1; i < needed.size(); i++) add_controller(d, ControllerType::pci, static_cast<int>(i), needed[i]);
}

}  // namespace

void assign_pci(Domain& d, bool spare_port) {
    set_target_indexes(d);
    if (buses_of(d) == 0) {
        Assignment none(d, 0, true);
        none.place_all();
        if (any_wants_pci(d)) throw Error(ErrorCode::xml_error, ErrorDomain::domain, "No PCI buses available");
        return;
    }
    // Each round may add bridges, which need places themselves.
    size_t buses = 0;
    for (int round = 0; round < 8 && buses != buses_of(d); round++) {
        buses = buses_of(d);
        add_missing_buses(d, spare_port && round == 0);
    }
    Assignment real(d, buses_of(d), false);
    real.take_given();
    real.place_chipset();
    real.place_all();
    set_target_indexes(d);
    set_multifunction(d);
    set_options(d);
    if (arch_is_s390(d)) set_zpci(d);
}

}  // namespace virtue::model
