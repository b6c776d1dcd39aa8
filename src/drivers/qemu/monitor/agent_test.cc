#include "drivers/qemu/monitor/agent.h"

#include <doctest/doctest.h>

#include "io/gate.h"

using namespace virtue;
using namespace virtue::qemu;

namespace {

constexpr io::Milliseconds patience{60000};

// The other end of the channel: answers each line by a script.
struct FakeAgent {
    io::Loop& loop;
    io::Socket socket;
    std::vector<std::string> heard;
    std::string stale;                               // sent before the first answer
    std::function<std::string(const Json&)> answer;  // empty text: no answer

    FakeAgent(io::Loop& on, Fd fd) : loop(on), socket(on, std::move(fd)) {}

    Task<void> serve() {
        QmpReader reader("test");
        std::array<uint8_t, 4096> bytes;
        while (true) {
            std::span<uint8_t> into(bytes);
            const size_t count = co_await socket.read_some(into, io::Deadline::never());
            if (count == 0) co_return;
            reader.feed(into.first(count));
            std::vector<std::string> lines;
            while (auto text = reader.next()) lines.emplace_back(*text);
            for (std::string& line : lines) co_await reply(std::move(line));
        }
    }
    Task<void> reply(std::string line) {
        const Json message = Json::parse(line);
        const std::string& name = message.at("execute").as_string();
        std::string text = std::exchange(stale, {});
        if (name == "guest-sync-delimited") {
            text += "\xff{\"return\": " + message.at("arguments").at("id").to_text() + "}\n";
        } else {
            heard.push_back(name);
            text += answer(message);
        }
        std::span<const uint8_t> bytes(reinterpret_cast<const uint8_t*>(text.data()), text.size());
        co_await socket.write_all(bytes, io::Deadline::never());
    }
};

struct Pair {
    io::Loop loop;
    std::unique_ptr<FakeAgent> fake;
    std::unique_ptr<Agent> agent;
    std::unique_ptr<io::Gate> gate;

    Pair() {
        auto [ours, theirs] = io::Socket::pair();
        fake = std::make_unique<FakeAgent>(loop, std::move(theirs));
        auto socket = std::make_unique<io::Socket>(loop, std::move(ours));
        agent = std::make_unique<Agent>(loop, std::move(socket), "guest", [](const std::string&) {});
        gate = std::make_unique<io::Gate>(loop, [](std::exception_ptr) {});
        gate->spawn(fake->serve());
    }
    ~Pair() {
        agent->close();
        loop.run_until(gate->close());
    }
    Json run(const char* name, io::Milliseconds time = patience) {
        return loop.run_until(agent->command(name, {}, io::Deadline::after(time)));
    }
};

}  // namespace

TEST_CASE("the agent answers after synchronisation, whatever lies in the channel") {
    Pair pair;
    pair.fake->stale = "{\"return\": 1}\n{\"return\": {\"half";
    pair.fake->answer = [](const Json&) { return "{\"return\": 42}\n"; };
    CHECK(pair.run("guest-get-time").as_int() == 42);
    CHECK(pair.run("guest-get-time").as_int() == 42);
    CHECK(pair.fake->heard.size() == 2);
}

TEST_CASE("an agent that does not answer fails its own command, not the next") {
    Pair pair;
    bool quiet = true;
    pair.fake->answer = [&](const Json&) { return std::string(quiet ? "" : "{\"return\": {}}\n"); };
    try {
        pair.run("guest-fsfreeze-freeze", io::Milliseconds(50));
        FAIL("no error");
    } catch (const Error& error) {
        CHECK(error.code() == ErrorCode::agent_unresponsive);
        CHECK(error.message() ==
              "Guest agent is not responding: guest agent of 'guest' is not available: it did not "
              "answer 'guest-fsfreeze-freeze' in time");
    }
    quiet = false;
    pair.fake->stale = "{\"return\": \"late\"}\n";
    CHECK(pair.run("guest-ping").is_object());
}

TEST_CASE("the agent's refusal is passed on") {
    Pair pair;
    pair.fake->answer = [](const Json&) { return R"({"error":{"class":"GenericError","desc":"no such thing"}})"; };
    CHECK_THROWS_WITH_AS(pair.run("guest-info"),
                         "internal error: unable to execute QEMU agent command 'guest-info': no such thing", Error);
}

TEST_CASE("a shutdown needs no answer, and a closed guest end fails at once") {
    Pair pair;
    pair.fake->answer = [](const Json&) { return std::string(); };
    pair.loop.run_until(pair.agent->shutdown(AgentShutdown::powerdown, io::Deadline::after(patience)));
    pair.agent->set_guest_connected(false);
    try {
        pair.run("guest-ping");
        FAIL("no error");
    } catch (const Error& error) {
        CHECK(error.code() == ErrorCode::agent_unresponsive);
    }
}
