#include "drivers/qemu/calls/host_calls.h"

#include <unistd.h>

#include "drivers/qemu/calls/support.h"
#include "drivers/qemu/capabilities/domain_capabilities.h"

namespace virtue::qemu {

void HostCalls::bind(driver::HandlerTable& on) {
    on.call<proc::ConnectGetType>(this, &HostCalls::type);
    on.call<proc::ConnectGetVersion>(this, &HostCalls::version);
    on.call<proc::ConnectGetMaxVcpus>(this, &HostCalls::max_vcpus);
    on.call<proc::ConnectGetHostname>(this, &HostCalls::hostname);
    on.call<proc::ConnectIsSecure>(this, &HostCalls::is_secure);
    on.call<proc::ConnectGetDomainCapabilities>(this, &HostCalls::domain_capabilities);
}

proc::ConnectGetType::Ret HostCalls::type(driver::Call&, wire::Void) {
    proc::ConnectGetType::Ret ret;
    ret.type = "QEMU";
    return ret;
}

Task<proc::ConnectGetVersion::Ret> HostCalls::version(driver::Call& call, wire::Void) {
    std::string emulator = core_.capabilities.default_emulator("x86_64");
    proc::ConnectGetVersion::Ret ret;
    if (emulator.empty()) co_return ret;
    CapabilitiesRef capabilities = co_await core_.capabilities.get(emulator, call.deadline);
    ret.hv_ver = static_cast<uint64_t>(capabilities->version);
    co_return ret;
}

Task<proc::ConnectGetMaxVcpus::Ret> HostCalls::max_vcpus(driver::Call& call, proc::ConnectGetMaxVcpus::Args args) {
    std::string type = args.type.value_or("qemu");
    proc::ConnectGetMaxVcpus::Ret ret;
    if (type == "qemu" || type == "QEMU") {
        ret.max_vcpus = 16;
        co_return ret;
    }
    if (type != "kvm" && type != "KVM") {
        fail(ErrorCode::invalid_arg, ErrorDomain::qemu, "unknown type '{}'", type);
    }
    KvmState state = co_await core_.capabilities.kvm(call.deadline);
    if (!state.usable) {
        throw Error(ErrorCode::invalid_arg, ErrorDomain::qemu, "unknown type 'kvm'",
                    "KVM is not to be used: " + state.reason);
    }
    ret.max_vcpus = static_cast<int32_t>(std::max(16L, ::sysconf(_SC_NPROCESSORS_ONLN)));
    co_return ret;
}

proc::ConnectGetHostname::Ret HostCalls::hostname(driver::Call&, wire::Void) {
    char name[256] = {};
    if (::gethostname(name, sizeof name - 1) != 0) {
        throw Error::from_errno(errno, ErrorDomain::none, "failed to determine host name");
    }
    proc::ConnectGetHostname::Ret ret;
    ret.hostname = name;
    return ret;
}

proc::ConnectIsSecure::Ret HostCalls::is_secure(driver::Call&, wire::Void) {
    proc::ConnectIsSecure::Ret ret;
    ret.secure = 1;
    return ret;
}

Task<proc::ConnectGetDomainCapabilities::Ret> HostCalls::domain_capabilities(
    driver::Call& call, proc::ConnectGetDomainCapabilities::Args args) {
    require_flags(args.flags, 0, "qemuConnectGetDomainCapabilities");
    DomainCapabilitiesRequest request{args.emulatorbin.value_or(""), args.arch.value_or(""), args.machine.value_or(""),
                                      args.virttype.value_or("")};
    std::string binary = request.emulator;
    if (binary.empty()) binary = core_.capabilities.default_emulator(request.arch.empty() ? "x86_64" : request.arch);
    if (binary.empty()) {
        fail(ErrorCode::invalid_arg, ErrorDomain::qemu, "unable to find any emulator to serve '{}' architecture",
             request.arch);
    }
    CapabilitiesRef capabilities = co_await core_.capabilities.get(binary, call.deadline);
    HostFacts host;
    host.host_arch = "x86_64";
    for (const char* loader : {"/usr/share/OVMF/OVMF_CODE.fd", "/usr/share/OVMF/OVMF_CODE.secboot.fd",
                               "/usr/share/AAVMF/AAVMF_CODE.fd", "/usr/share/AAVMF/AAVMF32_CODE.fd"}) {
        if (::access(loader, F_OK) == 0) host.firmwares.emplace_back(loader);
    }
    proc::ConnectGetDomainCapabilities::Ret ret;
    ret.capabilities = domain_capabilities_xml(request, *capabilities, host);
    co_return ret;
}

}  // namespace virtue::qemu
