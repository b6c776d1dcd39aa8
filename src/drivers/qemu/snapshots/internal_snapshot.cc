#include "drivers/qemu/snapshots/internal_snapshot.h"

#include "drivers/qemu/snapshots/monitor_words.h"

namespace virtue::qemu {

Task<void> load_internal_snapshot(std::shared_ptr<Domain> domain, std::string name, io::Deadline deadline) {
    std::shared_ptr<Monitor> monitor = domain->monitor();
    std::string line = "loadvm " + monitor_word(name);
    std::string printed = co_await monitor->human_command(std::move(line), deadline);
    require_done(printed, "load");
}

}  // namespace virtue::qemu
