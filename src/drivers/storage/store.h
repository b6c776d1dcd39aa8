// The driver's files on disk: definitions, autostart links, and one file for each pool that runs. libvirt's own names
// and formats, so that either daemon finds what the other left. The functions block: the driver calls them from the
// blocking pool, except at start.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "driver/paths.h"
#include "model/storage/pool.h"

namespace virtue::storage {

/// Reads and writes the files of one instance. A value.
class Store {
public:
    explicit Store(const driver::Paths& paths);

    /// Throw system_error; then the old file is intact.
    void save_definition(const model::Pool& pool) const;
    void remove_definition(const std::string& name) const;
    void set_autostart(const std::string& name, bool wanted) const;
    /// Notes that a pool runs, and what as.
    void save_state(const model::Pool& pool) const;
    void remove_state(const std::string& name) const;

    struct Found {
        std::optional<model::Pool> definition;
        std::optional<model::Pool> running;  ///< what it was started as, if it was running
        bool autostart = false;
    };
    /// Everything that is there, by name; `problems` gets a sentence for each file that was passed over.
    std::vector<Found> load(std::vector<std::string>& problems) const;

private:
    std::string definition_path(const std::string& name) const { return definitions_ + "/" + name + ".xml"; }
    std::string link_path(const std::string& name) const { return definitions_ + "/autostart/" + name + ".xml"; }
    std::string state_path(const std::string& name) const { return states_ + "/" + name + ".xml"; }

    std::string definitions_;
    std::string states_;
};

}  // namespace virtue::storage
