#include "shell/lookup.h"

#include <fcntl.h>

#include "base/bitmap.h"
#include "base/text.h"
#include "driver/constants.h"
#include "io/files.h"
#include "protocol/remote/domain_lookup.h"
#include "protocol/remote/interface.h"
#include "protocol/remote/network.h"
#include "protocol/remote/node_device.h"
#include "protocol/remote/nwfilter.h"
#include "protocol/remote/secret.h"
#include "protocol/remote/storage_pool.h"
#include "protocol/remote/storage_volume.h"
#include "xml/xpath.h"

namespace virtue::shell {
namespace {

constexpr size_t input_max = 32 << 20;
constexpr size_t uuid_text_size = 36;

std::optional<Uuid> as_uuid(const std::string& text) {
    return text.size() == uuid_text_size ? Uuid::parse(text) : std::nullopt;
}

// Asks for an object by UUID if the text is one; nothing if there is none.
template <typename P, typename Ref>
Task<std::optional<Ref>> ask_uuid(Context& context, std::string text, Ref P::Ret::*member) {
    std::optional<Uuid> uuid = as_uuid(text);
    if (!uuid) co_return std::nullopt;
    typename P::Args arguments{.uuid = *uuid};
    try {
        typename P::Ret found = co_await context.call<P>(std::move(arguments));
        co_return std::move(found.*member);
    } catch (const Error&) {
        co_return std::nullopt;  // then it is a name
    }
}

}  // namespace

Task<proc::DomainRef> find_domain(Context& context, std::string text) {
    if (text.empty()) throw Failure{"Domain name is empty"};
    std::optional<int32_t> id = parse_number<int32_t>(text);
    if (id && *id >= 0) {
        proc::DomainLookupById::Args by_id{.id = *id};
        try {
            proc::DomainLookupById::Ret found = co_await context.call<proc::DomainLookupById>(by_id);
            co_return std::move(found.domain);
        } catch (const Error&) {
            id.reset();  // then it is a name
        }
    }
    std::optional<proc::DomainRef> by_uuid =
        co_await ask_uuid<proc::DomainLookupByUuid>(context, text, &proc::DomainLookupByUuid::Ret::domain);
    if (by_uuid) co_return std::move(*by_uuid);
    proc::DomainLookupByName::Args by_name{.name = text};
    try {
        proc::DomainLookupByName::Ret found = co_await context.call<proc::DomainLookupByName>(std::move(by_name));
        co_return std::move(found.domain);
    } catch (Error& error) {
        bool absent = error.code() == ErrorCode::no_domain;
        throw Failure{"failed to get domain '" + text + "'",
                      absent ? std::nullopt : std::optional<Error>(std::move(error))};
    }
}

Task<proc::NetworkRef> find_network(Context& context, std::string text) {
    std::optional<proc::NetworkRef> by_uuid =
        co_await ask_uuid<proc::NetworkLookupByUuid>(context, text, &proc::NetworkLookupByUuid::Ret::network);
    if (by_uuid) co_return std::move(*by_uuid);
    proc::NetworkLookupByName::Args by_name{.name = text};
    std::string sentence = "failed to get network '" + text + "'";
    proc::NetworkLookupByName::Ret found =
        co_await context.attempt<proc::NetworkLookupByName>(std::move(by_name), std::move(sentence));
    co_return std::move(found.network);
}

Task<proc::StoragePoolRef> find_pool(Context& context, std::string text) {
    std::optional<proc::StoragePoolRef> by_uuid =
        co_await ask_uuid<proc::StoragePoolLookupByUuid>(context, text, &proc::StoragePoolLookupByUuid::Ret::pool);
    if (by_uuid) co_return std::move(*by_uuid);
    proc::StoragePoolLookupByName::Args by_name{.name = text};
    std::string sentence = "failed to get pool '" + text + "'";
    proc::StoragePoolLookupByName::Ret found =
        co_await context.attempt<proc::StoragePoolLookupByName>(std::move(by_name), std::move(sentence));
    co_return std::move(found.pool);
}

Task<proc::StorageVolumeRef> find_volume(Context& context, std::string text, std::optional<std::string> pool,
                                         const char* pool_option) {
    if (pool) {
        proc::StoragePoolRef in = co_await find_pool(context, *pool);
        proc::StorageVolLookupByName::Args by_name{.pool = in, .name = text};
        try {
            proc::StorageVolLookupByName::Ret found =
                co_await context.call<proc::StorageVolLookupByName>(std::move(by_name));
            co_return std::move(found.volume);
        } catch (const Error&) {
            in.name.clear();  // then it is a key or a path
        }
    }
    proc::StorageVolLookupByKey::Args by_key{.key = text};
    try {
        proc::StorageVolLookupByKey::Ret found = co_await context.call<proc::StorageVolLookupByKey>(std::move(by_key));
        co_return std::move(found.volume);
    } catch (const Error&) {
        by_key.key.clear();
    }
    proc::StorageVolLookupByPath::Args by_path{.path = text};
    std::string sentence = "failed to get vol '" + text + "'";
    if (!pool) sentence += fmt::format(", specifying --{} might help", pool_option);
    proc::StorageVolLookupByPath::Ret found =
        co_await context.attempt<proc::StorageVolLookupByPath>(std::move(by_path), std::move(sentence));
    co_return std::move(found.volume);
}

Task<proc::SecretRef> find_secret(Context& context, std::string text) {
    std::optional<Uuid> uuid = Uuid::parse(text);
    std::string sentence = "failed to get secret '" + text + "'";
    if (!uuid) throw Failure{sentence, Error(ErrorCode::invalid_arg, ErrorDomain::none, "'" + text + "' is no UUID")};
    proc::SecretLookupByUuid::Args by_uuid{.uuid = *uuid};
    proc::SecretLookupByUuid::Ret found =
        co_await context.attempt<proc::SecretLookupByUuid>(by_uuid, std::move(sentence));
    co_return std::move(found.secret);
}

Task<proc::NwfilterRef> find_nwfilter(Context& context, std::string text) {
    std::optional<proc::NwfilterRef> by_uuid =
        co_await ask_uuid<proc::NwfilterLookupByUuid>(context, text, &proc::NwfilterLookupByUuid::Ret::nwfilter);
    if (by_uuid) co_return std::move(*by_uuid);
    proc::NwfilterLookupByName::Args by_name{.name = text};
    std::string sentence = "failed to get nwfilter '" + text + "'";
    proc::NwfilterLookupByName::Ret found =
        co_await context.attempt<proc::NwfilterLookupByName>(std::move(by_name), std::move(sentence));
    co_return std::move(found.nwfilter);
}

Task<proc::InterfaceRef> find_interface(Context& context, std::string text) {
    bool is_mac = text.size() == 17 && text[2] == ':';
    std::string sentence = "failed to get interface '" + text + "'";
    if (is_mac) {
        proc::InterfaceLookupByMacString::Args by_mac{.mac = text};
        proc::InterfaceLookupByMacString::Ret found =
            co_await context.attempt<proc::InterfaceLookupByMacString>(std::move(by_mac), std::move(sentence));
        co_return std::move(found.interface);
    }
    proc::InterfaceLookupByName::Args by_name{.name = text};
    proc::InterfaceLookupByName::Ret found =
        co_await context.attempt<proc::InterfaceLookupByName>(std::move(by_name), std::move(sentence));
    co_return std::move(found.interface);
}

Task<proc::NodeDeviceRef> find_node_device(Context& context, std::string text) {
    proc::NodeDeviceLookupByName::Args by_name{.name = text};
    std::string sentence = "Could not find matching device '" + text + "'";
    proc::NodeDeviceLookupByName::Ret found =
        co_await context.attempt<proc::NodeDeviceLookupByName>(std::move(by_name), std::move(sentence));
    co_return std::move(found.device);
}

std::string read_input(const std::string& path) {
    try {
        return io::read_file(path == "-" ? "/dev/stdin" : path, input_max);
    } catch (Error& error) {
        Error cause = error.int1() > 0
                          ? Error::from_errno(error.int1(), ErrorDomain::none, "Failed to open file '" + path + "'")
                          : std::move(error);
        throw Failure{{}, std::move(cause)};
    }
}

std::string xml_or_file(const std::string& text) {
    return trim(text).starts_with('<') ? text : read_input(text);
}

std::vector<Fd> descriptors_of(const std::string& list) {
    std::vector<Fd> descriptors;
    for (std::string_view word : split(list, ',')) {
        std::optional<int> number = parse_number<int>(word);
        if (!number || *number < 0) throw Failure{fmt::format("Unable to parse FD number '{}'", word)};
        Fd copy(::fcntl(*number, F_DUPFD_CLOEXEC, 3));
        if (!copy) throw Error::from_errno(errno, ErrorDomain::none, fmt::format("Cannot duplicate FD {}", *number));
        descriptors.push_back(std::move(copy));
    }
    return descriptors;
}

void exclude(const Arguments& arguments, std::string_view one, std::string_view other) {
    if (arguments.has(one) && arguments.has(other)) {
        throw UsageError{fmt::format("Options --{} and --{} are mutually exclusive", one, other)};
    }
}

void require(const Arguments& arguments, std::string_view one, std::string_view other) {
    if (arguments.has(one) && !arguments.has(other)) {
        throw UsageError{fmt::format("Option --{} is required by option --{}", other, one)};
    }
}

Affect affect_of(const Arguments& arguments) {
    exclude(arguments, "current", "live");
    exclude(arguments, "current", "config");
    exclude(arguments, "current", "persistent");
    Affect affect;
    affect.flags = flag_if(arguments, "live", api::domain_affect_live) |
                   flag_if(arguments, "config", api::domain_affect_config) |
                   flag_if(arguments, "persistent", api::domain_affect_config);
    affect.given = affect.flags != 0 || arguments.has("current");
    return affect;
}

Result xml_result(const Arguments& arguments, std::string xml) {
    std::optional<std::string> expression = arguments.find("xpath");
    if (!expression) return Text{std::move(xml), "xml"};
    std::vector<std::string> found = xml::find_nodes(xml, *expression);
    if (found.empty()) return Custom{{}, Value(Record{{"nodes", Values{}}})};
    std::string text;
    for (const std::string& node : found) text += node + "\n";
    // Parsed and written once more: then the lines stand where their depth puts them.
    if (arguments.has("wrap")) text = xml::find_nodes("<nodes>" + text + "</nodes>", "/nodes").front() + "\n";
    return Custom{std::move(text), Value(Record{{"nodes", Values(found.begin(), found.end())}})};
}

std::string_view state_word(int32_t state) {
    constexpr std::string_view words[] = {"no state",    "running",  "idle",    "paused",
                                          "in shutdown", "shut off", "crashed", "pmsuspended"};
    return state >= 0 && static_cast<size_t>(state) < std::size(words) ? words[state] : words[0];
}

Value parameter_value(const proc::TypedParameter& parameter) {
    return std::visit(
        [](const auto& value) {
            using T = std::decay_t<decltype(value)>;
            if constexpr (std::is_same_v<T, int32_t>)
                return Value(static_cast<int64_t>(value));
            else if constexpr (std::is_same_v<T, uint32_t>)
                return Value(static_cast<uint64_t>(value));
            else
                return Value(value);
        },
        parameter.value);
}

std::string parameter_text(const proc::TypedParameter& parameter) {
    if (const double* number = std::get_if<double>(&parameter.value)) return fmt::format("{:f}", *number);
    return parameter_value(parameter).to_cell();
}

Result parameters_result(const std::vector<proc::TypedParameter>& parameters, size_t width) {
    std::string text;
    Record record;
    for (const proc::TypedParameter& parameter : parameters) {
        text += fmt::format("{:<{}}: {}\n", parameter.field, width, parameter_text(parameter));
        record.emplace_back(parameter.field, parameter_value(parameter));
    }
    return Custom{std::move(text), Value(std::move(record))};
}

std::string cpu_list(const uint8_t* map, size_t bytes, size_t cpus) {
    std::string text;
    size_t end = std::min(cpus, bytes * 8);
    auto is_set = [&](size_t cpu) { return cpu < end && (map[cpu / 8] >> (cpu % 8) & 1) != 0; };
    for (size_t cpu = 0; cpu < end; cpu++) {
        if (!is_set(cpu)) continue;
        size_t first = cpu;
        while (is_set(cpu + 1)) cpu++;
        if (!text.empty()) text += ',';
        text += first == cpu ? fmt::format("{}", first) : fmt::format("{}-{}", first, cpu);
    }
    return text;
}

Scaled scaled(uint64_t bytes) {
    constexpr const char* units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    double value = static_cast<double>(bytes);
    size_t power = 0;
    while (power + 1 < std::size(units) && value >= 1024) {
        value /= 1024;
        power++;
    }
    return {value, units[power]};
}

}  // namespace virtue::shell
