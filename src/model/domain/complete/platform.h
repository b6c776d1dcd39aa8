// What complete() asks a driver about its emulators. The driver implements it; complete() keeps nothing of it.
#pragma once
#include <string>
#include <string_view>

#include "model/domain/domain.h"

namespace virtue::model {

/// The emulators of a host and their habits. Functions throw Error where the driver cannot serve the domain.
class Platform {
public:
    virtual ~Platform() = default;

    /// For an <os> without arch.
    virtual std::string default_arch() const { return "x86_64"; }
    /// For a domain without <emulator>; empty if there is none for this arch.
    virtual std::string emulator(DomainType type, std::string_view arch) const = 0;
    /// The full name of a machine type ("pc" is "pc-i440fx-7.2"), or the default one for an empty name.
    virtual std::string machine(const Domain& domain, std::string_view name) const = 0;
    /// The CPU model of a domain without <cpu>, as libvirt calls it ("qemu64"); empty for none.
    virtual std::string default_cpu(const Domain& domain) const = 0;
    /// Whether the emulator has a QEMU device ("virtio-rng-pci", "cirrus-vga").
    virtual bool has_device(const Domain&, std::string_view /*name*/) const { return true; }
    /// Refuses domains that the emulator cannot run (virt type, os type, machine); called on the complete domain.
    virtual void check(const Domain&) const {}
    /// Where a firmware's variables of this domain are kept ("/var/lib/libvirt/qemu/nvram").
    virtual std::string nvram_folder() const { return "/var/lib/libvirt/qemu/nvram"; }
    /// The highest GIC version of an ARM machine.
    virtual GicVersion gic(const Domain&) const { return GicVersion::v2; }
    /// Whether SPICE may offer TLS ports (qemu.conf: spice_tls).
    virtual bool spice_tls() const { return false; }
    /// The security driver that labels guests: "selinux", "apparmor", "none".
    virtual std::string security_model() const { return "none"; }
    /// Fresh identities; tests give fixed ones.
    virtual MacAddress new_mac() const { return MacAddress::generate({0x52, 0x54, 0x00}); }
    virtual Uuid new_uuid() const { return Uuid::generate(); }
};

}  // namespace virtue::model
