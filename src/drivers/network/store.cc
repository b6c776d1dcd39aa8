#include "drivers/network/store.h"

#include <sys/stat.h>
#include <unistd.h>

#include <ctime>
#include <filesystem>

#include "base/error.h"
#include "io/files.h"
#include "xml/mapper.h"

namespace virtue::network {
namespace {

constexpr size_t largest_file = 32 << 20;
/// What a client can be told (REMOTE_STRING_MAX). Metadata that is added piece by piece may not make more of it: a file
/// that this daemon writes, the next one reads.
constexpr size_t largest_definition = 4 << 20;

std::string tellable(const std::string& name, std::string xml) {
    if (xml.size() <= largest_definition) return xml;
    fail(ErrorCode::config_unsupported, ErrorDomain::network,
         "the definition of network '{}' would have {} bytes, at most {} are possible", name, xml.size(),
         largest_definition);
}

std::string with_note(const std::string& command, const std::string& xml) {
    return "<!--\nWARNING: THIS IS AN AUTO-GENERATED FILE. CHANGES TO IT ARE LIKELY TO BE\n"
           "OVERWRITTEN AND LOST. Changes to this xml configuration should be made using:\n  virsh " +
           command + "\nor other application using the libvirt API.\n-->\n\n" + xml;
}

std::string note_for(const std::string& name) {
    // "--" may not stand in a comment; libvirt leaves such a name out.
    return name.find("--") == name.npos ? "net-edit " + name : "net-edit";
}

xml::Options options_for(std::string_view source, bool inactive) {
    xml::Options options;
    options.domain = ErrorDomain::network;
    options.source = source;
    options.inactive = inactive;
    return options;
}

/// The form of a status file, which libvirt reads too.
std::string status_text(const model::Network& live, const Store::Shares& shares) {
    std::string text =
        fmt::format("<networkstatus>\n  <class_id bitmap='{}'/>\n  <floor sum='{}'/>\n", shares.classes, shares.floors);
    xml::Options options = options_for("(network)", false);
    options.indent = 1;
    text += tellable(live.name, xml::format(live, options)) + "</networkstatus>\n";
    return with_note(note_for(live.name), text);
}

/// Some hosts keep /run over a start of the system: what such a file tells of went with the old one.
bool is_from_before_boot(const std::string& path) {
    struct stat status {};
    timespec since_boot{};
    if (::stat(path.c_str(), &status) != 0 || ::clock_gettime(CLOCK_BOOTTIME, &since_boot) != 0) return false;
    return status.st_mtime < std::time(nullptr) - since_boot.tv_sec;
}

}  // namespace

std::string network_xml(const model::Network& network, bool inactive) {
    return xml::format(network, options_for("(network)", inactive));
}

void Store::make_folders() const {
    io::make_folders(settings_.definitions(), 0700);
    io::make_folders(settings_.state(), 0755);
    io::make_folders(settings_.dnsmasq_folder(), 0755);
    // Only for the start, when nothing is being written.
    for (const std::string& folder : {settings_.definitions(), settings_.state(), settings_.dnsmasq_folder()})
        io::remove_leftovers(folder);
}

void Store::save_definition(const model::Network& network) const {
    const std::string xml = tellable(network.name, network_xml(network, true));
    io::write_file_atomically(definition_path(network.name), with_note(note_for(network.name), xml), 0600);
}

void Store::remove_definition(const std::string& name) const {
    io::remove_file(autostart_path(name));
    io::remove_file(definition_path(name));
}

void Store::set_autostart(const std::string& name, bool wanted) const {
    const std::string link = autostart_path(name);
    if (!wanted) return io::remove_file(link);
    io::make_folders(settings_.autostart(), 0755);
    const std::string target = definition_path(name);
    if (::symlink(target.c_str(), link.c_str()) == 0 || errno == EEXIST) return;
    throw Error::from_errno(errno, ErrorDomain::network,
                            fmt::format("Failed to create symlink '{}' to '{}'", link, target));
}

std::vector<Store::Found> Store::load_definitions() const {
    std::vector<Found> all;
    for (const std::string& file : io::list_folder(settings_.definitions())) {
        if (!file.ends_with(".xml")) continue;
        Found found;
        found.name = file.substr(0, file.size() - 4);
        try {
            const std::string path = settings_.definitions() + "/" + file;
            const std::string text = io::read_file(path, largest_file);
            auto network = std::make_shared<model::Network>(xml::parse<model::Network>(text, options_for(path, true)));
            found.is_new = text.find("<uuid>") == text.npos;
            model::complete(*network);
            if (network->name != found.name) {
                fail(ErrorCode::internal_error, ErrorDomain::network,
                     "Network config filename '{}' does not match network name '{}'", path, network->name);
            }
            found.definition = std::move(network);
            std::error_code ignored;
            found.autostart = std::filesystem::is_symlink(autostart_path(found.name), ignored);
        } catch (const Error& error) {
            found.problem = error.message();
        }
        all.push_back(std::move(found));
    }
    return all;
}

void Store::save_status(const model::Network& live, const Shares& shares) const {
    io::write_file_atomically(status_path(live.name), status_text(live, shares), 0600);
}

void Store::begin_change(const model::Network& live) const {
    io::write_file_atomically(change_path(live.name), status_text(live, Shares()), 0600);
}

void Store::end_change(const std::string& name) const {
    io::remove_file(change_path(name));
}

void Store::remove_status(const std::string& name) const {
    std::error_code ignored;
    std::filesystem::remove_all(ports_folder(name), ignored);
    io::remove_file(status_path(name));
}

void Store::save_port(const std::string& name, const model::NetworkPort& port) const {
    io::make_folders(ports_folder(name), 0755);
    io::write_file_atomically(port_path(name, *port.uuid),
                              with_note("net-port", xml::format(port, options_for("(networkport)", false))), 0600);
}

void Store::remove_port(const std::string& name, const Uuid& port) const {
    io::remove_file(port_path(name, port));
}

Store::Status Store::load_status(const std::string& path) const {
    Status status;
    try {
        const std::string text = io::read_file(path, largest_file);
        const xml::Document document = xml::Document::parse(text, path, ErrorDomain::network);
        const xml::Element network = document.root().child("network");
        if (document.root().name() != "networkstatus" || !network)
            fail(ErrorCode::xml_error, ErrorDomain::network, "{}: no status of a network", path);
        auto live = std::make_shared<model::Network>(xml::read<model::Network>(network, options_for(path, false)));
        for (const std::string& port_file : io::list_folder(ports_folder(live->name))) {
            if (!port_file.ends_with(".xml")) continue;
            const std::string port_path = ports_folder(live->name) + "/" + port_file;
            auto port =
                xml::parse<model::NetworkPort>(io::read_file(port_path, largest_file), options_for(port_path, false));
            status.ports.emplace(*port.uuid, std::move(port));
        }
        status.live = std::move(live);
        status.is_stale = is_from_before_boot(path);
    } catch (const Error& error) {
        status.problem = fmt::format("{}: {}", path, error.message());
    }
    return status;
}

std::vector<Store::Status> Store::load_statuses() const {
    std::vector<Status> all;
    for (const std::string& file : io::list_folder(settings_.state()))
        if (file.ends_with(".xml")) all.push_back(load_status(settings_.state() + "/" + file));
    return all;
}

std::vector<Store::Status> Store::load_changes() const {
    std::vector<Status> all;
    for (const std::string& file : io::list_folder(settings_.state()))
        if (file.ends_with(".changing")) all.push_back(load_status(settings_.state() + "/" + file));
    return all;
}

}  // namespace virtue::network
