#include "model/domain/complete/migratable.h"

#include <algorithm>

#include "model/domain/complete/complete.h"
#include "model/domain/complete/machine.h"
#include "model/domain/complete/steps.h"

namespace virtue::model {

namespace {

size_t count(const Domain& d, ControllerType type) {
    return static_cast<size_t>(
        std::count_if(d.controllers.begin(), d.controllers.end(), [&](const Controller& c) { return c.type == type; }));
}

// Old versions knew no USB controller but added this one to every guest, and no PCI root either.
void drop_controllers(Domain& d) {
    const bool one_usb = count(d, ControllerType::usb) == 1;
    const bool one_pci = count(d, ControllerType::pci) == 1;
    std::erase_if(d.controllers, [&](const Controller& c) {
        if (c.index != 0 || c.info.has_user_alias()) return false;
        if (one_usb && is_i440fx(d) && c.is(ControllerType::usb, ControllerModel::piix3_uhci)) return true;
        return one_pci && c.is(ControllerType::pci, ControllerModel::pci_root) && !c.pci.has_pcihole64;
    });
    if (is_pseries(d))
        for (Controller& c : d.controllers)
            if (c.is(ControllerType::pci, ControllerModel::pci_root)) c.pci.model_name.clear();
}

void drop_implied(Domain& d) {
    std::erase_if(d.inputs, [](const Input& i) { return i.bus == InputBus::ps2 && i.type == InputType::keyboard; });
    const bool implied = d.panics.size() == 1 && d.panics[0].info.address.is(AddressType::none) &&
                         ((is_pseries(d) && d.panics[0].model == PanicModel::pseries) ||
                          (arch_is_s390(d) && d.panics[0].model == PanicModel::s390));
    if (implied) d.panics.clear();
    Domain without = d;
    without.audios.clear();
    add_default_audio(without);
    if (without.audios == d.audios) d.audios.clear();
}

}  // namespace

std::string format_migratable(const Domain& domain, const Platform& platform) {
    xml::Options options;
    options.inactive = true;
    options.secure = true;
    Domain copy = domain;
    // Wishes about a firmware mean nothing once one was chosen, and would be refused.
    if (copy.os.firmware == OsFirmware::absent) copy.os.firmware_features.clear();
    copy = xml::parse<Domain>(xml::format(copy, options), options);
    complete_for_qemu(copy, platform, false);
    drop_controllers(copy);
    drop_implied(copy);
    options.migratable = true;
    return xml::format(copy, options);
}

}  // namespace virtue::model
