#include "shell/commands/cpu_map.h"

#include "base/text.h"
#include "protocol/remote/node.h"
#include "shell/commands/object.h"

namespace virtue::shell {

using namespace proc;

constexpr size_t list_max = 1024;  // virsh reads no longer lists

Task<size_t> host_cpus(Context& context) {
    NodeGetCpuMap::Args ask;
    std::optional<NodeGetCpuMap::Ret> map = co_await ask_optional<NodeGetCpuMap>(context, ask);
    if (map && map->ret > 0) co_return static_cast<size_t>(map->ret);
    NodeGetInfo::Args none;
    NodeGetInfo::Ret info = co_await context.call<NodeGetInfo>(none);
    co_return static_cast<size_t>(info.nodes) * static_cast<size_t>(info.sockets) * static_cast<size_t>(info.cores) *
        static_cast<size_t>(info.threads);
}

[[noreturn]] static void invalid(const std::string& list) {
    throw Failure{fmt::format("Invalid cpulist '{}'", list),
                  Error(ErrorCode::invalid_arg, ErrorDomain::none, fmt::format("Failed to parse bitmap '{}'", list))};
}

std::vector<uint8_t> cpu_map(const std::string& list, size_t cpus) {
    std::vector<uint8_t> map((cpus + 7) / 8);
    auto set = [&](size_t cpu, bool on) {
        if (cpu >= list_max) invalid(list);
        if (cpu >= cpus) throw Failure{fmt::format("CPU {} in cpulist '{}' exceed the maxcpu {}", cpu, list, cpus)};
        uint8_t bit = static_cast<uint8_t>(1u << (cpu % 8));
        map[cpu / 8] = static_cast<uint8_t>(on ? map[cpu / 8] | bit : map[cpu / 8] & ~bit);
    };
    if (list == "r") {
        for (size_t cpu = 0; cpu < cpus; cpu++) set(cpu, true);
        return map;
    }
    for (std::string_view part : split(list, ',')) {
        bool on = !part.starts_with('^');
        if (!on) part.remove_prefix(1);
        size_t dash = part.find('-');
        std::optional<size_t> first = parse_number<size_t>(part.substr(0, dash));
        std::optional<size_t> last = dash == part.npos ? first : parse_number<size_t>(part.substr(dash + 1));
        if (!first || !last || *last < *first) invalid(list);
        for (size_t cpu = *first; cpu <= *last; cpu++) set(cpu, on);
    }
    return map;
}

}  // namespace virtue::shell
