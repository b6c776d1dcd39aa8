#include "drivers/secret/driver.h"

#include "base/error.h"
#include "drivers/secret/secrets.h"

namespace virtue::secret {

struct SecretDriver::State {
    State(io::Loop& loop, const driver::Paths& paths)
        : secrets(loop, paths.config + "/secrets"), privileged(paths.privileged) {
        secrets.bind(table);
    }

    Secrets secrets;
    driver::HandlerTable table;
    bool privileged;
};

SecretDriver::SecretDriver(io::Loop& loop, const driver::Paths& paths) : state_(std::make_unique<State>(loop, paths)) {}

SecretDriver::~SecretDriver() = default;

const driver::HandlerTable& SecretDriver::table() const {
    return state_->table;
}

bool SecretDriver::accepts(const driver::Uri& uri) const {
    return uri.scheme == "secret";
}

Task<driver::Route> SecretDriver::open(driver::Call&, driver::Uri uri) {
    std::string wanted = state_->privileged ? "/system" : "/session";
    if (uri.path != wanted)
        fail(ErrorCode::internal_error, ErrorDomain::secret, "unexpected secret URI path '{}', try secret://{}",
             uri.path, wanted);
    driver::Route route;
    route.tables[static_cast<size_t>(proc::DriverKind::secret)] = &state_->table;
    route.uri = "secret://" + uri.path;
    co_return route;
}

std::vector<uint8_t> SecretDriver::value_of(const driver::SecretKey& key) const {
    const Secrets& all = state_->secrets;
    const Secret& secret =
        key.uuid ? all.at(*key.uuid) : all.at(static_cast<model::SecretType>(key.usage_type), key.usage_id);
    if (!secret.value)
        fail(ErrorCode::no_secret, ErrorDomain::secret, "secret '{}' does not have a value",
             secret.definition.uuid->to_string());
    return {secret.value->begin(), secret.value->end()};
}

std::optional<Uuid> SecretDriver::find_by_usage(int32_t usage_type, const std::string& usage_id) const {
    const Secret* secret = state_->secrets.find(static_cast<model::SecretType>(usage_type), usage_id);
    return secret ? secret->definition.uuid : std::nullopt;
}

}  // namespace virtue::secret
