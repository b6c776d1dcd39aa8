// Compares every procedure and struct with the protocol's fact tables, which stand beside the repository.
#include "protocol/registry.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include <doctest/doctest.h>
#include <boost/json.hpp>

#include "wire/schema.h"

namespace json = boost::json;
using namespace virtue;
using namespace virtue::proc;

namespace {

/// The folder of the tables, or empty.
std::filesystem::path tables() {
    if (const char* given = std::getenv("VIRTUE_SHARED")) return std::filesystem::path(given) / "protocol";
    // Beside the repository or its worktrees, wherever below it the test was started.
    for (std::filesystem::path at = std::filesystem::current_path(); at.has_relative_path(); at = at.parent_path())
        if (std::filesystem::exists(at / "shared/protocol/remote.json")) return at / "shared/protocol";
    return {};
}

std::string read_file(const std::filesystem::path& path) {
    std::ifstream in(path);
    std::stringstream text;
    text << in.rdbuf();
    return text.str();
}

json::object read_table(const std::string& name) {
    return json::parse(read_file(tables() / (name + ".json"))).as_object();
}

std::string text_of(const json::value& value) {
    return value.is_string() ? std::string(value.as_string()) : "";
}

#define NEED_TABLES()                                                                                            \
    if (!std::filesystem::exists(tables() / "remote.json")) {                                                    \
        MESSAGE("skip: needs ../shared/protocol, which is not part of the repository (VIRTUE_SHARED names it)"); \
        return;                                                                                                  \
    }

/// Where our names differ from the table's: camelCase is written snake_case, and a field that refers to an object has
/// the object's full noun. Everything else is as in the table.
const std::map<std::string, std::string> object_nouns{
    {"dom", "domain"},      {"doms", "domains"},      {"ddom", "domain"},   {"net", "network"},
    {"nets", "networks"},   {"vol", "volume"},        {"vols", "volumes"},  {"clonevol", "clone_volume"},
    {"iface", "interface"}, {"ifaces", "interfaces"}, {"snap", "snapshot"}, {"dev", "device"},
    {"srv", "server"},      {"clnt", "client"},
};

/// Turns the table's structs into the text that wire::schema_of gives of ours.
class TableSchema {
public:
    explicit TableSchema(const json::object& table) : table_(table) {}

    std::string message(const json::value& name) const { return name.is_null() ? "void" : type(text_of(name)); }

    std::string type(const std::string& name) const {
        static const std::set<std::string> plain{"int",  "uint",  "hyper", "uhyper", "double",
                                                 "char", "uchar", "short", "ushort"};
        if (plain.contains(name)) return name;
        if (const json::value* found = in("typedefs", name)) return field(found->as_object());
        if (in("enums", name)) return "enum";
        if (const json::value* found = in("unions", name)) return union_text(found->as_object());
        const json::value* found = in("structs", name);
        if (!found) found = in("imported_structs", name);
        REQUIRE_MESSAGE(found, "no type " << name);
        std::string text;
        for (const json::value& item : found->as_array()) {
            text += (text.empty() ? "" : ",") + field_name(item.as_object()) + ":" + field(item.as_object());
        }
        return "{" + text + "}";
    }

private:
    const json::value* in(const char* section, const std::string& name) const {
        const json::value* all = table_.if_contains(section);
        return all && all->is_object() ? all->as_object().if_contains(name) : nullptr;
    }

    static std::string bound(const json::object& field, const std::string& kind) {
        std::string number = std::to_string(field.at("max").to_number<uint64_t>());
        return kind == "fixed" ? "[" + number + "]" : "<" + number + ">";
    }

    std::string field(const json::object& field) const {
        std::string name = text_of(field.at("type"));
        std::string text;
        if (name == "string" || name == "opaque") {
            text = name + bound(field, text_of(field.at("length")));
        } else {
            text = type(name);
        }
        if (field.at("optional").as_bool()) text = "optional " + text;
        std::string array = text_of(field.at("array"));
        if (!array.empty()) text = "array" + bound(field, array) + " of " + text;
        return text;
    }

