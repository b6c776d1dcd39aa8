// Disks of a domain: plugged in and out by options in place of XML, media changed.
#include <sys/stat.h>
#include <algorithm>

#include "base/text.h"
#include "driver/constants.h"
#include "protocol/remote/domain_define.h"
#include "protocol/remote/domain_device.h"
#include "shell/commands/commands.h"
#include "shell/commands/device_xml.h"
#include "shell/xml_text.h"

namespace virtue::shell {
namespace {

using namespace proc;
using Attributes = XmlText::Attributes;

bool is_block_device(const std::string& path) {
    struct stat facts {};
    return ::stat(path.c_str(), &facts) == 0 && S_ISBLK(facts.st_mode);
}

// The numbers of "00.1f.0", written in `base`; `least` of them must be there.
std::vector<uint64_t> address_numbers(std::string_view text, int base, size_t least) {
    std::vector<uint64_t> numbers;
    for (std::string_view part : split(text, '.')) {
        std::optional<uint64_t> number = parse_number<uint64_t>(part, base);
        if (!number) throw Failure{"Invalid address."};
        numbers.push_back(*number);
    }
    if (numbers.size() != least) throw Failure{"Invalid address."};
    return numbers;
}

// "pci:0000.00.01.0", "ccw:fe.0.0000": for virtio.
void add_virtio_address(XmlText& xml, const std::string& kind, std::string_view rest, bool multifunction) {
    if (kind == "pci") {
        std::vector<uint64_t> n = address_numbers(rest, 16, 4);
        Attributes attributes = {{"type", "pci"},
                                 {"domain", fmt::format("0x{:04x}", n[0])},
                                 {"bus", fmt::format("0x{:02x}", n[1])},
                                 {"slot", fmt::format("0x{:02x}", n[2])},
                                 {"function", fmt::format("0x{:0x}", n[3])}};
        if (multifunction) attributes.emplace_back("multifunction", "on");
        xml.empty("address", attributes);
    } else if (kind == "ccw") {
        std::vector<uint64_t> n = address_numbers(rest, 16, 3);
        xml.empty("address", {{"type", "ccw"},
                              {"cssid", fmt::format("0x{:02x}", n[0])},
                              {"ssid", fmt::format("0x{:01x}", n[1])},
                              {"devno", fmt::format("0x{:04x}", n[2])}});
    } else {
        throw Failure{"expecting a pci:0000.00.00.00 or ccw:00.0.0000 address."};
    }
}

void add_drive_address(XmlText& xml, std::string_view rest) {
    std::vector<uint64_t> n = address_numbers(rest, 10, 3);
    xml.empty("address", {{"type", "drive"},
                          {"controller", fmt::format("{}", n[0])},
                          {"bus", fmt::format("{}", n[1])},
                          {"unit", fmt::format("{}", n[2])}});
}

// The address that the user gave, which must fit the bus that the target's name implies.
void add_address(XmlText& xml, const std::string& address, const std::string& target, bool multifunction) {
    size_t colon = address.find(':');
    if (colon == address.npos) throw Failure{"Invalid address."};
    std::string kind = address.substr(0, colon);
    std::string_view rest = std::string_view(address).substr(colon + 1);
    constexpr std::string_view kinds[] = {"pci", "scsi", "ide", "ccw", "usb", "sata"};
    if (std::find(std::begin(kinds), std::end(kinds), kind) == std::end(kinds)) throw Failure{"Invalid address."};
    if (target.starts_with("vd")) {
        add_virtio_address(xml, kind, rest, multifunction);
    } else if (target.starts_with("sd")) {
        if (kind == "scsi" || kind == "sata") {
            add_drive_address(xml, rest);
        } else if (kind == "usb") {
            std::vector<uint64_t> n = address_numbers(rest, 10, 2);
            xml.empty("address",
                      {{"type", "usb"}, {"bus", fmt::format("{}", n[0])}, {"port", fmt::format("{}", n[1])}});
        } else {
            throw Failure{"expecting a scsi:00.00.00 or usb:00.00 or sata:00.00.00 address."};
        }
    } else if (target.starts_with("hd")) {
        if (kind != "ide") throw Failure{"expecting an ide:00.00.00 address."};
        add_drive_address(xml, rest);
    }
}

void add_source(XmlText& xml, const Arguments& arguments, const std::string& type, const std::string& source) {
    if (type != "network") {
        xml.empty("source", {{type == "block" ? "dev" : "file", source}});
        return;
    }
    std::optional<std::string> name = source.empty() ? std::nullopt : std::optional<std::string>(source);
    Attributes attributes = {{"protocol", arguments.find("source-protocol")}, {"name", name}};
    std::optional<std::string> host = arguments.find("source-host-name");
    std::optional<std::string> transport = arguments.find("source-host-transport");
    std::optional<std::string> socket = arguments.find("source-host-socket");
    if (!host && !transport && !socket) {
        xml.empty("source", attributes);
        return;
    }
    // HOST:PORT; an address of IPv6 stands in brackets.
    std::optional<std::string> port;
    if (host && (host->starts_with('[') || std::count(host->begin(), host->end(), ':') == 1)) {
        size_t close = host->starts_with('[') ? host->find(']') : 0;
        size_t colon = close == host->npos ? host->npos : host->find(':', close);
        if (colon != host->npos) {
            port = host->substr(colon + 1);
            host->resize(colon);
        }
        if (host->starts_with('[') && host->ends_with(']')) host = host->substr(1, host->size() - 2);
    }
    xml.open("source", attributes);
    xml.empty("host", {{"transport", transport}, {"socket", socket}, {"name", host}, {"port", port}});
    xml.close();
}

std::string disk_source_type(const Arguments& arguments, const std::string& source) {
    std::optional<std::string> type = arguments.find("sourcetype");
    if (!type && arguments.has("source-protocol")) return "network";
    if (!type) return !source.empty() && is_block_device(source) ? "block" : "file";
    if (*type != "file" && *type != "block" && *type != "network")
        throw Failure{"Unknown source type: '" + *type + "'"};
    return *type;
}

std::string disk_xml(const Arguments& arguments) {
    std::string source = arguments.text("source");
    std::string target = arguments.text("target");
    std::string type = disk_source_type(arguments, source);
    XmlText xml;
    Attributes head = {{"type", type}, {"device", arguments.find("type")}};
    if (arguments.has("rawio")) head.emplace_back("rawio", "yes");
    xml.open("disk", head);
    xml.empty("driver", {{"name", arguments.find("driver")},
                         {"type", arguments.find("subdriver")},
                         {"iothread", arguments.find("iothread")},
                         {"cache", arguments.find("cache")},
                         {"io", arguments.find("io")}});
    add_source(xml, arguments, type, source);
    xml.empty("target", {{"dev", target}, {"bus", arguments.find("targetbus")}});
    if (std::optional<std::string> mode = arguments.find("mode")) xml.bare(*mode);
    for (const char* leaf : {"serial"}) {
        if (std::optional<std::string> text = arguments.find(leaf)) xml.leaf(leaf, *text);
    }
    xml.empty("alias", {{"name", arguments.find("alias")}});
    if (std::optional<std::string> wwn = arguments.find("wwn")) xml.leaf("wwn", *wwn);
    if (std::optional<std::string> address = arguments.find("address"))
        add_address(xml, *address, target, arguments.has("multifunction"));
    return xml.finish();
}

void check_disk_options(const Arguments& arguments) {
    if (std::optional<std::string> mode = arguments.find("mode")) {
        if (*mode != "readonly" && *mode != "shareable")
            throw Failure{fmt::format("No support for {} in command 'attach-disk'", *mode)};
    }
    if (arguments.has("source-protocol") && arguments.find("sourcetype").value_or("network") != "network")
        throw Failure{"--source-protocol option requires --sourcetype network"};
}

Task<Result> attach(Context& context, Arguments arguments) {
    Affect affect = affect_of(arguments);
    check_disk_options(arguments);
    std::string xml = disk_xml(arguments);
    if (arguments.has("print-xml")) co_return Text{std::move(xml), "xml"};
    DomainRef domain = co_await the_domain(context, arguments);
    if (arguments.has("persistent") && domain.id >= 0) affect.flags |= api::domain_affect_live;
    co_await attach_device(context, std::move(domain), std::move(xml), affect, "Failed to attach disk");
    co_return Sentence{"Disk attached successfully", {{"target", arguments.text("target")}}};
}

// The disk with that target or source.
xml::EditableXml::Node find_disk(const xml::EditableXml& xml, const std::string& path, bool changeable) {
    for (xml::EditableXml::Node disk : xml.find("/domain/devices/disk")) {
        bool same = false;
        for (const char* attribute : {"file", "dev", "dir", "name"}) {
            xml::EditableXml::Node source = xml.find_one("./source", disk);
            same = same || (source && xml::EditableXml::attribute(source, attribute) == path);
        }
        xml::EditableXml::Node target = xml.find_one("./target", disk);
        same = same || (target && xml::EditableXml::attribute(target, "dev") == path);
        if (!same) continue;
        std::string device = xml::EditableXml::attribute(disk, "device").value_or("disk");
        if (!changeable || device == "cdrom" || device == "floppy") return disk;
    }
    throw Failure{"No disk found whose source path or target is " + path};
}

Task<Result> detach(Context& context, Arguments arguments) {
    Affect affect = affect_of(arguments);
    DomainRef domain = co_await the_domain(context, arguments);
    if (arguments.has("persistent") && domain.id >= 0) affect.flags |= api::domain_affect_live;
    bool stored = arguments.has("persistent") || arguments.has("config");
    xml::EditableXml xml = co_await editable_domain(context, domain, stored);
    std::string text = xml.to_text(find_disk(xml, arguments.text("target"), false));
    if (arguments.has("print-xml")) co_return Custom{text, Value(Record{{"xml", text}})};
    co_await detach_device(context, std::move(domain), std::move(text), affect, "Failed to detach disk");
    co_return Sentence{"Disk detached successfully", {{"target", arguments.text("target")}}};
}

enum class Media : uint8_t { eject, insert, update };

// Changes the medium in the disk's XML.
void change_source(const xml::EditableXml& xml, xml::EditableXml::Node disk, const Arguments& arguments, Media what) {
    std::string path = arguments.text("path");
    std::optional<std::string> fresh = arguments.find("source");
    if (fresh && fresh->empty()) fresh.reset();
    bool block = arguments.has("block") && what != Media::eject;
    xml::EditableXml::Node source = xml.find_one("./source", disk);
    std::optional<std::string> policy;
    if (source) policy = xml::EditableXml::attribute(source, "startupPolicy");
    std::string old = source ? xml.text("string(@file | @dev | @dir | @name)", source) : "";
    if (what == Media::eject) {
        if (old.empty()) throw Failure{fmt::format("The disk device '{}' doesn't have media", path)};
        fresh.reset();
    } else if (!fresh) {
        throw Failure{"New disk media source was not specified"};
    }
    if (what == Media::insert && !old.empty())
        throw Failure{fmt::format("The disk device '{}' already has media", path)};
    xml::EditableXml::set_attribute(disk, "type", block ? "block" : "file");
    if (source && !fresh) xml::EditableXml::remove(source);
    if (!fresh) return;
    xml::EditableXml::Node target = xml.find_one("./target", disk);
    if (source) {
        xml::EditableXml::clear(source);
    } else {
        source = target ? xml::EditableXml::add_before(target, "source") : xml::EditableXml::add_child(disk, "source");
    }
    xml::EditableXml::set_attribute(source, block ? "dev" : "file", *fresh);
    if (policy) xml::EditableXml::set_attribute(source, "startupPolicy", *policy);
}

Task<Result> change_media(Context& context, Arguments arguments) {
    exclude(arguments, "eject", "insert");
    exclude(arguments, "eject", "update");
    exclude(arguments, "insert", "update");
    exclude(arguments, "eject", "block");
    uint32_t flags = affect_of(arguments).flags | flag_if(arguments, "force", api::domain_device_modify_force);
    Media what = arguments.has("eject") ? Media::eject : arguments.has("insert") ? Media::insert : Media::update;
    constexpr std::string_view verbs[] = {"eject", "insert", "update"};
    constexpr std::string_view pasts[] = {"ejected", "inserted", "updated"};
    DomainRef domain = co_await the_domain(context, arguments);
    xml::EditableXml xml = co_await editable_domain(context, domain, arguments.has("config"));
    xml::EditableXml::Node disk = find_disk(xml, arguments.text("path"), true);
    change_source(xml, disk, arguments, what);
    std::string text = xml.to_text(disk);
    if (arguments.has("print-xml")) co_return Custom{text, Value(Record{{"xml", text}})};
    auto index = static_cast<size_t>(what);
    DomainUpdateDeviceFlags::Args call{.domain = std::move(domain), .xml = std::move(text), .flags = flags};
    co_await context.attempt<DomainUpdateDeviceFlags>(
        std::move(call), fmt::format("Failed to complete action {} on media", verbs[index]));
    co_return Sentence{fmt::format("Successfully {} media.", pasts[index]), {{"path", arguments.text("path")}}, false};
}

}  // namespace

Commands disk_commands() {
    return {
        make_command("attach-disk",
                     "<domain> <source> <target> --targetbus= --driver= --subdriver= --iothread= --cache= --io= "
                     "--type= --mode= --sourcetype= --serial= --wwn= --alias= --rawio --address= --multifunction "
                     "--print-xml --source-protocol= --source-host-name= --source-host-transport= "
                     "--source-host-socket= --persistent --config --live --current",
                     "plug a disk in, from options", attach),
        make_command("detach-disk", "<domain> <target> --persistent --config --live --current --print-xml",
                     "unplug a disk, by its target or source", detach),
        make_command("change-media",
                     "<domain> <path> --source= --eject --insert --update --current --live --config --force "
                     "--print-xml --block",
                     "change what is in a CD or floppy drive", change_media),
    };
}

}  // namespace virtue::shell
