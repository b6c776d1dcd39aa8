// The files of secrets: UUID.xml says what a secret is for, UUID.base64 holds its value, readable by the daemon alone.
// libvirt's own names and formats. The functions block; the driver calls them from the blocking pool, except at start.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "model/secret/secret.h"

namespace virtue::secret {

/// One folder of secrets.
class Store {
public:
    explicit Store(std::string folder) : folder_(std::move(folder)) {}

    struct Found {
        model::Secret secret;
        std::optional<std::string> value;
        std::string problem;  ///< why the file was passed over; the rest is empty then
    };
    std::vector<Found> load() const;
    /// Throw system_error; then the old file is intact.
    void save(const model::Secret& secret) const;
    void save_value(const Uuid& uuid, const std::string& value) const;
    void remove(const Uuid& uuid) const;

private:
    std::string path(const Uuid& uuid, const char* extension) const;
    std::string folder_;
};

}  // namespace virtue::secret
