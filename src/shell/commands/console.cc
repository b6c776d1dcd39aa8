// The guest's consoles, and where its screens are.
#include "shell/console.h"

#include "driver/constants.h"
#include "protocol/remote/domain_define.h"
#include "shell/commands/commands.h"
#include "shell/lookup.h"
#include "xml/xpath.h"

namespace virtue::shell {
namespace {

using namespace proc;

Task<Result> console(Context& context, Arguments arguments) {
    DomainRef domain = co_await the_domain(context, arguments);
    uint32_t flags =
        flag_if(arguments, "force", api::domain_console_force) | flag_if(arguments, "safe", api::domain_console_safe);
    std::optional<std::string> device = arguments.find("devname");
    co_await run_console(context, std::move(domain), std::move(device), flags);
    co_return std::monostate{};
}

Task<std::string> live_xml(Context& context, DomainRef domain, uint32_t flags) {
    DomainGetXmlDesc::Args ask{.domain = std::move(domain), .flags = flags};
    DomainGetXmlDesc::Ret answer = co_await context.call<DomainGetXmlDesc>(std::move(ask));
    co_return std::move(answer.xml);
}

std::string first(const std::string& xml, const std::string& expression) {
    std::vector<std::string> found = xml::find_texts(xml, expression);
    return found.empty() ? std::string() : found.front();
}

Task<Result> ttyconsole(Context& context, Arguments arguments) {
    DomainRef domain = co_await the_domain(context, arguments);
    std::string xml = co_await live_xml(context, std::move(domain), 0);
    std::string tty = first(xml, "/domain/devices/console/@tty");
    if (tty.empty()) throw Failure{};
    co_return Text{tty, "tty"};
}

bool is_everywhere(const std::string& address) {
    return address == "0.0.0.0" || address == "::";
}

Task<Result> vncdisplay(Context& context, Arguments arguments) {
    DomainRef domain = co_await the_domain(context, arguments);
    if (domain.id < 0) throw Failure{"Domain is not running"};
    std::string xml = co_await live_xml(context, std::move(domain), 0);
    std::string port = first(xml, "/domain/devices/graphics[@type='vnc']/@port");
    if (port.empty() || port == "-1") throw Failure{"Failed to get VNC port. Is this domain using VNC?"};
    std::string listen = first(xml, "/domain/devices/graphics[@type='vnc']/@listen");
    if (is_everywhere(listen)) listen.clear();
    int number = std::stoi(port);
    co_return Text{fmt::format("{}:{}", listen, number - 5900), "display"};
}

// One line of domdisplay: "vnc://127.0.0.1:0".
std::string display_uri(const std::string& xml, const std::string& type, bool with_password) {
    std::string graphics = "/domain/devices/graphics[@type='" + type + "']";
    std::string port = first(xml, graphics + "/@port");
    std::string tls_port = first(xml, graphics + "/@tlsPort");
    bool has_port = !port.empty() && port != "-1" && port != "0";
    bool has_tls = !tls_port.empty() && tls_port != "-1" && tls_port != "0";
    if (!has_port && !has_tls) {
        std::string socket = first(xml, graphics + "/listen[@type='socket']/@socket");
        return socket.empty() ? "" : type + "+unix://" + socket;
    }
    std::string listen = first(xml, graphics + "/@listen");
    if (listen.empty() || is_everywhere(listen)) listen = "localhost";
    if (listen.find(':') != listen.npos) listen = "[" + listen + "]";
    std::string password = with_password ? first(xml, graphics + "/@passwd") : "";
    std::string uri = type + "://";
    if (!password.empty() && type == "vnc") uri += ":" + password + "@";
    uri += listen;
    char separator = '?';
    if (has_port) uri += fmt::format(":{}", type == "vnc" ? std::stoi(port) - 5900 : std::stoi(port));
    if (has_tls) {
        uri += fmt::format("{}tls-port={}", separator, tls_port);
        separator = '&';
    }
    if (!password.empty() && type != "vnc") uri += fmt::format("{}password={}", separator, password);
    return uri;
}

Task<Result> domdisplay(Context& context, Arguments arguments) {
    DomainRef domain = co_await the_domain(context, arguments);
    if (domain.id < 0) throw Failure{"Domain is not running"};
    bool password = arguments.has("include-password");
    uint32_t flags = password ? api::domain_xml_secure : 0;
    std::string xml = co_await live_xml(context, std::move(domain), flags);
    std::optional<std::string> wanted = arguments.find("type");
    Lines lines{{}, "displays"};
    for (const char* type : {"vnc", "spice", "rdp"}) {
        if (wanted && *wanted != type) continue;
        std::string uri = display_uri(xml, type, password);
        if (uri.empty()) continue;
        lines.lines.push_back(std::move(uri));
        if (!arguments.has("all")) break;
    }
    if (lines.lines.empty()) {
        throw Failure{wanted ? "No graphical display with type '" + *wanted + "' found" : "No graphical display found"};
    }
    co_return lines;
}

}  // namespace

Commands console_commands() {
    return {
        make_command("console", "<domain> --devname= --force --safe", "connect to the console of a guest", console),
        make_command("ttyconsole", "<domain>", "the host's device of a console", ttyconsole),
        make_command("vncdisplay", "<domain>", "address of the VNC display", vncdisplay),
        make_command("domdisplay", "<domain> --include-password --type= --all", "URI of a graphical display",
                     domdisplay),
    };
}

}  // namespace virtue::shell
