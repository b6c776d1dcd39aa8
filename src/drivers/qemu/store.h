// The driver's files on disk: definitions, autostart links, live status, pid files. libvirt's own names and formats, so
// that either daemon finds what the other left. The functions block and touch nothing of the loop: the driver calls
// them from the blocking pool, except at start.
#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/uuid.h"
#include "drivers/qemu/block/job.h"
#include "drivers/qemu/settings.h"
#include "drivers/qemu/taints.h"
#include "io/journal.h"
#include "model/domain/domain.h"

namespace virtue::qemu {

/// What a live status file tells about a running guest.
struct GuestStatus {
    int pid = -1;
    uint32_t state = 0;  ///< virDomainState
    uint32_t reason = 0;
    std::string monitor_path;
    std::vector<int> vcpu_threads;
    std::string folder;          ///< libDir: domain-ID-NAME
    std::string channel_folder;  ///< channelTargetDir
    bool fake_reboot = false;
    bool images_opened = false;
    bool logd = false;  ///< a separate log daemon holds the guest's log (libvirt's default)
    int agent_timeout = -2;
    uint64_t start_time = 0;                    ///< field 22 of /proc/PID/stat; 0 in libvirt's own files, which lack it
    std::vector<std::string> capability_flags;  ///< kept as they came, for libvirt
    Taints taints;
    std::vector<std::string> deprecations;
    std::shared_ptr<const model::Cpu> asked_cpu;  ///< the CPU before QEMU told what it made of it; null if it did not
    std::vector<BlockJobRecord> block_jobs;
    uint32_t last_node = 0;
    std::shared_ptr<model::Domain> domain;
};

/// Reads and writes the files of one instance.
class Store {
public:
    /// `journal` keeps the definitions; null saves each for itself.
    explicit Store(const Settings& settings, std::shared_ptr<io::Journal> journal = nullptr)
        : settings_(settings), journal_(std::move(journal)) {}

    /// Makes the folders. Throws system_error naming one that cannot be made.
    void make_folders() const;

    std::string definition_path(const std::string& name) const { return settings_.definitions() + "/" + name + ".xml"; }
    std::string autostart_path(const std::string& name) const { return settings_.autostart() + "/" + name + ".xml"; }
    std::string autostart_once_path(const std::string& name) const {
        return settings_.autostart_once() + "/" + name + ".xml";
    }
    std::string status_path(const std::string& name) const { return settings_.state() + "/" + name + ".xml"; }
    std::string pid_path(const std::string& name) const { return settings_.state() + "/" + name + ".pid"; }
    std::string log_path(const std::string& name) const { return settings_.logs() + "/" + name + ".log"; }

    /// The text of a definition file: libvirt's note to editors, then the XML.
    static std::string with_note(const std::string& name, const std::string& xml);
    /// Throws system_error; then the old file is intact.
    void save_definition(const std::string& name, const std::string& xml) const;
    /// The same for a text that is still being made: it is asked for, with its note, when all else is ready.
    void save_definition(const std::string& name, const std::function<std::string()>& text) const;
    /// After it was answered that one is saved: makes ready what saving the next needs.
    void stock_up() const;
    void remove_definition(const std::string& name) const;
    /// Reads the text of a definition file; `source` names it in errors. Throws xml_error and the like.
    static std::shared_ptr<const model::Domain> parse_definition(const std::string& text, const std::string& source);
    /// One definition that was found, or why it could not be read.
    struct Found {
        std::string name;
        Uuid uuid;
        std::string text;  ///< without the note to editors
        bool autostart = false;
        bool autostart_once = false;
        std::string problem;
    };
    std::vector<Found> load_definitions() const;
    /// Removes what a write that was cut off left beside the files. Only for the start: nothing must be writing.
    void remove_leftovers() const;

    /// Makes or removes the link. Throws system_error.
    void set_autostart(const std::string& name, bool wanted, bool once) const;

    static std::string format_status(const GuestStatus& status);
    /// Throws xml_error and others for what is no status file.
    static GuestStatus parse_status(const std::string& text, const std::string& source);
    void save_status(const std::string& name, const std::string& text) const;
    void save_pid(const std::string& name, int pid) const;
    void remove_status(const std::string& name) const;
    /// Every status file: its guest's name and content.
    std::vector<std::pair<std::string, std::string>> load_statuses() const;

private:
    void change(std::vector<io::FileChange> changes) const;

    Settings settings_;
    std::shared_ptr<io::Journal> journal_;
};

}  // namespace virtue::qemu