    std::string field_name(const json::object& field) const {
        std::string name = text_of(field.at("name"));
        std::string kind = text_of(field.at("type"));
        const json::value* alias = in("typedefs", kind);
        if (alias && alias->as_object().at("optional").as_bool()) kind = text_of(alias->as_object().at("type"));
        bool refers = kind.find("_nonnull_") != std::string::npos && !kind.ends_with("_string");
        if (refers && object_nouns.contains(name)) return object_nouns.at(name);
        std::string snake;
        for (size_t i = 0; i < name.size(); i++) {
            bool upper = name[i] >= 'A' && name[i] <= 'Z';
            bool after_lower = i > 0 && !(name[i - 1] >= 'A' && name[i - 1] <= 'Z') && name[i - 1] != '_';
            if (upper && after_lower) snake += '_';
            snake += upper ? static_cast<char>(name[i] - 'A' + 'a') : name[i];
        }
        return snake;
    }

    std::string union_text(const json::object& of) const {
        std::string text;
        for (const json::value& arm : of.at("arms").as_array()) {
            text += (text.empty() ? "" : ",") + std::to_string(arm.at("value").as_int64()) + ":" +
                    field(arm.at("field").as_object());
        }
        return "union(" + text + ")";
    }

    const json::object& table_;
};

/// The flags that the tables' conditions name, with their numbers from the public headers.
const std::map<std::string, uint32_t> flag_numbers{
    {"VIR_DOMAIN_AFFECT_LIVE", 1},
    {"VIR_DOMAIN_AFFECT_CONFIG", 2},
    {"VIR_NETWORK_UPDATE_AFFECT_LIVE", 1},
    {"VIR_NETWORK_UPDATE_AFFECT_CONFIG", 2},
    {"VIR_DOMAIN_XML_SECURE", 1},
    {"VIR_DOMAIN_XML_MIGRATABLE", 8},
    {"VIR_DOMAIN_REBOOT_GUEST_AGENT", 2},
    {"VIR_DOMAIN_SHUTDOWN_GUEST_AGENT", 2},
    {"VIR_DOMAIN_VCPU_GUEST", 8},
    {"VIR_DOMAIN_SNAPSHOT_CREATE_QUIESCE", 64},
    {"VIR_DOMAIN_SNAPSHOT_XML_SECURE", 1},
    {"VIR_DOMAIN_SAVE_IMAGE_XML_SECURE", 1},
    {"VIR_DOMAIN_CHECKPOINT_CREATE_QUIESCE", 2},
    {"VIR_DOMAIN_CHECKPOINT_XML_SECURE", 1},
    {"VIR_DOMAIN_INTERFACE_ADDRESSES_SRC_AGENT", 1},
    {"VIR_STORAGE_VOL_UPLOAD_SPARSE_STREAM", 1},
    {"VIR_STORAGE_VOL_DOWNLOAD_SPARSE_STREAM", 1},
};

std::vector<std::string> split(std::string_view text, char at) {
    std::vector<std::string> parts(1);
    for (char c : text) {
        if (c == at) {
            parts.emplace_back();
        } else {
            parts.back() += c;
        }
    }
    return parts;
}

/// "domain.save none_of 3" of the table's "domain:save:!VIR_DOMAIN_AFFECT_CONFIG|VIR_DOMAIN_AFFECT_LIVE".
std::string rule_text(const std::string& entry) {
    std::vector<std::string> parts = split(entry, ':');
    std::string text = parts.at(0) + "." + parts.at(1);
    std::replace(text.begin(), text.end(), '_', '-');
    if (parts.size() == 5) return text + " " + parts[3] + "_is " + std::to_string(flag_numbers.at(parts[4]));
    if (parts.size() == 2) return text;
    bool negated = parts.at(2).starts_with('!');
    uint32_t value = 0;
    for (const std::string& name : split(parts[2].substr(negated), '|')) value |= flag_numbers.at(name);
    return text + (negated ? " none_of " : " all_of ") + std::to_string(value);
}

std::string rule_text(const AccessRule& rule) {
    std::string text(permission_name(rule.permission));
    std::string value = " " + std::to_string(rule.when.value);
    switch (rule.when.kind) {
        case Condition::Kind::always:
            return text;
        case Condition::Kind::never:
            return text + " never";
        case Condition::Kind::all_of:
            return text + " all_of" + value;
        case Condition::Kind::any_of:
            return text + " any_of" + value;
        case Condition::Kind::none_of:
            return text + " none_of" + value;
        case Condition::Kind::source_is:
            return text + " source_is" + value;
    }
    return text;
}

std::vector<std::string> table_rules(const json::value& entries) {
    std::vector<std::string> rules;
    for (const json::value& entry : entries.as_array())
        if (text_of(entry) != "none") rules.push_back(rule_text(text_of(entry)));
    return rules;
}

std::string bare_name(std::string_view name) {
    std::string bare;
    for (char c : name)
        if (c != '_') bare += static_cast<char>(std::tolower(c));
    return bare;
}

std::string fds_text(FdCount count) {
    if (count.most == count.least) return std::to_string(count.least);
    return std::to_string(count.least) + ".." + (count.most == fds_max ? "n" : std::to_string(count.most));
}

void check_traits(const ProcedureInfo& ours, const json::object& table) {
    std::vector<std::string> rules;
    for (const AccessRule& rule : ours.access) rules.push_back(rule_text(rule));
    CHECK(rules == table_rules(table.at("acl")));
    std::vector<std::string> filters;
    if (ours.filter != Permission::none) filters.emplace_back(permission_name(ours.filter));
    CHECK(filters == table_rules(table.at("aclfilter")));
    CHECK((ours.priority == Priority::high ? "high" : "low") == text_of(table.at("priority")));
    CHECK(ours.since == text_of(table.at("since")));
    CHECK(ours.is_event == table.at("event").as_bool());

    const char* directions[] = {"", "read", "write"};
    CHECK(directions[static_cast<int>(ours.stream.direction)] == text_of(table.at("stream")));
    const json::value& position = table.at("stream_param");
    CHECK(ours.stream.position == (position.is_null() ? 0 : position.to_number<int32_t>()));
    const json::value* sparse = table.if_contains("sparse_flag");
    CHECK(ours.stream.sparse_flag == (sparse ? flag_numbers.at(text_of(*sparse)) : 0));

    const json::value& fds = table.at("fds");
    CHECK(fds_text(ours.call_fds) == (fds.is_null() ? "0" : text_of(fds.at("call"))));
    CHECK(fds_text(ours.reply_fds) == (fds.is_null() ? "0" : text_of(fds.at("reply"))));
}

void compare_program(const std::string& name, Program program, std::string_view prefix) {
    json::object table = read_table(name);
    TableSchema schema(table);
    CHECK(static_cast<uint32_t>(program) == table.at("program_number").to_number<uint32_t>());
    CHECK(wire::program_version == table.at("program_version").to_number<uint32_t>());
    CHECK(program_name(static_cast<uint32_t>(program)) == name);
    const json::array& procedures = table.at("procedures").as_array();
    CHECK(all(program).size() == procedures.size());
    for (const json::value& item : procedures) {
        const json::object& procedure = item.as_object();
        int32_t number = procedure.at("number").to_number<int32_t>();
        CAPTURE(number);
        const ProcedureInfo* ours = find(static_cast<uint32_t>(program), number);
        REQUIRE(ours);
        CAPTURE(std::string(ours->name));
        CHECK(ours->number == number);
        CHECK(ours->program == program);
        CHECK(bare_name(ours->name) == std::string(prefix) + bare_name(text_of(procedure.at("name"))));
        CHECK(ours->args_schema() == schema.message(procedure.at(ours->is_event ? "msg" : "args")));
        CHECK(ours->ret_schema() == schema.message(procedure.at("ret")));
        check_traits(*ours, procedure);
    }
}

}  // namespace

