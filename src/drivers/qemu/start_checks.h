// What a definition may say and a start refuses: what depends on this host and this QEMU at the moment. The same for
// domxml-to-native. Plain functions over the model; any thread.
#pragma once
#include "drivers/qemu/capabilities/capabilities.h"
#include "drivers/qemu/settings.h"

namespace virtue::model {
struct Domain;
}

namespace virtue::qemu {

/// Throws libvirt's codes for what this QEMU cannot run: CPU modes and models, …
void require_startable(const model::Domain& domain, const QemuCapabilities& capabilities);
/// A CPU that the definition wants checked is checked against all that the emulator can show. A command line that is
/// only shown needs none of it. Throws cpu_incompatible with what is lacking.
void require_cpu_fits(const model::Domain& domain, const QemuCapabilities& capabilities);

/// What libvirt looks at before a start counts as begun. Throws internal_error for a definition that could not be read
/// again as it is written, config_unsupported for CPU features and security models that nobody knows.
void require_copyable(const model::Domain& domain);

/// Chooses the firmware of <os firmware='efi'> from this host's descriptions. Throws operation_failed if none fits.
void prepare_firmware(const Settings& settings, model::Domain& domain);

}  // namespace virtue::qemu
