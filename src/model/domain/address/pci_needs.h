// Which kind of PCI slot each device of a domain needs. Pure functions; usable from any thread.
#pragma once
#include "model/domain/address/pci_bus.h"

namespace virtue::model {

/// What one device needs; connect_none for those that are not on PCI.
uint32_t needs_of(const Domain& domain, const Controller& controller);
uint32_t needs_of(const Domain& domain, const Disk& disk);
uint32_t needs_of(const Domain& domain, const Interface& interface);
uint32_t needs_of(const Domain& domain, const Sound& sound);
uint32_t needs_of(const Domain& domain, const Video& video);
uint32_t needs_of(const Domain& domain, const Hostdev& hostdev);
uint32_t needs_of(const Domain& domain, const Input& input);
uint32_t needs_of(const Domain& domain, const Serial& serial);
uint32_t needs_of(const Domain& domain, const Memballoon& balloon);
uint32_t needs_of(const Domain& domain, const Watchdog& watchdog);
uint32_t needs_of(const Domain& domain, const Rng& rng);
uint32_t needs_of(const Domain& domain, const Filesystem& filesystem);
uint32_t needs_of(const Domain& domain, const Shmem& shmem);
uint32_t needs_of(const Domain& domain, const Vsock& vsock);
uint32_t needs_of(const Domain& domain, const Crypto& crypto);
uint32_t needs_of(const Domain& domain, const Iommu& iommu);
uint32_t needs_of(const Domain& domain, const MemoryDevice& memory);

}  // namespace virtue::model
