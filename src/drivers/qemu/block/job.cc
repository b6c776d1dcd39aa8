#include "drivers/qemu/block/job.h"

#include <fmt/format.h>
#include <array>
#include <cstdlib>

#include "xml/document.h"
#include "xml/writer.h"

namespace virtue::qemu {
namespace {

constexpr std::array type_names = {"", "pull", "copy", "commit", "active-commit", "backup", "create"};
constexpr std::array state_names = {"completed", "failed",    "cancelled", "ready",    "new",
                                    "running",   "concluded", "aborting",  "pivoting", "pending"};

template <typename Enum, size_t N>
Enum number_of(const std::array<const char*, N>& names, std::string_view name, Enum otherwise) {
    for (size_t i = 0; i < N; i++) {
        if (names[i] == name) return static_cast<Enum>(i);
    }
    return otherwise;
}

void write_node(xml::Writer& writer, const char* element, const std::string& node) {
    if (node.empty()) return;
    writer.begin(element);
    writer.attribute("node", node);
    writer.end();
}

std::string node_of(const xml::Element& job, const char* name) {
    const xml::Element element = job.child(name);
    return element ? std::string(element.attribute("node").value_or("")) : std::string();
}

}  // namespace

void write_block_job(xml::Writer& writer, const BlockJobRecord& job) {
    writer.begin("blockjob");
    writer.attribute("name", job.name);
    writer.attribute("type", type_names[static_cast<size_t>(job.type)]);
    writer.attribute("state", state_names[static_cast<size_t>(job.state)]);
    writer.attribute("jobflags", fmt::format("{:#x}", job.flags));
    if (job.shares_backing) writer.attribute("shallownew", "yes");
    if (!job.target.empty()) {
        writer.begin("disk");
        writer.attribute("dst", job.target);
        if (job.has_mirror_chain) writer.attribute("mirror", "yes");
        writer.end();
    }
    write_node(writer, "base", job.base);
    write_node(writer, "top", job.top);
    write_node(writer, "topparent", job.top_parent);
    if (job.delete_committed) {
        writer.begin("deleteCommittedImages");
        writer.end();
    }
    writer.end();
}

BlockJobRecord read_block_job(const xml::Element& element) {
    BlockJobRecord job;
    job.name = element.attribute("name").value_or("");
    job.type = number_of(type_names, element.attribute("type").value_or(""), BlockJobType::none);
    job.state = number_of(state_names, element.attribute("state").value_or(""), BlockJobState::running);
    const std::string flags(element.attribute("jobflags").value_or("0"));
    job.flags = static_cast<uint32_t>(std::strtoul(flags.c_str(), nullptr, 0));
    job.shares_backing = element.attribute("shallownew").value_or("") == "yes";
    if (const xml::Element disk = element.child("disk")) {
        job.target = disk.attribute("dst").value_or("");
        job.has_mirror_chain = disk.attribute("mirror").value_or("") == "yes";
    }
    job.base = node_of(element, "base");
    job.top = node_of(element, "top");
    job.top_parent = node_of(element, "topparent");
    job.delete_committed = static_cast<bool>(element.child("deleteCommittedImages"));
    return job;
}

}  // namespace virtue::qemu
