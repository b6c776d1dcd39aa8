// The builders of the guest as a whole: machine, processor, memory, clock, boot. Private to command/.
#pragma once
#include "drivers/qemu/command/builder.h"
#include "model/domain/domain.h"

namespace virtue::qemu {

void add_machine(Builder& builder, const model::Domain& domain);
void add_cpu(Builder& builder, const model::Domain& domain);
/// -m, the memory objects of a guest without NUMA, -overcommit.
void add_memory(Builder& builder, const model::Domain& domain);
void add_smp(Builder& builder, const model::Domain& domain);
void add_iothreads(Builder& builder, const model::Domain& domain);
void add_numa(Builder& builder, const model::Domain& domain);
void add_memory_devices(Builder& builder, const model::Domain& domain);
void add_smbios(Builder& builder, const model::Domain& domain);
/// The words and files of <sysinfo type='fwcfg'>.
void add_firmware_words(Builder& builder, const model::Domain& domain);
void add_monitor(Builder& builder);
void add_clock(Builder& builder, const model::Domain& domain);
void add_power(Builder& builder, const model::Domain& domain);
void add_boot(Builder& builder, const model::Domain& domain);
/// The firmware's images as block nodes, for -machine pflash0=…
void add_pflash(Builder& builder, const model::Domain& domain);

/// True if the memory is given in -numa node,… rather than in one piece.
bool has_numa(const model::Domain& domain);
/// KiB that the guest has without its memory modules, rounded as its machine wants it.
uint64_t initial_memory(const GuestShape& shape, const model::Domain& domain);

}  // namespace virtue::qemu
