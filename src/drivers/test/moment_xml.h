// Snapshot and checkpoint documents of the test driver: what is read from a client and what is answered. Pure.
#pragma once
#include <string>
#include <string_view>

#include "drivers/test/moments.h"

namespace virtue::test {

/// What a document of a client says.
struct MomentRequest {
    Moment moment;
    bool has_created = false;  ///< <creationTime> was there: a redefinition
    bool has_memory = false;
};

/// Reads <domainsnapshot>. Errors: xml_error and others of part domain_snapshot.
MomentRequest read_snapshot(std::string_view text, bool redefine);
/// Reads <domaincheckpoint>.
MomentRequest read_checkpoint(std::string_view text, bool redefine);

/// Makes the disk list complete: one entry a disk of the domain, in its order. Errors: a disk that is not there, or
/// named twice.
void align_snapshot_disks(Moment& moment, const model::Domain& domain, bool disk_only);
void align_checkpoint_disks(Moment& moment, const model::Domain& domain);

std::string write_snapshot(const Moment& moment, bool secure);
std::string write_checkpoint(const Moment& moment, bool secure, bool with_domain);

}  // namespace virtue::test
