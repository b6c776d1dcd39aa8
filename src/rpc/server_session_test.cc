#include "rpc/server_session.h"

#include <doctest/doctest.h>

#include "io/files.h"
#include "protocol/remote/auth.h"
#include "protocol/remote/domain_lookup.h"
#include "protocol/remote/domain_migrate.h"
#include "protocol/remote/event_domain_callback.h"
#include "protocol/remote/event_register.h"
#include "protocol/remote/network.h"
#include "rpc/world_for_test.h"

using namespace virtue;
using namespace virtue::rpc;
using namespace virtue::rpc::for_test;

namespace {

constexpr uint32_t remote = static_cast<uint32_t>(wire::Program::remote);

wire::Header type_call(uint32_t serial = 77) {
    return Peer::header_of<proc::ConnectGetType>(serial);
}

std::vector<uint8_t> words(std::initializer_list<uint32_t> values) {
    wire::Encoder out;
    for (uint32_t value : values) out.put(value);
    return out.take();
}

Error error_of(const std::function<void()>& action) {
    try {
        action();
    } catch (const Error& error) {
        return error;
    }
    return Error(ErrorCode::ok, ErrorDomain::none, "no error");
}

/// A descriptor whose file holds one letter.
Fd letter_file(char letter) {
    Fd fd(::memfd_create("letter", MFD_CLOEXEC));
    REQUIRE(::write(fd.get(), &letter, 1) == 1);
    return fd;
}

size_t open_files() {
    return io::list_folder("/proc/self/fd").size();
}

}  // namespace

TEST_CASE("A call is answered under its serial, with its program and procedure") {
    World world;
    Frame reply = world.open().call<proc::ConnectGetType>({}, 4711);
    CHECK(reply.header == wire::Header{remote, 1, 3, wire::MessageType::reply, 4711, wire::MessageStatus::ok});
    CHECK(wire::decode_as<proc::ConnectGetType::Ret>(reply.payload).type == "SMALL");
}

TEST_CASE("Bytes behind the arguments are ignored") {
    World world;
    Peer& peer = world.open();
    peer.send(type_call(), std::vector<uint8_t>(64));
    CHECK(peer.receive().header.status == wire::MessageStatus::ok);
}

TEST_CASE("Unknown programs, versions, procedures and statuses are refused as libvirtd does") {
    World world;
    Peer& peer = world.open();
    auto answer = [&](wire::Header header) {
        peer.send(header);
        Frame frame = peer.receive();
        CHECK(frame.error().code == 39);
        CHECK(frame.error().domain == 7);
        CHECK(frame.header.serial == 77);
        return frame.message();
    };
    wire::Header header = type_call();
    header.program = 0x12345678;
    CHECK(answer(header) == "Cannot find program 305419896 version 1");
    header = type_call();
    header.version = 2;
    CHECK(answer(header) == "Cannot find program 536903814 version 2");
    header = type_call();
    header.status = wire::MessageStatus::error;
    CHECK(answer(header) == "Unexpected message status 1");
    header = type_call();
    header.procedure = 9999;
    CHECK(answer(header) == "unknown procedure: 9999");
    header.procedure = 107;  // an event
    CHECK(answer(header) == "unknown procedure: 107");
    header.procedure = proc::DomainSuspend::number;  // no arguments in the message
    CHECK(answer(header) == "Unable to decode message payload");
}

TEST_CASE("Stray replies, stream packets, events and unknown types get no answer and do no harm") {
    World world;
    Peer& peer = world.open();
    for (auto type : {wire::MessageType::reply, wire::MessageType::stream, wire::MessageType::stream_hole,
                      wire::MessageType::message, static_cast<wire::MessageType>(9)}) {
        wire::Header header = type_call(5);
        header.type = type;
        peer.send(header, std::vector<uint8_t>{1, 2, 3});
    }
    CHECK(peer.is_silent());
    CHECK(peer.ask<proc::ConnectGetType>().type == "SMALL");
}

TEST_CASE("What is no message closes the connection without an answer") {
    World world;
    for (const auto& bytes : {words({3}), words({8, remote}), words({33554432 + 5}),
                              words({32, remote, 1, 3, 4, 1, 0, 33}),  // 33 descriptors announced
                              words({28, remote, 1, 3, 4, 1, 0})}) {   // no count of descriptors at all
        Peer& peer = world.connect();
        peer.send_bytes(bytes);
        CHECK(peer.is_closed());
    }
    world.wait_until([&] { return world.server.client_count() == 0; });
    CHECK(world.server.client_count() == 0);
}

