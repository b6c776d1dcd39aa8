#include "drivers/qemu/guest_secrets.h"

#include <gnutls/crypto.h>
#include <sys/random.h>
#include <cerrno>

#include "base/base64.h"
#include "base/error.h"
#include "driver/constants.h"

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
        const std::array<uint8_t, 16> vector = random_bytes<16>();
        found_[id] = to_base64(encrypt_secret(values_->value_of(wanted), key_, vector));
        found_[id + "/iv"] = to_base64({reinterpret_cast<const char*>(vector.data()), vector.size()});
    }

    void add_layers(const model::StorageSource& source) {
        if (source.type == model::StorageType::none) return;
        if (source.encryption && !source.encryption->secrets.empty() &&
            source.encryption->engine != model::EncryptionEngine::librbd)
            add(fmt::format("libvirt-{}-format-encryption-secret0", source.index), source.encryption->secrets.front(),
                api::secret_usage_type_volume);
        if (source.type == model::StorageType::network && source.auth) {
            const bool is_iscsi = source.protocol == model::StorageProtocol::iscsi;
            add(fmt::format("libvirt-{}-storage-auth-secret0", source.index), source.auth->secret,
                is_iscsi ? api::secret_usage_type_iscsi : api::secret_usage_type_ceph);
        }
        for (const model::StorageSource& below : source.backing) add_layers(below);
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
    std::string text(value.begin(), value.end());
    text.append(padding, static_cast<char>(padding));
    // The library takes its input as if it might change it.
    MasterKey own_key = key;
    std::array<uint8_t, 16> own_vector = vector;
    const gnutls_datum_t key_datum{own_key.data(), static_cast<unsigned>(own_key.size())};
    const gnutls_datum_t vector_datum{own_vector.data(), static_cast<unsigned>(own_vector.size())};
    gnutls_cipher_hd_t cipher = nullptr;
    int result = gnutls_cipher_init(&cipher, GNUTLS_CIPHER_AES_256_CBC, &key_datum, &vector_datum);
    if (result == 0) {
        result = gnutls_cipher_encrypt(cipher, text.data(), text.size());
        gnutls_cipher_deinit(cipher);
    }
    if (result != 0)
        fail(ErrorCode::internal_error, ErrorDomain::qemu, "cannot encrypt a secret: {}", gnutls_strerror(result));
    return text;
}

std::map<std::string, std::string> guest_secrets(const model::Domain& domain, const driver::SecretValues* values,
                                                 const MasterKey& key) {
    Collector collector(values, key);
    for (const model::Disk& disk : domain.disks) collector.add_layers(disk.source);
    return collector.take();
}

}  // namespace virtue::qemu
