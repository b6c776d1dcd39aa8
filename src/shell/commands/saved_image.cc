// The XML in files of saved guests.
#include "driver/constants.h"
#include "protocol/remote/domain_lifecycle.h"
#include "shell/commands/commands.h"
#include "shell/editor.h"
#include "shell/lookup.h"

namespace virtue::shell {
namespace {

using namespace proc;

uint32_t state_flags(const Arguments& arguments) {
    exclude(arguments, "running", "paused");
    return flag_if(arguments, "running", api::domain_save_running) |
           flag_if(arguments, "paused", api::domain_save_paused);
}

Task<Result> managed_define(Context& context, Arguments arguments) {
    uint32_t flags = state_flags(arguments);
    std::string xml = read_input(arguments.text("xml"));
    DomainRef domain = co_await the_domain(context, arguments);
    DomainManagedSaveDefineXml::Args call{.domain = domain, .dxml = std::move(xml), .flags = flags};
    co_await context.attempt<DomainManagedSaveDefineXml>(
        std::move(call), fmt::format("Failed to update {} XML configuration", domain.name));
    co_return Sentence{fmt::format("Managed save state file of domain '{}' updated.", domain.name),
                       {{"name", domain.name}}};
}

Task<Result> managed_dumpxml(Context& context, Arguments arguments) {
    DomainRef domain = co_await the_domain(context, arguments);
    DomainManagedSaveGetXmlDesc::Args ask{.domain = std::move(domain),
                                          .flags = flag_if(arguments, "security-info", api::domain_xml_secure)};
    DomainManagedSaveGetXmlDesc::Ret answer = co_await context.call<DomainManagedSaveGetXmlDesc>(std::move(ask));
    co_return xml_result(arguments, std::move(answer.xml));
}

Task<Result> managed_edit(Context& context, Arguments arguments) {
    uint32_t flags = state_flags(arguments);
    DomainRef domain = co_await the_domain(context, arguments);
    DomainManagedSaveGetXmlDesc::Args ask{.domain = domain, .flags = api::domain_xml_secure};
    DomainManagedSaveDefineXml::Args put{.domain = domain, .flags = flags};
    EditWords words{fmt::format("Managed save image of domain '{}' XML configuration not changed.", domain.name),
                    fmt::format("Managed save image of Domain '{}' XML configuration edited.", domain.name)};
    co_return co_await edit_document<DomainManagedSaveGetXmlDesc, DomainManagedSaveDefineXml>(
        context, std::move(ask), std::move(put), &DomainManagedSaveDefineXml::Args::dxml, std::move(words));
}

Task<Result> image_define(Context& context, Arguments arguments) {
    uint32_t flags = state_flags(arguments);
    std::string file = arguments.text("file");
    DomainSaveImageDefineXml::Args call{.file = file, .dxml = read_input(arguments.text("xml")), .flags = flags};
    co_await context.attempt<DomainSaveImageDefineXml>(std::move(call), "Failed to update " + file);
    co_return Sentence{fmt::format("State file {} updated.", file), {{"file", file}}};
}

Task<Result> image_edit(Context& context, Arguments arguments) {
    uint32_t flags = state_flags(arguments);
    std::string file = arguments.text("file");
    DomainSaveImageGetXmlDesc::Args ask{.file = file, .flags = api::domain_xml_secure};
    DomainSaveImageDefineXml::Args put{.file = file, .flags = flags};
    EditWords words{fmt::format("Saved image {} XML configuration not changed.", file),
                    fmt::format("State file {} edited.", file)};
    co_return co_await edit_document<DomainSaveImageGetXmlDesc, DomainSaveImageDefineXml>(
        context, std::move(ask), std::move(put), &DomainSaveImageDefineXml::Args::dxml, std::move(words));
}

}  // namespace

Commands saved_image_commands() {
    return {
        make_command("managedsave-define", "<domain> <xml> --running --paused", "change the XML of a managed save",
                     managed_define),
        make_command("managedsave-dumpxml", "<domain> --security-info --xpath= --wrap", "the XML of a managed save",
                     managed_dumpxml),
        make_command("managedsave-edit", "<domain> --running --paused", "edit the XML of a managed save", managed_edit),
        make_command("save-image-define", "<file> <xml> --running --paused", "change the XML in a saved guest's file",
                     image_define),
        make_command("save-image-edit", "<file> --running --paused", "edit the XML in a saved guest's file",
                     image_edit),
    };
}

}  // namespace virtue::shell
