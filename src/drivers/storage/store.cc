#include "drivers/storage/store.h"

#include <unistd.h>
#include <cerrno>
#include <map>

#include "drivers/storage/errors.h"
#include "io/files.h"
#include "xml/mapper.h"

namespace virtue::storage {
namespace {

/// What a client sends has 4 MiB at most (REMOTE_STRING_MAX), and is written with more letters.
constexpr size_t largest_file = 32 << 20;

std::string with_note(const std::string& name, const std::string& xml) {
    // "--" may not stand in a comment, so libvirt leaves a name with it out.
    const std::string shown = name.find("--") == name.npos ? " " + name : "";
    return "<!--\nWARNING: THIS IS AN AUTO-GENERATED FILE. CHANGES TO IT ARE LIKELY TO BE\n"
           "OVERWRITTEN AND LOST. Changes to this xml configuration should be made using:\n  virsh pool-edit" +
           shown + "\nor other application using the libvirt API.\n-->\n\n" + xml;
}

/// As it is written: without what is only known of a running pool.
std::string definition_xml(model::Pool pool, int indent) {
    pool.capacity = pool.allocation = pool.available = 0;
    xml::Options options;
    options.indent = indent;
    return xml::format(pool, options);
}

model::Pool read_definition(const std::string& path, const std::string& name) {
    model::Pool pool = model::Pool::parse(io::read_file(path, largest_file));
    if (pool.name != name)
        refuse(ErrorCode::internal_error, "Storage pool config filename '{}' does not match pool name '{}'", path,
               pool.name);
    return pool;
}

model::Pool read_state(const std::string& path, const std::string& name) {
    const xml::Document document = xml::Document::parse(io::read_file(path, largest_file), path, here);
    const xml::Element pool = document.root().child("pool");
    if (document.root().name() != "poolstate" || !pool)
        refuse(ErrorCode::xml_error, "{}: no state of a storage pool", path);
    xml::Options options;
    options.domain = here;
    options.source = path;
    model::Pool result = xml::read<model::Pool>(pool, options);
    if (result.name != name) refuse(ErrorCode::internal_error, "{}: the state of a pool '{}'", path, result.name);
    return result;
}

}  // namespace

Store::Store(const driver::Paths& paths)
    : definitions_(paths.config + "/storage"),
      states_(paths.state + (paths.privileged ? "/storage" : "/storage/run")) {}

void Store::save_definition(const model::Pool& pool) const {
    io::make_folders(definitions_, 0755);
    io::write_file_atomically(definition_path(pool.name), with_note(pool.name, definition_xml(pool, 0)), 0600);
}

void Store::remove_definition(const std::string& name) const {
    // The link first: a crash in between must not leave a link to nothing.
    io::remove_file(link_path(name));
    io::remove_file(definition_path(name));
}

void Store::set_autostart(const std::string& name, bool wanted) const {
    const std::string link = link_path(name);
    if (!wanted) return io::remove_file(link);
    io::make_folders(definitions_ + "/autostart", 0755);
    if (::symlink(definition_path(name).c_str(), link.c_str()) != 0 && errno != EEXIST)
        refuse_errno(errno, "Failed to create symlink '{}' to '{}'", link, definition_path(name));
}

void Store::save_state(const model::Pool& pool) const {
    io::make_folders(states_, 0755);
    const std::string xml = "<poolstate>\n" + definition_xml(pool, 1) + "</poolstate>\n";
    io::write_file_atomically(state_path(pool.name), with_note(pool.name, xml), 0600);
}

void Store::remove_state(const std::string& name) const {
    io::remove_file(state_path(name));
}

std::vector<Store::Found> Store::load(std::vector<std::string>& problems) const {
    std::map<std::string, Found> all;
    auto each = [&](const std::string& folder, auto take) {
        io::remove_leftovers(folder);
        for (const std::string& file : io::list_folder(folder)) {
            if (!file.ends_with(".xml")) continue;
            try {
                take(folder + "/" + file, file.substr(0, file.size() - 4));
            } catch (const Error& error) {
                problems.push_back(folder + "/" + file + ": " + error.message());
            }
        }
    };
    each(definitions_, [&](const std::string& path, const std::string& name) {
        model::Pool pool = read_definition(path, name);
        Found& found = all[name];
        found.definition = std::move(pool);
        found.autostart = ::access(link_path(name).c_str(), F_OK) == 0;
    });
    each(states_, [&](const std::string& path, const std::string& name) {
        model::Pool pool = read_state(path, name);
        all[name].running = std::move(pool);
    });
    std::vector<Found> result;
    for (auto& [name, found] : all) result.push_back(std::move(found));
    return result;
}

}  // namespace virtue::storage
