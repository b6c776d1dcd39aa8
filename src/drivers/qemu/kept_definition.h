// A guest's persistent definition: kept as its text and a few figures while nobody asks for more, as the whole model
// for a moment after somebody did. A host has a thousand definitions and works on a few of them; the model of an
// ordinary guest takes six times the room of its text. Owned by Domain; loop thread only.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/uuid.h"
#include "drivers/qemu/live_definition.h"
#include "io/timer.h"

namespace virtue::qemu {

/// What lists and statistics tell of a guest that does not run.
struct DefinitionFigures {
    uint64_t maximum_memory = 0;  ///< KiB
    uint64_t current_memory = 0;  ///< KiB
    bool has_balloon = false;
    VcpuCounts vcpus;
    std::vector<DiskName> disks;
};

DefinitionFigures figures_of(const model::Domain& definition);

/// Calls back a moment after the last of several models was made, and ever more seldom while some are in use. Owned by
/// Core.
class PackTimer {
public:
    /// What a call leaves: models that are in use, or more than fits into the time that clients are made to wait.
    enum class Left : uint8_t { nothing, in_use, more };
    PackTimer(io::Loop& loop, std::function<Left()> pack_all);
    /// Says that a model was made.
    void model_made();

private:
    void expired();

    std::function<Left()> pack_all_;
    io::Milliseconds wait_{};  // until the next call; zero while no model is left
    io::TimePoint begun_{};    // when the first model was made since
    io::TimePoint latest_{};   // when the last one was
    io::Timer timer_;
};

class KeptDefinition {
public:
    using Model = std::shared_ptr<const model::Domain>;

    explicit KeptDefinition(PackTimer& timer) : timer_(timer) {}
    ~KeptDefinition();
    KeptDefinition(const KeptDefinition&) = delete;
    KeptDefinition& operator=(const KeptDefinition&) = delete;

    explicit operator bool() const { return model_ != nullptr || text_ != nullptr; }
    /// A definition and the text that was saved of it, formatted with SECURE and INACTIVE.
    void set(Model model, std::string text);
    /// A definition as it stands in a file that nobody has read yet.
    void set_unread(std::string text);
    void clear();

    /// The whole; null if there is none. The reference stays good until the caller waits for something; who holds the
    /// guest over a wait may keep it. Throws xml_error and the like for a text of set_unread() that is no definition.
    const Model& model() const;
    /// Throws as model().
    const DefinitionFigures& figures() const;
    /// What XML calls answer for a guest that does not run. Throws as model().
    std::shared_ptr<const std::string> xml(bool secure) const;

    /// Found on disk and not looked into so far.
    bool is_unread() const { return text_ && !model_ && !figures_; }
    const std::shared_ptr<const std::string>& text() const { return text_; }
    /// The figures of an unread text, which somebody else has read meanwhile.
    void take_figures(DefinitionFigures figures);

    bool is_packed() const { return model_ == nullptr; }
    /// Lets go of the model, unless somebody else holds it; the text stays as it is. A few microseconds.
    void ease();
    /// Lets go of the model and deflates the text, unless somebody else holds the model. Tens of microseconds.
    void pack();

private:
    PackTimer& timer_;
    mutable Model model_;
    mutable std::shared_ptr<const std::string> text_;  // deflated while nobody asks for it
    mutable std::unique_ptr<const DefinitionFigures> figures_;
    mutable bool text_is_ours_ = false;           // formatted by this program, not found in a file
    mutable std::optional<bool> text_is_public_;  // it holds no secret: the answer without SECURE is the same
};

/// The XML of a definition; `flags` are VIR_DOMAIN_XML_*.
std::string definition_xml(const model::Domain& domain, uint32_t flags, bool live);

/// Name and UUID from the beginning of a definition file, where libvirt and we write them; nothing for a file in any
/// other form.
struct DefinitionHead {
    std::string name;
    Uuid uuid;
};
std::optional<DefinitionHead> read_definition_head(std::string_view text);

/// The text without the note to editors before it.
std::string_view without_note(std::string_view text);

}  // namespace virtue::qemu
