#include "drivers/qemu/calls/native_calls.h"

#include "drivers/qemu/calls/support.h"
#include "drivers/qemu/command/command.h"
#include "drivers/qemu/guest_secrets.h"
#include "drivers/qemu/interfaces.h"
#include "drivers/qemu/launch.h"
#include "drivers/qemu/platform.h"
#include "drivers/qemu/start_checks.h"
#include "drivers/qemu/volumes.h"
#include "model/domain/complete/complete.h"
#include "model/domain/domain.h"

namespace virtue::qemu {
namespace {

/// What a start would settle with the host first, and a mere command line cannot show.
void require_shown(const model::Domain& domain) {
    for (const model::Hostdev& device : domain.hostdevs) {
        if (device.type == model::HostdevType::pci && device.driver == model::PciDriverName::absent) {
            throw Error(ErrorCode::internal_error, ErrorDomain::qemu, "invalid PCI passthrough type 'default'");
        }
        if (device.mode == model::HostdevMode::subsystem && device.type == model::HostdevType::usb &&
            device.usb.bus == 0 && device.usb.device == 0)
            throw Error(ErrorCode::internal_error, ErrorDomain::qemu,
                        "USB host device is missing bus/device information");
    }
    // A domain that is only shown has been given none.
    for (const model::Disk& disk : domain.disks) {
        if (disk.source.fdgroup.empty()) continue;
        fail(ErrorCode::invalid_arg, ErrorDomain::qemu, "file descriptor group '{}' was not associated with the domain",
             disk.source.fdgroup);
    }
}

}  // namespace

void NativeCalls::bind(driver::HandlerTable& on) {
    on.call<proc::ConnectDomainXmlToNative>(this, &NativeCalls::to_native);
}

Task<proc::ConnectDomainXmlToNative::Ret> NativeCalls::to_native(driver::Call& call,
                                                                 proc::ConnectDomainXmlToNative::Args args) {
    require_flags(args.flags, 0, "qemuConnectDomainXMLToNative");
    if (args.native_format != "qemu-argv") {
        fail(ErrorCode::invalid_arg, ErrorDomain::qemu, "unsupported config type {}", args.native_format);
    }
    // As a definition of its own, whatever is defined under that name.
    std::shared_ptr<model::Domain> domain =
        co_await read_definition(core_, std::move(args.domain_xml), false, call.deadline);
    CapabilitiesRef capabilities = co_await core_.capabilities.get(domain->emulator, call.deadline);
    const std::shared_ptr<const model::Domain> placed = co_await with_volumes(core_, domain, call.deadline);
    domain = std::make_shared<model::Domain>(*placed);
    show_without_host(*domain);
    // libvirt shows fresh interfaces, which look for places of their own.
    for (model::Interface& interface : domain->interfaces) {
        if (interface.type != model::InterfaceType::hostdev) interface.info.address = {};
    }
    // Ports that were taken as they are written are not judged a second time.
    for (model::Serial& serial : domain->serials) {
        if (serial.target == model::SerialTarget::isa_serial) serial.target = model::SerialTarget::absent;
    }
    QemuPlatform platform(core_.capabilities, capabilities, core_.settings);
    model::complete_for_qemu(*domain, platform, false);
    require_shown(*domain);
    prepare_firmware(core_.settings, *domain);
    require_startable(*domain, *capabilities);
    assign_aliases(*domain);
    resolve_listens(core_, *domain);
    // Only whether they are there: what is shown is of no use to anybody else.
    static_cast<void>(guest_secrets(*domain, core_.secrets, MasterKey{}));
    LaunchContext context = launch_context(core_, *domain, -1, std::move(capabilities));
    LaunchPlan plan = build_command(*domain, std::move(context));
    proc::ConnectDomainXmlToNative::Ret ret;
    ret.native_config = plan.to_shell_text(false);
    co_return ret;
}

}  // namespace virtue::qemu
