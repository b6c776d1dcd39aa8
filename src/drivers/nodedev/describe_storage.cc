#include "base/text.h"
#include "drivers/nodedev/describe.h"

namespace virtue::nodedev {

using host::SystemFiles;
using host::TreeDevice;

namespace {

/// What udev's rules call the drive, or what its other marks and its name tell.
std::string drive_type(const TreeDevice& device) {
    const std::string& told = device.property("ID_TYPE");
    if (!told.empty() && told != "generic") return told;
    if (device.property("ID_DRIVE_FLOPPY") == "1") return "floppy";
    if (device.property("ID_CDROM") == "1") return "cd";
    if (device.property("ID_DRIVE_FLASH_SD") == "1") return "sd";
    const std::string node = device.node();
    if (node.starts_with("/dev/vd") || node.starts_with("/dev/nvme")) return "disk";
    return node.starts_with("/dev/dasd") ? "dasd" : "";
}

void read_size(const SystemFiles& files, const TreeDevice& device, model::StorageDevice& storage, uint64_t& bytes) {
    storage.blocks = files.number(device.path + "/size").value_or(0);
    storage.logical_block_size = files.number(device.path + "/queue/logical_block_size").value_or(0);
    bytes = storage.blocks * storage.logical_block_size;
}

void read_medium(const SystemFiles& files, const TreeDevice& device, bool has_medium, model::StorageDevice& storage) {
    storage.removable = true;
    storage.media_available = has_medium;
    storage.media_size = 0;
    if (!has_medium) return;
    storage.media_label = device.property("ID_FS_LABEL");
    read_size(files, device, storage, *storage.media_size);
}

bool has_floppy(const TreeDevice& device) {
    // A floppy drive at USB says it like a CD drive; another shows it by what lies on the medium.
    const std::string& told = device.property("ID_CDROM_MEDIA");
    return told.empty() ? !device.property("ID_FS_LABEL").empty() : told == "1";
}

}  // namespace

bool describe_storage(const SystemFiles& files, const TreeDevice& device, model::StorageDevice& storage) {
    storage.block = device.node();
    if (storage.block.empty()) return false;
    storage.bus = device.property("ID_BUS");
    storage.serial = device.property("ID_SERIAL");
    storage.vendor = files.text(device.path + "/device/vendor").value_or("");
    storage.model = files.text(device.path + "/device/model").value_or("");
    storage.drive_type = drive_type(device);
    if (storage.drive_type == "cd") {
        storage.drive_type = "cdrom";
        read_medium(files, device, device.property("ID_CDROM_MEDIA") == "1", storage);
        return true;
    }
    if (storage.drive_type == "floppy") {
        read_medium(files, device, has_floppy(device), storage);
        return true;
    }
    if (storage.drive_type == "dasd") storage.bus = "ccw";
    if (storage.drive_type != "disk" && storage.drive_type != "sd" && storage.drive_type != "dasd") return false;
    read_size(files, device, storage, storage.size);
    return true;
}

bool describe_scsi_host(const SystemFiles& files, const TreeDevice& device, model::ScsiHost& host) {
    if (!device.name.starts_with("host")) return false;
    const auto number = parse_number<uint32_t>(std::string_view(device.name).substr(4));
    if (!number) return false;
    host.host = *number;
    const auto class_number = files.number("/sys/class/scsi_host/" + device.name + "/unique_id");
    if (class_number) host.unique_id = static_cast<uint32_t>(*class_number);
    const std::string fibre = "/sys/class/fc_host/" + device.name;
    if (!files.exists(fibre)) return true;
    const auto name = [&](const char* file) {
        std::string text = files.text(fibre + file).value_or("");
        return text.starts_with("0x") ? text.substr(2) : text;
    };
    host.fc_host.emplace() = {name("/node_name"), name("/port_name"), name("/fabric_name")};
    if (!files.exists(fibre + "/vport_create") &&
        !files.exists("/sys/class/scsi_host/" + device.name + "/vport_create"))
        return true;
    const auto count = [&](const char* file) { return static_cast<uint32_t>(files.number(fibre + file).value_or(0)); };
    host.vports.emplace() = {count("/max_npiv_vports"), count("/npiv_vports_inuse")};
    return true;
}

}  // namespace virtue::nodedev
