// The CPU that a running guest really has, written into its live definition: what QEMU added to the model that was
// asked for and what it took away, as libvirt shows it. Plain functions over the model; any thread.
#pragma once
#include <optional>

#include "drivers/qemu/capabilities/capabilities.h"
#include "drivers/qemu/monitor/json.h"

namespace virtue::model {
struct Domain;
}

namespace virtue::qemu {

/// Replaces mode "host-model" by the model that it stands for with this QEMU, and forbids any other from now on: the
/// guest must keep its CPU for as long as it runs.
void settle_cpu(model::Domain& domain, const QemuCapabilities& capabilities);

/// The arguments of query-cpu-model-expansion that tell the features of this guest's CPU: one question where the CPU
/// object itself would have to be asked for each of its some 400 properties. Nothing where the definition stays as it
/// is (no x86, no named model).
std::optional<Json> cpu_question(const model::Domain& domain);

/// Enters QEMU's answer. Throws operation_failed when the definition demands that nothing differs (check='full') and
/// something does.
void take_cpu(model::Domain& domain, const Json& answer);

}  // namespace virtue::qemu
