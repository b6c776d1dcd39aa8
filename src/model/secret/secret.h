// <secret>: what a secret is for; never its value. Plain values: the driver owns its own, copies are independent.
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "model/domain/storage_source.h"
#include "xml/mapper.h"

namespace virtue::model {

struct Secret {
    static constexpr const char* element = "secret";
    static constexpr ErrorDomain error_domain = ErrorDomain::secret;

    bool ephemeral = false;        ///< kept in memory only
    bool private_to_host = false;  ///< its value is told to nobody
    std::optional<Uuid> uuid;      ///< always there after parse()
    std::string description;
    SecretType usage_type = SecretType::none;
    std::string usage_id;  ///< a volume's path, an iSCSI target, or a name
    bool operator==(const Secret&) const = default;

    /// Reads a definition; a missing UUID is made up. `validate`: unknown elements are errors. Throws Error.
    static Secret parse(std::string_view text, bool validate = false);
};
void map(xml::Mapper& m, Secret& secret);

}  // namespace virtue::model
