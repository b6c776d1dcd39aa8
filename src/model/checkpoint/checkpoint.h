// <domaincheckpoint>: the moment since when a guest's disks note what changes. Plain values: the drivers own theirs.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/domain/domain.h"

namespace virtue::model {

enum class CheckpointType : uint8_t { absent, no, bitmap };
VIRTUE_XML_NAMES(CheckpointType, "", "no", "bitmap")

struct CheckpointDisk {
    std::string name;
    CheckpointType checkpoint = CheckpointType::absent;
    std::string bitmap;
    std::optional<uint64_t> size;  ///< bytes changed since; only where it was asked for
    bool operator==(const CheckpointDisk&) const = default;
};
void map(xml::Mapper& m, CheckpointDisk& disk);

struct Checkpoint {
    static constexpr const char* element = "domaincheckpoint";
    static constexpr ErrorDomain error_domain = ErrorDomain::domain_checkpoint;

    std::string name;
    std::string description;
    std::string parent;
    int64_t creation_time = 0;  ///< seconds since 1970
    std::vector<CheckpointDisk> disks;
    std::optional<Domain> domain;
    bool operator==(const Checkpoint&) const = default;

    /// Reads a checkpoint; without a name (and unless it is redefined) it gets the time as one. Names and disks must
    /// have the form that libvirt's schema asks for: xml_invalid_schema. Throws Error.
    static Checkpoint parse(std::string_view text, bool redefine = false);
};
void map(xml::Mapper& m, Checkpoint& checkpoint);

/// Gives each disk of `domain` its line, in the domain's order. libvirt: virDomainCheckpointAlignDisks.
void align_disks(Checkpoint& checkpoint, const Domain& domain);

}  // namespace virtue::model
