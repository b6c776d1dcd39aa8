// New files get to disk, get their names, and get those to disk, many at once: what each would wait for by itself is
// one commit of the file system for all that come together. Owned by Core; loop thread only.
#pragma once
#include <memory>
#include <string>

#include "io/condition.h"
#include "io/loop.h"
#include "io/task.h"

namespace virtue::storage {

class Publisher {
public:
    explicit Publisher(io::Loop& loop);
    ~Publisher();
    Publisher(const Publisher&) = delete;
    Publisher& operator=(const Publisher&) = delete;

    /// Makes `draft` the file `path`, which must not exist; afterwards a power cut undoes neither content nor name.
    /// A file with content never has its name before that is on disk; one of holes has nothing to wait for. Throws
    /// system_error; then the draft has its own name still.
    Task<void> publish(std::string draft, std::string path, bool has_content);

private:
    struct Batch;

    io::Loop& loop_;
    std::shared_ptr<Batch> next_;  // those who wait for the one under way
    bool running_ = false;
    io::Condition ended_;
};

}  // namespace virtue::storage
