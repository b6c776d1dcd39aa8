// The control group of a guest: made before QEMU runs, with all that the definition's <cputune>, <memtune>, <blkiotune>
// and <numatune> limit; groups in it for QEMU's own threads, for each processor and each I/O thread; removed when the
// guest has ended. Where a daemon can make no groups (a user's own one, a container, one under another root) guests
// run without, as with libvirt. Loop thread only; what may wait for the kernel is done on the pool.
#pragma once
#include <span>
#include <string>

#include "drivers/qemu/core.h"
#include "host/cgroup.h"

namespace virtue::qemu {

struct IoThreadPlace;

/// The groups of threads.
inline constexpr const char* emulator_group = "emulator";
std::string vcpu_group(size_t vcpu);
std::string iothread_group(unsigned id);

/// Makes `run` its group and writes the limits of its live definition. Throws config_unsupported for limits that this
/// host has no controller for, invalid_arg and system_error for those that the kernel does not take.
Task<void> make_guest_group(Core& core, const DomainOwner& domain, Run& run);

/// Makes the groups of threads that the guest will have, while QEMU comes up.
Task<void> make_thread_groups(Core& core, DomainOwner domain);
/// Puts processors and I/O threads where they belong; what is offline loses its group.
Task<void> group_vcpus(Core& core, DomainOwner domain);
Task<void> group_iothreads(Core& core, DomainOwner domain, std::vector<IoThreadPlace> threads);
/// All of them, before the guest runs; where no thread of it is limited, in the background: the kernel takes some ten
/// milliseconds to let a thread change its group.
Task<void> group_all_threads(Core& core, DomainOwner domain, io::Deadline deadline);
/// The same in the background in any case, for a guest whose start another daemon may not have finished.
void group_all_threads_soon(Core& core, const DomainOwner& domain);
/// Removes the group of an I/O thread that is gone.
Task<void> forget_iothread_group(Core& core, DomainOwner domain, unsigned id);
/// Lets the threads of a group run on these CPUs, before their affinity says so, too.
void widen_group(const Run& run, const std::string& thread, const Bitmap& cpus);

/// The group of a guest that was started before this daemon: by its process, or by its name for one that has ended.
std::shared_ptr<const host::ControlGroup> find_guest_group(const Core& core, const Run& run);
/// The group that a QEMU runs in, to be removed after its end; null if it has none.
std::shared_ptr<const host::ControlGroup> group_of_process(const Core& core, int pid);
/// The group of a start that was cut off, by the name of its guest's folder (domain-ID-NAME); null if there is none.
std::shared_ptr<const host::ControlGroup> group_of_folder(const Core& core, const std::string& folder);

/// Removes a group, whose last process may have ended a moment ago only. Waits for some seconds, then gives it up.
Task<void> remove_guest_group(Core& core, std::shared_ptr<const host::ControlGroup> group, std::string name);

}  // namespace virtue::qemu
