// CPU sets as people write them, for the commands that pin. Loop thread only.
#pragma once
#include <string>
#include <vector>

#include "io/task.h"

namespace virtue::shell {

class Context;

/// How many CPUs the host has, or could have.
Task<size_t> host_cpus(Context& context);
/// "0-3,^2", or "r" for all, as a map of `cpus` CPUs. Throws Failure.
std::vector<uint8_t> cpu_map(const std::string& list, size_t cpus);

}  // namespace virtue::shell
