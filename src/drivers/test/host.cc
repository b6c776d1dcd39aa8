#include "drivers/test/host.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "drivers/test/instance.h"
#include "drivers/test/refusals.h"
#include "host/cpu_map.h"
#include "protocol/remote/connect.h"
#include "protocol/remote/domain_stats.h"
#include "protocol/remote/node.h"
#include "xml/writer.h"

namespace virtue::test {
namespace {

struct Cell {
    uint64_t memory;  // KiB
    uint64_t small_page;
    uint64_t small_page_count;
};
constexpr Cell cells[] = {{2097152, 4, 524288}, {4194304, 8, 524288}};
constexpr unsigned cpus_of_cell = 8;
constexpr uint64_t large_pages[] = {2048, 1048576};

template <typename... Attributes>
void element(xml::Writer& w, const char* name, Attributes... attributes) {
    w.begin(name);
    (w.attribute(attributes.first, attributes.second), ...);
    w.end();
}

using A = std::pair<const char*, std::string>;

void write_pages(xml::Writer& w, uint64_t size, const uint64_t* count) {
    w.begin("pages");
    w.attribute("unit", "KiB");
    w.attribute("size", std::to_string(size));
    if (count) w.text(std::to_string(*count));
    w.end();
}

void write_cell(xml::Writer& w, unsigned id) {
    const Cell& cell = cells[id];
    const uint64_t none = 0;
    w.begin("cell");
    w.attribute("id", std::to_string(id));
    w.begin("memory");
    w.attribute("unit", "KiB");
    w.text(std::to_string(cell.memory));
    w.end();
    write_pages(w, cell.small_page, &cell.small_page_count);
    for (uint64_t size : large_pages) write_pages(w, size, &none);
    w.begin("cpus");
    w.attribute("num", std::to_string(cpus_of_cell));
    for (unsigned i = 0; i < cpus_of_cell; i++) {
        std::string cpu = std::to_string(id * cpus_of_cell + i);
        element(w, "cpu", A("id", cpu), A("socket_id", std::to_string(id)), A("die_id", "0"),
                A("core_id", std::to_string(i)), A("siblings", cpu));
    }
    w.end();
    w.end();
}

std::string host_part(const Host& host) {
    xml::Writer w(1);
    w.begin("host");
    w.begin("cpu");
    w.begin("arch");
    w.text("i686");
    w.end();
    w.begin("features");
    element(w, "pae");
    element(w, "nonpae");
    w.end();
    for (const Cell& cell : cells) write_pages(w, cell.small_page, nullptr);
    for (uint64_t size : large_pages) write_pages(w, size, nullptr);
    w.end();
    element(w, "power_management");
    element(w, "iommu", A("support", "no"));
    w.begin("topology");
    if (host.has_cells) {
        w.begin("cells");
        w.attribute("num", "2");
        for (unsigned id : {0u, 1u}) write_cell(w, id);
        w.end();
    } else {
        w.raw("cells", "<cells num='0'>\n      </cells>");
    }
    w.end();
    // libvirt writes the empty <doi> with both tags; the writer would shorten it.
    w.raw("secmodel", "<secmodel>\n      <model>testSecurity</model>\n      <doi></doi>\n    </secmodel>");
    w.end();
    return w.take();
}

std::string guest_part(const char* os_type) {
    xml::Writer w(1);
    w.begin("guest");
    w.begin("os_type");
    w.text(os_type);
    w.end();
    w.begin("arch");
    w.attribute("name", "i686");
    w.begin("wordsize");
    w.text("32");
    w.end();
    w.begin("emulator");
    w.text("/usr/bin/test-hv");
    w.end();
    element(w, "domain", A("type", "test"));
    w.end();
    w.begin("features");
    element(w, "pae");
    element(w, "nonpae");
    w.end();
    w.end();
    return w.take();
}

proc::ConnectGetType::Ret get_type(Instance&, proc::ConnectGetType::Args) {
    proc::ConnectGetType::Ret ret;
    ret.type = "TEST";
    return ret;
}

proc::ConnectGetVersion::Ret get_version(Instance&, proc::ConnectGetVersion::Args) {
    proc::ConnectGetVersion::Ret ret;
    ret.hv_ver = 2;
    return ret;
}

proc::ConnectGetHostname::Ret get_hostname(Instance&, proc::ConnectGetHostname::Args) {
    char name[256] = {};
    if (gethostname(name, sizeof(name) - 1) != 0) throw Error::from_errno(errno, here, "cannot read the host's name");
    proc::ConnectGetHostname::Ret ret;
    ret.hostname = name;
    return ret;
}

proc::ConnectGetMaxVcpus::Ret get_max_vcpus(Instance&, proc::ConnectGetMaxVcpus::Args) {
    proc::ConnectGetMaxVcpus::Ret ret;
    ret.max_vcpus = max_vcpus;
    return ret;
}

proc::ConnectGetCapabilities::Ret get_capabilities(Instance& in, proc::ConnectGetCapabilities::Args) {
    proc::ConnectGetCapabilities::Ret ret;
    ret.capabilities = capabilities(in.host);
    return ret;
}

proc::ConnectGetSysinfo::Ret get_sysinfo(Instance&, proc::ConnectGetSysinfo::Args args) {
    check_flags(args.flags, 0, "testConnectGetSysinfo");
    constexpr std::pair<const char*, const char*> entries[] = {
        {"vendor", "LENOVO"}, {"version", "G4ETA1WW (2.61 )"}, {"date", "05/07/2014"}, {"release", "2.61"}};
    xml::Writer w;
    w.begin("sysinfo");
    w.attribute("type", "smbios");
    w.begin("bios");
    for (const auto& [name, value] : entries) {
        w.begin("entry");
        w.attribute("name", name);
        w.text(value);
        w.end();
    }
    w.end();
    w.end();
    proc::ConnectGetSysinfo::Ret ret;
    ret.sysinfo = w.take();
    return ret;
}

proc::ConnectGetCpuModelNames::Ret get_cpu_models(Instance&, proc::ConnectGetCpuModelNames::Args args) {
    check_flags(args.flags, 0, "testConnectGetCPUModelNames");
    if (!is_architecture(args.arch)) refuse(ErrorCode::invalid_arg, "cannot find architecture {}", args.arch);
    proc::ConnectGetCpuModelNames::Ret ret;
    std::vector<std::string_view> names = host::cpu_model_names(args.arch);
    ret.ret = static_cast<int32_t>(names.size());
    if (args.need_results) ret.models.assign(names.begin(), names.end());
    return ret;
}

proc::ConnectSupportsFeature::Ret supports_feature(Instance&, proc::ConnectSupportsFeature::Args args) {
    // virDrvFeature: typed parameters with strings, the right order of virNetworkUpdate's arguments.
    constexpr int32_t typed_strings = 9;
    constexpr int32_t network_update_order = 16;
    proc::ConnectSupportsFeature::Ret ret;
    ret.supported = args.feature == typed_strings || args.feature == network_update_order;
    return ret;
}

proc::ConnectIsSecure::Ret is_secure(Instance&, proc::ConnectIsSecure::Args) {
    proc::ConnectIsSecure::Ret ret;
    ret.secure = 1;
    return ret;
}

proc::NodeGetInfo::Ret get_node_info(Instance& in, proc::NodeGetInfo::Args) {
    const Host& host = in.host;
    proc::NodeGetInfo::Ret ret;
    ret.model = decltype(ret.model)(host.model);
    ret.memory = host.memory;
    ret.cpus = static_cast<int32_t>(host.cpus);
    ret.mhz = static_cast<int32_t>(host.mhz);
    ret.nodes = static_cast<int32_t>(host.nodes);
    ret.sockets = static_cast<int32_t>(host.sockets);
    ret.cores = static_cast<int32_t>(host.cores);
    ret.threads = static_cast<int32_t>(host.threads);
    return ret;
}

proc::NodeGetFreeMemory::Ret get_free_memory(Instance& in, proc::NodeGetFreeMemory::Args) {
    proc::NodeGetFreeMemory::Ret ret;
    // Half of it is in use, always.
    if (in.host.has_cells)
        for (const Cell& cell : cells) ret.free_mem += cell.memory / 2;
    return ret;
}

proc::NodeGetCellsFreeMemory::Ret get_cells_free(Instance& in, proc::NodeGetCellsFreeMemory::Args args) {
    const int32_t count = in.host.has_cells ? 2 : 0;
    if (args.start_cell < 0 || args.start_cell >= count)
        refuse(ErrorCode::invalid_arg, "Range exceeds available cells");
    proc::NodeGetCellsFreeMemory::Ret ret;
    for (int32_t i = args.start_cell; i < count && i - args.start_cell < args.maxcells; i++)
        ret.cells.push_back(cells[i].memory);
    return ret;
}

/// Made-up figures that count up, cell by cell, page size by page size.
proc::NodeGetFreePages::Ret get_free_pages(Instance&, proc::NodeGetFreePages::Args args) {
    check_flags(args.flags, 0, "testNodeGetFreePages");
    proc::NodeGetFreePages::Ret ret;
    const uint64_t wanted = uint64_t{args.cell_count} * args.pages.size();
    if (wanted > ret.counts.max)
        fail(ErrorCode::internal_error, ErrorDomain::rpc, "{} page counts do not fit into an answer, which holds {}",
             wanted, ret.counts.max);
    for (uint64_t i = 0; i < wanted; i++) ret.counts.push_back(42 + i);
    return ret;
}

proc::NodeGetCpuMap::Ret get_cpu_map(Instance&, proc::NodeGetCpuMap::Args args) {
    check_flags(args.flags, 0, "testNodeGetCPUMap");
    proc::NodeGetCpuMap::Ret ret;
    if (args.need_map) ret.cpumap.push_back(0x15);  // CPUs 0, 2 and 4
    if (args.need_online) ret.online = 3;
    ret.ret = host_cpu_count;
    return ret;
}

proc::NodeGetCpuStats::Ret get_cpu_stats(Instance&, proc::NodeGetCpuStats::Args args) {
    check_flags(args.flags, 0, "testNodeGetCPUStats");
    constexpr std::pair<const char*, uint64_t> figures[] = {
        {"user", 9797400000}, {"kernel", 34678723400000}, {"idle", 87264900000}, {"iowait", 763600000}};
    proc::NodeGetCpuStats::Ret ret;
    ret.nparams = static_cast<int32_t>(std::size(figures));
    if (args.nparams == 0) return ret;
    for (const auto& [field, value] : figures) {
        if (ret.params.size() >= static_cast<size_t>(std::max(args.nparams, 0))) break;
        ret.params.push_back({field, value});
    }
    ret.nparams = static_cast<int32_t>(ret.params.size());
    return ret;
}

proc::NodeGetSecurityModel::Ret get_security_model(Instance&, proc::NodeGetSecurityModel::Args) {
    proc::NodeGetSecurityModel::Ret ret;
    ret.model = decltype(ret.model)::with_nul("testSecurity");
    ret.doi = decltype(ret.doi)::with_nul("");
    return ret;
}

}  // namespace

bool is_architecture(std::string_view name) {
    constexpr std::string_view names[] = {
        "alpha",    "armv6l", "armv7l",     "armv7b",       "aarch64",    "cris",    "i686",    "ia64",
        "lm32",     "m68k",   "microblaze", "microblazeel", "mips",       "mipsel",  "mips64",  "mips64el",
        "openrisc", "parisc", "parisc64",   "ppc",          "ppc64",      "ppc64le", "ppcemb",  "riscv32",
        "riscv64",  "s390",   "s390x",      "sh4",          "sh4eb",      "sparc",   "sparc64", "unicore32",
        "x86_64",   "xtensa", "xtensaeb",   "itanium",      "loongarch64"};
    return std::find(std::begin(names), std::end(names), name) != std::end(names);
}

std::string capabilities(const Host& host) {
    return "<capabilities>\n\n" + host_part(host) + "\n" + guest_part("hvm") + "\n" + guest_part("xen") +
           "\n</capabilities>\n";
}

void bind_host(Instance& in) {
    driver::HandlerTable& on = in.hypervisor;
    bind<proc::ConnectGetType>(on, in, get_type);
    bind<proc::ConnectGetVersion>(on, in, get_version);
    bind<proc::ConnectGetHostname>(on, in, get_hostname);
    bind<proc::ConnectGetMaxVcpus>(on, in, get_max_vcpus);
    bind<proc::ConnectGetCapabilities>(on, in, get_capabilities);
    bind<proc::ConnectGetSysinfo>(on, in, get_sysinfo);
    bind<proc::ConnectGetCpuModelNames>(on, in, get_cpu_models);
    bind<proc::ConnectSupportsFeature>(on, in, supports_feature);
    bind<proc::ConnectIsSecure>(on, in, is_secure);
    bind<proc::NodeGetInfo>(on, in, get_node_info);
    bind<proc::NodeGetFreeMemory>(on, in, get_free_memory);
    bind<proc::NodeGetCellsFreeMemory>(on, in, get_cells_free);
    bind<proc::NodeGetFreePages>(on, in, get_free_pages);
    bind<proc::NodeGetCpuMap>(on, in, get_cpu_map);
    bind<proc::NodeGetCpuStats>(on, in, get_cpu_stats);
    bind<proc::NodeGetSecurityModel>(on, in, get_security_model);
}

}  // namespace virtue::test
