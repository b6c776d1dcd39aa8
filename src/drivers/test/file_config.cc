#include "drivers/test/file_config.h"

#include "base/text.h"
#include "drivers/test/domains.h"
#include "drivers/test/refusals.h"
#include "io/files.h"
#include "xml/document.h"
#include "xml/mapper.h"

namespace virtue::test {
namespace {

constexpr size_t file_limit = size_t{32} << 20;
constexpr std::string_view test_namespace = "http://libvirt.org/schemas/domain/test/1.0";

Task<xml::Document> load(io::Loop& loop, std::string path) {
    // libvirt says the same for a missing file and for a malformed one.
    const std::string failure = "failed to parse xml document '" + path + "'";
    std::string text;
    bool found = true;
    try {
        text = co_await io::load_file(loop, path, file_limit);
    } catch (const Error&) {
        found = false;
    }
    if (!found) throw Error(ErrorCode::xml_error, here, failure);
    try {
        xml::Document document = xml::Document::parse(text, path, here);
        co_return document;
    } catch (const Error&) {
        throw Error(ErrorCode::xml_error, here, failure);
    }
}

std::string beside(const std::string& config, std::string_view file) {
    if (file.starts_with('/')) return std::string(file);
    size_t slash = config.rfind('/');
    return config.substr(0, slash + 1) + std::string(file);
}

uint32_t read_number(xml::Element parent, const char* name, const char* what, uint32_t otherwise) {
    xml::Element child = parent.child(name);
    if (!child) return otherwise;
    std::optional<uint32_t> number = parse_number<uint32_t>(trim(child.text()));
    if (!number || *number == 0) refuse(ErrorCode::xml_error, "invalid {}", what);
    return *number;
}

void read_host(Host& host, xml::Element node) {
    if (xml::Element cpu = node.child("cpu")) {
        host.nodes = read_number(cpu, "nodes", "node cpu numa nodes", host.nodes);
        host.sockets = read_number(cpu, "sockets", "node cpu numa sockets", host.sockets);
        host.cores = read_number(cpu, "cores", "node cpu numa cores", host.cores);
        host.threads = read_number(cpu, "threads", "node cpu numa threads", host.threads);
        host.cpus = host.cores * host.threads * host.sockets * host.nodes;
        uint32_t active = read_number(cpu, "active", "node active cpu", host.cpus);
        if (active < host.cpus) host.cpus = active;
        host.mhz = read_number(cpu, "mhz", "node cpu mhz", host.mhz);
        if (xml::Element model = cpu.child("model")) {
            host.model = model.text();
            if (host.model.size() >= 32)
                refuse(ErrorCode::internal_error, "Model {} too big for destination", host.model);
        }
    }
    host.memory = read_number(node, "memory", "node memory", static_cast<uint32_t>(host.memory));
}

struct Fate {
    int state = api::domain_running;
    bool transient = false;
    bool managed_save = false;
};

Fate read_fate(xml::Element domain) {
    Fate fate;
    fate.transient = static_cast<bool>(domain.child("transient", test_namespace));
    fate.managed_save = static_cast<bool>(domain.child("hasmanagedsave", test_namespace));
    if (xml::Element state = domain.child("runstate", test_namespace)) {
        std::optional<int> number = parse_number<int>(trim(state.text()));
        if (!number) refuse(ErrorCode::xml_error, "invalid runstate");
        fate.state = *number;
    }
    constexpr int last_state = 8;
    if (fate.state < 0 || fate.state >= last_state)
        refuse(ErrorCode::xml_error, "runstate '{}' out of range'", fate.state);
    if (fate.transient && fate.state == api::domain_shutoff)
        refuse(ErrorCode::xml_error, "transient domain cannot have runstate 'shutoff'");
    if (fate.managed_save && fate.state != api::domain_shutoff)
        refuse(ErrorCode::xml_error, "domain with managedsave data can only have runstate 'shutoff'");
    return fate;
}

/// libvirt's mock looks for these in files only, not in what clients define.
void note_taints(Guest& guest) {
    bool has_script = false;
    for (const model::Interface& card : guest.current.interfaces)
        has_script |= !card.script.empty() && card.type == model::InterfaceType::ethernet;
    if (has_script) guest.taints.push_back("network configuration using opaque shell scripts");
    bool has_cdrom = false;
    for (const model::Disk& disk : guest.current.disks)
        has_cdrom |= disk.device == model::DiskDevice::cdrom && disk.source.type == model::StorageType::block &&
                     !disk.source.path.empty();
    if (has_cdrom) guest.taints.push_back("use of host cdrom passthrough");
}

void add_domain(Instance& in, xml::Element element) {
    Fate fate = read_fate(element);
    xml::Options options;
    options.domain = ErrorDomain::domain;
    auto domain = xml::read<model::Domain>(element, options);
    complete(in, domain);
    Guest& guest = assign(in, std::move(domain), false);
    guest.persistent = !fate.transient;
    if (fate.state != api::domain_shutoff) start(in, guest, api::domain_running_unknown);
    guest.state = fate.state;
    guest.reason = 0;
    guest.has_managed_save = fate.managed_save;
    note_taints(guest);
}

void add_network(Instance& in, xml::Element element) {
    Network& network = assign_network(in, model::Network::parse(element.outer_xml(-1)), false);
    network.active = true;
}

void add_interface(Instance& in, xml::Element element) {
    model::HostInterface definition = model::HostInterface::parse(element.outer_xml(-1));
    MockInterface& interface = in.interfaces.all[definition.name];
    interface.definition = std::move(definition);
    interface.active = true;
}

void add_pool(Instance& in, xml::Element element) {
    Pool& pool = assign_pool(in, model::Pool::parse(element.outer_xml(-1)), false);
    pool.active = true;
    for (xml::Element child = element.child("volume"); child; child = child.next_same()) {
        model::Volume volume = model::Volume::parse(child.outer_xml(-1), pool.definition.type);
        std::string path = volume.target.path;
        model::Volume& added = add_volume(pool, std::move(volume));
        // A document may say where a volume lies; then that is its key, too.
        if (!path.empty()) added.key = added.target.path = path;
    }
}

void add_device(Instance& in, xml::Element element) {
    model::NodeDevice device = model::NodeDevice::parse(element.outer_xml(-1));
    device.driver.clear();  // no part of a definition
    std::string name = device.name;
    in.node_devices[name] = std::move(device);
}

void add_user(Instance& in, xml::Element element) {
    for (xml::Element user = element.child("user"); user; user = user.next_same()) {
        if (trim(user.text()).empty()) refuse(ErrorCode::xml_error, "missing username in /node/auth/user field");
        in.host.users.push_back({user.text(), std::string(user.attribute("password").value_or(""))});
    }
}

struct Kind {
    const char* name;
    void (*add)(Instance& in, xml::Element element);
};
constexpr Kind kinds[] = {{"domain", add_domain}, {"network", add_network}, {"interface", add_interface},
                          {"pool", add_pool},     {"device", add_device},   {"auth", add_user}};

}  // namespace

Task<void> load_file_config(io::Loop& loop, Instance& in, std::string path) {
    xml::Document config = co_await load(loop, path);
    xml::Element node = config.root();
    if (node.name() != "node") refuse(ErrorCode::xml_error, "Root element is not 'node'");
    read_host(in.host, node);
    in.host.has_cells = false;
    // Elements by their kind, each from this file or from the one that it names; libvirt takes the kinds in this order.
    for (const Kind& kind : kinds) {
        for (xml::Element child = node.child(kind.name); child; child = child.next_same()) {
            std::optional<std::string_view> file = child.attribute("file");
            if (!file) {
                kind.add(in, child);
                continue;
            }
            std::string name = beside(path, *file);
            xml::Document document = co_await load(loop, std::move(name));
            kind.add(in, document.root());
        }
    }
}

}  // namespace virtue::test
