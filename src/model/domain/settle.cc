#include "model/domain/settle.h"

namespace virtue::model {

// Controllers stand together by type, and by number within it.
void settle_controllers(Domain& d) {
    std::vector<Controller> settled;
    for (Controller& c : d.controllers) {
        auto at = settled.end();
        for (auto i = settled.end(); i != settled.begin();) {
            --i;
            if (i->type != c.type) continue;
            // Of one set the master comes before its companions.
            const bool master = i->index == c.index && i->info.master_startport && !c.info.master_startport;
            if (i->index > c.index || master) {
                at = i;
            } else {
                if (at == settled.end()) at = i + 1;
                break;
            }
        }
        settled.insert(at, std::move(c));
    }
    d.controllers = std::move(settled);
}

// Disks of one bus stand in the order of their names.
void settle_disks(Domain& d) {
    std::vector<Disk> settled;
    for (Disk& disk : d.disks) {
        const auto index = disk_name_index(disk.target);
        auto at = settled.end();
        bool found = false;
        for (auto i = settled.end(); i != settled.begin();) {
            --i;
            if (i->bus != disk.bus) continue;
            if (disk_name_index(i->target) > index) {
                at = i;
                found = true;
            } else {
                if (!found) at = i + 1;
                break;
            }
        }
        settled.insert(at, std::move(disk));
    }
    d.disks = std::move(settled);
}

}  // namespace virtue::model
