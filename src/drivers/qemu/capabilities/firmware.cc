#include "drivers/qemu/capabilities/firmware.h"

#include <fnmatch.h>

#include <algorithm>
#include <map>

#include "base/error.h"
#include "drivers/qemu/monitor/json.h"
#include "io/files.h"

namespace virtue::qemu {

bool Firmware::has_feature(std::string_view name) const {
    return std::find(features.begin(), features.end(), name) != features.end();
}

bool Firmware::fits(std::string_view arch, std::string_view machine) const {
    for (const Target& target : targets) {
        if (target.arch != arch) continue;
        for (const std::string& pattern : target.machines) {
            if (fnmatch(pattern.c_str(), std::string(machine).c_str(), 0) == 0) return true;
        }
    }
    return false;
}

namespace {

constexpr size_t largest_description = 1 << 20;

std::vector<std::string> texts(const Json& array) {
    std::vector<std::string> result;
    for (const Json& item : array.items()) result.push_back(item.as_string());
    return result;
}

std::string arch_name(const std::string& name) {
    if (name == "i386") return "i686";
    return name == "arm" ? "armv7l" : name;
}

Firmware parse(const std::string& path, const Json& json) {
    Firmware firmware;
    firmware.path = path;
    firmware.interfaces = texts(json.at("interface-types"));
    const Json& mapping = json.at("mapping");
    firmware.device = mapping.at("device").as_string();
    if (const Json* executable = mapping.find("executable")) {
        firmware.executable = executable->at("filename").as_string();
        firmware.executable_format = executable->string_or("format", "raw");
    } else {
        firmware.executable = mapping.string_or("filename", "");
    }
    if (const Json* nvram = mapping.find("nvram-template")) {
        firmware.nvram_template = nvram->at("filename").as_string();
        firmware.nvram_format = nvram->string_or("format", "raw");
    }
    for (const Json& item : json.at("targets").items()) {
        firmware.targets.push_back({arch_name(item.at("architecture").as_string()), texts(item.at("machines"))});
    }
    firmware.features = texts(json.at("features"));
    return firmware;
}

}  // namespace

std::vector<Firmware> read_firmwares(const std::vector<std::string>& folders) {
    std::map<std::string, std::string> files;
    for (const std::string& folder : folders) {
        for (const std::string& name : io::list_folder(folder)) {
            if (name.ends_with(".json") && !name.starts_with(".")) files[name] = folder + "/" + name;
        }
    }
    std::vector<Firmware> result;
    for (const auto& [name, path] : files) {
        try {
            const std::string text = io::read_file(path, largest_description);
            if (!text.empty()) result.push_back(parse(path, Json::parse(text)));
        } catch (const Error&) {
            // Somebody else's broken file must not hide the good ones.
        }
    }
    return result;
}

}  // namespace virtue::qemu
