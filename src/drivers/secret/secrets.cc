#include "drivers/secret/secrets.h"

#include "base/log.h"
#include "driver/constants.h"
#include "io/offload.h"
#include "protocol/remote/event_object.h"
#include "xml/mapper.h"

namespace virtue::secret {
namespace {

constinit log::Module logger("secret");
constexpr ErrorDomain here = ErrorDomain::secret;

void require_flags(uint32_t flags, uint32_t known, const char* function) {
    if ((flags & ~known) == 0) return;
    throw Error::with_message(ErrorCode::invalid_arg, here,
                              fmt::format("unsupported flags ({:#x}) in function {}", flags & ~known, function));
}

proc::SecretRef ref(const Secret& secret) {
    return {*secret.definition.uuid, static_cast<int32_t>(secret.definition.usage_type), secret.definition.usage_id};
}

bool fits(const model::Secret& secret, uint32_t flags) {
    auto group = [&](uint32_t yes, uint32_t no, bool holds) {
        return !(flags & (yes | no)) || flags & (holds ? yes : no);
    };
    return group(api::connect_list_secrets_ephemeral, api::connect_list_secrets_no_ephemeral, secret.ephemeral) &&
           group(api::connect_list_secrets_private, api::connect_list_secrets_no_private, secret.private_to_host);
}

}  // namespace

Secrets::Secrets(io::Loop& loop, std::string folder) : loop_(loop), store_(std::move(folder)), jobs_(loop, "secrets") {
    for (Store::Found& found : store_.load()) {
        if (!found.problem.empty()) logger.error("{}", found.problem);
        if (!found.secret.uuid) continue;
        std::string key = found.secret.uuid->to_string();
        secrets_[key] = Secret{std::move(found.secret), std::move(found.value)};
    }
}

void Secrets::bind(driver::HandlerTable& on) {
    on.call<proc::ConnectNumOfSecrets>(this, &Secrets::count);
    on.call<proc::ConnectListSecrets>(this, &Secrets::list);
    on.call<proc::ConnectListAllSecrets>(this, &Secrets::list_all);
    on.call<proc::SecretLookupByUuid>(this, &Secrets::look_up_uuid);
    on.call<proc::SecretLookupByUsage>(this, &Secrets::look_up_usage);
    on.call<proc::SecretGetXmlDesc>(this, &Secrets::get_xml);
    on.call<proc::SecretGetValue>(this, &Secrets::get_value);
    on.call<proc::SecretDefineXml>(this, &Secrets::define);
    on.call<proc::SecretSetValue>(this, &Secrets::set_value);
    on.call<proc::SecretUndefine>(this, &Secrets::undefine);
    events_.bind(on, driver::EventClass::secret);
}

const Secret* Secrets::find(const Uuid& uuid) const {
    auto found = secrets_.find(uuid.to_string());
    return found == secrets_.end() ? nullptr : &found->second;
}

const Secret* Secrets::find(model::SecretType type, const std::string& usage_id) const {
    if (type == model::SecretType::none) return nullptr;
    for (const auto& [key, secret] : secrets_) {
        if (secret.definition.usage_type == type && secret.definition.usage_id == usage_id) return &secret;
    }
    return nullptr;
}

const Secret& Secrets::at(const Uuid& uuid) const {
    if (const Secret* secret = find(uuid)) return *secret;
    fail(ErrorCode::no_secret, here, "no secret with matching uuid '{}'", uuid.to_string());
}

const Secret& Secrets::at(model::SecretType type, const std::string& usage_id) const {
    if (const Secret* secret = find(type, usage_id)) return *secret;
    fail(ErrorCode::no_secret, here, "no secret with matching usage '{}'", usage_id);
}

proc::ConnectNumOfSecrets::Ret Secrets::count(driver::Call&, proc::ConnectNumOfSecrets::Args) {
    return {static_cast<int32_t>(secrets_.size())};
}

proc::ConnectListSecrets::Ret Secrets::list(driver::Call&, proc::ConnectListSecrets::Args args) {
    proc::ConnectListSecrets::Ret ret;
    for (const auto& [key, secret] : secrets_) {
        if (static_cast<int32_t>(ret.uuids.size()) < args.maxuuids) ret.uuids.push_back(key);
    }
    return ret;
}

proc::ConnectListAllSecrets::Ret Secrets::list_all(driver::Call&, proc::ConnectListAllSecrets::Args args) {
    require_flags(args.flags, 15, "secretConnectListAllSecrets");
    proc::ConnectListAllSecrets::Ret ret;
    for (const auto& [key, secret] : secrets_) {
        if (!fits(secret.definition, args.flags)) continue;
        ret.ret++;
        if (args.need_results) ret.secrets.push_back(ref(secret));
    }
    return ret;
}

proc::SecretLookupByUuid::Ret Secrets::look_up_uuid(driver::Call&, proc::SecretLookupByUuid::Args args) {
    return {ref(at(args.uuid))};
}

proc::SecretLookupByUsage::Ret Secrets::look_up_usage(driver::Call&, proc::SecretLookupByUsage::Args args) {
    if (args.usage_type < 0 || args.usage_type >= static_cast<int32_t>(api::secret_usage_type_last))
        fail(ErrorCode::no_secret, here, "no secret with matching usage '{}'", args.usage_id);
    return {ref(at(static_cast<model::SecretType>(args.usage_type), args.usage_id))};
}

proc::SecretGetXmlDesc::Ret Secrets::get_xml(driver::Call&, proc::SecretGetXmlDesc::Args args) {
    require_flags(args.flags, 0, "secretGetXMLDesc");
    return {xml::format(at(args.secret.uuid).definition)};
}

proc::SecretGetValue::Ret Secrets::get_value(driver::Call&, proc::SecretGetValue::Args args) {
    require_flags(args.flags, 0, "secretGetValue");
    const Secret& secret = at(args.secret.uuid);
    if (secret.definition.private_to_host) throw Error(ErrorCode::invalid_secret, here, "secret is private");
    if (!secret.value)
        fail(ErrorCode::no_secret, here, "secret '{}' does not have a value", args.secret.uuid.to_string());
    proc::SecretGetValue::Ret ret;
    ret.value.assign(secret.value->begin(), secret.value->end());
    return ret;
}

void Secrets::require_no_clash(const model::Secret& wanted) const {
    if (const Secret* same = find(*wanted.uuid)) {
        const model::Secret& old = same->definition;
        if (old.usage_type != wanted.usage_type || old.usage_id != wanted.usage_id)
            fail(ErrorCode::internal_error, here, "a secret with UUID {} is already defined for use with {}",
                 old.uuid->to_string(), old.usage_id);
        if (old.private_to_host && !wanted.private_to_host)
            throw Error(ErrorCode::internal_error, here, "cannot change private flag on existing secret");
        return;
    }
    if (const Secret* other = find(wanted.usage_type, wanted.usage_id))
        fail(ErrorCode::internal_error, here, "a secret with UUID {} already defined for use with {}",
             other->definition.uuid->to_string(), wanted.usage_id);
}

Task<proc::SecretDefineXml::Ret> Secrets::define(driver::Call& call, proc::SecretDefineXml::Args args) {
    require_flags(args.flags, api::secret_define_validate, "secretDefineXML");
    model::Secret wanted = model::Secret::parse(args.xml, args.flags & api::secret_define_validate);
    driver::Job job = co_await jobs_.begin(driver::JobKind::modify, "virSecretDefineXML", call.deadline);
    require_no_clash(wanted);
    const Secret* old = find(*wanted.uuid);
    std::optional<std::string> value = old ? old->value : std::nullopt;
    auto save = [store = store_, wanted, value] {
        if (wanted.ephemeral) return store.remove(*wanted.uuid);
        if (value) store.save_value(*wanted.uuid, *value);
        store.save(wanted);
    };
    co_await io::offload(loop_, std::move(save));
    Secret& secret = secrets_[wanted.uuid->to_string()];
    secret.definition = std::move(wanted);
    tell(secret, api::secret_event_defined);
    co_return proc::SecretDefineXml::Ret{ref(secret)};
}

Task<proc::SecretSetValue::Ret> Secrets::set_value(driver::Call& call, proc::SecretSetValue::Args args) {
    require_flags(args.flags, 0, "secretSetValue");
    if (args.value.empty()) {
        throw Error::with_message(ErrorCode::invalid_arg, ErrorDomain::secret,
                                  "value in virSecretSetValue must not be NULL");
    }
    driver::Job job = co_await jobs_.begin(driver::JobKind::modify, "virSecretSetValue", call.deadline);
    const Uuid uuid = args.secret.uuid;
    std::string value(args.value.begin(), args.value.end());
    if (!at(uuid).definition.ephemeral) {
        auto save = [store = store_, uuid, value] { store.save_value(uuid, value); };
        co_await io::offload(loop_, std::move(save));
    }
    Secret& secret = secrets_.at(uuid.to_string());
    secret.value = std::move(value);
    proc::SecretEventValueChanged::Msg message;
    message.secret = ref(secret);
    events_.publish<proc::SecretEventValueChanged>(uuid.to_string(), message);
    co_return proc::SecretSetValue::Ret{};
}

Task<proc::SecretUndefine::Ret> Secrets::undefine(driver::Call& call, proc::SecretUndefine::Args args) {
    driver::Job job = co_await jobs_.begin(driver::JobKind::modify, "virSecretUndefine", call.deadline);
    const Uuid uuid = args.secret.uuid;
    if (!at(uuid).definition.ephemeral) {
        auto remove = [store = store_, uuid] { store.remove(uuid); };
        co_await io::offload(loop_, std::move(remove));
    }
    auto found = secrets_.extract(uuid.to_string());
    tell(found.mapped(), api::secret_event_undefined);
    co_return proc::SecretUndefine::Ret{};
}

void Secrets::tell(const Secret& secret, uint32_t event) {
    proc::SecretEventLifecycle::Msg message;
    message.secret = ref(secret);
    message.event = static_cast<int32_t>(event);
    events_.publish<proc::SecretEventLifecycle>(secret.definition.uuid->to_string(), message);
}

}  // namespace virtue::secret
