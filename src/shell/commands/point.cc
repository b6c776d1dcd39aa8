#include "shell/commands/point.h"

#include <ctime>

#include "base/text.h"
#include "shell/xml_text.h"
#include "xml/xpath.h"

namespace virtue::shell {
namespace {

// "vda,snapshot=external,file=/x" as <disk>; a comma is doubled inside a value.
void add_disk(XmlText& xml, const std::string& spec) {
    XmlText::Attributes attributes;
    XmlText::Attributes source;
    XmlText::Attributes driver;
    std::vector<std::string_view> parts = split(spec, ',');
    std::string name(parts.front());
    for (std::string_view part : std::span(parts).subspan(1)) {
        size_t equals = part.find('=');
        std::string key(part.substr(0, equals));
        std::string value(equals == part.npos ? "" : part.substr(equals + 1));
        if (key == "snapshot")
            attributes.emplace_back("snapshot", value);
        else if (key == "checkpoint")
            attributes.emplace_back("checkpoint", value);
        else if (key == "bitmap")
            attributes.emplace_back("bitmap", value);
        else if (key == "file")
            source.emplace_back("file", value);
        else if (key == "driver")
            driver.emplace_back("type", value);
        else
            throw Failure{fmt::format("unable to parse diskspec: {}", spec)};
    }
    attributes.insert(attributes.begin(), {"name", name});
    if (source.empty() && driver.empty()) {
        xml.empty("disk", attributes);
        return;
    }
    xml.open("disk", attributes);
    xml.empty("driver", driver);
    xml.empty("source", source);
    xml.close();
}

}  // namespace

std::string point_xml(const Arguments& arguments, const char* element) {
    XmlText xml;
    xml.open(element, {});
    if (arguments.has("name")) xml.leaf("name", arguments.text("name"));
    if (arguments.has("description")) xml.leaf("description", arguments.text("description"));
    if (std::optional<std::string> memory = arguments.find("memspec")) {
        XmlText::Attributes attributes;
        for (std::string_view part : split(*memory, ',')) {
            size_t equals = part.find('=');
            bool is_file = equals == part.npos || part.substr(0, equals) == "file";
            attributes.emplace_back(is_file ? "file" : "snapshot",
                                    std::string(equals == part.npos ? part : part.substr(equals + 1)));
        }
        xml.empty("memory", attributes);
    }
    if (!arguments.rest().empty()) {
        xml.open("disks", {});
        for (const std::string& disk : arguments.rest()) add_disk(xml, disk);
        xml.close();
    }
    return xml.finish();
}

std::string first_text(const std::string& xml, const std::string& expression) {
    std::vector<std::string> found = xml::find_texts(xml, expression);
    return found.empty() ? std::string() : found.front();
}

std::string local_time(const std::string& seconds) {
    time_t when = parse_number<int64_t>(seconds).value_or(0);
    std::tm parts{};
    ::localtime_r(&when, &parts);
    char text[40];
    size_t length = std::strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S %z", &parts);
    return {text, length};
}

}  // namespace virtue::shell