TEST_CASE("A message may arrive in any pieces, and many in one") {
    World world;
    Peer& peer = world.open();
    std::vector<uint8_t> call = Peer::call_bytes<proc::ConnectGetType>({}, 1);
    for (uint8_t byte : call) {
        peer.send_bytes({&byte, 1});
        world.loop.run_until(world.loop.sleep(io::Milliseconds(0)));
    }
    CHECK(peer.receive().header.serial == 1);
    std::vector<uint8_t> many;
    for (uint32_t serial = 0; serial < 3000; serial++) {
        std::vector<uint8_t> one = Peer::call_bytes<proc::ConnectGetType>({}, serial);
        many.insert(many.end(), one.begin(), one.end());
    }
    peer.send_bytes(many);
    for (uint32_t serial = 0; serial < 3000; serial++) REQUIRE(peer.receive().header.serial == serial);
}

TEST_CASE("A message far larger than one read is put together") {
    World world;
    Peer& peer = world.open();
    proc::DomainFdAssociate::Args args;
    args.name = std::string(3000000, 'n');
    CHECK(peer.call<proc::DomainFdAssociate>(args).header.status == wire::MessageStatus::ok);
}

TEST_CASE("Before authentication only the authentication calls are served, and AUTH_LIST admits root") {
    World world;
    PolkitAuthentication polkit("/nonexistent/pkcheck");
    Peer& peer = world.connect(Entrance{false, &polkit});
    Error error = error_of([&] { peer.open(); });
    CHECK(error.code() == ErrorCode::rpc);
    CHECK(error.message() == "authentication required");
    CHECK(world.server.anonymous_count() == 1);
    proc::AuthList::Ret kinds = peer.ask<proc::AuthList>();
    REQUIRE(kinds.types.size() == 1);
    if (::geteuid() == 0) {
        CHECK(kinds.types[0] == proc::AuthType::none);
        CHECK(world.server.anonymous_count() == 0);
        peer.open();
    } else {
        CHECK(kinds.types[0] == proc::AuthType::polkit);
        CHECK(error_of([&] { peer.ask<proc::AuthPolkit>(); }).code() == ErrorCode::auth_unavailable);
    }
}

TEST_CASE("Before CONNECT_OPEN calls are refused, feature 10 is not") {
    World world;
    Peer& peer = world.connect();
    Error error = error_of([&] { peer.ask<proc::ConnectGetType>(); });
    CHECK(error.message() == "internal error: hypervisor connection not open");
    CHECK(error.domain() == ErrorDomain::rpc);
    CHECK(error_of([&] { peer.ask<proc::ConnectNumOfNetworks>(); }).message() == "internal error: connection not open");
    proc::ConnectSupportsFeature::Args keepalive{10};
    CHECK(peer.ask<proc::ConnectSupportsFeature>(keepalive).supported == 1);
}

TEST_CASE("A second CONNECT_OPEN fails and drops the open connection") {
    World world;
    Peer& peer = world.open();
    CHECK(error_of([&] { peer.open(); }).message() == "internal error: connection already open");
    CHECK(error_of([&] { peer.ask<proc::ConnectGetType>(); }).message() ==
          "internal error: hypervisor connection not open");
}

TEST_CASE("An error that quotes the longest possible argument is shortened, not fatal") {
    World world;
    world.driver.table.call<proc::DomainLookupByName>(
        [](driver::Call&, proc::DomainLookupByName::Args&& args) -> proc::DomainLookupByName::Ret {
            fail(ErrorCode::no_domain, ErrorDomain::qemu, "no domain with matching name '{}'", args.name);
        });
    Peer& peer = world.open(true);
    proc::DomainLookupByName::Args args;
    args.name.assign(wire::string_max, 'x');
    Frame frame = peer.call<proc::DomainLookupByName>(args);
    CHECK(frame.error().code == static_cast<int32_t>(ErrorCode::no_domain));
    CHECK(frame.message().starts_with("Domain not found: no domain with matching name 'xxx"));
    CHECK(frame.message().size() < 100000);
    CHECK(peer.ask<proc::ConnectGetType>().type == "SMALL");
}

