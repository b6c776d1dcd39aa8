// Running the host's storage tools as awaited children. Loop thread only.
#pragma once
#include <string>
#include <vector>

#include "base/fd.h"
#include "drivers/storage/kind.h"
#include "io/process.h"

namespace virtue::storage {

/// Runs a tool to its end and returns what it printed. Secrets go by descriptor (number 3 and on in the child), never
/// by argument. Throws operation_unsupported when the tool is not installed, internal_error with what it said when it
/// failed, operation_aborted when the caller went away (the tool is ended then).
Task<std::string> run_tool(Context context, std::vector<std::string> arguments, std::vector<Fd> secrets = {});
/// The same without judging how it ended.
Task<io::CommandResult> try_tool(Context context, std::vector<std::string> arguments);
/// True if a program of that name is in the search path.
bool has_tool(const std::string& name);

/// A value in memory that only a child sees. Throws system_error.
Fd secret_in_memory(const std::vector<uint8_t>& value);

}  // namespace virtue::storage
