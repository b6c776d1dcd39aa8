// A copy of a disk to another place while the guest runs. Loop thread only.
#pragma once
#include "driver/call.h"
#include "drivers/qemu/core.h"
#include "model/domain/storage_source.h"
#include "protocol/remote/domain_block.h"

namespace virtue::qemu {

/// What a client asks for; `destination` without a format takes that of the disk.
struct CopyRequest {
    model::StorageSource destination;
    uint64_t bandwidth = 0;  ///< bytes a second; 0 for no limit
    uint64_t granularity = 0;
    uint64_t buffer_size = 0;
    uint32_t flags = 0;  ///< VIR_DOMAIN_BLOCK_COPY_*
};

/// Throws xml_error and the like for a document that names no place, argument_unsupported for unknown parameters.
CopyRequest read_copy_request(const proc::DomainBlockCopy::Args& args);

/// Makes or opens the destination and begins to copy. Takes the guest's turn. Throws with libvirt's words; then the
/// guest is as before and no new file is left.
Task<void> begin_copy(Core& core, driver::Call& call, DomainOwner domain, std::string path, CopyRequest request);

}  // namespace virtue::qemu
