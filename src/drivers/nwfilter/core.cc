#include "drivers/nwfilter/core.h"

#include "base/error.h"
#include "base/log.h"

namespace virtue::nwfilter {

namespace {

constinit log::Module logger("nwfilter");
constexpr ErrorDomain here = ErrorDomain::nwfilter;

}  // namespace

Core::Core(io::Loop& used_loop, const driver::Paths& paths) : loop(used_loop), store(paths), changes(used_loop, 1) {
    auto loaded = store.load_filters();
    for (model::Filter& filter : loaded.items) {
        std::string name = filter.name;
        filters[name] = std::move(filter);
    }
    auto bound = store.load_bindings();
    for (model::FilterBinding& binding : bound.items) {
        std::string port = binding.port_device;
        bindings[port] = std::move(binding);
    }
    for (const auto& problems : {loaded.problems, bound.problems})
        for (const std::string& problem : problems) logger.error("{}", problem);
}

const model::Filter* Core::find(const std::string& name) const {
    auto found = filters.find(name);
    return found == filters.end() ? nullptr : &found->second;
}

const model::Filter* Core::find(const Uuid& uuid) const {
    for (const auto& [name, filter] : filters)
        if (filter.uuid == uuid) return &filter;
    return nullptr;
}

const model::Filter& Core::at(const Uuid& uuid) const {
    if (const model::Filter* filter = find(uuid)) return *filter;
    fail(ErrorCode::no_nwfilter, here, "no nwfilter with matching uuid '{}'", uuid.to_string());
}

const model::FilterBinding& Core::binding_at(const std::string& port) const {
    auto found = bindings.find(port);
    if (found != bindings.end()) return found->second;
    fail(ErrorCode::no_nwfilter_binding, here, "no nwfilter binding for port dev '{}'", port);
}

std::set<std::string> Core::parts_of(const std::string& name) const {
    std::set<std::string> parts{name};
    std::vector<std::string> open{name};
    while (!open.empty()) {
        const model::Filter* filter = find(open.back());
        open.pop_back();
        if (!filter) continue;
        for (const model::FilterEntry& entry : filter->entries)
            if (entry.reference && parts.insert(entry.reference->filter).second)
                open.push_back(entry.reference->filter);
    }
    return parts;
}

bool Core::is_used(const std::string& name) const {
    for (const auto& [port, binding] : bindings)
        if (parts_of(binding.filter.filter).contains(name)) return true;
    return false;
}

void require_flags(uint32_t flags, uint32_t known, const char* function) {
    if ((flags & ~known) == 0) return;
    throw Error::with_message(ErrorCode::invalid_arg, here,
                              fmt::format("unsupported flags ({:#x}) in function {}", flags & ~known, function));
}

}  // namespace virtue::nwfilter
