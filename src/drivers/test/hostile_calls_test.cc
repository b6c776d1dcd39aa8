// Calls with numbers that no library would send, as a client on the wire may.
#include <doctest/doctest.h>

#include "driver/session.h"
#include "drivers/test/default_objects.h"
#include "drivers/test/instance.h"
#include "protocol/remote/domain_cpu.h"
#include "protocol/remote/node.h"

using namespace virtue;
using namespace virtue::test;

namespace {

struct Nowhere final : driver::EventSink {
    void send_event(wire::Program, int32_t, std::vector<uint8_t>) override {}
};

// The mock's default world, asked as by a client.
class Asked {
public:
    Asked() : session_(loop_, sink_, {}, false) {
        fill_default(world_);
        domain.name = "test";
        domain.uuid = *Uuid::parse("6695eb01-f6a4-8304-79aa-97f2502e193f");
    }
    template <typename P>
    typename P::Ret ask(const typename P::Args& args) {
        driver::Call call{session_, driver::info<P>(), io::Deadline::never(), {}, {}, {}};
        wire::Encoder question;
        wire::encode(question, args);
        wire::Encoder answer;
        const driver::Handler* handler = world_.hypervisor.find(P::program, P::number);
        REQUIRE(handler != nullptr);
        wire::Decoder arguments(question.view());
        const bool is_prompt = handler->run_now(call, arguments, answer);
        REQUIRE(is_prompt);
        return wire::decode_as<typename P::Ret>(answer.view());
    }
    template <typename P>
    ErrorCode refusal(const typename P::Args& args) {
        try {
            ask<P>(args);
        } catch (const Error& error) {
            return error.code();
        }
        return ErrorCode::ok;
    }

    proc::DomainRef domain;

private:
    io::Loop loop_;
    Nowhere sink_;
    driver::Session session_;
    Instance world_;
};

}  // namespace

TEST_CASE("cells before the first are refused, and not read from elsewhere") {
    Asked host;
    using Cells = proc::NodeGetCellsFreeMemory;
    for (int32_t first : {-1, -1000000, INT32_MIN}) CHECK(host.refusal<Cells>({first, 2}) == ErrorCode::invalid_arg);
    CHECK(host.refusal<Cells>({2, 1}) == ErrorCode::invalid_arg);
    CHECK(host.ask<Cells>({1, INT32_MAX}).cells == std::vector<uint64_t>{4194304});
    CHECK(host.ask<Cells>({0, INT32_MIN}).cells.empty());
}

TEST_CASE("the pages of more cells than fit into an answer are refused at once") {
    Asked host;
    using Pages = proc::NodeGetFreePages;
    CHECK(host.ask<Pages>({{{4, 2048}}, 0, 2, 0}).counts == std::vector<uint64_t>{42, 43, 44, 45});
    CHECK(host.refusal<Pages>({{{4, 2048}}, 0, UINT32_MAX, 0}) == ErrorCode::internal_error);
    CHECK(host.ask<Pages>({{}, 0, UINT32_MAX, 0}).counts.empty());
}

TEST_CASE("a map of processors is no longer than there can be processors") {
    Asked host;
    const auto map = host.ask<proc::DomainGetEmulatorPinInfo>({host.domain, INT32_MAX, 0}).cpumaps;
    CHECK(map.size() == Bitmap::limit / 8);
    CHECK(map[0] == 0xff);
    CHECK(host.ask<proc::DomainGetEmulatorPinInfo>({host.domain, -1, 0}).cpumaps.empty());
    CHECK(host.refusal<proc::DomainGetVcpus>({host.domain, 2, INT32_MAX}) == ErrorCode::internal_error);
    CHECK(host.refusal<proc::DomainGetVcpuPinInfo>({host.domain, INT32_MAX, INT32_MAX, 0}) ==
          ErrorCode::internal_error);
    CHECK(host.ask<proc::DomainGetVcpus>({host.domain, INT32_MAX, 2}).info.size() == 2);
}
