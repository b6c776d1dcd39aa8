#include "drivers/qemu/calls/node_calls.h"

#include <doctest/doctest.h>

#include "base/error.h"
#include "driver/session.h"
#include "host/fake_files_for_test.h"

using namespace virtue;
using namespace virtue::qemu;

namespace {

struct Nowhere final : driver::EventSink {
    void send_event(wire::Program, int32_t, std::vector<uint8_t>) override {}
};

// A host of nine processors, of which two are switched on, asked as by a client.
class Asked {
public:
    Asked() : cache_(loop_, {}), session_(loop_, sink_, {}, false), calls_(loop_, cache_, options()) {
        fake_.put("/sys/devices/system/cpu/present", "0-8\n");
        fake_.put("/sys/devices/system/cpu/online", "0,8\n");
        fake_.put("/proc/stat", "cpu 1 1 1 1 1 1 1\ncpu0 1 1 1 1 1 1 1\n");
        fake_.put("/proc/meminfo", "MemTotal: 8 kB\nMemFree: 4 kB\nBuffers: 2 kB\nCached: 1 kB\n");
        calls_.bind(table_);
    }
    template <typename P>
    typename P::Ret ask(typename P::Args args) {
        driver::Call call{session_, driver::info<P>(), io::Deadline::never(), {}, {}, {}};
        wire::Encoder question;
        wire::encode(question, args);
        wire::Encoder answer;
        const driver::Handler* handler = table_.find(P::program, P::number);
        REQUIRE(handler != nullptr);
        wire::Decoder arguments(question.view());
        loop_.run_until(handler->run(call, arguments, answer));
        wire::Decoder result(answer.view());
        typename P::Ret ret{};
        wire::decode(result, ret);
        return ret;
    }
    template <typename P>
    std::string refusal(typename P::Args args, ErrorCode& code) {
        try {
            ask<P>(std::move(args));
        } catch (const Error& error) {
            code = error.code();
            return error.message();
        }
        return "no error";
    }

private:
    NodeOptions options() {
        NodeOptions options;
        options.identity.arch = "x86_64";
        options.root = fake_.root();
        return options;
    }
    host::FakeFiles fake_;
    io::Loop loop_;
    Nowhere sink_;
    CapabilitiesCache cache_;
    driver::Session session_;
    driver::HandlerTable table_;
    NodeCalls calls_;
};

}  // namespace

TEST_CASE("the processor map has a bit for each that exists, set where it is on") {
    Asked asked;
    const auto map = asked.ask<proc::NodeGetCpuMap>({.need_map = 1, .need_online = 1});
    CHECK(map.ret == 9);
    CHECK(map.online == 2);
    CHECK(map.cpumap == std::vector<uint8_t>{1, 1});
    CHECK(asked.ask<proc::NodeGetCpuMap>({}).cpumap.empty());
}

TEST_CASE("statistics are counted first and then given in exactly that number") {
    Asked asked;
    CHECK(asked.ask<proc::NodeGetCpuStats>({.cpu_num = -1}).nparams == 4);
    CHECK(asked.ask<proc::NodeGetCpuStats>({.cpu_num = 0, .nparams = 4}).params.size() == 4);
    CHECK(asked.ask<proc::NodeGetMemoryStats>({.cell_num = -1}).nparams == 4);
    CHECK(asked.ask<proc::NodeGetMemoryStats>({.cell_num = 0}).nparams == 2);
    CHECK(asked.ask<proc::NodeGetMemoryStats>({.nparams = 4, .cell_num = -1}).params[3].value == 1);
    ErrorCode code = ErrorCode::ok;
    CHECK(asked.refusal<proc::NodeGetCpuStats>({.cpu_num = -1, .nparams = 3}, code) ==
          "nparams in virHostCPUGetStatsLinux must be equal to 4");
    CHECK(code == ErrorCode::invalid_arg);
}

TEST_CASE("what the host does not have is refused in libvirt's words") {
    Asked asked;
    ErrorCode code = ErrorCode::ok;
    CHECK(asked.refusal<proc::NodeGetCpuMap>({.flags = 1}, code) ==
          "unsupported flags (0x1) in function virHostCPUGetMap");
    CHECK(code == ErrorCode::invalid_arg);
    CHECK(asked.refusal<proc::NodeGetCellsFreeMemory>({.start_cell = 3, .maxcells = 1}, code) ==
          "internal error: start cell 3 out of range (0-0)");
    CHECK(code == ErrorCode::internal_error);
    CHECK(asked.refusal<proc::NodeSuspendForDuration>({.target = 1, .duration = 60}, code) ==
          "argument unsupported: Suspend-to-Disk");
    CHECK(code == ErrorCode::argument_unsupported);
    CHECK(asked.refusal<proc::ConnectGetSysinfo>({}, code) ==
          "unsupported configuration: Host SMBIOS information is not available");
    CHECK(code == ErrorCode::config_unsupported);
    CHECK(asked.refusal<proc::ConnectGetCpuModelNames>({.arch = "bogus"}, code) ==
          "invalid argument: cannot find architecture bogus");
    CHECK(asked.refusal<proc::ConnectGetMaxVcpus>({.type = "xen"}, code) == "invalid argument: unknown type 'xen'");
    CHECK(asked.refusal<proc::ConnectCompareCpu>({.xml = "<cpux/>"}, code) ==
          "XML error: XML does not contain expected 'cpu' element");
    CHECK(code == ErrorCode::xml_error);
}
