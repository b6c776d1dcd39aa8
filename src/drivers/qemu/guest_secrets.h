// The secrets that a guest's disks need, on their way to QEMU: encrypted with a key that only this guest gets, in its
// own folder, so that they can stand on a command line. Pure but for the random bytes; any thread.
#pragma once
#include <array>
#include <cstdint>
#include <map>
#include <string>

#include "driver/siblings.h"
#include "model/domain/domain.h"

namespace virtue::qemu {

using MasterKey = std::array<uint8_t, 32>;
/// Throws system_error.
MasterKey make_master_key();

/// The key of a guest that runs, from the file that QEMU read it from. Throws system_error, internal_error.
MasterKey read_master_key(const std::string& path);

/// What LaunchContext::secrets wants: base64 of the encrypted value by the object's id, and of its initialisation
/// vector by id + "/iv". Throws no_secret.
std::map<std::string, std::string> guest_secrets(const model::Domain& domain, const driver::SecretValues* values,
                                                 const MasterKey& key);

/// AES-256-CBC with PKCS#7 padding, as QEMU's secret objects want it; exposed for the test.
std::string encrypt_secret(const std::vector<uint8_t>& value, const MasterKey& key,
                           const std::array<uint8_t, 16>& vector);

}  // namespace virtue::qemu
