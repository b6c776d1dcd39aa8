// Reading domain documents as the test driver wants them.
#include <algorithm>
#include <set>

#include "drivers/test/domains.h"
#include "drivers/test/refusals.h"
#include "xml/mapper.h"

namespace virtue::test {
namespace {

using model::ControllerType;
using model::DiskBus;

constexpr std::array<uint8_t, 3> mac_prefix{0x52, 0x54, 0x00};

DiskBus bus_of(std::string_view target) {
    if (target.starts_with("hd")) return DiskBus::ide;
    if (target.starts_with("sd")) return DiskBus::scsi;
    if (target.starts_with("vd")) return DiskBus::virtio;
    if (target.starts_with("xvd")) return DiskBus::xen;
    if (target.starts_with("ubd")) return DiskBus::uml;
    if (target.starts_with("fd")) return DiskBus::fdc;
    return DiskBus::ide;
}

std::optional<ControllerType> controller_of(DiskBus bus) {
    switch (bus) {
        case DiskBus::ide:
            return ControllerType::ide;
        case DiskBus::fdc:
            return ControllerType::fdc;
        case DiskBus::scsi:
            return ControllerType::scsi;
        case DiskBus::sata:
            return ControllerType::sata;
        default:
            return std::nullopt;
    }
}

/// Where a disk of that name sits on its bus. libvirt: virDomainDiskDefAssignAddress.
void assign_drive_address(model::Disk& disk) {
    if (!controller_of(disk.bus) || !disk.info.address.is(model::AddressType::none)) return;
    std::optional<unsigned> index = model::disk_name_index(disk.target);
    if (!index) return;
    unsigned i = *index;
    model::DriveAddress at;
    switch (disk.bus) {
        case DiskBus::ide:
            at = {i / 4, i % 4 / 2, 0, i % 2};
            break;
        case DiskBus::fdc:
            at = {i / 2, 0, 0, i % 2};
            break;
        case DiskBus::scsi:
            at = {i / 7, 0, 0, i % 7};
            break;
        default:
            at = {i / 6, 0, 0, i % 6};
    }
    disk.info.address.type = model::AddressType::drive;
    disk.info.address.drive = at;
}

void add_controllers(model::Domain& domain) {
    for (const model::Disk& disk : domain.disks) {
        std::optional<ControllerType> type = controller_of(disk.bus);
        if (!type || !disk.info.address.is(model::AddressType::drive)) continue;
        for (uint32_t index = 0; index <= disk.info.address.drive.controller; index++) {
            auto same = [&](const model::Controller& c) { return c.type == *type && c.index == static_cast<int>(index); };
            if (std::any_of(domain.controllers.begin(), domain.controllers.end(), same)) continue;
            model::Controller controller;
            controller.type = *type;
            controller.index = static_cast<int>(index);
            domain.controllers.push_back(controller);
        }
    }
}

void complete_disks(model::Domain& domain) {
    for (model::Disk& disk : domain.disks) {
        if (disk.bus == DiskBus::none) disk.bus = bus_of(disk.target);
        if (disk.device == model::DiskDevice::cdrom) disk.readonly = true;
        assign_drive_address(disk);
    }
    add_controllers(domain);
}

void complete_interfaces(model::Domain& domain) {
    std::set<std::string> used;
    for (const model::Interface& card : domain.interfaces) used.insert(card.target);
    unsigned number = 0;
    for (model::Interface& card : domain.interfaces) {
        if (!card.mac) card.mac = MacAddress::generate(mac_prefix);
        if (!card.target.empty()) continue;
        while (used.contains(fmt::format("testnet{}", number))) number++;
        card.target = fmt::format("testnet{}", number++);
    }
}

}  // namespace

void complete(Instance&, model::Domain& domain) {
    if (!domain.uuid) domain.uuid = Uuid::generate();
    if (domain.genid_wanted && !domain.genid) domain.genid = Uuid::generate();
    if (domain.os.arch.empty()) domain.os.arch = "i686";
    bool boots_by_name = domain.os.type == model::OsType::hvm && domain.os.boot.empty() && domain.os.kernel.empty();
    bool boots_by_order = false;
    model::each_info(domain, [&](model::DeviceInfo& info) { boots_by_order |= info.boot_order != 0; });
    if (boots_by_name && !boots_by_order) domain.os.boot.push_back(model::BootDevice::hd);
    if (domain.current() > domain.memory) domain.current_memory = domain.memory;
    complete_disks(domain);
    complete_interfaces(domain);
}

model::Domain read_definition(Instance& in, std::string_view text, bool inactive) {
    xml::Options options;
    options.domain = ErrorDomain::domain;
    options.inactive = inactive;
    model::Domain domain = xml::parse<model::Domain>(text, options);
    if (inactive) domain.id = -1;
    complete(in, domain);
    return domain;
}

}  // namespace virtue::test