TEST_CASE("A reply beyond the protocol's limit is an error, and the client is served on") {
    World world({.max_client_requests = 1});
    world.driver.table.call<proc::ConnectListDefinedDomains>(
        [](driver::Call& call, proc::ConnectListDefinedDomains::Args&&) -> Task<proc::ConnectListDefinedDomains::Ret> {
            co_await call.loop().sleep(io::Milliseconds(0));
            proc::ConnectListDefinedDomains::Ret ret;
            ret.names.assign(10, std::string(wire::string_max, 'n'));
            co_return ret;
        });
    Peer& peer = world.open();
    CHECK(peer.call<proc::ConnectListDefinedDomains>({10}).header.status == wire::MessageStatus::error);
    CHECK(peer.ask<proc::ConnectGetType>().type == "SMALL");
}

TEST_CASE("URIs that no driver takes are refused in words") {
    World world;
    Peer& peer = world.connect();
    proc::ConnectOpen::Args args;
    args.name = "foo:///";
    Error error = error_of([&] { peer.ask<proc::ConnectOpen>(args); });
    CHECK(error.code() == ErrorCode::no_connect);
    CHECK(error.message() == "no connection driver available for foo:///");
    args.name = "";
    peer.ask<proc::ConnectOpen>(args);
    CHECK(peer.ask<proc::ConnectGetUri>().uri == "small:///");
}

TEST_CASE("CONNECT_CLOSE is answered, then the server closes") {
    World world;
    Peer& peer = world.open();
    CHECK(peer.call<proc::ConnectClose>().header.status == wire::MessageStatus::ok);
    CHECK(peer.is_closed());
}

TEST_CASE("A call that the driver lacks names the C function and its part of libvirt") {
    World world;
    Peer& peer = world.open();
    Error error = error_of([&] { peer.ask<proc::DomainMigrateStartPostCopy>(); });
    CHECK(error.message() == "this function is not supported by the connection driver: virDomainMigrateStartPostCopy");
    CHECK(error.domain() == ErrorDomain::domain);
    CHECK(error_of([&] { peer.ask<proc::ConnectNumOfNetworks>(); }).domain() == ErrorDomain::network);
}

TEST_CASE("A read-only connection cannot change anything, whether the driver knows the call or not") {
    World world;
    Peer& peer = world.open(true);
    Error error = error_of([&] { peer.ask<proc::DomainSuspend>(); });
    CHECK(error.code() == ErrorCode::operation_denied);
    CHECK(error.message() == "operation forbidden: read only access prevents virDomainSuspend");
    CHECK(world.driver.suspended == 0);
    CHECK(error_of([&] { peer.ask<proc::NetworkCreate>(); }).message() ==
          "operation forbidden: read only access prevents virNetworkCreate");
    CHECK(peer.ask<proc::ConnectGetType>().type == "SMALL");
}

TEST_CASE("The flag of CONNECT_OPEN makes a connection read-only") {
    World world;
    Peer& peer = world.connect();
    proc::ConnectOpen::Args args;
    args.name = "small:///";
    args.flags = 1;
    peer.ask<proc::ConnectOpen>(args);
    CHECK(error_of([&] { peer.ask<proc::DomainSuspend>(); }).code() == ErrorCode::operation_denied);
}

TEST_CASE("Descriptors arrive with their call, in order, and do not disturb the calls around it") {
    World world;
    Peer& peer = world.open();
    wire::Header header = Peer::header_of<proc::DomainFdAssociate>(1, wire::MessageType::call_with_fds);
    wire::Encoder payload;
    payload.put(uint32_t{2});
    wire::encode(payload, proc::DomainFdAssociate::Args{});
    Fd first = letter_file('A');
    Fd second = letter_file('B');
    peer.start<proc::ConnectGetType>({}, 10);
    peer.send(header, payload.view());
    CHECK(peer.receive().header.serial == 10);
    CHECK(peer.is_silent());  // the call is complete only with its descriptors
    peer.socket().try_write_fd(first);
    peer.socket().try_write_fd(second);
    peer.start<proc::ConnectGetType>({}, 11);
    Frame reply = peer.receive();
    CHECK(reply.header.serial == 1);
    CHECK(reply.header.status == wire::MessageStatus::ok);
    CHECK(world.driver.received == "AB");
    CHECK(peer.receive().header.serial == 11);
}

