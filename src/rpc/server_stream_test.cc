#include "rpc/server_stream.h"

#include <doctest/doctest.h>

#include "rpc/world_for_test.h"

using namespace virtue;
using namespace virtue::rpc;
using namespace virtue::rpc::for_test;

namespace {

template <typename P>
wire::Header packet(wire::MessageStatus status, uint32_t serial = 7) {
    wire::Header header = Peer::header_of<P>(serial, wire::MessageType::stream);
    header.status = status;
    return header;
}

template <typename P>
wire::Header hole_packet(uint32_t serial = 7) {
    wire::Header header = Peer::header_of<P>(serial, wire::MessageType::stream_hole);
    header.status = wire::MessageStatus::proceed;
    return header;
}

std::vector<uint8_t> hole(int64_t length) {
    wire::Encoder out;
    wire::encode(out, wire::StreamHole{length, 0});
    return out.take();
}

std::vector<uint8_t> text(std::string_view of) {
    return {of.begin(), of.end()};
}

using proc::DomainOpenConsole;
using proc::StorageVolDownload;
using proc::StorageVolUpload;
using wire::MessageStatus;

}  // namespace

TEST_CASE("A download comes in packets of at most 262120 bytes, ends with an empty one, and finishing is confirmed") {
    World world;
    world.driver.content->to_send = 600000;
    Peer& peer = world.open();
    CHECK(peer.call<StorageVolDownload>().header.type == wire::MessageType::reply);
    std::vector<size_t> sizes;
    do {
        Frame frame = peer.receive();
        REQUIRE(frame.header == packet<StorageVolDownload>(MessageStatus::proceed));
        sizes.push_back(frame.payload.size());
    } while (sizes.back() > 0);
    CHECK(sizes == std::vector<size_t>{262120, 262120, 75760, 0});
    peer.send(packet<StorageVolDownload>(MessageStatus::ok));
    Frame confirmed = peer.receive();
    CHECK(confirmed.header == packet<StorageVolDownload>(MessageStatus::ok));
    CHECK(confirmed.payload.empty());
    CHECK(world.driver.content->finished);
}

TEST_CASE("A sparse download sends holes as packets of their own") {
    World world;
    world.driver.content->to_send = 10;
    world.driver.content->hole_first = 1 << 30;
    Peer& peer = world.open();
    StorageVolDownload::Args args;
    args.flags = 1;
    peer.call<StorageVolDownload>(args);
    Frame first = peer.receive();
    CHECK(first.header == hole_packet<StorageVolDownload>());
    CHECK(wire::decode_as<wire::StreamHole>(first.payload).length == 1 << 30);
    CHECK(peer.receive().payload.size() == 10);
}

TEST_CASE("A client that reads slowly slows the driver down") {
    World world;
    constexpr size_t whole = 100U << 20U;
    world.driver.content->to_send = whole;
    Peer& peer = world.open();
    peer.call<StorageVolDownload>();
    world.settle();
    CHECK(world.driver.content->to_send > whole - (8U << 20U));
    size_t got = 0;
    for (size_t size = 1; size > 0; got += size) size = peer.receive().payload.size();
    CHECK(got == whole);
}

TEST_CASE("An upload arrives whole and is made durable when the client finishes") {
    World world;
    Peer& peer = world.open();
    peer.call<StorageVolUpload>();
    for (int i = 0; i < 50; i++) {
        peer.send(packet<StorageVolUpload>(MessageStatus::proceed), std::vector<uint8_t>(200000, 'u'));
    }
    peer.send(packet<StorageVolUpload>(MessageStatus::ok));
    CHECK(peer.receive().header == packet<StorageVolUpload>(MessageStatus::ok));
    CHECK(world.driver.content->bytes.size() == 10000000);
    CHECK(world.driver.content->finished);
}

TEST_CASE("What the driver makes of the finish reaches the client") {
    World world;
    Peer& peer = world.open();
    peer.call<StorageVolUpload>();
    peer.send(packet<StorageVolUpload>(MessageStatus::proceed), text("refuse"));
    peer.send(packet<StorageVolUpload>(MessageStatus::ok));
    Frame frame = peer.receive();
    CHECK(frame.header == packet<StorageVolUpload>(MessageStatus::error));
    CHECK(frame.message() == "operation failed: disk is full");
    peer.send(packet<StorageVolUpload>(MessageStatus::proceed), text("more"));  // the stream is dead: no harm
    CHECK(peer.is_silent());
    CHECK(peer.ask<proc::ConnectGetType>({}, 8).type == "SMALL");
}

