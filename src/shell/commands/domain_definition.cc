// Definitions of domains: define, undefine, create, start, XML, names, description, metadata.
#include <cstdlib>

#include "base/text.h"
#include "driver/constants.h"
#include "io/files.h"
#include "io/process.h"
#include "protocol/remote/domain_define.h"
#include "protocol/remote/domain_lifecycle.h"
#include "shell/commands/commands.h"
#include "shell/console.h"
#include "shell/domain_forms.h"
#include "shell/editor.h"
#include "shell/lookup.h"

namespace virtue::shell {
namespace {

using namespace proc;

Task<Result> define(Context& context, Arguments arguments) {
    std::string file = arguments.text("file");
    DomainDefineXmlFlags::Args call{.xml = read_domain(file),
                                    .flags = flag_if(arguments, "validate", api::domain_define_validate)};
    DomainDefineXmlFlags::Ret made =
        co_await context.attempt<DomainDefineXmlFlags>(std::move(call), "Failed to define domain from " + file);
    co_return Sentence{fmt::format("Domain '{}' defined from {}", made.domain.name, file),
                       {{"name", made.domain.name}, {"uuid", made.domain.uuid.to_string()}}};
}

// The descriptors of --pass-fds.
std::vector<Fd> passed_descriptors(const Arguments& arguments) {
    std::optional<std::string> list = arguments.find("pass-fds");
    return list ? descriptors_of(*list) : std::vector<Fd>();
}

driver::CallExtras extras_of(const std::vector<Fd>& descriptors) {
    driver::CallExtras extras;
    for (const Fd& descriptor : descriptors) extras.send_fds.push_back(&descriptor);
    return extras;
}

uint32_t start_flags(const Arguments& arguments) {
    return flag_if(arguments, "paused", api::domain_start_paused) |
           flag_if(arguments, "autodestroy", api::domain_start_autodestroy) |
           flag_if(arguments, "bypass-cache", api::domain_start_bypass_cache) |
           flag_if(arguments, "force-boot", api::domain_start_force_boot) |
           flag_if(arguments, "validate", api::domain_start_validate) |
           flag_if(arguments, "reset-nvram", api::domain_start_reset_nvram);
}

Task<Result> create(Context& context, Arguments arguments) {
    std::string file = arguments.text("file");
    std::string xml = read_domain(file);
    uint32_t flags = start_flags(arguments);
    std::vector<Fd> descriptors = passed_descriptors(arguments);
    driver::CallExtras extras = extras_of(descriptors);
    std::string sentence = "Failed to create domain from " + file;
    DomainRef domain;
    if (descriptors.empty()) {
        DomainCreateXml::Args call{.xml_desc = std::move(xml), .flags = flags};
        DomainCreateXml::Ret made = co_await context.attempt<DomainCreateXml>(std::move(call), std::move(sentence));
        domain = std::move(made.domain);
    } else {
        DomainCreateXmlWithFiles::Args call{.xml_desc = std::move(xml), .flags = flags};
        DomainCreateXmlWithFiles::Ret made =
            co_await context.attempt<DomainCreateXmlWithFiles>(std::move(call), std::move(sentence), &extras);
        domain = std::move(made.domain);
    }
    Sentence done{fmt::format("Domain '{}' created from {}", domain.name, file),
                  {{"name", domain.name}, {"uuid", domain.uuid.to_string()}, {"id", domain.id}}};
    if (!arguments.has("console")) co_return done;
    context.print_extra(done.text + "\n");
    co_await run_console(context, std::move(domain), std::nullopt, 0);
    co_return std::monostate{};
}

Task<Result> start(Context& context, Arguments arguments) {
    DomainRef domain = co_await the_domain(context, arguments);
    if (domain.id >= 0) throw Failure{"Domain is already active"};
    uint32_t flags = start_flags(arguments);
    std::vector<Fd> descriptors = passed_descriptors(arguments);
    driver::CallExtras extras = extras_of(descriptors);
    std::string sentence = fmt::format("Failed to start domain '{}'", domain.name);
    if (descriptors.empty()) {
        DomainCreateWithFlags::Args call{.domain = domain, .flags = flags};
        DomainCreateWithFlags::Ret made =
            co_await context.attempt<DomainCreateWithFlags>(std::move(call), std::move(sentence));
        domain = std::move(made.domain);
    } else {
        DomainCreateWithFiles::Args call{.domain = domain, .flags = flags};
        DomainCreateWithFiles::Ret made =
            co_await context.attempt<DomainCreateWithFiles>(std::move(call), std::move(sentence), &extras);
        domain = std::move(made.domain);
    }
    Sentence done{fmt::format("Domain '{}' started", domain.name), {{"name", domain.name}, {"id", domain.id}}};
    if (!arguments.has("console")) co_return done;
    context.print_extra(done.text + "\n");
    co_await run_console(context, std::move(domain), std::nullopt, 0);
    co_return std::monostate{};
}

Task<Result> dumpxml(Context& context, Arguments arguments) {
    DomainRef domain = co_await the_domain(context, arguments);
    DomainGetXmlDesc::Args call{.domain = std::move(domain),
                                .flags = flag_if(arguments, "inactive", api::domain_xml_inactive) |
                                         flag_if(arguments, "security-info", api::domain_xml_secure) |
                                         flag_if(arguments, "update-cpu", api::domain_xml_update_cpu) |
                                         flag_if(arguments, "migratable", api::domain_xml_migratable)};
    DomainGetXmlDesc::Ret answer = co_await context.call<DomainGetXmlDesc>(std::move(call));
    if (context.settings().format == OutputFormat::table || arguments.has("xpath"))
        co_return xml_result(arguments, std::move(answer.xml));
    co_return domain_forms(std::move(answer.xml));
}

Task<Result> edit(Context& context, Arguments arguments) {
    DomainRef domain = co_await the_domain(context, arguments);
    DomainGetXmlDesc::Args ask{.domain = domain, .flags = api::domain_xml_secure | api::domain_xml_inactive};
    DomainDefineXmlFlags::Args put{.flags = arguments.has("skip-validate") ? 0 : api::domain_define_validate};
    std::string what = fmt::format("Domain '{}'", domain.name);
    co_return co_await edit_object<DomainGetXmlDesc, DomainDefineXmlFlags>(context, std::move(ask), std::move(put),
                                                                           std::move(what));
}

Task<Result> domrename(Context& context, Arguments arguments) {
    DomainRef domain = co_await the_domain(context, arguments);
    DomainRename::Args call{.domain = std::move(domain), .new_name = arguments.text("new-name")};
    co_await context.call<DomainRename>(std::move(call));
    co_return Sentence{"Domain successfully renamed", {{"name", arguments.text("new-name")}}};
}

Task<Result> autostart(Context& context, Arguments arguments) {
    DomainRef domain = co_await the_domain(context, arguments);
    bool on = !arguments.has("disable");
    DomainSetAutostart::Args call{.domain = domain, .autostart = on ? 1 : 0};
    std::string sentence = fmt::format("Failed to {} domain '{}' as autostarted", on ? "mark" : "unmark", domain.name);
    co_await context.attempt<DomainSetAutostart>(std::move(call), std::move(sentence));
    co_return Sentence{fmt::format("Domain '{}' {} as autostarted", domain.name, on ? "marked" : "unmarked"),
                       {{"name", domain.name}, {"autostart", on}}};
}

Task<Result> from_native(Context& context, Arguments arguments) {
    ConnectDomainXmlFromNative::Args call{.native_format = arguments.text("format"),
                                          .native_config = read_input(arguments.text("config"))};
    ConnectDomainXmlFromNative::Ret answer = co_await context.call<ConnectDomainXmlFromNative>(std::move(call));
    co_return Text{std::move(answer.domain_xml), "xml"};
}

Task<Result> to_native(Context& context, Arguments arguments) {
    exclude(arguments, "domain", "xml");
    ConnectDomainXmlToNative::Args call{.native_format = arguments.text("format")};
    if (arguments.has("domain")) {
        DomainRef domain = co_await the_domain(context, arguments);
        DomainGetXmlDesc::Args ask{.domain = std::move(domain)};
        DomainGetXmlDesc::Ret answer = co_await context.call<DomainGetXmlDesc>(std::move(ask));
        call.domain_xml = std::move(answer.xml);
    } else if (std::optional<std::string> file = arguments.find("xml")) {
        call.domain_xml = read_input(*file);
    } else {
        throw Failure{"need either domain or domain XML"};
    }
    ConnectDomainXmlToNative::Ret answer = co_await context.call<ConnectDomainXmlToNative>(std::move(call));
    co_return Text{std::move(answer.native_config), "config"};
}

}  // namespace

Commands domain_definition_commands() {
    return {
        make_command("define", "<file> --validate", "define a domain from a file, without starting it", define),
        make_command("create", "<file> --console --paused --autodestroy --pass-fds= --validate --reset-nvram",
                     "create and start a transient domain from a file", create),
        make_command("start",
                     "<domain> --console --paused --autodestroy --bypass-cache --force-boot --pass-fds= --reset-nvram",
                     "start a defined domain", start),
        make_command("dumpxml", "<domain> --inactive --security-info --update-cpu --migratable --xpath= --wrap",
                     "the XML of a domain", dumpxml),
        make_command("edit", "<domain> --skip-validate", "edit the XML of a domain", edit),
        make_command("domrename", "<domain> <new-name>", "rename an inactive domain", domrename),
        make_command("autostart", "<domain> --disable", "start a domain when the host starts, or not", autostart),
        make_command("domxml-from-native", "<format> <config>", "turn another format into domain XML", from_native),
        make_command("domxml-to-native", "<format> --domain= --xml=", "turn domain XML into another format", to_native),
    };
}

}  // namespace virtue::shell
