#include "drivers/qemu/store.h"

#include <unistd.h>
#include <algorithm>
#include <charconv>
#include <filesystem>

#include "base/error.h"
#include "drivers/qemu/domain.h"
#include "io/files.h"
#include "xml/mapper.h"

namespace virtue::qemu {
namespace {

constexpr size_t largest_file = 32 << 20;

xml::Options domain_options(bool status) {
    xml::Options options;
    options.domain = ErrorDomain::domain;
    options.inactive = !status;
    options.status = status;
    options.secure = true;
    return options;
}

int number(std::optional<std::string_view> text, int otherwise) {
    int value = otherwise;
    if (text) std::from_chars(text->data(), text->data() + text->size(), value);
    return value;
}

void make_link(const std::string& target, const std::string& link) {
    if (::symlink(target.c_str(), link.c_str()) == 0 || errno == EEXIST) return;
    throw Error::from_errno(errno, ErrorDomain::qemu,
                            fmt::format("Failed to create symlink '{}' to '{}'", link, target));
}

/// Name and UUID are all that is needed of most files at first; the rest is read when it is asked for.
void read_found(const std::string& path, Store::Found& found) {
    const std::string whole = io::read_file(path, largest_file);
    found.text = without_note(whole);
    std::string name;
    if (auto head = read_definition_head(found.text)) {
        name = head->name;
        found.uuid = head->uuid;
    } else {
        const auto domain = Store::parse_definition(whole, path);
        name = domain->name;
        found.uuid = domain->uuid.value_or(Uuid{});
    }
    if (name != found.name) {
        found.problem = fmt::format("{}: the file defines a domain of another name, '{}'", path, name);
    }
}

}  // namespace

void Store::make_folders() const {
    io::make_folders(settings_.definitions(), 0700);
    io::make_folders(settings_.state(), 0755);
    io::make_folders(settings_.logs(), settings_.paths.privileged ? 0755 : 0700);
    io::make_folders(settings_.paths.cache + "/qemu", 0750);
    std::vector<std::string> owned = {settings_.library()};
    for (const char* name : {"channel", "channel/target", "checkpoint", "dump", "nvram", "ram", "save", "snapshot"}) {
        owned.push_back(settings_.stored(name));
    }
    auto user = find_guest_user(settings_);
    for (const std::string& folder : owned) {
        bool existed = std::filesystem::exists(folder);
        io::make_folders(folder, 0755);
        if (!existed && user && ::chown(folder.c_str(), user->uid, user->gid) != 0) {
            throw Error::from_errno(errno, ErrorDomain::qemu, "unable to set ownership of '" + folder + "'");
        }
    }
}

std::string Store::with_note(const std::string& name, const std::string& xml) {
    // What virsh edit and people rely on to find in such a file; "--" may not stand in a comment, so libvirt leaves a
    // name with it out.
    std::string shown = name.find("--") == name.npos ? " " + name : "";
    return "<!--\nWARNING: THIS IS AN AUTO-GENERATED FILE. CHANGES TO IT ARE LIKELY TO BE\n"
           "OVERWRITTEN AND LOST. Changes to this xml configuration should be made using:\n  virsh edit" +
           shown + "\nor other application using the libvirt API.\n-->\n\n" + xml;
}

void Store::save_definition(const std::string& name, const std::string& xml) const {
    change({io::FileChange::save(definition_path(name), with_note(name, xml), 0600)});
}

void Store::save_definition(const std::string& name, const std::function<std::string()>& text) const {
    if (journal_) return journal_->save(definition_path(name), 0600, text);
    io::write_file_atomically(definition_path(name), text(), 0600);
}

void Store::stock_up() const {
    if (journal_) journal_->stock_up();
}

void Store::remove_definition(const std::string& name) const {
    // The link first: a link without its definition is what a crash in between must not leave.
    change({io::FileChange::remove(autostart_path(name)), io::FileChange::remove(autostart_once_path(name)),
            io::FileChange::remove(definition_path(name))});
}

void Store::change(std::vector<io::FileChange> changes) const {
    if (journal_) return journal_->apply(std::move(changes));
    for (const io::FileChange& one : changes) {
        if (one.removal) {
            io::remove_file(one.path);
        } else {
            io::write_file_atomically(one.path, one.content, one.mode);
        }
    }
}

std::shared_ptr<const model::Domain> Store::parse_definition(const std::string& text, const std::string& source) {
    xml::Options options = domain_options(false);
    options.source = source;
    return std::make_shared<const model::Domain>(xml::parse<model::Domain>(text, options));
}

std::vector<Store::Found> Store::load_definitions() const {
    const std::vector<std::string> links = io::list_folder(settings_.autostart());
    const std::vector<std::string> links_once = io::list_folder(settings_.autostart_once());
    std::vector<Found> all;
    for (const std::string& file : io::list_folder(settings_.definitions())) {
        if (!file.ends_with(".xml")) continue;
        Found found;
        found.name = file.substr(0, file.size() - 4);
        try {
            read_found(settings_.definitions() + "/" + file, found);
            found.autostart = std::binary_search(links.begin(), links.end(), file);
            found.autostart_once = std::binary_search(links_once.begin(), links_once.end(), file);
        } catch (const Error& error) {
            found.problem = error.message();
        }
        all.push_back(std::move(found));
    }
    return all;
}

void Store::remove_leftovers() const {
    for (const std::string& folder : {settings_.definitions(), settings_.state()}) {
        for (const std::string& file : io::list_folder(folder)) {
            // NAME.xml.PID-COUNT.new
            if (!file.ends_with(".new") || (file.find(".xml.") == file.npos && file.find(".pid.") == file.npos))
                continue;
            std::error_code ignored;
            std::filesystem::remove(folder + "/" + file, ignored);
        }
    }
}

void Store::set_autostart(const std::string& name, bool wanted, bool once) const {
    std::string link = once ? autostart_once_path(name) : autostart_path(name);
    if (!wanted) return io::remove_file(link);
    io::make_folders(once ? settings_.autostart_once() : settings_.autostart(), 0755);
    make_link(definition_path(name), link);
}

std::string Store::format_status(const GuestStatus& status) {
    xml::Writer writer;
    writer.begin("domstatus");
    writer.attribute("state", state_name(status.state));
    writer.attribute("reason", reason_name(GuestState{status.state, status.reason}));
    writer.attribute("pid", std::to_string(status.pid));
    for (const Taint taint : status.taints.list()) {
        writer.begin("taint");
        writer.attribute("flag", taint_name(taint));
        writer.end();
    }
    for (const std::string& words : status.deprecations) {
        writer.begin("deprecation");
        writer.text(words);
        writer.end();
    }
    writer.begin("monitor");
    writer.attribute("path", status.monitor_path);
    writer.attribute("type", "unix");
    writer.end();
    if (!status.vcpu_threads.empty()) {
        writer.begin("vcpus");
        for (size_t i = 0; i < status.vcpu_threads.size(); i++) {
            writer.begin("vcpu");
            writer.attribute("id", std::to_string(i));
            writer.attribute("pid", std::to_string(status.vcpu_threads[i]));
            writer.end();
        }
        writer.end();
    }
    if (!status.capability_flags.empty()) {
        writer.begin("qemuCaps");
        for (const std::string& name : status.capability_flags) {
            writer.begin("flag");
            writer.attribute("name", name);
            writer.end();
        }
        writer.end();
    }
    if (status.fake_reboot) {
        writer.begin("fakereboot");
        writer.end();
    }
    if (status.images_opened) {
        writer.begin("imagesopened");
        writer.end();
    }
    auto folder = [&](const char* name, const std::string& path) {
        if (path.empty()) return;
        writer.begin(name);
        writer.attribute("path", path);
        writer.end();
    };
    folder("libDir", status.folder);
    folder("channelTargetDir", status.channel_folder);
    if (status.last_node > 0) {
        writer.begin("nodename");
        writer.attribute("index", std::to_string(status.last_node));
        writer.end();
    }
    if (!status.block_jobs.empty()) {
        writer.begin("blockjobs");
        writer.attribute("active", "yes");
        for (const BlockJobRecord& job : status.block_jobs) write_block_job(writer, job);
        writer.end();
    }
    writer.begin("agentTimeout");
    writer.text(std::to_string(status.agent_timeout));
    writer.end();
    // Ours: libvirtd passes over it.
    writer.begin("process");
    writer.attribute("startTime", std::to_string(status.start_time));
    writer.end();
    xml::Options options = domain_options(true);
    options.indent = 1;
    std::string domain = xml::format(*status.domain, options);
    if (status.asked_cpu) domain.insert(0, xml::format(*status.asked_cpu, options));
    std::string text = [&] {
        writer.end();
        return writer.take();
    }();
    // The domain is laid out already: it goes in before the closing tag.
    text.insert(text.rfind("</domstatus>"), domain);
    return text;
}

GuestStatus Store::parse_status(const std::string& text, const std::string& source) {
    xml::Document document = xml::Document::parse(text, source, ErrorDomain::domain);
    xml::Element root = document.root();
    if (root.name() != "domstatus")
        fail(ErrorCode::xml_error, ErrorDomain::domain, "{}: no status of a domain", source);
    GuestStatus status;
    status.pid = number(root.attribute("pid"), -1);
    status.state = find_state(root.attribute("state").value_or("")).value_or(api::domain_running);
    status.reason = find_reason(status.state, root.attribute("reason").value_or("")).value_or(0);
    auto path_of = [&](const char* name) -> std::string {
        xml::Element element = root.child(name);
        return element ? std::string(element.attribute("path").value_or("")) : std::string();
    };
    status.monitor_path = path_of("monitor");
    status.folder = path_of("libDir");
    status.channel_folder = path_of("channelTargetDir");
    status.fake_reboot = static_cast<bool>(root.child("fakereboot"));
    status.images_opened = static_cast<bool>(root.child("imagesopened"));
    for (xml::Element taint = root.child("taint"); taint; taint = taint.next_same()) {
        if (auto known = find_taint(taint.attribute("flag").value_or(""))) status.taints.add(*known);
    }
    for (xml::Element words = root.child("deprecation"); words; words = words.next_same()) {
        status.deprecations.push_back(words.text());
    }
    status.logd = static_cast<bool>(root.child("chardevStdioLogd"));
    if (xml::Element vcpus = root.child("vcpus")) {
        for (xml::Element vcpu = vcpus.child("vcpu"); vcpu; vcpu = vcpu.next_same()) {
            size_t index = static_cast<size_t>(number(vcpu.attribute("id"), 0));
            if (index >= 4096) continue;
            if (status.vcpu_threads.size() <= index) status.vcpu_threads.resize(index + 1);
            status.vcpu_threads[index] = number(vcpu.attribute("pid"), 0);
        }
    }
    if (xml::Element flags = root.child("qemuCaps")) {
        for (xml::Element flag = flags.child("flag"); flag; flag = flag.next_same()) {
            status.capability_flags.emplace_back(flag.attribute("name").value_or(""));
        }
    }
    if (xml::Element node = root.child("nodename")) {
        status.last_node = static_cast<uint32_t>(number(node.attribute("index"), 0));
    }
    if (xml::Element jobs = root.child("blockjobs")) {
        for (xml::Element job = jobs.child("blockjob"); job; job = job.next_same()) {
            status.block_jobs.push_back(read_block_job(job));
        }
    }
    if (xml::Element timeout = root.child("agentTimeout")) {
        std::string value = timeout.text();
        status.agent_timeout = number(std::string_view(value), -2);
    }
    if (xml::Element process = root.child("process")) {
        std::string_view ticks = process.attribute("startTime").value_or("0");
        std::from_chars(ticks.data(), ticks.data() + ticks.size(), status.start_time);
    }
    xml::Element domain = root.child("domain");
    if (!domain) fail(ErrorCode::xml_error, ErrorDomain::domain, "{}: no domain in the status file", source);
    xml::Options options = domain_options(true);
    options.source = source;
    status.domain = std::make_shared<model::Domain>(xml::read<model::Domain>(domain, options));
    if (xml::Element cpu = root.child("cpu")) {
        status.asked_cpu = std::make_shared<const model::Cpu>(xml::read<model::Cpu>(cpu, options));
    }
    return status;
}

void Store::save_status(const std::string& name, const std::string& text) const {
    io::write_file_atomically(status_path(name), with_note(name, text), 0600);
}

void Store::save_pid(const std::string& name, int pid) const {
    io::write_file_atomically(pid_path(name), std::to_string(pid), 0644);
}

void Store::remove_status(const std::string& name) const {
    std::error_code ignored;
    std::filesystem::remove(pid_path(name), ignored);
    io::remove_file(status_path(name));
}

std::vector<std::pair<std::string, std::string>> Store::load_statuses() const {
    std::vector<std::pair<std::string, std::string>> all;
    for (const std::string& file : io::list_folder(settings_.state())) {
        if (!file.ends_with(".xml")) continue;
        std::string text;
        try {
            text = io::read_file(settings_.state() + "/" + file, largest_file);
        } catch (const Error&) {
            // One file that cannot be read keeps no other guest from being found: an empty text says which one.
        }
        all.emplace_back(file.substr(0, file.size() - 4), std::move(text));
    }
    return all;
}

}  // namespace virtue::qemu
