#include "shell/up/seed.h"

#include <fmt/format.h>

#include "shell/up/iso_image.h"

namespace virtue::shell {
namespace {

std::string user_data(const Seed& seed) {
    std::string keys;
    for (const std::string& key : seed.keys) keys += fmt::format("      - {}\n", yaml_quoted(key));
    std::string text = fmt::format("#cloud-config\nhostname: {}\n", yaml_quoted(seed.name));
    if (seed.user == "root") {
        text += "disable_root: false\nusers:\n  - name: root\n";
    } else {
        text += fmt::format(
            "users:\n  - default\n  - name: {}\n    gecos: {}\n    shell: /bin/bash\n    lock_passwd: true\n"
            "    sudo: \"ALL=(ALL) NOPASSWD:ALL\"\n",
            yaml_quoted(seed.user), yaml_quoted(seed.user));
    }
    return text + "    ssh_authorized_keys:\n" + (keys.empty() ? "      []\n" : keys);
}

}  // namespace

std::string yaml_quoted(const std::string& text) {
    std::string out = "\"";
    for (char letter : text) {
        if (static_cast<unsigned char>(letter) < ' ' || letter == 0x7f) {
            out += fmt::format("\\x{:02x}", static_cast<unsigned char>(letter));
            continue;
        }
        if (letter == '"' || letter == '\\') out += '\\';
        out += letter;
    }
    return out + '"';
}

std::string seed_image(const Seed& seed) {
    const std::string meta =
        fmt::format("instance-id: {}\nlocal-hostname: {}\n", yaml_quoted(seed.instance), yaml_quoted(seed.name));
    std::vector<IsoFile> files{{"meta-data", meta},
                               {"user-data", seed.user_data.empty() ? user_data(seed) : seed.user_data}};
    if (!seed.mac.empty()) {
        files.emplace_back("network-config",
                           fmt::format("version: 2\nethernets:\n  primary:\n    match:\n      macaddress: {}\n"
                                       "    dhcp4: true\n    dhcp6: false\n",
                                       yaml_quoted(seed.mac)));
    }
    return iso_image("cidata", files);
}

}  // namespace virtue::shell
