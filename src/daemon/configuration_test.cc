#include "daemon/configuration.h"

#include <doctest/doctest.h>

#include "base/error.h"
#include "base/text.h"
#include "daemon/conf_file.h"

using namespace virtue;
using namespace virtue::daemon;

namespace {

std::string refusal(std::string_view text) {
    try {
        parse_configuration(text, "v.conf");
    } catch (const Error& error) {
        return error.message();
    }
    return "";
}

}  // namespace

TEST_CASE("An empty file gives the defaults") {
    CHECK(parse_configuration("", "v.conf").max_client_requests == 64);
    CHECK(parse_configuration("# only a comment\n\n   # another", "v.conf").sockets.size() == 9);
}

TEST_CASE("Numbers, strings and lists are read as libvirt's files have them") {
    Configuration made = parse_configuration(
        "max_clients = 20 # a comment\n"
        "keepalive_interval=-1\n"
        "\tlog_filters = \"1:qemu # no comment\"\n"
        "unix_sock_dir = '/run/x'\n"
        "log_outputs = \"\"\"a\nb\"\"\"\n"
        "sockets = [ \"libvirt\",   # one\n  \"virtqemud\",\n]\n",
        "v.conf");
    CHECK(made.max_clients == 20);
    CHECK(made.keepalive_interval == -1);
    CHECK(made.log_filters == "1:qemu # no comment");
    CHECK(made.unix_sock_dir == "/run/x");
    CHECK(made.log_outputs == "a\nb");
    CHECK(made.sockets == std::vector<std::string>{"libvirt", "virtqemud"});
}

TEST_CASE("An unknown setting is refused with its line and the nearest known one") {
    std::string message = refusal("max_clients = 5000\n\nmax_client_request = 5\n");
    CHECK(message.find("v.conf:3: there is no setting 'max_client_request'; did you mean 'max_client_requests'?") !=
          std::string::npos);
    CHECK(refusal("listen_tcp = 1\n").find("there is no setting 'listen_tcp'") != std::string::npos);
}

TEST_CASE("Values of the wrong kind, out of range or not among the choices are refused in words") {
    CHECK(refusal("max_clients = \"many\"").find("'max_clients' takes a number") != std::string::npos);
    CHECK(refusal("max_clients = 0").find("takes a number from 1 to") != std::string::npos);
    CHECK(refusal("keepalive_interval = -2").find("takes a number from -1 to") != std::string::npos);
    CHECK(refusal("log_filters = 3").find("takes a string in quotes") != std::string::npos);
    CHECK(refusal("sockets = \"libvirt\"").find("takes a list in brackets") != std::string::npos);
    CHECK(refusal("auth_unix_rw = \"sasl\"").find("'sasl' is not a choice for 'auth_unix_rw': none, polkit") !=
          std::string::npos);
    CHECK(refusal("sockets = [\"virtlxcd\"]").find("'virtlxcd' is not a choice") != std::string::npos);
    CHECK(refusal("unix_sock_rw_perms = \"0999\"").find("unix_sock_rw_perms takes an octal mode") != std::string::npos);
    CHECK(refusal("max_clients = 5\nmax_anonymous_clients = 6").find("is larger than max_clients") !=
          std::string::npos);
    CHECK(refusal("log_level = 5").find("log_level takes 1 to 4") != std::string::npos);
}

TEST_CASE("Faults of syntax name file and line") {
    CHECK(refusal("max_clients 5").find("v.conf:1: '=' is missing after 'max_clients'") != std::string::npos);
    CHECK(refusal("\n= 5").find("v.conf:2: a setting begins with its name") != std::string::npos);
    CHECK(refusal("log_filters = \"open\nmax_clients = 5").find("v.conf:1: a string does not end") !=
          std::string::npos);
    CHECK(refusal("max_clients = 5 6").find("something is left over") != std::string::npos);
    CHECK(refusal("sockets = [ libvirt ]").find("a list holds strings in quotes") != std::string::npos);
    CHECK(refusal("sockets = [ \"libvirt\"").find("a list holds strings in quotes") != std::string::npos);
    CHECK(refusal("max_clients = ").find("a value is a number") != std::string::npos);
    CHECK(refusal("max_clients = 99999999999999999999").find("a value is a number") != std::string::npos);
}

TEST_CASE("The printed file shows every key with its default: without its comment signs it changes nothing") {
    std::string printed = print_configuration();
    std::string active;
    int settings = 0;
    for (std::string_view line : split_lines(printed)) {
        if (!line.starts_with("#") || line.starts_with("# ") || line == "#") continue;
        active += std::string(line.substr(1)) + "\n";
        settings++;
    }
    CHECK(settings == 43);
    Configuration made = parse_configuration(active, "printed");
    CHECK(made.max_clients == Configuration().max_clients);
    CHECK(made.sockets == Configuration().sockets);
    CHECK(made.auth_unix_rw == "polkit");
    CHECK(parse_configuration(printed, "printed").keepalive_interval == 5);
}
