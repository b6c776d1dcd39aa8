#include "drivers/qemu/guest_secrets.h"

#include <nettle/aes.h>
#include <nettle/cbc.h>
#include <sys/random.h>
#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/base64.h"
#include "base/error.h"
#include "driver/constants.h"
#include "drivers/qemu/command/command.h"
#include "io/files.h"

namespace virtue::qemu {
namespace {

template <size_t Size>
std::array<uint8_t, Size> random_bytes() {
    std::array<uint8_t, Size> bytes{};
    if (::getrandom(bytes.data(), Size, 0) != static_cast<ssize_t>(Size))
        throw Error::from_errno(errno, ErrorDomain::qemu, "no random bytes for the guest's key");
    return bytes;
}

/// Collects the secrets of one guest.
class Collector {
public:
    Collector(const driver::SecretValues* values, const MasterKey& key) : values_(values), key_(key) {}

    void add(const std::string& id, const model::SecretReference& secret, uint32_t usage) {
        if (!values_) throw Error(ErrorCode::no_secret, ErrorDomain::qemu, "there is no secret driver");
        driver::SecretKey wanted{secret.uuid, static_cast<int32_t>(usage), secret.usage};
        add_value(id, values_->value_of(wanted));
    }

    void add_value(const std::string& id, const std::vector<uint8_t>& value) {
        const std::array<uint8_t, 16> vector = random_bytes<16>();
        found_[id] = to_base64(encrypt_secret(value, key_, vector));
        found_[id + "/iv"] = to_base64({reinterpret_cast<const char*>(vector.data()), vector.size()});
    }

    void add_layers(const model::StorageSource& source) {
        if (source.type == model::StorageType::none) return;
        if (source.encryption && !source.encryption->secrets.empty())
            add(fmt::format("libvirt-{}-format-encryption-secret0", source.index), source.encryption->secrets.front(),
                api::secret_usage_type_volume);
        add_access(fmt::format("libvirt-{}-storage-auth-secret0", source.index), source);
        if (!source.cookies.empty()) {
            std::string text;
            for (const model::StorageCookie& cookie : source.cookies) {
                text += fmt::format("{}{}={}", text.empty() ? "" : "; ", cookie.name, cookie.value);
            }
            add_value(fmt::format("libvirt-{}-storage-httpcookie-secret0", source.index), {text.begin(), text.end()});
        }
        for (const model::StorageSource& below : source.backing) add_layers(below);
    }

    void add_access(const std::string& id, const model::StorageSource& source) {
        if (source.type != model::StorageType::network || !source.auth) return;
        const bool is_iscsi = source.protocol == model::StorageProtocol::iscsi;
        add(id, source.auth->secret, is_iscsi ? api::secret_usage_type_iscsi : api::secret_usage_type_ceph);
    }

    std::map<std::string, std::string> take() { return std::move(found_); }

private:
    const driver::SecretValues* values_;
    const MasterKey& key_;
    std::map<std::string, std::string> found_;
};

}  // namespace

MasterKey make_master_key() {
    return random_bytes<32>();
}

std::string encrypt_secret(const std::vector<uint8_t>& value, const MasterKey& key,
                           const std::array<uint8_t, 16>& vector) {
    const size_t padding = 16 - value.size() % 16;
    std::vector<uint8_t> padded(value.size() + padding, static_cast<uint8_t>(padding));
    std::copy(value.begin(), value.end(), padded.begin());

    aes256_ctx cipher{};
    aes256_set_encrypt_key(&cipher, key.data());
    std::array<uint8_t, 16> chain = vector;  // replaced by each block in turn
    std::string text(padded.size(), '\0');
    cbc_encrypt(&cipher, reinterpret_cast<nettle_cipher_func*>(aes256_encrypt), chain.size(), chain.data(),
                padded.size(), reinterpret_cast<uint8_t*>(text.data()), padded.data());
    explicit_bzero(padded.data(), padded.size());
    explicit_bzero(&cipher, sizeof(cipher));
    return text;
}

MasterKey read_master_key(const std::string& path) {
    const std::string text = io::read_file(path, 64);
    MasterKey key{};
    if (text.size() != key.size()) {
        fail(ErrorCode::internal_error, ErrorDomain::qemu, "'{}' is no key of a guest's secrets", path);
    }
    std::copy(text.begin(), text.end(), key.begin());
    return key;
}

std::map<std::string, std::string> guest_secrets(const model::Domain& domain, const driver::SecretValues* values,
                                                 const MasterKey& key) {
    Collector collector(values, key);
    for (const model::Disk& disk : domain.disks) collector.add_layers(disk.source);
    if (domain.os.nvram) collector.add_access(variables_secret, domain.os.nvram->source);
    for (const model::Hostdev& hostdev : domain.hostdevs) {
        const bool scsi = hostdev.mode == model::HostdevMode::subsystem && hostdev.type == model::HostdevType::scsi;
        if (!scsi || !hostdev.iscsi.auth) continue;
        collector.add(fmt::format("libvirt-{}-backend-secret0", hostdev.iscsi.index), hostdev.iscsi.auth->secret,
                      api::secret_usage_type_iscsi);
    }
    return collector.take();
}

}  // namespace virtue::qemu
