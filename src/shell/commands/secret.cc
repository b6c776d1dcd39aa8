// Secrets.
#include "protocol/remote/secret.h"

#include <algorithm>

#include "driver/constants.h"
#include "shell/base64.h"
#include "shell/commands/commands.h"
#include "shell/commands/object.h"

namespace virtue::shell {
namespace {

using namespace proc;

Task<Result> define(Context& context, Arguments arguments) {
    uint32_t flags = flag_if(arguments, "validate", api::secret_define_validate);
    return make_from_file<SecretDefineXml, &SecretDefineXml::Ret::secret>(
        context, std::move(arguments), flags, {"Failed to set attributes from {}", "Secret {} created\n"});
}
Task<Result> undefine(Context& context, Arguments arguments) {
    return act_on<SecretUndefine, SecretKind>(context, std::move(arguments), 0,
                                              {"Failed to delete secret {}", "Secret {} deleted"});
}
Task<Result> dumpxml(Context& context, Arguments arguments) {
    return xml_of<SecretGetXmlDesc, SecretKind>(context, std::move(arguments), 0);
}

Task<Result> get_value(Context& context, Arguments arguments) {
    SecretRef secret = co_await SecretKind::find(context, arguments);
    SecretGetValue::Args call{.secret = std::move(secret)};
    SecretGetValue::Ret answer = co_await context.call<SecretGetValue>(std::move(call));
    std::string plain(answer.value.text());
    if (arguments.has("plain")) co_return Custom{plain, Value(Record{{"value", plain}})};
    std::string encoded = to_base64(plain);
    co_return Text{encoded, "value_base64"};
}

Task<Result> set_value(Context& context, Arguments arguments) {
    SecretRef secret = co_await SecretKind::find(context, arguments);
    std::string value;
    if (std::optional<std::string> file = arguments.find("file")) {
        value = read_input(*file);
        if (!arguments.has("plain")) value = from_base64(value);
    } else if (std::optional<std::string> encoded = arguments.find("base64")) {
        value = from_base64(*encoded);
    } else if (arguments.has("interactive")) {
        value = read_password("Enter new value for secret: ");
    } else {
        throw Failure{"Input secret value is missing"};
    }
    SecretSetValue::Args call{.secret = std::move(secret), .value = Opaque<secret_value_max>(std::string_view(value))};
    co_await context.attempt<SecretSetValue>(std::move(call), "Failed to set secret value");
    co_return Sentence{"Secret value set\n", {}};
}

std::string usage_word(int32_t type) {
    constexpr std::string_view words[] = {"none", "volume", "ceph", "iscsi", "tls", "vtpm"};
    return std::string(type >= 0 && static_cast<size_t>(type) < std::size(words) ? words[type] : "unknown");
}

Task<Result> list(Context& context, Arguments arguments) {
    ConnectListAllSecrets::Args ask{
        .need_results = 1,
        .flags = flag_if(arguments, "ephemeral", api::connect_list_secrets_ephemeral) |
                 flag_if(arguments, "no-ephemeral", api::connect_list_secrets_no_ephemeral) |
                 flag_if(arguments, "private", api::connect_list_secrets_private) |
                 flag_if(arguments, "no-private", api::connect_list_secrets_no_private)};
    ConnectListAllSecrets::Ret answer =
        co_await context.attempt<ConnectListAllSecrets>(ask, "Failed to list node secrets");
    std::sort(answer.secrets.begin(), answer.secrets.end(),
              [](const SecretRef& one, const SecretRef& other) { return one.uuid < other.uuid; });
    Table table{{{"UUID", "uuid"}, {"Usage", "usage"}}, {}};
    for (const SecretRef& secret : answer.secrets) {
        std::string usage = usage_word(secret.usage_type);
        if (secret.usage_type != 0) usage += " " + secret.usage_id;
        table.rows.push_back({secret.uuid.to_string(), secret.usage_type == 0 ? "Unused" : usage});
    }
    co_return table;
}

}  // namespace

Commands secret_commands() {
    return {
        make_command("secret-define", "<file> --validate", "define or change a secret from a file", define),
        make_command("secret-dumpxml", "<secret> --xpath= --wrap", "the XML of a secret", dumpxml),
        make_command("secret-get-value", "<secret> --plain", "the value of a secret", get_value),
        make_command("secret-list", "--ephemeral --no-ephemeral --private --no-private", "the secrets", list),
        make_command("secret-set-value", "<secret> --file= --plain --interactive --base64=", "set a secret's value",
                     set_value),
        make_command("secret-undefine", "<secret>", "forget a secret", undefine),
    };
}

}  // namespace virtue::shell
