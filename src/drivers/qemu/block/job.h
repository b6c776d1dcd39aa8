// A block job of a guest: what QEMU copies from one layer of a disk to another, and what becomes of the disk when that
// ends. Owned by the guest's Run, shared by those who wait for it; loop thread only.
#pragma once
#include <cstdint>
#include <memory>
#include <string>

#include "io/condition.h"

namespace virtue::xml {
class Element;
class Writer;
}  // namespace virtue::xml

namespace virtue::qemu {

/// The first of these have libvirt's numbers (virDomainBlockJobType); the last is of ours alone.
enum class BlockJobType : uint8_t { none, pull, copy, commit, active_commit, backup, create };
/// libvirt's states; completed, failed, cancelled and ready are those that clients hear of.
enum class BlockJobState : uint8_t {
    completed,
    failed,
    cancelled,
    ready,
    fresh,
    running,
    concluded,
    aborting,
    pivoting,
    pending
};

/// What a status file keeps, in libvirt's form.
struct BlockJobRecord {
    std::string name;  ///< "copy-vda-libvirt-1-format"
    BlockJobType type = BlockJobType::none;
    BlockJobState state = BlockJobState::fresh;
    uint32_t flags = 0;             ///< of the call that began it
    std::string target;             ///< "vda"
    bool has_mirror_chain = false;  ///< what it writes to has nodes of its own
    bool shares_backing = false;    ///< a new image above the disk's own backing image
    bool delete_committed = false;
    std::string base;  ///< names of nodes; empty where there is none
    std::string top;
    std::string top_parent;
    std::string error;
};

struct BlockJob {
    explicit BlockJob(io::Loop& loop) : changed(loop) {}

    BlockJobRecord record;
    bool waited_for = false;  ///< a call that holds the guest's turn deals with its end
    bool is_over = false;     ///< QEMU has concluded it
    io::Condition changed;

    bool can_be_told_ready() const {
        return record.state == BlockJobState::fresh || record.state == BlockJobState::running;
    }
};
using BlockJobRef = std::shared_ptr<BlockJob>;

/// <blockjobs> of a status file.
void write_block_job(xml::Writer& writer, const BlockJobRecord& job);
BlockJobRecord read_block_job(const xml::Element& element);

}  // namespace virtue::qemu