TEST_CASE("every remote procedure is declared as the tables say") {
    NEED_TABLES();
    compare_program("remote", Program::remote, "");
}

TEST_CASE("every procedure of the smaller programs is declared as the tables say") {
    NEED_TABLES();
    compare_program("qemu", Program::qemu, "qemu");
    compare_program("lxc", Program::lxc, "lxc");
    compare_program("admin", Program::admin, "admin");
    compare_program("keepalive", Program::keepalive, "keepalive");
}

TEST_CASE("the frame and its limits are as the tables say") {
    NEED_TABLES();
    json::object table = read_table("rpc");
    TableSchema schema(table);
    json::object remote = read_table("remote");
    CHECK(wire::schema_of<wire::MessageError>() == schema.type("virNetMessageError"));
    CHECK(wire::schema_of<wire::StreamHole>() == schema.type("virNetStreamHole"));
    CHECK(schema.type("virNetMessageHeader") == "{prog:uint,vers:uint,proc:int,type:enum,serial:uint,status:enum}");
    CHECK(wire::schema_of<wire::Header>() ==
          "{program:uint,version:uint,procedure:int,type:enum,serial:uint,status:enum}");

    auto constant = [&](const char* name) { return table.at("constants").at(name).to_number<uint32_t>(); };
    CHECK(wire::message_max == constant("VIR_NET_MESSAGE_MAX"));
    CHECK(wire::message_initial == constant("VIR_NET_MESSAGE_INITIAL"));
    CHECK(wire::stream_payload_max == constant("VIR_NET_MESSAGE_LEGACY_PAYLOAD_MAX"));
    CHECK(wire::payload_max == constant("VIR_NET_MESSAGE_PAYLOAD_MAX"));
    CHECK(wire::header_size == constant("VIR_NET_MESSAGE_HEADER_MAX"));
    CHECK(wire::length_size == constant("VIR_NET_MESSAGE_LEN_MAX"));
    CHECK(wire::fds_max == constant("VIR_NET_MESSAGE_NUM_FDS_MAX"));
    CHECK(wire::string_max == constant("VIR_NET_MESSAGE_STRING_MAX"));

    const json::object& types = table.at("enums").at("virNetMessageType").as_object();
    CHECK(types.size() == 7);
    CHECK(static_cast<int>(wire::MessageType::call) == types.at("VIR_NET_CALL").as_int64());
    CHECK(static_cast<int>(wire::MessageType::reply) == types.at("VIR_NET_REPLY").as_int64());
    CHECK(static_cast<int>(wire::MessageType::message) == types.at("VIR_NET_MESSAGE").as_int64());
    CHECK(static_cast<int>(wire::MessageType::stream) == types.at("VIR_NET_STREAM").as_int64());
    CHECK(static_cast<int>(wire::MessageType::call_with_fds) == types.at("VIR_NET_CALL_WITH_FDS").as_int64());
    CHECK(static_cast<int>(wire::MessageType::reply_with_fds) == types.at("VIR_NET_REPLY_WITH_FDS").as_int64());
    CHECK(static_cast<int>(wire::MessageType::stream_hole) == types.at("VIR_NET_STREAM_HOLE").as_int64());
}

