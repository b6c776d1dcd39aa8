// Any bytes as what a client sends: one server with a small driver lives through all inputs, a new connection each.
// The first byte chooses the socket (open or polkit, read-only or not) and whether the connection is opened first.
#include "rpc/world_for_test.h"

using namespace virtue;
using namespace virtue::rpc;
using namespace virtue::rpc::for_test;

namespace {

/// Some turns of the loop: each looks at all descriptors.
void run_for_a_moment(World& world) {
    for (int i = 0; i < 3; i++) {
        world.loop.post_from_any_thread([&] { world.loop.stop(); });
        world.loop.run();
    }
}

void drain(int fd) {
    static uint8_t sink[1 << 16];
    while (::recv(fd, sink, sizeof sink, MSG_DONTWAIT) > 0) {
    }
}

/// Sends as much as the server takes.
void feed(World& world, int fd, std::span<const uint8_t> bytes) {
    while (!bytes.empty()) {
        ssize_t count = ::send(fd, bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
        if (count <= 0) return;
        bytes = bytes.subspan(static_cast<size_t>(count));
        run_for_a_moment(world);
        drain(fd);
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    static World& world = *new World();
    static PolkitAuthentication polkit("/nonexistent/pkcheck");
    if (size == 0) return 0;
    uint8_t choice = data[0];
    auto [ours, theirs] = io::Socket::pair();
    Authenticator* authenticator = choice & 2 ? static_cast<Authenticator*>(&polkit) : &world.nobody_asks;
    world.server.add_client(std::move(theirs), Entrance{(choice & 1) != 0, authenticator});
    if (choice & 4) {
        proc::ConnectOpen::Args args;
        args.name = "small:///";
        feed(world, ours.get(), Peer::call_bytes<proc::ConnectOpen>(args, 0));
    }
    world.driver.content = std::make_shared<MemoryStream::Content>(world.loop);
    world.driver.content->to_send = 1 << 20;
    feed(world, ours.get(), {data + 1, size - 1});
    run_for_a_moment(world);
    drain(ours.get());
    ours.reset();
    world.driver.released.notify_all();
    run_for_a_moment(world);
    for (int i = 0; i < 100 && world.server.client_count() != 0; i++) run_for_a_moment(world);
    if (world.server.client_count() != 0) __builtin_trap();  // a connection outlives its client
    return 0;
}
