// The emulator behind a guest's <tpm><backend type='emulator'/>: swtpm, a process of its own for each run, with its
// state in a folder of the guest's that outlives runs. Loop thread only.
#pragma once
#include <string>

#include "drivers/qemu/core.h"

namespace virtue::qemu {

/// Starts the emulator of a guest that has one; its first start makes the state (keys and certificates). It listens on
/// the socket that the command line names, and ends when QEMU does. The process is the run's. Throws
/// config_unsupported without the programs, internal_error with what they print.
Task<void> start_tpm_emulator(Core& core, Run& run, io::Deadline deadline);

/// Ends the emulator if it still runs, and removes its socket.
void stop_tpm_emulator(Core& core, Run& run);

/// The socket of the emulator of a run; empty if the guest has none.
std::string tpm_socket_path(const Core& core, const Run& run);

/// Folder of the states of a guest; removed with its definition.
std::string tpm_state_folder(const Settings& settings, const Uuid& uuid);

}  // namespace virtue::qemu