TEST_CASE("every event is found by its kind, id and form") {
    NEED_TABLES();
    const std::map<std::string, DriverKind> kinds{{"domain", DriverKind::hypervisor},
                                                  {"network", DriverKind::network},
                                                  {"storage_pool", DriverKind::storage},
                                                  {"node_device", DriverKind::node_device},
                                                  {"secret", DriverKind::secret}};
    json::object table = read_table("events");
    CHECK(table.size() == kinds.size());
    std::set<int32_t> seen;
    auto check_form = [&](DriverKind kind, const json::object& event, const char* key, EventForm form) {
        const ProcedureInfo* ours = find_event(kind, event.at("event_id").to_number<int32_t>(), form);
        if (!event.contains(key)) {
            CHECK_FALSE(ours);
            return;
        }
        REQUIRE(ours);
        CHECK(ours->number == event.at(key).to_number<int32_t>());
        seen.insert(ours->number);
    };
    for (const auto& [object, events] : table) {
        for (const json::value& event : events.as_array()) {
            CAPTURE(text_of(event.at("name")));
            check_form(kinds.at(object), event.as_object(), "legacy_number", EventForm::legacy);
            check_form(kinds.at(object), event.as_object(), "callback_number", EventForm::callback);
        }
    }
    for (const ProcedureInfo& one : all(Program::remote))
        if (one.event_form != EventForm::none) CHECK(seen.contains(one.number));
}

