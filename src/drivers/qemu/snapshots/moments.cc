#include "drivers/qemu/snapshots/moments.h"

#include <filesystem>

#include "base/log.h"
#include "drivers/qemu/kept_definition.h"
#include "io/files.h"
#include "io/offload.h"

namespace virtue::qemu {
namespace {

constinit log::Module logger("qemu.snapshot");

constexpr size_t largest_file = 32 << 20;

const char* word_of(MomentKind kind) {
    return kind == MomentKind::snapshot ? "snapshot" : "checkpoint";
}

std::string path_of(const std::string& folder, const std::string& name) {
    return folder + "/" + name + ".xml";
}

xml::Options written(bool secure) {
    xml::Options options;
    options.inactive = true;
    options.secure = secure;
    return options;
}

/// As libvirt's own files begin; no name stands in this note.
std::string with_note(MomentKind kind, const std::string& xml) {
    return fmt::format(
        "<!--\nWARNING: THIS IS AN AUTO-GENERATED FILE. CHANGES TO IT ARE LIKELY TO BE\n"
        "OVERWRITTEN AND LOST. Changes to this xml configuration should be made using:\n"
        "  virsh {}-edit\nor other application using the libvirt API.\n-->\n\n{}",
        word_of(kind), xml);
}

void load_snapshot(Moments& moments, const std::string& text, std::vector<std::string>& claims) {
    model::Snapshot::How how;
    how.redefine = true;
    auto snapshot = std::make_shared<model::Snapshot>(model::Snapshot::parse(text, how));
    if (snapshot->active.value_or(false)) claims.push_back(snapshot->name);
    snapshot->active.reset();
    moments.snapshots.put(std::move(snapshot));
}

/// The texts of a guest's files, without the notes before them.
std::vector<std::pair<std::string, std::string>> texts_below(const std::string& folder) {
    std::vector<std::pair<std::string, std::string>> texts;
    for (const std::string& file : io::list_folder(folder)) {
        if (!file.ends_with(".xml")) continue;
        const std::string path = folder + "/" + file;
        try {
            texts.emplace_back(path, std::string(without_note(io::read_file(path, largest_file))));
        } catch (const Error& error) {
            logger.error("Failed to read {}", error.message());
        }
    }
    return texts;
}

void load_snapshots(Domain& domain, const std::string& folder) {
    std::vector<std::string> claims;
    for (const auto& [path, text] : texts_below(folder)) {
        try {
            load_snapshot(moments_of(domain), text, claims);
        } catch (const Error& error) {
            logger.error("Failed to parse snapshot XML from file '{}': {}", path, error.message());
        }
    }
    if (!domain.moments) return;
    // A crash between two files leaves two that say so: the later one was to be it.
    MomentTree<model::Snapshot>& tree = domain.moments->snapshots;
    for (const std::string& name : claims) {
        SnapshotOwner present = tree.find(tree.current());
        if (!present || tree.find(name)->creation_time >= present->creation_time) tree.set_current(name);
    }
}

void load_checkpoints(Domain& domain, const std::string& folder) {
    for (const auto& [path, text] : texts_below(folder)) {
        try {
            auto checkpoint = std::make_shared<model::Checkpoint>(model::Checkpoint::parse(text, true));
            moments_of(domain).checkpoints.put(std::move(checkpoint));
        } catch (const Error& error) {
            logger.error("Failed to parse checkpoint XML from file '{}': {}", path, error.message());
        }
    }
    if (!domain.moments) return;
    MomentTree<model::Checkpoint>& tree = domain.moments->checkpoints;
    if (CheckpointOwner leaf = tree.newest_leaf()) tree.set_current(leaf->name);
}

}  // namespace

Moments& moments_of(Domain& domain) {
    if (!domain.moments) domain.moments = std::make_shared<Moments>();
    return *domain.moments;
}

size_t snapshot_count(const Domain& domain) {
    return domain.moments ? domain.moments->snapshots.size() : 0;
}

size_t checkpoint_count(const Domain& domain) {
    return domain.moments ? domain.moments->checkpoints.size() : 0;
}

std::string moment_folder(const Settings& settings, MomentKind kind, const std::string& domain) {
    return settings.stored(word_of(kind)) + "/" + domain;
}

std::string moment_text(const model::Snapshot& snapshot, bool current) {
    std::string text = moment_xml(snapshot, true);
    const size_t end = text.rfind("</domainsnapshot>");
    std::string more;
    if (!snapshot.cookie.empty()) more = "  " + snapshot.cookie.laid_out(1) + "\n";
    more += fmt::format("  <active>{}</active>\n", current ? 1 : 0);
    text.insert(end, more);
    return with_note(MomentKind::snapshot, text);
}

std::string moment_text(const model::Checkpoint& checkpoint) {
    return with_note(MomentKind::checkpoint, moment_xml(checkpoint, true, true));
}

std::string moment_xml(const model::Snapshot& snapshot, bool secure) {
    return xml::format(snapshot, written(secure));
}

std::string moment_xml(const model::Checkpoint& checkpoint, bool secure, bool with_domain) {
    if (with_domain || !checkpoint.domain) return xml::format(checkpoint, written(secure));
    model::Checkpoint bare = checkpoint;
    bare.domain.reset();
    return xml::format(bare, written(secure));
}

Task<void> save_moments(Core& core, DomainOwner domain, MomentKind kind, std::vector<MomentFile> files) {
    const std::string folder = moment_folder(core.settings, kind, domain->name());
    auto save = [folder, files = std::move(files)] {
        io::make_folders(folder, 0755);
        for (const MomentFile& file : files) io::write_file_atomically(path_of(folder, file.name), file.text, 0600);
    };
    co_await io::offload(core.loop, std::move(save));
}

Task<void> remove_moment_file(Core& core, DomainOwner domain, MomentKind kind, std::string name) {
    const std::string path = path_of(moment_folder(core.settings, kind, domain->name()), name);
    auto remove = [path] { io::remove_file(path); };
    co_await io::offload(core.loop, std::move(remove));
}

Task<void> forget_moments(Core& core, DomainOwner domain, MomentKind kind) {
    if (!domain->moments) co_return;
    const std::string folder = moment_folder(core.settings, kind, domain->name());
    auto remove = [folder, kind] {
        std::error_code failure;
        std::filesystem::remove_all(folder, failure);
        if (!failure) return;
        throw Error::from_errno(failure.value(), ErrorDomain::qemu,
                                fmt::format("unable to remove {} directory {}", word_of(kind), folder));
    };
    co_await io::offload(core.loop, std::move(remove));
    if (kind == MomentKind::snapshot) {
        domain->moments->snapshots = {};
    } else {
        domain->moments->checkpoints = {};
    }
}

void rename_moment_folders(const Settings& settings, const std::string& from, const std::string& to) {
    for (MomentKind kind : {MomentKind::snapshot, MomentKind::checkpoint}) {
        const std::string old_folder = moment_folder(settings, kind, from);
        const std::string new_folder = moment_folder(settings, kind, to);
        std::error_code failure;
        if (!std::filesystem::exists(old_folder, failure)) continue;
        std::filesystem::rename(old_folder, new_folder, failure);
        if (!failure) continue;
        throw Error::from_errno(failure.value(), ErrorDomain::qemu,
                                fmt::format("cannot rename '{}' to '{}'", old_folder, new_folder));
    }
}

void load_moments(Core& core) {
    for (MomentKind kind : {MomentKind::snapshot, MomentKind::checkpoint}) {
        for (const std::string& name : io::list_folder(core.settings.stored(word_of(kind)))) {
            Domain* domain = core.domains.find(std::string_view(name));
            if (!domain) continue;
            const std::string folder = moment_folder(core.settings, kind, name);
            io::remove_leftovers(folder);
            if (kind == MomentKind::snapshot) {
                load_snapshots(*domain, folder);
            } else {
                load_checkpoints(*domain, folder);
            }
        }
    }
}

}  // namespace virtue::qemu
