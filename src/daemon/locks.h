// The lock files that libvirt's daemons take, taken by us, so that the two never manage the same guests. Owned by
// main(); the kernel lets go when we die.
#pragma once
#include <string>
#include <vector>

#include "driver/paths.h"
#include "io/files.h"

namespace virtue::daemon {

/// Holds them while it lives; removes the files at an orderly end.
class Locks {
public:
    /// Takes all. Throws operation_failed that says who holds which ("libvirtd, process 123, holds …").
    /// `extra` is the pid file asked for by option; may be empty.
    Locks(const driver::Paths& paths, const std::string& extra);
    ~Locks();
    Locks(const Locks&) = delete;
    Locks& operator=(const Locks&) = delete;

    /// The folders below the state folder in which drivers keep their driver.pid, with libvirt's modes.
    struct StateFolder {
        std::string path;
        uint32_t mode;
    };
    static std::vector<StateFolder> state_folders(const driver::Paths& paths);

private:
    void take(const std::string& path);

    std::vector<std::pair<std::string, io::FileLock>> held_;
};

}  // namespace virtue::daemon
