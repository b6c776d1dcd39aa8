// The files of filters and of what they are bound to. libvirt's own names and formats, so that either daemon finds what
// the other left. The functions block and touch nothing of the loop.
#pragma once
#include <string>
#include <vector>

#include "driver/paths.h"
#include "model/nwfilter/filter.h"

namespace virtue::nwfilter {

class Store {
public:
    explicit Store(const driver::Paths& paths)
        : filters_(paths.config + "/nwfilter"), bindings_(paths.state + "/nwfilter-binding") {}

    template <typename T>
    struct Found {
        std::vector<T> items;
        std::vector<std::string> problems;  ///< files that were passed over, and why
    };
    /// A filter without a UUID (as packages bring them) gets one, which is written down.
    Found<model::Filter> load_filters() const;
    /// Throw system_error; then the old file is intact.
    void save(const model::Filter& filter) const;
    void remove_filter(const std::string& name) const;

    Found<model::FilterBinding> load_bindings() const;
    void save(const model::FilterBinding& binding) const;
    void remove_binding(const std::string& port) const;

private:
    std::string filters_, bindings_;
};

}  // namespace virtue::nwfilter
