// From a client's XML to a definition that can be kept and started.
#include "drivers/qemu/calls/support.h"
#include "drivers/qemu/live_definition.h"
#include "drivers/qemu/platform.h"
#include "model/domain/complete/complete.h"
#include "model/domain/complete/steps.h"
#include "model/domain/domain.h"
#include "xml/mapper.h"

namespace virtue::qemu {
namespace {

/// With validation, what the document's form does not allow is refused as such, whatever part finds it.
model::Domain parse_document(const std::string& xml, const xml::Options& options) {
    try {
        return xml::parse<model::Domain>(xml, options);
    } catch (const xml::Disagreement&) {
        throw;
    } catch (const Error& error) {
        // What is no XML at all, or another document, was found before.
        const bool is_other = error.message().find("expecting root element") != std::string::npos;
        const bool is_malformed = error.code() == ErrorCode::xml_detail && error.detail().starts_with('(');
        if (!options.validate || is_malformed || is_other) throw;
        if (error.code() == ErrorCode::xml_invalid_schema) throw;
        throw Error(ErrorCode::xml_invalid_schema, ErrorDomain::xml, error.detail());
    }
}

}  // namespace

Task<std::shared_ptr<model::Domain>> read_definition(Core& core, std::string xml, bool validate,
                                                     io::Deadline deadline) {
    xml::Options options;
    options.domain = ErrorDomain::domain;
    options.validate = validate;
    auto domain = std::make_shared<model::Domain>(parse_document(xml, options));
    require_name(domain->name);
    domain->id = -1;
    QemuPlatform without(core.capabilities, nullptr, core.settings);
    std::string arch = domain->os.arch.empty() ? without.default_arch() : domain->os.arch;
    std::string emulator = domain->emulator.empty() ? without.emulator(domain->type, arch) : domain->emulator;
    // An emulator that is missing is refused here, as by libvirt; definitions on disk are kept without it.
    model::check_arch(*domain);
    CapabilitiesRef capabilities;
    if (!emulator.empty()) {
        CapabilitiesRef found = co_await core.capabilities.get(emulator, deadline);
        capabilities = std::move(found);
    }
    QemuPlatform platform(core.capabilities, std::move(capabilities), core.settings);
    bool fresh = !(domain->uuid && core.domains.find(*domain->uuid));
    model::complete_for_qemu(*domain, platform, fresh);
    co_return domain;
}

std::shared_ptr<model::Domain> read_again(const model::Domain& definition, const model::Platform& platform) {
    xml::Options options;
    options.domain = ErrorDomain::domain;
    std::string text = definition_xml(definition, api::domain_xml_secure | api::domain_xml_inactive, false);
    auto copy = std::make_shared<model::Domain>(xml::parse<model::Domain>(text, options));
    copy->id = -1;
    model::complete_for_qemu(*copy, platform, false, false);
    return copy;
}

}  // namespace virtue::qemu
