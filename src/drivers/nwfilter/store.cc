#include "drivers/nwfilter/store.h"

#include "base/error.h"
#include "io/files.h"
#include "xml/document.h"
#include "xml/mapper.h"

namespace virtue::nwfilter {

namespace {

/// What a client sends has 4 MiB at most (REMOTE_STRING_MAX), and is written with more letters.
constexpr size_t largest_file = 32 << 20;

std::string with_note(const std::string& command, const std::string& name, const std::string& xml) {
    // "--" may not stand in a comment: what follows it would be no comment.
    const std::string shown = name.find("--") == name.npos ? " " + name : "";
    return "<!--\nWARNING: THIS IS AN AUTO-GENERATED FILE. CHANGES TO IT ARE LIKELY TO BE\n"
           "OVERWRITTEN AND LOST. Changes to this xml configuration should be made using:\n  " +
           command + shown + "\nor other application using the libvirt API.\n-->\n\n" + xml;
}

/// The file of a binding: the binding within <filterbindingstatus>.
struct Status {
    static constexpr const char* element = "filterbindingstatus";
    static constexpr ErrorDomain error_domain = ErrorDomain::nwfilter;
    std::optional<model::FilterBinding> binding;
};

void map(xml::Mapper& m, Status& status) {
    m.child("filterbinding", status.binding);
    if (m.reading() && !status.binding) m.fail("there is no filterbinding in it");
}

template <typename T, typename Read>
Store::Found<T> load(const std::string& folder, Read read) {
    Store::Found<T> found;
    io::remove_leftovers(folder);
    for (const std::string& file : io::list_folder(folder)) {
        if (!file.ends_with(".xml")) continue;
        try {
            found.items.push_back(read(io::read_file(folder + "/" + file, largest_file), file));
        } catch (const Error& error) {
            found.problems.push_back(folder + "/" + file + ": " + error.message());
        }
    }
    return found;
}

}  // namespace

Store::Found<model::Filter> Store::load_filters() const {
    return load<model::Filter>(filters_, [&](const std::string& text, const std::string& file) {
        model::Filter filter = model::Filter::parse(text);
        if (filter.name + ".xml" != file)
            fail(ErrorCode::internal_error, ErrorDomain::nwfilter,
                 "network filter config filename '{}' does not match filter name '{}'", file, filter.name);
        if (text.find("<uuid>") == std::string::npos) save(filter);
        return filter;
    });
}

void Store::save(const model::Filter& filter) const {
    io::make_folders(filters_, 0700);
    io::write_file_atomically(filters_ + "/" + filter.name + ".xml",
                              with_note("virsh nwfilter-edit", filter.name, xml::format(filter)), 0600);
}

void Store::remove_filter(const std::string& name) const {
    io::remove_file(filters_ + "/" + name + ".xml");
}

Store::Found<model::FilterBinding> Store::load_bindings() const {
    return load<model::FilterBinding>(bindings_, [](const std::string& text, const std::string&) {
        xml::Options options;
        options.domain = ErrorDomain::nwfilter;
        return *xml::parse<Status>(text, options).binding;
    });
}

void Store::save(const model::FilterBinding& binding) const {
    io::make_folders(bindings_, 0755);
    Status status{binding};
    io::write_file_atomically(bindings_ + "/" + binding.port_device + ".xml",
                              with_note("virsh nwfilter-binding-create", binding.port_device, xml::format(status)),
                              0600);
}

void Store::remove_binding(const std::string& port) const {
    io::remove_file(bindings_ + "/" + port + ".xml");
}

}  // namespace virtue::nwfilter
