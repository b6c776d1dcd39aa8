// The secrets that the driver knows, and the calls about them. Owned by the driver; loop thread only.
#pragma once
#include <map>
#include <optional>
#include <string>

#include "driver/event_hub.h"
#include "driver/job.h"
#include "drivers/secret/store.h"
#include "protocol/remote/secret.h"

namespace virtue::secret {

/// A secret and its value.
struct Secret {
    model::Secret definition;
    std::optional<std::string> value;
};

/// The table of secrets. Changes wait for each other and are on disk before they are answered.
class Secrets {
public:
    Secrets(io::Loop& loop, std::string folder);
    void bind(driver::HandlerTable& on);

    const Secret* find(const Uuid& uuid) const;
    const Secret* find(model::SecretType type, const std::string& usage_id) const;
    /// Throw no_secret.
    const Secret& at(const Uuid& uuid) const;
    const Secret& at(model::SecretType type, const std::string& usage_id) const;

private:
    proc::ConnectNumOfSecrets::Ret count(driver::Call& call, proc::ConnectNumOfSecrets::Args args);
    proc::ConnectListSecrets::Ret list(driver::Call& call, proc::ConnectListSecrets::Args args);
    proc::ConnectListAllSecrets::Ret list_all(driver::Call& call, proc::ConnectListAllSecrets::Args args);
    proc::SecretLookupByUuid::Ret look_up_uuid(driver::Call& call, proc::SecretLookupByUuid::Args args);
    proc::SecretLookupByUsage::Ret look_up_usage(driver::Call& call, proc::SecretLookupByUsage::Args args);
    proc::SecretGetXmlDesc::Ret get_xml(driver::Call& call, proc::SecretGetXmlDesc::Args args);
    proc::SecretGetValue::Ret get_value(driver::Call& call, proc::SecretGetValue::Args args);
    Task<proc::SecretDefineXml::Ret> define(driver::Call& call, proc::SecretDefineXml::Args args);
    Task<proc::SecretSetValue::Ret> set_value(driver::Call& call, proc::SecretSetValue::Args args);
    Task<proc::SecretUndefine::Ret> undefine(driver::Call& call, proc::SecretUndefine::Args args);

    void require_no_clash(const model::Secret& wanted) const;
    void tell(const Secret& secret, uint32_t event);

    io::Loop& loop_;
    Store store_;
    std::map<std::string, Secret> secrets_;  ///< by UUID text, the order of lists
    driver::EventHub events_;
    driver::JobQueue jobs_;
};

}  // namespace virtue::secret