TEST_CASE("A call may announce no descriptors; a missing one closes the connection") {
    World world;
    Peer& peer = world.open();
    wire::Header header = type_call(3);
    header.type = wire::MessageType::call_with_fds;
    peer.send(header, words({0}));
    CHECK(peer.receive().header.status == wire::MessageStatus::ok);
    peer.send(header, words({1}));
    uint8_t zero = 0;
    peer.send_bytes({&zero, 1});
    CHECK(peer.is_closed());
}

TEST_CASE("Descriptors that nobody announced are dropped") {
    World world;
    Peer& peer = world.open();
    std::vector<uint8_t> call = Peer::call_bytes<proc::ConnectGetType>({}, 1);
    Fd letter = letter_file('A');
    size_t before = open_files();
    // A zero byte with a descriptor is the first byte of the next length word.
    for (int i = 0; i < 5; i++) {
        peer.socket().try_write_fd(letter);
        peer.send_bytes(std::span(call).subspan(1));
        CHECK(peer.receive().header.serial == 1);
    }
    CHECK(open_files() == before);
}

TEST_CASE("A reply carries descriptors behind its bytes") {
    World world;
    Peer& peer = world.open();
    proc::DomainOpenGraphicsFd::Args args;
    for (uint32_t idx = 0; idx < 3; idx++) {
        args.idx = idx;
        peer.start<proc::DomainOpenGraphicsFd>(args, idx);
    }
    for (uint32_t idx = 0; idx < 3; idx++) {
        Frame reply = peer.receive();
        CHECK(reply.header.type == wire::MessageType::reply_with_fds);
        REQUIRE(reply.fds.size() == 1);
        char byte = 0;
        CHECK(::read(reply.fds[0].get(), &byte, 1) == 1);
        CHECK(byte == static_cast<char>('a' + idx));
    }
}

TEST_CASE("A slow call does not hold up the others: replies come in any order") {
    World world;
    Peer& peer = world.open();
    peer.start<proc::ConnectGetHostname>({}, 1);
    CHECK(peer.call<proc::ConnectGetType>({}, 2).header.serial == 2);
    world.driver.released.notify_all();
    CHECK(peer.receive().header.serial == 1);
}

TEST_CASE("A client may have so many calls under way; then it waits, and others do not notice") {
    ServerLimits limits;
    limits.max_client_requests = 4;
    World world(limits);
    Peer& greedy = world.open();
    Peer& other = world.open();
    for (uint32_t serial = 0; serial < 4; serial++) greedy.start<proc::ConnectGetHostname>({}, serial);
    world.wait_until([&] { return world.driver.waiting == 4; });
    greedy.start<proc::ConnectGetType>({}, 100);
    CHECK(greedy.is_silent());
    CHECK(other.ask<proc::ConnectGetType>().type == "SMALL");
    world.driver.released.notify_one();
    std::vector<uint32_t> serials{greedy.receive().header.serial, greedy.receive().header.serial};
    CHECK(std::find(serials.begin(), serials.end(), 100) != serials.end());
    CHECK(world.driver.waiting == 3);
}

TEST_CASE("The calls of a client that leaves are cancelled") {
    World world;
    Peer& peer = world.open();
    peer.start<proc::ConnectGetHostname>();
    world.wait_until([&] { return world.driver.waiting == 1; });
    peer.socket().close();
    world.wait_until([&] { return world.driver.cancelled == 1; });
    CHECK(world.driver.cancelled == 1);
    CHECK(world.server.client_count() == 0);
}

TEST_CASE("A call ends at the server's deadline") {
    ServerLimits limits;
    limits.call_timeout = io::Milliseconds(200);  // enough for the call that opens the connection
    World world(limits);
    Peer& peer = world.open();
    Error error = error_of([&] { peer.ask<proc::ConnectGetHostname>(); });
    CHECK(error.code() == ErrorCode::operation_timeout);
}

TEST_CASE("A client that asks without reading is not served further until it reads") {
    World world;
    Peer& lazy = world.open();
    constexpr uint32_t count = 400;  // 40 MB of answers
    for (uint32_t serial = 0; serial < count; serial++) lazy.start<proc::ConnectGetCapabilities>({}, serial);
    world.settle();
    ServerSession* session = nullptr;
    world.server.for_each_client([&](ServerSession& one) { session = &one; });
    REQUIRE(session);
    CHECK(session->outbox().queued() < 4 << 20);
    for (uint32_t serial = 0; serial < count; serial++) REQUIRE(lazy.receive().header.serial == serial);
}

