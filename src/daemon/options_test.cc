#include "daemon/options.h"

#include <doctest/doctest.h>

#include <vector>

#include "base/error.h"

using namespace virtue;
using namespace virtue::daemon;

namespace {

Options parse(std::vector<std::string> words) {
    words.insert(words.begin(), "virtued");
    std::vector<char*> arguments;
    for (std::string& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    return parse_options(static_cast<int>(words.size()), arguments.data());
}

std::string refusal(std::vector<std::string> words) {
    try {
        parse(std::move(words));
    } catch (const Error& error) {
        return error.message();
    }
    return "";
}

}  // namespace

TEST_CASE("libvirtd's short options and ours are understood") {
    Options made = parse({"-d", "-f", "/x/v.conf", "-p", "/x/v.pid", "-t", "120", "-v"});
    CHECK(made.background);
    CHECK(made.config == "/x/v.conf");
    CHECK(made.pid_file == "/x/v.pid");
    CHECK(made.idle_timeout == 120u);
    CHECK(made.log_level == "info");
    CHECK(!made.system);
    CHECK(parse({"--session"}).system == false);
    CHECK(parse({"--system", "--timeout=5", "--root", "/"}).idle_timeout == 5u);
    CHECK(parse({"--root", "/tmp/nonexistent-mine/"}).root == "/tmp/nonexistent-mine");
    CHECK(parse({"--root", "/nonexistent"}).root == "/nonexistent");
    CHECK(parse({"--print-config"}).action == Options::Action::print_config);
}

TEST_CASE("What is not understood is refused with what it was") {
    CHECK(refusal({"--bogus"}).find("'--bogus'") != std::string::npos);
    CHECK(refusal({"extra"}).find("'extra' is no option") != std::string::npos);
    CHECK(refusal({"--timeout", "soon"}).find("'soon'") != std::string::npos);
    CHECK(refusal({"--root", "/nonexistent/mine"}).find("/nonexistent/mine") != std::string::npos);
    CHECK(refusal({"--config"}).find("'--config'") != std::string::npos);
    CHECK(refusal({"--listen"}).find("not supported") != std::string::npos);
}
