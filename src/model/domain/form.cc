#include "model/domain/form.h"

#include <algorithm>
#include <cctype>

#include <fmt/format.h>

#include "base/error.h"
#include "model/domain/complete/steps.h"

namespace virtue::model {
namespace {

[[noreturn]] void refuse(std::string sentence) {
    throw Error(ErrorCode::xml_invalid_schema, ErrorDomain::xml, std::move(sentence));
}

void require_path(const char* what, const std::string& path) {
    // Other hypervisors' names of images: "[datastore] image.vmdk", "C:\\image.vhdx".
    if (path.empty() || path.starts_with('/') || path.starts_with('[') || (path.size() > 1 && path[1] == ':')) return;
    refuse(fmt::format("/domain: {} must be an absolute path, got '{}'", what, path));
}

// The UUID follows the name, or a text about it.
void check_identity(xml::Element root) {
    bool near = false;
    for (xml::Element e = root.first_child(); e; e = e.next()) {
        if (e.name() == "uuid" && !near) refuse("/domain: the element 'uuid' must follow 'name'");
        near = e.name() == "name" || e.name() == "genid" || e.name() == "uuid" || (near && e.name() == "title") ||
               (near && e.name() == "description");
    }
    if (!root.child("uuid")) return;
    const std::string uuid = root.child("uuid").text();
    const bool plain =
        std::all_of(uuid.begin(), uuid.end(), [](unsigned char c) { return std::isxdigit(c) || c == '-'; });
    const bool dashed = uuid.size() == 36 && uuid[8] == '-' && uuid[13] == '-' && uuid[18] == '-' && uuid[23] == '-';
    if (!plain || !(dashed || uuid.size() == 32)) refuse(fmt::format("/domain/uuid: '{}' is not a UUID", uuid));
}

void check_disk(const Disk& disk) {
    const StorageSource& source = disk.source;
    if (disk.rawio != xml::YesNo::absent && disk.device != DiskDevice::lun)
        refuse("/domain/devices/disk: rawio is for device 'lun'");
    if (source.type == StorageType::file) require_path("a disk's file", source.path);
    if (source.type == StorageType::network && source.empty())
        refuse("/domain/devices/disk: a network disk needs a source");
    if (disk.device == DiskDevice::lun && (source.type == StorageType::file || source.type == StorageType::dir)) {
        refuse("/domain/devices/disk: device 'lun' needs a block device or network source");
    }
    const auto fits = [](unsigned char c) {
        return std::isalnum(c) || std::string_view("_-. +,:").find(static_cast<char>(c)) != std::string_view::npos;
    };
    if (!std::all_of(disk.serial.begin(), disk.serial.end(), fits)) {
        refuse(
            fmt::format("/domain/devices/disk/serial: '{}' holds characters that a serial cannot have", disk.serial));
    }
}

void check_encryption(const Disk& disk) {
    for (const StorageSource* s = &disk.source; s != nullptr; s = s->backing.empty() ? nullptr : &s->backing[0]) {
        if (!s->encryption) continue;
        const StorageEncryption& e = *s->encryption;
        if (e.secrets.size() > 1) refuse("/domain/devices/disk: an encryption has one secret");
        if (e.cipher.has_value() == e.ivgen_name.empty())
            refuse("/domain/devices/disk: an encryption has 'cipher' and 'ivgen', or neither");
    }
}

// What has no meaning without a word of its own.
void check_clock(xml::Element clock) {
    if (!clock) return;
    const auto offset = clock.attribute("offset");
    if (!offset) refuse("/domain/clock: attribute 'offset' is missing");
    if (clock.attribute("timezone") && offset != "timezone")
        refuse("/domain/clock: attribute 'timezone' is for the offset 'timezone'");
    if (clock.attribute("basis") && offset != "variable")
        refuse("/domain/clock: attribute 'basis' is for the offset 'variable'");
}

void check_children(xml::Element root) {
    for (xml::Element info = root.child("sysinfo"); info; info = info.next_same()) {
        for (const char* block : {"bios", "system", "baseBoard", "chassis", "oemStrings"}) {
            const xml::Element at = info.child(block);
            if (at && !at.child("entry"))
                refuse(fmt::format("/domain/sysinfo/{}: the element 'entry' is missing", block));
        }
    }
    const xml::Element menu = root.child("os") ? root.child("os").child("bootmenu") : xml::Element();
    if (menu && !menu.attribute("enable")) refuse("/domain/os/bootmenu: attribute 'enable' is missing");
    const xml::Element features = root.child("features");
    for (xml::Element e = features ? features.first_child() : features; e; e = e.next()) {
        if (features.count(e.name()) > 1)
            refuse(fmt::format("/domain/features: only one <{}> may stand here", e.name()));
    }
    const xml::Element devices = root.child("devices");
    for (xml::Element e = devices ? devices.first_child() : devices; e; e = e.next()) {
        const xml::Element mac = e.name() == "interface" ? e.child("mac") : xml::Element();
        if (mac && !mac.attribute("address")) refuse(mac.path() + ": attribute 'address' is missing");
        if (e.name() == "controller" && !e.attribute("type")) refuse(e.path() + ": attribute 'type' is missing");
    }
}

// Guests of Xen start from a kernel or from what their boot loader says.
void check_xen(xml::Element os, const Domain& domain) {
    if (os && !os.child("type")) refuse("/domain/os: the element 'type' is missing");
    if (domain.os.type == OsType::absent && os && os.child("type")) refuse("/domain/os/type: the text is missing");
    if (domain.os.type != OsType::xen && domain.os.type != OsType::linux_ && domain.os.type != OsType::xenpvh) return;
    const std::string& machine = domain.os.machine;
    if (!machine.empty() && machine != "xenpv" && machine != "xenfv" && machine != "xenpvh")
        refuse(fmt::format("/domain/os/type: no machine of Xen is called '{}'", machine));
    for (xml::Element e = os.first_child(); e; e = e.next()) {
        static constexpr std::string_view known[] = {"type", "kernel", "initrd", "root", "cmdline", "dtb"};
        if (std::find(std::begin(known), std::end(known), e.name()) == std::end(known))
            refuse(fmt::format("/domain/os: '{}' is not for guests of Xen", e.name()));
    }
}

}  // namespace

void check_form(xml::Element root, const Domain& domain) {
    check_identity(root);
    try {
        check_arch(domain);
    } catch (const Error& error) {
        refuse("/domain/os/type: " + error.detail());
    }
    require_path("the emulator", domain.emulator);
    if (domain.os.loader) require_path("the loader", domain.os.loader->path);
    if (domain.os.nvram) require_path("the variable store's template", domain.os.nvram->template_path);
    check_xen(root.child("os"), domain);
    check_clock(root.child("clock"));
    check_children(root);
    each_info(domain, [](const DeviceInfo& info) {
        if (info.rom_file && !info.rom_file->starts_with('/'))
            refuse("/domain/devices: the file of a <rom> must be an absolute path");
    });
    for (const Disk& disk : domain.disks) {
        check_disk(disk);
        check_encryption(disk);
    }
}

}  // namespace virtue::model