TEST_CASE("A client that does not read its events is disconnected at the limit") {
    ServerLimits limits;
    limits.max_queued_bytes = 1 << 20;
    World world(limits);
    world.open();
    ServerSession* session = nullptr;
    world.server.for_each_client([&](ServerSession& one) { session = &one; });
    REQUIRE(session);
    std::vector<uint8_t> body(100000);
    for (int i = 0; i < 100 && world.server.client_count() == 1; i++) {
        session->send_event(wire::Program::remote, 318, body);
        world.loop.run_until(world.loop.sleep(io::Milliseconds(0)));
    }
    CHECK(world.server.client_count() == 0);
}

TEST_CASE("Events travel under serial 1, before or after the reply but never inside it") {
    World world;
    Peer& peer = world.open();
    proc::ConnectDomainEventCallbackRegisterAny::Args args;
    int32_t id = peer.ask<proc::ConnectDomainEventCallbackRegisterAny>(args).callback_id;
    proc::DomainEventCallbackLifecycle::Msg message;
    message.callback_id = id;
    world.server.for_each_client([&](ServerSession& one) {
        wire::Encoder body;
        wire::encode(body, message);
        one.send_event(wire::Program::remote, proc::DomainEventCallbackLifecycle::number, body.take());
    });
    Frame event = peer.receive();
    CHECK(event.header.type == wire::MessageType::message);
    CHECK(event.header.serial == 1);
    CHECK(wire::decode_as<proc::DomainEventCallbackLifecycle::Msg>(event.payload).callback_id == id);
}

TEST_CASE("A ping is answered before authentication and opening") {
    World world;
    PolkitAuthentication polkit("/nonexistent/pkcheck");
    Peer& peer = world.connect(Entrance{false, &polkit});
    wire::Header ping = Peer::header_of<proc::KeepalivePing>(0, wire::MessageType::message);
    peer.send(ping);
    wire::Header pong = ping;
    pong.procedure = 2;
    CHECK(peer.receive().header == pong);
}

TEST_CASE("The server asks for signs of life once the client asked for that, and hangs up on the silent") {
    ServerLimits limits;
    limits.keepalive_interval = 1;
    limits.keepalive_count = 3;  // a host that is busy for as long as one interval is no silent client
    World world(limits);
    Peer& quiet = world.connect();
    Peer& silent = world.connect();
    proc::ConnectSupportsFeature::Args keepalive{10};
    silent.ask<proc::ConnectSupportsFeature>(keepalive);
    Frame ping = silent.receive();
    CHECK(ping.header == Peer::header_of<proc::KeepalivePing>(0, wire::MessageType::message));
    silent.send(Peer::header_of<proc::KeepalivePong>(0, wire::MessageType::message));
    for (int i = 0; i < 3; i++) CHECK(silent.receive().header.procedure == 1);  // asked again: the answer counted
    CHECK(silent.is_closed());                                                  // no answer this time
    CHECK(quiet.is_silent());                                                   // it never asked
    CHECK(world.server.client_count() == 1);
}

TEST_CASE("At the limit of clients the server stops accepting, and resumes when one leaves") {
    ServerLimits limits;
    limits.max_clients = 2;
    bool accepting = false;
    World world(limits);
    world.server.on_accepting([&](bool now) { accepting = now; });
    CHECK(accepting);
    Peer& first = world.connect();
    world.connect();
    CHECK(!accepting);
    first.socket().close();
    world.wait_until([&] { return accepting; });
    CHECK(accepting);
}

TEST_CASE("Clients that have not authenticated are limited apart") {
    ServerLimits limits;
    limits.max_anonymous_clients = 1;
    bool accepting = false;
    World world(limits);
    PolkitAuthentication polkit("/nonexistent/pkcheck");
    world.server.on_accepting([&](bool now) { accepting = now; });
    Peer& peer = world.connect(Entrance{false, &polkit});
    CHECK(!accepting);
    peer.socket().close();
    world.wait_until([&] { return accepting; });
    CHECK(accepting);
}
