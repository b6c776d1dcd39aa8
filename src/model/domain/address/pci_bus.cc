#include "model/domain/address/pci_bus.h"

#include <algorithm>

#include <fmt/format.h>

#include "model/domain/complete/machine.h"

namespace virtue::model {

uint32_t controller_needs(ControllerModel model) {
    switch (model) {
        case ControllerModel::pci_bridge:
            return connect_pci_bridge;
        case ControllerModel::pci_expander_bus:
            return connect_pci_expander;
        case ControllerModel::pcie_expander_bus:
            return connect_pcie_expander;
        case ControllerModel::dmi_to_pci_bridge:
            return connect_dmi_to_pci;
        case ControllerModel::pcie_to_pci_bridge:
            return connect_pcie_to_pci;
        case ControllerModel::pcie_root_port:
            return connect_root_port | connect_aggregate;
        case ControllerModel::pcie_switch_upstream_port:
            return connect_upstream;
        case ControllerModel::pcie_switch_downstream_port:
            return connect_downstream;
        default:
            return connect_none;
    }
}

void PciBus::become(ControllerModel m) {
    model = m;
    switch (m) {
        case ControllerModel::pci_root:
            flags = connect_hotplug | connect_pci | connect_pci_bridge | connect_pci_expander;
            min_slot = 1;
            max_slot = 31;
            break;
        case ControllerModel::pci_bridge:
            flags = connect_hotplug | connect_pci | connect_pci_bridge;
            min_slot = 1;
            max_slot = 31;
            break;
        case ControllerModel::pci_expander_bus:
            flags = connect_hotplug | connect_pci | connect_pci_bridge;
            min_slot = 0;
            max_slot = 31;
            break;
        case ControllerModel::pcie_root:
            flags = connect_pcie | connect_root_port | connect_dmi_to_pci | connect_pcie_expander;
            min_slot = 1;
            max_slot = 31;
            break;
        case ControllerModel::dmi_to_pci_bridge:
            flags = connect_pci | connect_pci_bridge;
            min_slot = 0;
            max_slot = 31;
            break;
        case ControllerModel::pcie_to_pci_bridge:
            flags = connect_hotplug | connect_pci | connect_pci_bridge;
            min_slot = 1;
            max_slot = 31;
            break;
        case ControllerModel::pcie_root_port:
            flags = connect_hotplug | connect_pcie | connect_upstream | connect_pcie_to_pci;
            min_slot = max_slot = 0;
            break;
        case ControllerModel::pcie_switch_upstream_port:
            flags = connect_downstream;
            min_slot = 0;
            max_slot = 31;
            break;
        case ControllerModel::pcie_switch_downstream_port:
            flags = connect_hotplug | connect_pcie | connect_upstream | connect_pcie_to_pci;
            min_slot = max_slot = 0;
            break;
        case ControllerModel::pcie_expander_bus:
            flags = connect_root_port | connect_dmi_to_pci;
            min_slot = 0;
            max_slot = 31;
            break;
        default:
            break;
    }
}

bool PciBus::full() const {
    for (unsigned slot = min_slot; slot <= max_slot; slot++)
        if (slots[slot].functions == 0) return false;
    return true;
}

PciBuses::PciBuses(const Domain& domain, size_t count, bool dry_run) : buses_(count), dry_run_(dry_run) {
    several_roots_ = is_pseries(domain);
    pcie_root_ = has_pcie_root(domain);
    for (const Controller& c : domain.controllers) {
        if (c.type != ControllerType::pci) continue;
        if (static_cast<size_t>(c.index) >= buses_.size())
            throw Error(ErrorCode::internal_error, ErrorDomain::none,
                        fmt::format("PCI controller index '{}' is out of range", c.index));
        buses_[static_cast<size_t>(c.index)].become(c.model);
        buses_[static_cast<size_t>(c.index)].numa_node = c.pci.numa_node;
    }
    for (size_t i = 1; i < buses_.size(); i++) {
        if (buses_[i].model != ControllerModel::absent) continue;
        // A bus that is named by an address only: what the machine usually has.
        buses_[i].become(pcie_root_       ? ControllerModel::pcie_root_port
                         : several_roots_ ? ControllerModel::pci_root
                                          : ControllerModel::pci_bridge);
        buses_[i].is_new = true;
    }
    // A pcie-root without any other controller lets Express devices and bridges be added later; a bridge of the old
    // kind on an Express machine needs a bridge to stand on, which must have the lower number.
    if (pcie_root_)
        for (size_t i = 1; i < buses_.size(); i++)
            if (buses_[i].is_new) buses_[i].become(ControllerModel::pcie_root_port);
}

bool PciBuses::all_full() const {
    return std::all_of(buses_.begin(), buses_.end(), [](const PciBus& b) { return b.full(); });
}

bool PciBuses::slot_in_use(const PciAddress& a) const {
    return a.bus < buses_.size() && a.slot < 32 && buses_[a.bus].slots[a.slot].functions != 0;
}

bool PciBuses::in_use(const PciAddress& a) const {
    return a.bus < buses_.size() && a.slot < 32 && (buses_[a.bus].slots[a.slot].functions >> a.function & 1) != 0;
}

bool PciBuses::fits(const PciBus& bus, uint32_t needs, bool from_config) const {
    if (from_config) {
        // Who gives an address by hand may put Express devices into old slots and the other way round.
        if ((needs & (connect_pci | connect_pcie)) != 0) needs |= connect_pci | connect_pcie;
        if ((needs & connect_types & bus.flags) != 0) return true;
        return false;
    }
    if ((needs & connect_types & bus.flags) == 0) return false;
    return (needs & connect_hotplug) == 0 || (bus.flags & connect_hotplug) != 0;
}

void PciBuses::ensure(const PciAddress& address, uint32_t needs) {
    if (address.bus < buses_.size()) return;
    if (!dry_run_)
        throw Error(ErrorCode::xml_error, ErrorDomain::none,
                    fmt::format("no PCI controller with index {} is there for the address {}", address.bus,
                                address.to_string()));
    while (address.bus >= buses_.size()) {
        const size_t before = buses_.size();
        grow(needs);
        if (buses_.size() == before) return;
    }
}

void PciBuses::reserve(const PciAddress& a, uint32_t needs, bool whole_slot, bool from_config, int) {
    const ErrorCode code = from_config ? ErrorCode::xml_error : ErrorCode::internal_error;
    ensure(a, needs);
    PciBus& bus = buses_[a.bus];
    if (a.domain != 0)
        throw Error(code, ErrorDomain::domain,
                    fmt::format("Invalid PCI address {}: only PCI domain 0 is available", a.to_string()));
    if (a.slot < bus.min_slot)
        throw Error(code, ErrorDomain::domain,
                    fmt::format("Invalid PCI address {}. slot must be >= {}", a.to_string(), bus.min_slot));
    if (a.slot > bus.max_slot)
        throw Error(code, ErrorDomain::domain,
                    fmt::format("Invalid PCI address {}. slot must be <= {}", a.to_string(), bus.max_slot));
    if (needs != connect_none && !fits(bus, needs, from_config) && (needs & connect_integrated) == 0)
        throw Error(
            code, ErrorDomain::domain,
            fmt::format(
                "The device at PCI address {} cannot be plugged into the PCI controller with index='{}', which is a {}",
                a.to_string(), a.bus, xml::to_name(bus.model)));
    PciBus::Slot& slot = bus.slots[a.slot];
    if (whole_slot ? slot.functions != 0 : (slot.functions >> a.function & 1) != 0)
        throw Error(code, ErrorDomain::domain, fmt::format("Attempted double use of PCI Address {}", a.to_string()));
    if (slot.functions == 0 && (needs & connect_aggregate) != 0 && a.function == 0) slot.aggregate = true;
    if (slot.functions != 0 && (needs & connect_aggregate) == 0) slot.aggregate = false;
    slot.functions = static_cast<uint8_t>(whole_slot ? 0xff : slot.functions | 1u << a.function);
}

std::optional<PciAddress> PciBuses::find(uint32_t needs, bool whole_slot) const {
    const auto try_bus = [&](size_t b) -> std::optional<PciAddress> {
        const PciBus& bus = buses_[b];
        if (!fits(bus, needs, false)) return std::nullopt;
        for (unsigned s = bus.min_slot; s <= bus.max_slot; s++) {
            const PciBus::Slot& slot = bus.slots[s];
            PciAddress a;
            a.bus = static_cast<uint32_t>(b);
            a.slot = s;
            if (slot.functions == 0) return a;
            if (whole_slot || (needs & connect_aggregate) == 0 || !slot.aggregate) continue;
            for (unsigned f = 1; f < 8; f++) {
                if ((slot.functions >> f & 1) != 0) continue;
                a.function = f;
                return a;
            }
        }
        return std::nullopt;
    };
    for (size_t b = 0; b < buses_.size(); b++) {
        if (auto found = try_bus(b)) return found;
    }
    return std::nullopt;
}

size_t PciBuses::add_bus(ControllerModel model) {
    PciBus bus;
    bus.become(model);
    bus.is_new = true;
    // Ports and bridges of an Express machine need a place of their own at once, or a later device would take it. The
    // place of a plain bridge was kept beforehand.
    if (model != ControllerModel::pci_bridge && model != ControllerModel::pci_root) {
        const uint32_t needs = controller_needs(model);
        if (!find(needs, (needs & connect_aggregate) == 0) || model == ControllerModel::pcie_to_pci_bridge) grow(needs);
        static_cast<void>(reserve_next(needs));
    }
    buses_.push_back(bus);
    return buses_.size() - 1;
}

void PciBuses::grow(uint32_t needs) {
    const auto offers = [&](uint32_t flag) {
        return std::any_of(buses_.begin(), buses_.end(), [&](const PciBus& b) { return (b.flags & flag) != 0; });
    };
    if ((needs & connect_pci) != 0) {
        if (several_roots_) {
            add_bus(ControllerModel::pci_root);
        } else if (pcie_root_ && !offers(connect_pci_bridge)) {
            add_bus(ControllerModel::pcie_to_pci_bridge);
        } else {
            add_bus(ControllerModel::pci_bridge);
        }
        return;
    }
    if ((needs & connect_pci_bridge) != 0 && pcie_root_ && !offers(connect_pci_bridge)) {
        add_bus(ControllerModel::dmi_to_pci_bridge);
        return;
    }
    if ((needs & (connect_pcie | connect_upstream | connect_pcie_to_pci)) != 0 && pcie_root_) {
        add_bus(ControllerModel::pcie_root_port);
        return;
    }
    if ((needs & connect_types) == 0)
        throw Error(
            ErrorCode::internal_error, ErrorDomain::domain,
            fmt::format("Cannot automatically add a new PCI bus for a device with connect flags {:02x}", needs));
    throw Error(ErrorCode::internal_error, ErrorDomain::domain,
                "a PCI slot is needed for a device, but none is available, and no controller can be added for it");
}

PciAddress PciBuses::reserve_next(uint32_t needs, bool whole_slot) {
    if (buses_.empty()) throw Error(ErrorCode::xml_error, ErrorDomain::domain, "No PCI buses available");
    if ((needs & connect_aggregate) != 0) whole_slot = false;
    auto found = find(needs, whole_slot);
    while (!found && dry_run_) {
        grow(needs);
        found = find(needs, whole_slot);
        if (buses_.size() > 256) break;
    }
    if (!found) throw Error(ErrorCode::internal_error, ErrorDomain::domain, "No more available PCI slots");
    reserve(*found, needs, whole_slot, false);
    return *found;
}

}  // namespace virtue::model
