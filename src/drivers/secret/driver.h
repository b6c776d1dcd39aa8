// Secrets: passphrases and keys that volumes and pools name in their definitions, kept apart from these. Made by
// main(); opens secret:///system and stands beside the other drivers on their connections. Loop thread only.
#pragma once
#include <memory>

#include "driver/backend.h"
#include "driver/handler_table.h"
#include "driver/paths.h"
#include "driver/siblings.h"

namespace virtue::secret {

/// The driver. Reads what an earlier daemon left in its constructor.
class SecretDriver final : public driver::Backend, public driver::SecretValues {
public:
    SecretDriver(io::Loop& loop, const driver::Paths& paths);
    ~SecretDriver() override;

    bool accepts(const driver::Uri& uri) const override;
    Task<driver::Route> open(driver::Call& call, driver::Uri uri) override;

    std::vector<uint8_t> value_of(const driver::SecretKey& key) const override;
    std::optional<Uuid> find_by_usage(int32_t usage_type, const std::string& usage_id) const override;

    /// For the connections of other drivers.
    const driver::HandlerTable& table() const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace virtue::secret
