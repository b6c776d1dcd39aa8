// What a cloud image reads at its first start (cloud-init, data source NoCloud): who may log in, its name, its network.
// https://cloudinit.readthedocs.io, "NoCloud". Pure.
#pragma once
#include <string>
#include <vector>

namespace virtue::shell {

/// Who and where the guest shall be.
struct Seed {
    std::string instance;           ///< changes exactly when the guest shall be set up anew; the domain's UUID
    std::string name;               ///< its host name
    std::string user;               ///< may become root with sudo; logs in by key
    std::vector<std::string> keys;  ///< lines of authorized_keys
    std::string mac;                ///< of the card that gets its address by DHCP
    std::string user_data = {};     ///< in place of what follows from user and keys
};

/// A CD image labelled cidata.
std::string seed_image(const Seed& seed);

/// A YAML string in double quotes.
std::string yaml_quoted(const std::string& text);

}  // namespace virtue::shell
