// Calls that the host itself answers: its processors, memory, pages, firmware, name, capabilities, and the comparing
// of CPUs. Needs no guests. Owned by QemuDriver; loop thread only.
#pragma once
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "driver/handler_table.h"
#include "drivers/qemu/capabilities/cache.h"
#include "drivers/qemu/capabilities/host_documents.h"
#include "host/system_files.h"
#include "protocol/remote/connect.h"
#include "protocol/remote/node.h"

namespace virtue::qemu {

/// What the calls need to know; set once.
struct NodeOptions {
    HostIdentity identity;    ///< for the capabilities
    bool privileged = false;  ///< the system instance: only that may read the firmware's tables
    std::string root;         ///< stands before /proc and /sys, for tests
};

/// The identity of this host as far as it is not configured: architecture, and what the firmware or the machine id
/// says of its UUID.
HostIdentity default_identity(const host::SystemFiles& files);

/// The calls virNode* and the virConnect* that are about host and emulator.
class NodeCalls {
public:
    NodeCalls(io::Loop& loop, CapabilitiesCache& cache, NodeOptions options);
    void bind(driver::HandlerTable& on);

private:
    using Call = driver::Call;
    proc::NodeGetInfo::Ret info(Call&, wire::Void);
    proc::NodeGetCpuMap::Ret cpu_map(Call&, proc::NodeGetCpuMap::Args args);
    proc::NodeGetCpuStats::Ret cpu_stats(Call&, proc::NodeGetCpuStats::Args args);
    proc::NodeGetMemoryStats::Ret memory_stats(Call&, proc::NodeGetMemoryStats::Args args);
    proc::NodeGetFreeMemory::Ret free_memory(Call&, wire::Void);
    proc::NodeGetCellsFreeMemory::Ret cells_free_memory(Call&, proc::NodeGetCellsFreeMemory::Args args);
    proc::NodeGetFreePages::Ret free_pages(Call&, proc::NodeGetFreePages::Args args);
    Task<proc::NodeAllocPages::Ret> alloc_pages(Call& call, proc::NodeAllocPages::Args args);
    proc::NodeGetMemoryParameters::Ret memory_parameters(Call&, proc::NodeGetMemoryParameters::Args args);
    Task<wire::Void> set_memory_parameters(Call& call, proc::NodeSetMemoryParameters::Args args);
    Task<wire::Void> suspend(Call& call, proc::NodeSuspendForDuration::Args args);
    proc::NodeGetSevInfo::Ret sev_info(Call&, proc::NodeGetSevInfo::Args args);
    proc::NodeGetSecurityModel::Ret security_model(Call&, wire::Void);

    proc::ConnectGetType::Ret type(Call&, wire::Void);
    proc::ConnectIsSecure::Ret is_secure(Call&, wire::Void);
    Task<proc::ConnectGetVersion::Ret> version(Call& call, wire::Void);
    proc::ConnectGetMaxVcpus::Ret max_vcpus(Call&, proc::ConnectGetMaxVcpus::Args args);
    Task<proc::ConnectGetHostname::Ret> hostname(Call& call, wire::Void);
    Task<proc::ConnectGetSysinfo::Ret> sysinfo(Call& call, proc::ConnectGetSysinfo::Args args);
    Task<proc::ConnectGetCapabilities::Ret> capabilities(Call& call, wire::Void);
    Task<proc::ConnectGetDomainCapabilities::Ret> domain_capabilities(Call& call,
                                                                      proc::ConnectGetDomainCapabilities::Args args);
    proc::ConnectGetCpuModelNames::Ret cpu_model_names(Call&, proc::ConnectGetCpuModelNames::Args args);
    proc::ConnectCompareCpu::Ret compare(Call&, proc::ConnectCompareCpu::Args args);
    proc::ConnectBaselineCpu::Ret baseline(Call&, proc::ConnectBaselineCpu::Args args);
    Task<proc::ConnectCompareHypervisorCpu::Ret> compare_hypervisor(Call& call,
                                                                    proc::ConnectCompareHypervisorCpu::Args args);
    Task<proc::ConnectBaselineHypervisorCpu::Ret> baseline_hypervisor(Call& call,
                                                                      proc::ConnectBaselineHypervisorCpu::Args args);

    void bind_node(driver::HandlerTable& on);
    void bind_connect(driver::HandlerTable& on);
    int last_cell(int32_t start_cell, uint32_t count, bool whole_host_allowed) const;

    /// The <guest> elements of the capabilities.
    Task<std::string> guests(io::Deadline deadline);

    /// A document of capabilities and when it was put together.
    struct Document {
        std::string text;
        io::TimePoint made;
        bool is_fresh() const;
    };

    io::Loop& loop_;
    CapabilitiesCache& cache_;
    const NodeOptions options_;
    const host::SystemFiles files_;
    std::optional<host::CpuDescription> host_cpu_;  // the CPU does not change
    std::optional<Document> capabilities_;
    std::map<std::string, Document> domain_capabilities_;           // by what was asked for
    std::optional<std::string> sysinfo_;                            // nor does the firmware
    std::optional<std::pair<std::string, std::string>> full_name_;  // of the host, by its short name
};

}  // namespace virtue::qemu
