// The descriptions of firmware images that packages install in /usr/share/qemu/firmware and /etc/qemu/firmware.
// Read from disk at each question, as libvirt does; any thread (the files are small).
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace virtue::qemu {

/// One firmware for some machines.
struct Firmware {
    struct Target {
        std::string arch;                   ///< libvirt's name
        std::vector<std::string> machines;  ///< shell patterns: "pc-q35-*"
    };
    std::string path;                     ///< of the description
    std::vector<std::string> interfaces;  ///< "uefi", "bios"
    std::string device;                   ///< "flash", "memory", "kernel"
    std::string executable;               ///< image file
    std::string executable_format;        ///< "raw", "qcow2"
    std::string nvram_template;           ///< empty if it keeps no variables
    std::string nvram_format;
    std::vector<Target> targets;
    std::vector<std::string> features;  ///< "secure-boot", "requires-smm", "enrolled-keys", …

    bool has_feature(std::string_view name) const;
    /// True if it is made for this machine type.
    bool fits(std::string_view arch, std::string_view machine) const;
};

/// All descriptions, in the order in which they are preferred: by file name, a folder named later hiding files of the
/// same name in earlier ones; an empty file hides and adds nothing. What cannot be read or understood is left out.
std::vector<Firmware> read_firmwares(const std::vector<std::string>& folders);

}  // namespace virtue::qemu
