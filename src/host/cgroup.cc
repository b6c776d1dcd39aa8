#include "host/cgroup.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <iterator>

#include "base/error.h"
#include "base/text.h"

namespace virtue::host {
namespace {

constexpr std::string_view names[controller_count] = {"cpu", "cpuacct", "cpuset", "memory", "blkio"};

/// What version 2 calls it in its lists.
std::string_view unified_name(Controller controller) {
    return controller == Controller::blkio ? "io" : controller_name(controller);
}

/// The kernel writes blanks in mountinfo as \040.
std::string unescape(std::string_view text) {
    std::string plain;
    for (size_t i = 0; i < text.size(); i++) {
        const auto code =
            text[i] == '\\' && i + 3 < text.size() ? parse_number<unsigned>(text.substr(i + 1, 3), 8) : std::nullopt;
        plain += code ? static_cast<char>(*code) : text[i];
        if (code) i += 3;
    }
    return plain;
}

Controllers unified_controllers(const SystemFiles& files, const std::string& folder, Controllers wanted) {
    Controllers found;
    const std::string list = files.text(folder + "/cgroup.controllers").value_or("");
    for (std::string_view word : split_words(list)) {
        for (size_t i = 0; i < controller_count; i++) {
            const auto each = static_cast<Controller>(i);
            if (wanted.has(each) && word == unified_name(each)) found.add(each);
        }
    }
    return found;
}

/// A line of mountinfo; nothing for other file systems.
std::optional<Hierarchy> read_mount(const SystemFiles& files, std::string_view line, Controllers wanted) {
    const std::vector<std::string_view> words = split_words(line);
    const auto dash = std::find(words.begin(), words.end(), "-");
    if (words.size() < 6 || std::distance(dash, words.end()) < 4) return std::nullopt;
    Hierarchy tree;
    tree.root = unescape(words[3]);
    tree.mount = unescape(words[4]);
    const std::string_view type = dash[1];
    if (type != "cgroup" && type != "cgroup2") return std::nullopt;
    // Another file system may hide it.
    if (!files.exists(tree.mount + "/cgroup.procs")) return std::nullopt;
    if (type == "cgroup2") {
        tree.unified = true;
        tree.controllers = unified_controllers(files, tree.mount, wanted);
        return tree;
    }
    for (std::string_view option : split(dash[3], ',')) {
        const auto controller = find_controller(option);
        if (controller && wanted.has(*controller)) tree.controllers.add(*controller);
    }
    return tree;
}

/// The errors of a place where this process can make no groups.
bool means_not_here(int error) {
    return error == ENXIO || error == EPERM || error == EACCES || error == EROFS;
}

bool looks_like_kernel_file(std::string_view name) {
    if (name == "tasks" || name == "notify_on_release" || name == "release_agent") return true;
    if (name.starts_with('_') || name.starts_with('.') || name.starts_with("cgroup.")) return true;
    for (std::string_view controller : {"cpu", "cpuacct", "cpuset", "memory", "devices", "freezer", "blkio", "net_cls",
                                        "perf_event", "name=systemd", "io", "pids"}) {
        if (name.starts_with(controller) && name.substr(controller.size()).starts_with('.')) return true;
    }
    return false;
}

std::string escaped(std::string name) {
    return looks_like_kernel_file(name) ? "_" + name : name;
}

/// The end of names of the groups that guests run in here; libvirt on a host with systemd uses others.
bool is_of_guest(std::string_view group) {
    const std::string_view last = group.substr(group.rfind('/') + 1);
    return last.find(".libvirt-") != last.npos || last.starts_with("machine-qemu") || last == "libvirt";
}

std::string group_folder(const std::string& partition, const std::string& name, std::string_view driver) {
    return fmt::format("{}/{}", partition == "/" ? "" : partition, escaped(fmt::format("{}.libvirt-{}", name, driver)));
}

bool remove_folder(const std::string& folder) {
    return ::rmdir(folder.c_str()) == 0 || errno == ENOENT || errno == ENOTDIR;
}

/// New groups of the first version have no CPUs and memory nodes at all, and let nobody in.
void inherit_cpus(const SystemFiles& files, const std::string& parent, const std::string& folder) {
    for (const char* file : {"/cpuset.cpus", "/cpuset.mems"}) {
        if (!files.text(folder + file).value_or("").empty()) continue;
        const std::string value = files.text(parent + file).value_or("");
        if (!value.empty()) files.write(folder + file, value);
    }
}

/// Lets the groups below `folder` use a controller.
bool pass_down(const SystemFiles& files, const std::string& folder, Controller controller) {
    try {
        files.write(folder + "/cgroup.subtree_control", fmt::format("+{}", unified_name(controller)));
        return true;
    } catch (const Error&) {
        return false;
    }
}

}  // namespace

std::string_view controller_name(Controller controller) {
    return names[static_cast<size_t>(controller)];
}

std::optional<Controller> find_controller(std::string_view name) {
    for (size_t i = 0; i < controller_count; i++) {
        if (names[i] == name) return static_cast<Controller>(i);
    }
    return std::nullopt;
}

Controllers Controllers::all() {
    Controllers all;
    for (size_t i = 0; i < controller_count; i++) all.add(static_cast<Controller>(i));
    return all;
}

std::vector<Hierarchy> find_hierarchies(const SystemFiles& files, Controllers wanted) {
    std::vector<Hierarchy> found;
    if (wanted.empty()) return found;
    const std::string mounts = files.text("/proc/self/mountinfo").value_or("");
    for (std::string_view line : split_lines(mounts)) {
        std::optional<Hierarchy> tree = read_mount(files, line, wanted);
        if (!tree) continue;
        for (Hierarchy& earlier : found) {
            // The same tree mounted elsewhere as well: the last one counts.
            if (earlier.unified == tree->unified && earlier.controllers == tree->controllers) earlier.controllers = {};
        }
        found.push_back(std::move(*tree));
    }
    // Version 2 counts CPU time without a controller, unless version 1 does it on this host.
    Controllers seen;
    for (const Hierarchy& tree : found) {
        for (size_t i = 0; i < controller_count; i++) {
            if (tree.controllers.has(static_cast<Controller>(i))) seen.add(static_cast<Controller>(i));
        }
    }
    for (Hierarchy& tree : found) {
        const bool counts = tree.unified && tree.controllers.has(Controller::cpu) && !seen.has(Controller::cpuacct);
        if (counts && wanted.has(Controller::cpuacct)) tree.controllers.add(Controller::cpuacct);
    }
    std::erase_if(found, [](const Hierarchy& tree) { return tree.controllers.empty(); });
    return found;
}

std::string machine_name(std::string_view driver, std::string_view root, int id, std::string_view name) {
    constexpr size_t longest = 64;
    std::string text(driver);
    if (!root.empty()) {
        uint64_t mark = 14695981039346656037u;  // FNV-1a
        for (const char c : root) mark = (mark ^ static_cast<unsigned char>(c)) * 1099511628211u;
        text += fmt::format("-embed-{:016x}", mark);
    }
    text += fmt::format("-{}-", id);
    bool skips = true;
    for (const char c : name) {
        if (text.size() >= longest) break;
        const bool separates = c == '.' || c == '-';
        const bool kept =
            separates ? !skips : (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        skips = separates;
        if (kept) text += c;
    }
    while (text.ends_with('.') || text.ends_with('-')) text.pop_back();
    return text;
}

std::string partition_folder(std::string_view partition) {
    std::string folder;
    bool is_first = true;
    for (std::string_view part : split(partition, '/')) {
        if (part.empty()) continue;
        const bool is_common = is_first && (part == "machine" || part == "system" || part == "user");
        is_first = false;
        std::string name(part);
        if (!is_common) {
            if (name.find('.') == name.npos) name += ".partition";
            name = escaped(std::move(name));
        }
        folder += "/" + name;
    }
    return folder.empty() ? "/" : folder;
}

/// `place` is one below its parent in `tree`. Throws what mkdir says.
void ControlGroup::make_folder(const SystemFiles& files, const Hierarchy& tree, Place& place, bool create) {
    const std::string whole = files.root() + place.folder;
    const std::string parent = place.folder.substr(0, place.folder.rfind('/'));
    if (place.unified && create) {
        for (size_t i = 0; i < controller_count; i++) {
            const auto each = static_cast<Controller>(i);
            if (each == Controller::cpuacct || !place.controllers.has(each)) continue;
            if (!pass_down(files, parent, each)) place.controllers.remove(each);
        }
    }
    if (::access(whole.c_str(), F_OK) != 0) {
        const bool made = create && ::mkdir(whole.c_str(), 0755) == 0;
        if (!made && (!create || errno != EEXIST)) {
            const int error = create ? errno : ENOENT;
            throw Error::from_errno(error, ErrorDomain::cgroup,
                                    tree.unified
                                        ? fmt::format("Failed to create v2 cgroup '{}'", place.folder)
                                        : fmt::format("Failed to create v1 controller group '{}'", place.folder));
        }
    }
    if (!tree.unified && tree.controllers.has(Controller::cpuset)) inherit_cpus(files, parent, place.folder);
}

/// False where no group can be made in this tree, which then does without.
bool ControlGroup::make_in(const SystemFiles& files, const Hierarchy& tree, const std::string& partition,
                           Place& place) {
    try {
        std::string folder = tree.mount;
        const std::vector<std::string_view> parts = split(partition, '/');
        for (std::string_view part : parts) {
            if (part.empty()) continue;
            folder += fmt::format("/{}", part);
            Place above{folder, place.controllers, place.unified};
            make_folder(files, tree, above, partition == "/machine");
            place.controllers = above.controllers;
        }
        ControlGroup left(files, {place});
        left.remove();
        make_folder(files, tree, place, true);
        // The second version counts memory of groups below by itself; the first must be told on old kernels.
        const std::string flag = place.folder + "/memory.use_hierarchy";
        if (tree.controllers.has(Controller::memory) && files.text(flag) == "0") files.write(flag, "1");
        if (place.controllers.empty()) remove_folder(files.root() + place.folder);
        return !place.controllers.empty();
    } catch (const Error& error) {
        if (tree.controllers.has(Controller::blkio) && !tree.controllers.has_any_of_threads()) return false;
        if (means_not_here(error.int1())) return false;
        throw;
    }
}

std::optional<ControlGroup> ControlGroup::make(SystemFiles files, std::span<const Hierarchy> trees,
                                               const std::string& partition, const std::string& name,
                                               std::string_view driver) {
    const std::string above = partition_folder(partition);
    const std::string group = group_folder(above, name, driver);
    ControlGroup made(files, {});
    try {
        for (const Hierarchy& tree : trees) {
            Place place{tree.mount + group, tree.controllers, tree.unified};
            if (make_in(files, tree, above, place)) made.places_.push_back(std::move(place));
        }
    } catch (const Error&) {
        made.remove();
        throw;
    }
    if (made.places_.empty()) return std::nullopt;
    return made;
}

std::optional<ControlGroup> ControlGroup::find(SystemFiles files, std::span<const Hierarchy> trees,
                                               const std::string& partition, const std::string& name,
                                               std::string_view driver) {
    const std::string group = group_folder(partition_folder(partition), name, driver);
    std::vector<Place> places;
    for (const Hierarchy& tree : trees) {
        Place place{tree.mount + group, tree.controllers, tree.unified};
        if (files.exists(place.folder)) places.push_back(std::move(place));
    }
    if (places.empty()) return std::nullopt;
    return ControlGroup(std::move(files), std::move(places));
}

std::optional<ControlGroup> ControlGroup::of_process(SystemFiles files, std::span<const Hierarchy> trees, int pid) {
    const std::string list = files.text(fmt::format("/proc/{}/cgroup", pid)).value_or("");
    std::vector<Place> places;
    for (std::string_view line : split_lines(list)) {
        const size_t first = line.find(':');
        const size_t second = line.find(':', first + 1);
        if (second == line.npos) continue;
        const std::string_view kinds = line.substr(first + 1, second - first - 1);
        std::string_view group = line.substr(second + 1);
        constexpr std::string_view emulator = "/emulator";
        if (group.ends_with(emulator)) group.remove_suffix(emulator.size());
        if (!is_of_guest(group)) continue;
        for (const Hierarchy& tree : trees) {
            bool is_same = tree.unified && kinds.empty();
            for (std::string_view kind : split(kinds, ',')) {
                const auto controller = find_controller(kind);
                is_same = is_same || (!tree.unified && controller && tree.controllers.has(*controller));
            }
            // In a container the kernel names groups from above what is mounted.
            std::string_view below = group;
            if (tree.root != "/" && below.starts_with(tree.root)) below.remove_prefix(tree.root.size());
            Place place{tree.mount + std::string(below), tree.controllers, tree.unified};
            if (!is_same || !files.exists(place.folder)) continue;
            if (tree.unified) place.controllers = unified_controllers(files, place.folder, tree.controllers);
            if (tree.unified && tree.controllers.has(Controller::cpuacct)) place.controllers.add(Controller::cpuacct);
            places.push_back(std::move(place));
        }
    }
    if (places.empty()) return std::nullopt;
    return ControlGroup(std::move(files), std::move(places));
}

const ControlGroup::Place* ControlGroup::place_of(Controller controller) const {
    for (const Place& place : places_) {
        if (place.controllers.has(controller)) return &place;
    }
    return nullptr;
}

bool ControlGroup::has_threads() const {
    return has(Controller::cpu) || has(Controller::cpuset);
}

void ControlGroup::add_thread_group(const std::string& thread) const {
    if (!has_threads()) return;
    for (const Place& place : places_) {
        if (!place.controllers.has_any_of_threads()) continue;
        const std::string folder = place.folder + "/" + thread;
        const std::string whole = files_.root() + folder;
        const bool is_new = ::mkdir(whole.c_str(), 0755) == 0;
        if (!is_new && errno != EEXIST) {
            throw Error::from_errno(errno, ErrorDomain::cgroup, fmt::format("Failed to create group '{}'", folder));
        }
        if (place.unified) {
            // Threads of one process can be apart only in a tree that is told so, which then limits no memory.
            write(folder + "/cgroup.type", "threaded");
            for (const Controller each : {Controller::cpu, Controller::cpuset}) {
                if (place.controllers.has(each)) pass_down(files_, place.folder, each);
            }
        } else if (place.controllers.has(Controller::cpuset)) {
            inherit_cpus(files_, place.folder, folder);
        }
    }
}

bool ControlGroup::remove_thread_group(const std::string& thread) const {
    bool gone = true;
    for (const Place& place : places_) {
        if (place.controllers.has_any_of_threads()) {
            gone = remove_folder(files_.root() + place.folder + "/" + thread) && gone;
        }
    }
    return gone;
}

std::vector<std::string> ControlGroup::entrances(const std::string& thread) const {
    std::vector<std::string> entrances;
    for (const Place& place : places_) {
        const bool below = has_threads() && place.controllers.has_any_of_threads();
        const std::string folder = files_.root() + place.folder + (below ? "/" + thread : "");
        // In the first version a single thread gets in without the whole host's forks being held back.
        entrances.push_back(folder + (place.unified ? "/cgroup.procs" : "/tasks"));
    }
    return entrances;
}

void ControlGroup::enter(const std::string& thread, int id) const {
    if (!has_threads()) return;
    for (const Place& place : places_) {
        if (!place.controllers.has_any_of_threads()) continue;
        const char* file = place.unified ? "/cgroup.threads" : "/tasks";
        write(place.folder + "/" + thread + file, std::to_string(id));
    }
}

bool ControlGroup::remove() const {
    bool gone = true;
    for (const Place& place : places_) {
        const std::string whole = files_.root() + place.folder;
        for (const std::string& name : files_.list(place.folder)) {
            if (name.find('.') == name.npos && name != "tasks") remove_folder(whole + "/" + name);
        }
        gone = remove_folder(whole) && gone;
    }
    return gone;
}

std::string ControlGroup::folder(Controller controller, const std::string& thread) const {
    const Place* place = place_of(controller);
    if (place == nullptr) return {};
    return thread.empty() ? place->folder : place->folder + "/" + thread;
}

}  // namespace virtue::host
