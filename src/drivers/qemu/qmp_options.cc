#include "drivers/qemu/qmp_options.h"

#include <algorithm>
#include <cstdlib>
#include <map>

#include "base/error.h"

namespace virtue::qemu {
namespace {

using Words = std::map<std::string, std::string, std::less<>>;

/// "a,b=c,,d" → {"": "a", "b": "c,d"}
Words split(std::string_view option) {
    Words words;
    std::string word;
    bool first = true;
    auto take = [&] {
        const size_t equals = word.find('=');
        if (first) {
            words[""] = word;
        } else {
            words[word.substr(0, equals)] = equals == std::string::npos ? "on" : word.substr(equals + 1);
        }
        first = false;
        word.clear();
    };
    for (size_t i = 0; i < option.size(); i++) {
        if (option[i] != ',') {
            word += option[i];
        } else if (i + 1 < option.size() && option[i + 1] == ',') {
            word += option[i++];
        } else {
            take();
        }
    }
    take();
    return words;
}

std::string word_of(const Words& words, std::string_view key) {
    auto found = words.find(key);
    return found == words.end() ? std::string() : found->second;
}

void set_switch(Json& data, const Words& words, const char* key) {
    if (words.contains(key)) data.set(key, word_of(words, key) == "on");
}

Json internet(const std::string& host, const std::string& port) {
    return Json::object({{"type", "inet"}, {"data", Json::object({{"host", host}, {"port", port}})}});
}

Json socket_data(const Words& words) {
    Json data = Json::object();
    if (words.contains("path")) {
        data.set("addr", Json::object({{"type", "unix"}, {"data", Json::object({{"path", word_of(words, "path")}})}}));
    } else {
        data.set("addr", internet(word_of(words, "host"), word_of(words, "port")));
    }
    // QEMU's own default for the command is a server, for the option a client.
    data.set("server", word_of(words, "server") == "on");
    if (word_of(words, "server") == "on") data.set("wait", word_of(words, "wait") != "off");
    set_switch(data, words, "telnet");
    if (words.contains("reconnect"))
        data.set("reconnect", std::strtoll(word_of(words, "reconnect").c_str(), nullptr, 10));
    if (words.contains("tls-creds")) data.set("tls-creds", word_of(words, "tls-creds"));
    return data;
}

Json backend_data(const std::string& type, const Words& words) {
    if (type == "socket") return socket_data(words);
    Json data = Json::object();
    if (type == "udp") {
        data.set("remote", internet(word_of(words, "host"), word_of(words, "port")));
        data.set("local", internet(word_of(words, "localaddr"), word_of(words, "localport")));
    } else if (type == "file") {
        data.set("out", word_of(words, "path"));
        set_switch(data, words, "append");
    } else if (type == "serial" || type == "parallel" || type == "pipe") {
        data.set("device", word_of(words, "path"));
    } else if (type == "spicevmc" || type == "dbus") {
        data.set(type == "dbus" ? "name" : "type", word_of(words, "name"));
    } else if (type == "spiceport") {
        data.set("fqdn", word_of(words, "name"));
    } else if (type == "qemu-vdagent") {
        set_switch(data, words, "clipboard");
        set_switch(data, words, "mouse");
    }
    return data;
}

QmpStep step_of(const std::string& option, const std::string& value) {
    if (option == "-chardev") {
        Json arguments = chardev_add_arguments(value);
        Json undo = Json::object({{"id", arguments.at("id")}});
        return {"chardev-add", std::move(arguments), "chardev-remove", std::move(undo)};
    }
    Json arguments = Json::parse(value);
    if (option == "-blockdev") {
        Json undo = Json::object({{"node-name", arguments.at("node-name")}});
        return {"blockdev-add", std::move(arguments), "blockdev-del", std::move(undo)};
    }
    static constexpr const char* commands[][3] = {{"-object", "object-add", "object-del"},
                                                  {"-netdev", "netdev_add", "netdev_del"},
                                                  {"-device", "device_add", "device_del"}};
    for (const auto& [name, add, remove] : commands) {
        if (option != name) continue;
        Json undo = Json::object({{"id", arguments.at("id")}});
        return {add, std::move(arguments), remove, std::move(undo)};
    }
    fail(ErrorCode::internal_error, ErrorDomain::qemu, "option '{}' has no command of the monitor", option);
}

}  // namespace

Json chardev_add_arguments(std::string_view option) {
    const Words words = split(option);
    const std::string type = word_of(words, "");
    Json data = backend_data(type, words);
    if (words.contains("logfile")) data.set("logfile", word_of(words, "logfile"));
    set_switch(data, words, "logappend");
    return Json::object(
        {{"id", word_of(words, "id")}, {"backend", Json::object({{"type", type}, {"data", std::move(data)}})}});
}

std::vector<QmpStep> qmp_steps(std::span<const std::string> options) {
    std::vector<QmpStep> steps;
    for (size_t i = 0; i + 1 < options.size(); i += 2) steps.push_back(step_of(options[i], options[i + 1]));
    std::stable_partition(steps.begin(), steps.end(), [](const QmpStep& step) { return !step.is_device(); });
    return steps;
}

}  // namespace virtue::qemu
