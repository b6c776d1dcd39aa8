// The part of NodeCalls that is about the connection and its emulators.
#include <fcntl.h>
#include <netdb.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/kvm.h>

#include <algorithm>

#include <fmt/format.h>

#include "base/fd.h"
#include "base/text.h"
#include "driver/constants.h"
#include "driver/cpu_xml.h"
#include "drivers/qemu/calls/node_calls.h"
#include "drivers/qemu/capabilities/domain_capabilities.h"
#include "drivers/qemu/capabilities/guest_digest.h"
#include "drivers/qemu/capabilities/hypervisor_cpu.h"
#include "drivers/qemu/started.h"
#include "io/offload.h"

namespace virtue::qemu {

namespace {

// Asking the network for the whole name must not hold a client up for long.
constexpr io::Milliseconds name_budget{2000};

// Clients ask for these documents in bursts, and putting one together reads hundreds of small files. What may change in
// them meanwhile (processors switched off, firmware installed) is seen this much later.
constexpr io::Milliseconds documents_stay_good{1000};
constexpr size_t most_documents = 64;

void require_flags(uint32_t flags, uint32_t known, const char* function) {
    if ((flags & ~known) == 0) return;
    throw Error::with_message(ErrorCode::invalid_arg, ErrorDomain::qemu,
                              fmt::format("unsupported flags ({:#x}) in function {}", flags & ~known, function));
}

// The name under which the network knows this host, or the short one.
std::string canonical_name(const std::string& name) {
    addrinfo hints{};
    hints.ai_flags = AI_CANONNAME;
    hints.ai_family = AF_UNSPEC;
    addrinfo* found = nullptr;
    if (::getaddrinfo(name.c_str(), nullptr, &hints, &found) != 0 || found == nullptr) return name;
    std::string canonical = found->ai_canonname != nullptr ? found->ai_canonname : name;
    ::freeaddrinfo(found);
    return canonical.starts_with("localhost") ? name : canonical;
}

int kvm_max_vcpus() {
    const Fd device(::open("/dev/kvm", O_RDWR | O_CLOEXEC));
    if (device.get() < 0) throw Error::from_errno(errno, ErrorDomain::none, "Unable to open /dev/kvm");
    const int most = ::ioctl(device.get(), KVM_CHECK_EXTENSION, KVM_CAP_MAX_VCPUS);
    return most > 0 ? most : std::max(4, ::ioctl(device.get(), KVM_CHECK_EXTENSION, KVM_CAP_NR_VCPUS));
}

bool has_model_table(std::string_view arch) {
    constexpr std::string_view known[] = {"x86_64", "i686",    "ppc64",  "ppc64le", "s390",
                                          "s390x",  "aarch64", "armv6l", "armv7b",  "armv7l"};
    return std::find(std::begin(known), std::end(known), arch) != std::end(known);
}

// Which accelerator a question is about. Throws invalid_arg for one that does not work here.
bool wants_kvm(const QemuCapabilities& capabilities, const std::string& virt_type) {
    const bool kvm = virt_type.empty() ? capabilities.kvm : virt_type == "kvm";
    if ((kvm && !capabilities.kvm) || (!virt_type.empty() && virt_type != "kvm" && virt_type != "qemu")) {
        fail(ErrorCode::invalid_arg, ErrorDomain::qemu, "the accel '{}' is not supported by '{}' on this host",
             kvm ? "kvm" : "tcg", capabilities.binary);
    }
    return kvm;
}

struct Chosen {
    CapabilitiesRef capabilities;
    std::string arch;
    bool kvm = false;
};

// The emulator that a question names or leaves open, as libvirt looks it up.
Task<Chosen> choose(CapabilitiesCache& cache, DomainCapabilitiesRequest request, std::string host_arch,
                    io::Deadline deadline) {
    if (!request.arch.empty() && !driver::is_architecture(request.arch)) {
        fail(ErrorCode::invalid_arg, ErrorDomain::qemu, "unknown architecture: {}", request.arch);
    }
    std::string arch = request.arch.empty() ? host_arch : request.arch;
    std::string binary = request.emulator.empty() ? cache.default_emulator(arch) : request.emulator;
    if (binary.empty()) {
        fail(ErrorCode::config_unsupported, ErrorDomain::qemu, "unable to find any emulator to serve '{}' architecture",
             arch);
    }
    Chosen chosen;
    chosen.capabilities = co_await cache.get(std::move(binary), deadline);
    if (request.arch.empty()) arch = chosen.capabilities->arch;
    chosen.arch = arch;
    if (arch != chosen.capabilities->arch && !(arch == "ppc64le" && chosen.capabilities->arch == "ppc64") &&
        !(arch == "armv6l" && chosen.capabilities->arch == "armv7l")) {
        fail(ErrorCode::invalid_arg, ErrorDomain::qemu,
             "architecture from emulator '{}' doesn't match given architecture '{}'", chosen.capabilities->arch, arch);
    }
    chosen.kvm = wants_kvm(*chosen.capabilities, request.virt_type);
    if (!request.machine.empty() && chosen.capabilities->find_machine(request.machine) == nullptr) {
        fail(ErrorCode::invalid_arg, ErrorDomain::qemu, "the machine '{}' is not supported by emulator '{}'",
             request.machine, chosen.capabilities->binary);
    }
    co_return chosen;
}

}  // namespace

HostIdentity default_identity(const host::SystemFiles& files) {
    HostIdentity identity;
    identity.arch = read_host_facts().host_arch;
    identity.uuid = files.text("/sys/class/dmi/id/product_uuid").value_or("");
    if (identity.uuid.empty()) {
        const std::string id = files.text("/etc/machine-id").value_or("");
        if (id.size() == 32) {
            identity.uuid = fmt::format("{}-{}-{}-{}-{}", id.substr(0, 8), id.substr(8, 4), id.substr(12, 4),
                                        id.substr(16, 4), id.substr(20));
        }
    }
    std::transform(identity.uuid.begin(), identity.uuid.end(), identity.uuid.begin(),
                   [](unsigned char c) { return std::tolower(c); });
    SecurityModel none;
    none.name = "none";
    identity.security.push_back(std::move(none));
    return identity;
}

NodeCalls::NodeCalls(io::Loop& loop, CapabilitiesCache& cache, NodeOptions options)
    : loop_(loop), cache_(cache), options_(std::move(options)), files_(options_.root) {}

void NodeCalls::bind(driver::HandlerTable& on) {
    bind_node(on);
    bind_connect(on);
}

void NodeCalls::bind_connect(driver::HandlerTable& on) {
    on.call<proc::ConnectGetType>(this, &NodeCalls::type);
    on.call<proc::ConnectIsSecure>(this, &NodeCalls::is_secure);
    on.call<proc::ConnectGetVersion>(this, &NodeCalls::version);
    on.call<proc::ConnectGetMaxVcpus>(this, &NodeCalls::max_vcpus);
    on.call<proc::ConnectGetHostname>(this, &NodeCalls::hostname);
    on.call<proc::ConnectGetSysinfo>(this, &NodeCalls::sysinfo);
    on.call<proc::ConnectGetCapabilities>(this, &NodeCalls::capabilities);
    on.call<proc::ConnectGetDomainCapabilities>(this, &NodeCalls::domain_capabilities);
    on.call<proc::ConnectGetCpuModelNames>(this, &NodeCalls::cpu_model_names);
    on.call<proc::ConnectCompareCpu>(this, &NodeCalls::compare);
    on.call<proc::ConnectBaselineCpu>(this, &NodeCalls::baseline);
    on.call<proc::ConnectCompareHypervisorCpu>(this, &NodeCalls::compare_hypervisor);
    on.call<proc::ConnectBaselineHypervisorCpu>(this, &NodeCalls::baseline_hypervisor);
}

proc::ConnectGetType::Ret NodeCalls::type(Call&, wire::Void) {
    return {"QEMU"};
}

// The emulator is always on this side of the socket.
proc::ConnectIsSecure::Ret NodeCalls::is_secure(Call&, wire::Void) {
    return {1};
}

Task<proc::ConnectGetVersion::Ret> NodeCalls::version(Call& call, wire::Void) {
    std::string emulator = cache_.default_emulator(options_.identity.arch);
    if (emulator.empty()) {
        fail(ErrorCode::internal_error, ErrorDomain::qemu, "Cannot find suitable emulator for {}",
             options_.identity.arch);
    }
    CapabilitiesRef capabilities = co_await cache_.get(std::move(emulator), call.deadline);
    proc::ConnectGetVersion::Ret ret;
    ret.hv_ver = static_cast<uint64_t>(capabilities->version);
    co_return ret;
}

proc::ConnectGetMaxVcpus::Ret NodeCalls::max_vcpus(Call&, proc::ConnectGetMaxVcpus::Args args) {
    constexpr int32_t of_emulation = 16;
    std::string type = args.type.value_or("qemu");
    std::transform(type.begin(), type.end(), type.begin(), [](unsigned char c) { return std::tolower(c); });
    if (type == "qemu") return {of_emulation};
    if (type == "kvm") return {kvm_max_vcpus()};
    fail(ErrorCode::invalid_arg, ErrorDomain::qemu, "unknown type '{}'", *args.type);
}

Task<proc::ConnectGetHostname::Ret> NodeCalls::hostname(Call& call, wire::Void) {
    char name[256] = {};
    if (::gethostname(name, sizeof name - 1) != 0) {
        throw Error::from_errno(errno, ErrorDomain::none, "failed to determine host name");
    }
    const std::string own = name;
    proc::ConnectGetHostname::Ret ret;
    ret.hostname = own;
    if (own.starts_with("localhost") || own.find('.') != std::string::npos) co_return ret;
    if (!full_name_ || full_name_->first != own) {
        auto work = [own] { return canonical_name(own); };
        const io::Deadline budget = call.deadline.within(name_budget);
        std::string whole = own;
        try {
            whole = co_await io::offload(loop_, work, budget);
        } catch (const Error&) {
            // Without a network that answers the short name is the name.
        }
        full_name_.emplace(own, whole);
    }
    ret.hostname = full_name_->second;
    co_return ret;
}

Task<proc::ConnectGetSysinfo::Ret> NodeCalls::sysinfo(Call& call, proc::ConnectGetSysinfo::Args args) {
    require_flags(args.flags, 0, "qemuConnectGetSysinfo");
    if (!sysinfo_ && options_.privileged) {
        auto work = [files = files_] {
            const std::vector<host::FirmwareSection> sections = host::read_smbios(files);
            return sections.empty() ? std::string() : sysinfo_xml(sections);
        };
        sysinfo_ = co_await io::offload(loop_, std::move(work), call.deadline);
    }
    if (!sysinfo_ || sysinfo_->empty()) {
        throw Error(ErrorCode::config_unsupported, ErrorDomain::qemu, "Host SMBIOS information is not available");
    }
    proc::ConnectGetSysinfo::Ret ret;
    ret.sysinfo = *sysinfo_;
    co_return ret;
}

bool NodeCalls::Document::is_fresh() const {
    return io::Clock::now() - made < documents_stay_good;
}

Task<std::string> NodeCalls::guests(io::Deadline deadline) {
    const KvmState kvm = co_await cache_.kvm(deadline);
    std::vector<std::pair<std::string, std::string>> emulators = cache_.emulators();
    auto look = [folder = cache_.folder(), emulators, works = kvm.usable] {
        std::string key = guest_digest_key(emulators, works);
        std::optional<std::string> text = read_guest_digest(folder, key);
        return std::pair(std::move(key), std::move(text));
    };
    const std::pair<std::string, std::optional<std::string>> kept =
        co_await io::offload(loop_, std::move(look), deadline);
    if (kept.second) co_return *kept.second;
    std::vector<std::pair<std::string, Started<CapabilitiesRef>>> asked;
    for (const auto& [arch, binary] : emulators) {
        if (!binary.empty()) asked.emplace_back(arch, Started<CapabilitiesRef>(loop_, cache_.get(binary, deadline)));
    }
    std::vector<GuestEmulator> found;
    for (auto& [arch, emulator] : asked) {
        try {
            CapabilitiesRef capabilities = co_await emulator.join();
            found.push_back({arch, std::move(capabilities)});
        } catch (const Error&) {
            // An emulator that does not start offers no guests, and may do so the next time.
        }
    }
    std::string text = guests_xml(found);
    const bool is_whole = found.size() == asked.size();
    found.clear();
    asked.clear();
    cache_.forget_unused(cache_.default_emulator(options_.identity.arch));
    auto keep = [folder = cache_.folder(), key = kept.first, text] { write_guest_digest(folder, key, text); };
    if (is_whole) co_await io::offload(loop_, std::move(keep), deadline);
    co_return text;
}

Task<proc::ConnectGetCapabilities::Ret> NodeCalls::capabilities(Call& call, wire::Void) {
    proc::ConnectGetCapabilities::Ret ret;
    if (capabilities_ && capabilities_->is_fresh()) {
        ret.capabilities = capabilities_->text;
        co_return ret;
    }
    // A machine with hundreds of processors has thousands of these small files. They are read and the emulators that
    // are not known yet are probed, all side by side.
    auto work = [files = files_, identity = options_.identity] { return host_xml(files, identity); };
    Started<std::string> host_part(loop_, io::offload(loop_, std::move(work), call.deadline));
    const std::string guest_part = co_await guests(call.deadline);
    const std::string host = co_await host_part.join();
    ret.capabilities = fmt::format("<capabilities>\n\n{}\n{}</capabilities>\n", host, guest_part);
    capabilities_ = Document{ret.capabilities, io::Clock::now()};
    co_return ret;
}

Task<proc::ConnectGetDomainCapabilities::Ret> NodeCalls::domain_capabilities(
    Call& call, proc::ConnectGetDomainCapabilities::Args args) {
    require_flags(args.flags, 0, "qemuConnectGetDomainCapabilities");
    DomainCapabilitiesRequest request{args.emulatorbin.value_or(""), args.arch.value_or(""), args.machine.value_or(""),
                                      args.virttype.value_or("")};
    std::string key = fmt::format("{}\n{}\n{}\n{}", request.emulator, request.arch, request.machine, request.virt_type);
    proc::ConnectGetDomainCapabilities::Ret ret;
    if (auto known = domain_capabilities_.find(key); known != domain_capabilities_.end() && known->second.is_fresh()) {
        ret.capabilities = known->second.text;
        co_return ret;
    }
    auto read = [] { return read_host_facts(); };
    HostFacts facts = co_await io::offload(loop_, read, call.deadline);
    ret.capabilities = co_await qemu::domain_capabilities(cache_, std::move(request), std::move(facts), call.deadline);
    if (domain_capabilities_.size() >= most_documents) domain_capabilities_.clear();
    domain_capabilities_[std::move(key)] = Document{ret.capabilities, io::Clock::now()};
    co_return ret;
}

proc::ConnectGetCpuModelNames::Ret NodeCalls::cpu_model_names(Call&, proc::ConnectGetCpuModelNames::Args args) {
    require_flags(args.flags, 0, "qemuConnectGetCPUModelNames");
    if (!driver::is_architecture(args.arch)) {
        fail(ErrorCode::invalid_arg, ErrorDomain::qemu, "cannot find architecture {}", args.arch);
    }
    if (!has_model_table(args.arch)) {
        fail(ErrorCode::no_support, ErrorDomain::cpu, "'{}' architecture is not supported by CPU driver", args.arch);
    }
    const std::vector<std::string_view> names = host::cpu_model_names(args.arch);
    proc::ConnectGetCpuModelNames::Ret ret;
    ret.ret = static_cast<int32_t>(names.size());
    if (args.need_results != 0) ret.models.assign(names.begin(), names.end());
    return ret;
}

proc::ConnectCompareCpu::Ret NodeCalls::compare(Call&, proc::ConnectCompareCpu::Args args) {
    constexpr uint32_t known = api::connect_compare_cpu_fail_incompatible | api::connect_compare_cpu_validate_xml;
    require_flags(args.flags, known, "qemuConnectCompareCPU");
    if (!host_cpu_) host_cpu_ = host_cpu(options_.identity.arch);
    const bool validate = (args.flags & api::connect_compare_cpu_validate_xml) != 0;
    const bool explain = (args.flags & api::connect_compare_cpu_fail_incompatible) != 0;
    const host::CpuDescription wanted = driver::read_cpu(args.xml, driver::CpuElement::automatic, validate);
    return {static_cast<int32_t>(host::compare_cpu(*host_cpu_, wanted, explain))};
}

constexpr uint32_t baseline_flags = api::connect_baseline_cpu_expand_features | api::connect_baseline_cpu_migratable;

proc::ConnectBaselineCpu::Ret NodeCalls::baseline(Call&, proc::ConnectBaselineCpu::Args args) {
    require_flags(args.flags, baseline_flags, "qemuConnectBaselineCPU");
    if (args.xml_cpus.empty()) {
        throw Error::with_message(ErrorCode::invalid_arg, ErrorDomain::domain,
                                  "xmlCPUs in virConnectBaselineCPU must not be NULL");
    }
    return {driver::baseline_of_hosts(args.xml_cpus, args.flags)};
}

Task<proc::ConnectCompareHypervisorCpu::Ret> NodeCalls::compare_hypervisor(
    Call& call, proc::ConnectCompareHypervisorCpu::Args args) {
    constexpr uint32_t known = api::connect_compare_cpu_fail_incompatible | api::connect_compare_cpu_validate_xml;
    require_flags(args.flags, known, "qemuConnectCompareHypervisorCPU");
    DomainCapabilitiesRequest request{args.emulator.value_or(""), args.arch.value_or(""), args.machine.value_or(""),
                                      args.virttype.value_or("")};
    Chosen chosen = co_await choose(cache_, std::move(request), options_.identity.arch, call.deadline);
    const HypervisorCpu cpu{*chosen.capabilities, chosen.arch, chosen.kvm};
    proc::ConnectCompareHypervisorCpu::Ret ret;
    ret.result = static_cast<int32_t>(cpu.compare(args.xml_cpu, args.flags));
    co_return ret;
}

Task<proc::ConnectBaselineHypervisorCpu::Ret> NodeCalls::baseline_hypervisor(
    Call& call, proc::ConnectBaselineHypervisorCpu::Args args) {
    require_flags(args.flags, baseline_flags, "qemuConnectBaselineHypervisorCPU");
    if (args.xml_cpus.empty()) {
        throw Error::with_message(ErrorCode::invalid_arg, ErrorDomain::domain,
                                  "xmlCPUs in virConnectBaselineHypervisorCPU must not be NULL");
    }
    DomainCapabilitiesRequest request{args.emulator.value_or(""), args.arch.value_or(""), args.machine.value_or(""),
                                      args.virttype.value_or("")};
    Chosen chosen = co_await choose(cache_, std::move(request), options_.identity.arch, call.deadline);
    const HypervisorCpu cpu{*chosen.capabilities, chosen.arch, chosen.kvm};
    proc::ConnectBaselineHypervisorCpu::Ret ret;
    ret.cpu = cpu.baseline(args.xml_cpus, args.flags);
    co_return ret;
}

}  // namespace virtue::qemu
