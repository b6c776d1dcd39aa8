// Where a device sits: on which bus, in which slot. Value types; usable from any thread.
#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "xml/mapper.h"

namespace virtue::model {

enum class AddressType : uint8_t {
    none,
    pci,
    drive,
    virtio_serial,
    ccid,
    usb,
    spapr_vio,
    s390,
    ccw,
    virtio_mmio,
    isa,
    dimm,
    unassigned,
    mdev,
};
VIRTUE_XML_NAMES(AddressType, "", "pci", "drive", "virtio-serial", "ccid", "usb", "spapr-vio", "virtio-s390", "ccw",
                 "virtio-mmio", "isa", "dimm", "unassigned", "mdev")

/// The identity of a PCI function on s390: uid 1..0xffff, fid any.
struct ZpciAddress {
    std::optional<xml::Hex<uint32_t, 4>> uid;
    std::optional<xml::Hex<uint32_t, 8>> fid;
    bool operator==(const ZpciAddress&) const = default;
};

struct PciAddress {
    uint32_t domain = 0;
    uint32_t bus = 0;
    uint32_t slot = 0;
    uint32_t function = 0;
    xml::Switch multifunction = xml::Switch::absent;
    ZpciAddress zpci;
    bool operator==(const PciAddress&) const = default;

    /// All zero: said to be PCI, but not where.
    bool empty() const { return domain == 0 && bus == 0 && slot == 0 && function == 0; }
    bool same_slot(const PciAddress& other) const {
        return domain == other.domain && bus == other.bus && slot == other.slot;
    }
    bool same_place(const PciAddress& other) const { return same_slot(other) && function == other.function; }
    /// "0000:00:01.0"
    std::string to_string() const;
};

struct DriveAddress {
    uint32_t controller = 0;
    uint32_t bus = 0;
    uint32_t target = 0;
    uint32_t unit = 0;
    bool operator==(const DriveAddress&) const = default;
};

struct VirtioSerialAddress {
    uint32_t controller = 0;
    uint32_t bus = 0;
    uint32_t port = 0;
    bool operator==(const VirtioSerialAddress&) const = default;
};

struct CcidAddress {
    uint32_t controller = 0;
    uint32_t slot = 0;
    bool operator==(const CcidAddress&) const = default;
};

/// A port is a path through hubs: 1.4.2; all 0 means not assigned.
struct UsbAddress {
    uint32_t bus = 0;
    std::array<uint32_t, 4> port{};
    bool operator==(const UsbAddress&) const = default;
    bool has_port() const { return port[0] != 0; }
    std::string port_text() const;
};

struct CcwAddress {
    uint32_t cssid = 0;
    uint32_t ssid = 0;
    uint32_t devno = 0;
    bool assigned = false;
    bool operator==(const CcwAddress&) const = default;
};

struct IsaAddress {
    uint32_t iobase = 0;
    uint32_t irq = 0;
    bool operator==(const IsaAddress&) const = default;
};

struct DimmAddress {
    uint32_t slot = 0;
    uint64_t base = 0;
    bool operator==(const DimmAddress&) const = default;
};

/// An address of any bus: `type` says which member counts.
struct Address {
    AddressType type = AddressType::none;
    PciAddress pci;
    DriveAddress drive;
    VirtioSerialAddress virtio_serial;
    CcidAddress ccid;
    UsbAddress usb;
    std::optional<uint64_t> spapr_vio_reg;
    CcwAddress ccw;
    IsaAddress isa;
    DimmAddress dimm;
    std::string mdev_uuid;
    bool operator==(const Address&) const = default;

    bool is(AddressType wanted) const { return type == wanted; }
};

/// <address type='…' …/>; reading throws xml_error or config_unsupported for what no bus can have.
void map(xml::Mapper& m, Address& address);
/// The attributes domain, bus, slot, function (and multifunction, zpci) alone, as in <source><address …/></source>.
void map(xml::Mapper& m, PciAddress& address);

/// "1.4.2"; nothing if it is not such a path.
std::optional<std::array<uint32_t, 4>> parse_usb_port(std::string_view text);

}  // namespace virtue::model
