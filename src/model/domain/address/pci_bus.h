// The PCI buses of a guest while addresses are given out: which slots are taken, and which bus takes which device.
// Lives during one assignment; one thread.
#pragma once
#include <array>
#include <vector>

#include "model/domain/domain.h"

namespace virtue::model {

/// What a bus offers and what a device needs of it. libvirt: virDomainPCIConnectFlags.
enum Connect : uint32_t {
    connect_none = 0,
    connect_hotplug = 1u << 0,
    connect_pci = 1u << 1,
    connect_pcie = 1u << 2,
    connect_root_port = 1u << 3,
    connect_upstream = 1u << 4,
    connect_downstream = 1u << 5,
    connect_dmi_to_pci = 1u << 6,
    connect_pci_expander = 1u << 7,
    connect_pcie_expander = 1u << 8,
    connect_pci_bridge = 1u << 9,
    connect_pcie_to_pci = 1u << 10,
    connect_aggregate = 1u << 11,   ///< may share a slot with others of its kind, function by function
    connect_integrated = 1u << 12,  ///< only on bus 0, in the chip set
    connect_types = 0x7fe,
};

struct PciBus {
    ControllerModel model = ControllerModel::absent;  ///< absent: nobody has said yet
    uint32_t flags = 0;
    unsigned min_slot = 0;
    unsigned max_slot = 0;
    int numa_node = -1;
    bool is_new = false;
    struct Slot {
        uint8_t functions = 0;   ///< a bit a function
        bool aggregate = false;  ///< shared on purpose
    };
    std::array<Slot, 32> slots{};

    void become(ControllerModel model);
    bool full() const;
};

/// What kind of bus a controller of that model needs, and what the bus behind it offers.
uint32_t controller_needs(ControllerModel model);

class PciBuses {
public:
    /// The buses of the domain's controllers, and empty ones up to `count`.
    PciBuses(const Domain& domain, size_t count, bool dry_run);

    size_t count() const { return buses_.size(); }
    const PciBus& bus(size_t index) const { return buses_[index]; }
    bool all_full() const;

    bool slot_in_use(const PciAddress& address) const;
    bool in_use(const PciAddress& address) const;
    /// Takes an address that the user gave; throws xml_error if it is taken or does not fit (`from_config`).
    void reserve(const PciAddress& address, uint32_t needs, bool whole_slot, bool from_config, int isolation = 0);
    /// Finds the next free place and takes it. Dry runs add buses where none is free; throws xml_error otherwise.
    PciAddress reserve_next(uint32_t needs, bool whole_slot = true);
    /// Frees the whole slot again.
    void release(const PciAddress& address) { buses_[address.bus].slots[address.slot] = {}; }
    /// Buses up to that number must be there; throws for numbers that no controller has.
    void ensure(const PciAddress& address, uint32_t needs);

private:
    bool fits(const PciBus& bus, uint32_t needs, bool from_config) const;
    std::optional<PciAddress> find(uint32_t needs, bool whole_slot) const;
    void grow(uint32_t needs);
    size_t add_bus(ControllerModel model);

    std::vector<PciBus> buses_;
    bool dry_run_ = false;
    bool pcie_root_ = false;
    bool several_roots_ = false;
};

}  // namespace virtue::model
