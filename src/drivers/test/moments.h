// Snapshots or checkpoints of one guest: a forest by name, with one that is current. Owned by the Guest; loop thread
// only.
#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "model/domain/domain.h"

namespace virtue::test {

/// How an I/O thread polls: nanoseconds and factors.
struct IoThreadPolling {
    uint64_t max_ns = 32768;
    uint32_t grow = 0;
    uint32_t shrink = 0;
};

/// How one disk takes part.
struct MomentDisk {
    std::string name;
    std::string mode;    ///< snapshot='internal', checkpoint='bitmap', …
    std::string bitmap;  ///< checkpoints
    std::string driver;  ///< external snapshots: the new file's format
    std::string file;    ///< external snapshots: the new file
};

/// A snapshot or a checkpoint.
struct Moment {
    std::string name;
    std::string description;
    std::string parent;   ///< empty for a root
    std::string state;    ///< "running", "shutoff", … (snapshots)
    int64_t created = 0;  ///< seconds since the epoch
    std::string memory;   ///< "internal", "external", "no", or nothing (snapshots)
    std::string memory_file;
    std::vector<MomentDisk> disks;
    std::optional<model::Domain> domain;
};

/// The moments of one kind.
class Moments {
public:
    Moment* find(std::string_view name);
    const Moment* find(std::string_view name) const { return const_cast<Moments*>(this)->find(name); }
    /// Adds or replaces; returns the stored one.
    Moment& put(Moment moment);
    /// Removes one; its children become children of its parent, and so does being current.
    void remove(const std::string& name);
    /// Removes everything below `name`, and it too if `itself`. The nearest one that stays becomes current.
    void remove_tree(const std::string& name, bool itself);
    void clear() { *this = {}; }

    /// In the order of creation. With a parent given: those below it, all levels or one.
    std::vector<const Moment*> list(const std::optional<std::string>& below, bool all_levels) const;
    bool has_children(const std::string& name) const;
    bool descends(const std::string& name, const std::string& from) const;
    size_t size() const { return all_.size(); }
    bool empty() const { return all_.empty(); }

    std::string current;  ///< name of the current one; empty if none

private:
    std::vector<std::unique_ptr<Moment>> all_;
};

}  // namespace virtue::test
