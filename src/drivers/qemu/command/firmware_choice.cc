// <os firmware='efi'>: from what the document asks of a firmware to an image of this host.
#include <algorithm>

#include <fmt/format.h>

#include "base/error.h"
#include "drivers/qemu/capabilities/firmware.h"
#include "drivers/qemu/command/command.h"
#include "model/domain/domain.h"

namespace virtue::qemu {

using model::Domain;
using model::OsFirmware;

namespace {

// yes, no, or nothing said.
std::optional<bool> asked(const Domain& domain, std::string_view feature) {
    for (const model::FirmwareFeature& wanted : domain.os.firmware_features) {
        if (wanted.name == feature) return wanted.enabled;
    }
    return std::nullopt;
}

bool satisfies(const Firmware& firmware, const Domain& domain) {
    const char* interface = domain.os.firmware == OsFirmware::efi ? "uefi" : "bios";
    if (std::find(firmware.interfaces.begin(), firmware.interfaces.end(), interface) == firmware.interfaces.end()) {
        return false;
    }
    if (!firmware.fits(domain.os.arch, domain.os.machine)) return false;
    const bool flash = firmware.device == "flash";
    if (!flash && firmware.device != "memory") return false;
    if (flash && (firmware.executable_format != "raw" || firmware.nvram_format != "raw")) return false;
    const bool secure_boot = firmware.has_feature("secure-boot");
    if (auto wanted = asked(domain, "secure-boot"); wanted && *wanted != secure_boot) return false;
    if (auto wanted = asked(domain, "enrolled-keys"); wanted && *wanted != firmware.has_feature("enrolled-keys")) {
        return false;
    }
    const bool needs_smm = firmware.has_feature("requires-smm");
    if (domain.os.loader && flash && domain.os.loader->stateless == xml::YesNo::yes) return false;
    if (domain.os.loader && !flash && domain.os.loader->stateless == xml::YesNo::no) return false;
    if (domain.os.loader && domain.os.loader->secure != xml::YesNo::absent) {
        if ((domain.os.loader->secure == xml::YesNo::yes) != (needs_smm && secure_boot)) return false;
    }
    return true;
}

void use(const Firmware& firmware, Domain& domain, const LaunchPaths& paths) {
    if (!domain.os.loader) domain.os.loader.emplace();
    model::Loader& loader = *domain.os.loader;
    loader.path = firmware.executable;
    if (firmware.device != "flash") {
        loader.type = model::LoaderType::rom;
        return;
    }
    loader.type = model::LoaderType::pflash;
    loader.readonly = xml::YesNo::yes;
    if (!domain.os.nvram) domain.os.nvram.emplace();
    model::OsNvram& nvram = *domain.os.nvram;
    if (nvram.template_path.empty()) nvram.template_path = firmware.nvram_template;
    if (nvram.source.empty()) {
        nvram.source.type = model::StorageType::file;
        nvram.source.format = model::StorageFormat::raw;
        nvram.source.path = fmt::format("{}/nvram/{}_VARS.fd", paths.library, domain.name);
    }
    if (firmware.has_feature("requires-smm")) {
        if (domain.features.smm == xml::Switch::off)
            throw Error(ErrorCode::operation_invalid, ErrorDomain::qemu,
                        "domain has SMM turned off but chosen firmware requires it");
        domain.features.smm = xml::Switch::on;
        loader.secure = xml::YesNo::yes;
    }
}

}  // namespace

void choose_firmware(Domain& domain, std::span<const Firmware> firmwares, const LaunchPaths& paths) {
    if (domain.os.firmware == OsFirmware::absent) return;
    if (domain.os.loader && !domain.os.loader->path.empty()) return;
    for (const Firmware& firmware : firmwares) {
        if (!satisfies(firmware, domain)) continue;
        use(firmware, domain, paths);
        // The guest has this one now, whatever others are described later.
        domain.os.firmware = OsFirmware::absent;
        return;
    }
    const bool efi = domain.os.firmware == OsFirmware::efi;
    throw Error(ErrorCode::operation_failed, ErrorDomain::qemu,
                fmt::format("Unable to find any firmware to satisfy '{}'", efi ? "efi" : "bios"),
                firmwares.empty() ? "no firmware descriptions are installed; install the package ovmf" : "");
}

}  // namespace virtue::qemu
