// <domainbackup>: a copy of a guest's disks, written by the guest's QEMU or offered by it over the network. Plain
// values: the drivers own theirs.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/domain/domain.h"

namespace virtue::model {

enum class BackupMode : uint8_t { push, pull };
VIRTUE_XML_NAMES(BackupMode, "push", "pull")

enum class BackupDiskMode : uint8_t { absent, full, incremental };
VIRTUE_XML_NAMES(BackupDiskMode, "", "full", "incremental")

enum class BackupTransport : uint8_t { tcp, unix_socket };
VIRTUE_XML_NAMES(BackupTransport, "tcp", "unix")

struct BackupServer {
    xml::YesNo tls = xml::YesNo::absent;
    BackupTransport transport = BackupTransport::tcp;
    std::string name;
    uint16_t port = 0;
    std::string socket;
    bool operator==(const BackupServer&) const = default;
};
void map(xml::Mapper& m, BackupServer& server);

struct BackupDisk {
    std::string name;  ///< the target: "vda"
    xml::YesNo backup = xml::YesNo::absent;
    StorageType type = StorageType::none;
    BackupDiskMode mode = BackupDiskMode::absent;
    std::string incremental;    ///< the checkpoint since which changes are copied
    std::string export_name;    ///< pull: what clients of the server ask for
    std::string export_bitmap;  ///< pull: where they see what changed
    uint32_t index = 0;
    StorageFormat format = StorageFormat::absent;
    std::string path;      ///< push: where it goes; pull: what the guest overwrites meanwhile
    bool scratch = false;  ///< the path stood in <scratch>, not in <target>
    bool operator==(const BackupDisk&) const = default;
};
void map(xml::Mapper& m, BackupDisk& disk);

struct Backup {
    static constexpr const char* element = "domainbackup";
    static constexpr ErrorDomain error_domain = ErrorDomain::domain;

    BackupMode mode = BackupMode::push;
    std::string incremental;
    std::optional<BackupServer> server;
    std::vector<BackupDisk> disks;
    bool operator==(const Backup&) const = default;

    /// Reads one; always checked against its form, as libvirt does: xml_invalid_schema. Throws Error.
    static Backup parse(std::string_view text);
};
void map(xml::Mapper& m, Backup& backup);

/// Gives each disk of `domain` its line, in the domain's order, with modes and file names filled in; `suffix` ends the
/// names of files that are not told. Throws config_unsupported in libvirt's words (virDomainBackupAlignDisks).
void align_disks(Backup& backup, const Domain& domain, const std::string& suffix);

}  // namespace virtue::model
