#include <doctest/doctest.h>

#include "protocol/registry.h"
#include "protocol/remote/connect.h"
#include "protocol/remote/domain_define.h"
#include "protocol/remote/domain_guest.h"
#include "protocol/remote/domain_lifecycle.h"

using namespace virtue;
using namespace virtue::proc;

namespace {

const ProcedureInfo& named(std::string_view name, Program program = Program::remote) {
    for (const ProcedureInfo& one : all(program))
        if (one.name == name) return one;
    FAIL("no procedure " << name);
    return all(program).front();
}

void check_denied(const ProcedureInfo& procedure, const ConditionInput& in, ErrorDomain domain) {
    try {
        require_writable(procedure, in);
        FAIL_CHECK(procedure.name << " was allowed");
    } catch (const Error& error) {
        CHECK(error.code() == ErrorCode::operation_denied);
        CHECK(error.domain() == domain);
        CHECK(error.message() == "operation forbidden: read only access prevents " + std::string(procedure.api));
    }
}

}  // namespace

TEST_CASE("a read-only connection changes nothing, and the refusal names the C function and its part of libvirt") {
    check_denied(named("DomainSuspend"), {}, ErrorDomain::domain);
    check_denied(named("DomainSnapshotCreateXml"), {}, ErrorDomain::domain_snapshot);
    check_denied(named("DomainCheckpointDelete"), {}, ErrorDomain::domain_checkpoint);
    check_denied(named("NetworkDestroy"), {}, ErrorDomain::network);
    check_denied(named("InterfaceDestroy"), {}, ErrorDomain::interface);
    check_denied(named("StorageVolDelete"), {}, ErrorDomain::storage);
    check_denied(named("NodeDeviceReset"), {}, ErrorDomain::nodedev);
    check_denied(named("SecretGetValue"), {}, ErrorDomain::secret);
    check_denied(named("NwfilterUndefine"), {}, ErrorDomain::nwfilter);
    check_denied(named("QemuDomainMonitorCommand", Program::qemu), {}, ErrorDomain::none);
}

TEST_CASE("a read-only connection reads, but no secrets and nothing through the guest agent") {
    require_writable(named("DomainGetXmlDesc"), {});
    require_writable(named("DomainGetXmlDesc"), {.flags = 2});
    check_denied(named("DomainGetXmlDesc"), {.flags = 1}, ErrorDomain::domain);
    check_denied(named("DomainGetXmlDesc"), {.flags = 8}, ErrorDomain::domain);
    check_denied(named("DomainGetVcpusFlags"), {.flags = 8}, ErrorDomain::domain);
    require_writable(named("DomainInterfaceAddresses"), {.source = 0});
    check_denied(named("DomainInterfaceAddresses"), {.source = 1}, ErrorDomain::domain);
    check_denied(named("DomainGetHostname"), {}, ErrorDomain::domain);
    check_denied(named("DomainScreenshot"), {}, ErrorDomain::domain);
    require_writable(named("ConnectListAllDomains"), {});
    require_writable(named("ConnectDomainEventCallbackRegisterAny"), {});
}

TEST_CASE("the rule of a call looks at that call's own arguments") {
    DomainGetXmlDesc::Args args{};
    CHECK(allowed_read_only<DomainGetXmlDesc>(args));
    args.flags = 1;
    CHECK_FALSE(allowed_read_only<DomainGetXmlDesc>(args));
    DomainInterfaceAddresses::Args addresses{};
    CHECK(allowed_read_only<DomainInterfaceAddresses>(addresses));
    addresses.source = 1;
    CHECK_FALSE(allowed_read_only<DomainInterfaceAddresses>(addresses));
    CHECK_FALSE(allowed_read_only<DomainSuspend>({}));
    CHECK(allowed_read_only<ConnectGetType>({}));
}

TEST_CASE("unknown numbers and programs have no procedure") {
    CHECK_FALSE(find(static_cast<uint32_t>(Program::remote), 0));
    CHECK_FALSE(find(static_cast<uint32_t>(Program::remote), -1));
    CHECK_FALSE(find(static_cast<uint32_t>(Program::remote), 457));
    CHECK_FALSE(find(1, 1));
    CHECK(find(static_cast<uint32_t>(Program::remote), 338)->name == "DomainSetTime");
    CHECK(program_name(1).empty());
}

TEST_CASE("arguments of a call that nobody handles are still decoded") {
    const ProcedureInfo& info = named("DomainInterfaceAddresses");
    wire::Encoder out;
    wire::encode(out, DomainInterfaceAddresses::Args{{"vm", Uuid{}, 1}, 1, 7});
    ConditionInput in = info.inspect_args(out.view());
    CHECK(in.source == 1);
    CHECK(in.flags == 7);
    CHECK_THROWS_WITH(info.inspect_args(out.view().first(20)), "Unable to decode message payload");
}