TEST_CASE("what a stock client and server said is read and written back byte for byte") {
    NEED_TABLES();
    std::map<std::string, const ProcedureInfo*> by_name;
    for (const ProcedureInfo& one : all(Program::remote)) by_name[bare_name(one.name)] = &one;
    std::istringstream trace(read_file(tables() / "virsh-trace.txt"));
    int compared = 0;
    for (std::string line; std::getline(trace, line);) {
        std::istringstream words(line);
        std::string direction, program, name, type, serial, status, length, hex;
        words >> direction >> program >> name >> type >> serial >> status >> length >> hex;
        bool whole = length.starts_with("len=") && hex.size() / 2 + 28 == std::stoul(length.substr(4));
        if (program != "remote" || !whole || status != "status=OK" || type == "type=STREAM") continue;
        CAPTURE(line);
        const ProcedureInfo* ours = by_name[bare_name(name)];
        REQUIRE(ours);
        std::vector<uint8_t> bytes;
        for (size_t i = 0; i < hex.size(); i += 2) bytes.push_back(std::stoi(hex.substr(i, 2), nullptr, 16) & 0xff);
        CHECK((type == "type=REPLY" ? ours->round_trip_ret(bytes) : ours->round_trip_args(bytes)) == bytes);
        compared++;
    }
    CHECK(compared > 50);
}

TEST_CASE("every C function that errors name is one that libvirt has") {
    const std::filesystem::path folder = "/usr/share/libvirt/api";
    if (!std::filesystem::exists(folder / "libvirt-api.xml")) {
        MESSAGE("skip: needs /usr/share/libvirt/api, which the package libvirt-dev brings");
        return;
    }
    std::string known;
    for (const char* file : {"libvirt-api.xml", "libvirt-qemu-api.xml", "libvirt-lxc-api.xml", "libvirt-admin-api.xml"})
        known += read_file(folder / file);
    // Steps of a migration and the feature query are not public; the rest is newer than the installed 9.0.0.
    const std::set<std::string_view> newer{
        "virNetworkSetMetadata",       "virNetworkGetMetadata",     "virNodeDeviceUpdate",
        "virDomainGraphicsReload",     "virDomainGetAutostartOnce", "virDomainSetAutostartOnce",
        "virDomainSetThrottleGroup",   "virDomainDelThrottleGroup", "virDomainAnnounceInterface",
        "virAdmConnectDaemonShutdown", "virConnectSupportsFeature"};
    for (Program program : {Program::remote, Program::qemu, Program::lxc, Program::admin}) {
        for (const ProcedureInfo& one : all(program)) {
            CAPTURE(std::string(one.name));
            CHECK(one.api.empty() == (one.is_event || one.name.starts_with("Auth")));
            bool step = one.name.starts_with("DomainMigrate") && !one.name.starts_with("DomainMigrateSet") &&
                        !one.name.starts_with("DomainMigrateGet") && !one.name.starts_with("DomainMigrateStart");
            if (one.api.empty() || step || newer.contains(one.api)) continue;
            CHECK(known.find("<function name='" + std::string(one.api) + "'") != std::string::npos);
        }
    }
}
