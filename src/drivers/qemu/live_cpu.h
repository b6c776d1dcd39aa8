// The CPU that a running guest really has, written into its live definition: what QEMU added to the model that was
// asked for and what it took away, as libvirt shows it. Plain functions over the model; any thread.
#pragma once
#include <optional>
#include <string_view>

#include "drivers/qemu/capabilities/capabilities.h"
#include "drivers/qemu/monitor/json.h"

namespace virtue::model {
struct Cpu;
struct Domain;
}  // namespace virtue::model

namespace virtue::qemu {

/// The CPU that a start asks QEMU for: mode "host-model" and a least model (match='minimum') become the model that they
/// stand for with this QEMU, optional features are there or not, and what a model lost since it came is named. Other
/// architectures than x86 know no such thing.
model::Cpu settled_cpu(model::Cpu cpu, const AcceleratorCapabilities& accelerator, std::string_view arch);

/// Writes it into a live definition and forbids any other model from now on: the guest must keep its CPU for as long as
/// it runs.
void settle_cpu(model::Domain& domain, const QemuCapabilities& capabilities);

/// The arguments of query-cpu-model-expansion that tell the features of this guest's CPU: one question where the CPU
/// object itself would have to be asked for each of its some 400 properties. Nothing where the definition stays as it
/// is (no x86, no named model).
std::optional<Json> cpu_question(const model::Domain& domain);

/// Enters QEMU's answer. Throws operation_failed when the definition demands that nothing differs (check='full') and
/// something does.
void take_cpu(model::Domain& domain, const Json& answer);

}  // namespace virtue::qemu