TEST_CASE("A stuck stream holds its sender, is bounded in memory, and can be aborted") {
    World world;
    world.driver.content->stuck = true;
    Peer& peer = world.open();
    peer.call<StorageVolUpload>();
    std::vector<uint8_t> data(200000, 'u');
    int sent = 0;
    for (; sent < 200; sent++) {
        wire::Encoder out = wire::begin_message(packet<StorageVolUpload>(MessageStatus::proceed));
        out.raw(data);
        std::vector<uint8_t> bytes = wire::finish_message(std::move(out));
        size_t done = peer.socket().try_write(bytes).bytes;
        if (done < bytes.size()) {
            world.settle();
            done += peer.socket().try_write(std::span(bytes).subspan(done)).bytes;
        }
        if (done < bytes.size()) break;
    }
    CHECK(sent < 50);  // the rest of 200 was not taken
    world.driver.content->stuck = false;
    world.driver.content->changed.notify_all();
    world.wait_until([&] { return world.driver.content->bytes.size() >= static_cast<size_t>(sent) * 200000; });
    CHECK(world.driver.content->bytes.size() >= static_cast<size_t>(sent) * 200000);
}

TEST_CASE("An abort is confirmed and the driver is told") {
    World world;
    Peer& peer = world.open();
    peer.call<DomainOpenConsole>();
    peer.send(packet<DomainOpenConsole>(MessageStatus::error));
    CHECK(peer.receive().header == packet<DomainOpenConsole>(MessageStatus::ok));
    CHECK(world.driver.content->aborted);
}

TEST_CASE("A console goes both ways, and ends with its connection") {
    World world;
    Peer& peer = world.open();
    peer.call<DomainOpenConsole>();
    peer.send(packet<DomainOpenConsole>(MessageStatus::proceed), text("hello"));
    Frame echo = peer.receive();
    CHECK(echo.header == packet<DomainOpenConsole>(MessageStatus::proceed));
    CHECK(echo.payload == text("hello"));
    peer.socket().close();
    world.wait_until([&] { return world.driver.content->aborted; });
    CHECK(world.driver.content->aborted);
}

TEST_CASE("Holes are for sparse streams: elsewhere they close the connection") {
    World world;
    Peer& sparse = world.open();
    StorageVolUpload::Args args;
    args.flags = 1;
    sparse.call<StorageVolUpload>(args);
    sparse.send(hole_packet<StorageVolUpload>(), hole(4096));
    sparse.send(packet<StorageVolUpload>(MessageStatus::ok));
    CHECK(sparse.receive().header == packet<StorageVolUpload>(MessageStatus::ok));
    CHECK(world.driver.content->holes == std::vector<int64_t>{4096});

    Peer& plain = world.open();
    plain.call<StorageVolUpload>();
    plain.send(hole_packet<StorageVolUpload>(), hole(4096));
    CHECK(plain.is_closed());
}

TEST_CASE("Several streams of one connection keep apart, up to a limit") {
    ServerLimits limits;
    limits.max_client_streams = 2;
    World world(limits);
    world.driver.content->to_send = 100;
    Peer& peer = world.open();
    peer.call<DomainOpenConsole>({}, 1);
    peer.call<StorageVolUpload>({}, 2);
    Frame third = peer.call<StorageVolUpload>({}, 3);
    CHECK(third.header.status == MessageStatus::error);
    peer.send(packet<StorageVolUpload>(MessageStatus::ok, 2));
    CHECK(peer.receive().header.serial == 2);
    CHECK(peer.call<StorageVolUpload>({}, 4).header.status == MessageStatus::ok);
}

TEST_CASE("Writing to a stream that only reads is the stream's error") {
    World world;
    world.driver.content->to_send = 100;
    Peer& peer = world.open();
    peer.call<StorageVolDownload>();
    CHECK(peer.receive().payload.size() == 100);
    CHECK(peer.receive().payload.empty());
    peer.send(packet<StorageVolDownload>(MessageStatus::proceed), text("x"));
    Frame frame = peer.receive();
    CHECK(frame.header == packet<StorageVolDownload>(MessageStatus::error));
    CHECK(frame.error().code == static_cast<int32_t>(ErrorCode::operation_invalid));
}
