// New files of pools: they get to disk, get their names, and get those to disk, many at once; what each would wait for
// by itself is a commit of the file system for all that come together. Empty files need not even wait for that: a
// record of them does, and their file system follows in the background. One Publisher to a folder, so that a file
// system that hangs holds up only its own, and takes one thread; all of them owned by Publishers, which Core owns. Loop
// thread only.
#pragma once
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "drivers/storage/scan.h"
#include "io/condition.h"
#include "io/journal_settler.h"
#include "io/loop.h"
#include "io/task.h"

namespace virtue::storage {

class Publishers;

class Publisher : public std::enable_shared_from_this<Publisher> {
public:
    Publisher(Publishers& owner, std::string folder);
    ~Publisher();
    Publisher(const Publisher&) = delete;
    Publisher& operator=(const Publisher&) = delete;

    /// Makes an image that is_plain_new_image() is true of at its path, which must not exist; afterwards a power cut
    /// undoes neither content nor name. Throws operation_invalid if the path is taken, system_error, operation_aborted
    /// and operation_timeout some time after the deadline; then nothing is left, or nothing will be once the file
    /// system answers again.
    Task<Seen> make(model::Volume wanted, io::Deadline deadline);
    /// Makes `draft`, a file or folder that is complete and on disk, the file `path` of this folder. Throws as make();
    /// then the draft has its own name still.
    Task<void> publish(std::string draft, std::string path, io::Deadline deadline);

    struct Batch;
    struct Item;

private:
    Task<Seen> add(Item item, io::Deadline deadline);
    static Task<void> work_off(std::shared_ptr<Publisher> self);

    Publishers& owner_;
    const std::string folder_;
    std::shared_ptr<Batch> next_;  // those who wait for the one under way
    bool running_ = false;         // work_off() is under way
    io::Condition ended_;
};

class Publishers {
public:
    /// `journal` is the path of the file that the records are in; `gate` joins the work in the background.
    Publishers(io::Loop& loop, io::Gate& gate, std::string journal);

    /// Makes what a power cut took away. Blocks: on the pool, before anything looks at folders. Returns what could not
    /// be done, in words.
    std::vector<std::string> recover() const { return journal_->recover(); }
    std::shared_ptr<Publisher> of(const std::string& folder);
    /// Where new volumes are recorded; for the pool's threads.
    const std::shared_ptr<io::Journal>& journal() const { return journal_; }

private:
    friend class Publisher;

    io::Loop& loop_;
    io::Gate& gate_;
    const std::string journal_path_;
    const std::shared_ptr<io::Journal> journal_;
    io::JournalSettler settler_;
    std::map<std::string, std::weak_ptr<Publisher>> all_;
};

}  // namespace virtue::storage
