// From a client's XML to a definition that can be kept and started.
#include "drivers/qemu/calls/support.h"
#include "drivers/qemu/live_definition.h"
#include "drivers/qemu/platform.h"
#include "model/domain/complete/complete.h"
#include "model/domain/domain.h"
#include "xml/mapper.h"

namespace virtue::qemu {

Task<std::shared_ptr<model::Domain>> read_definition(Core& core, std::string xml, bool validate,
                                                     io::Deadline deadline) {
    xml::Options options;
    options.domain = ErrorDomain::domain;
    options.validate = validate;
    auto domain = std::make_shared<model::Domain>(xml::parse<model::Domain>(xml, options));
    require_name(domain->name);
    domain->id = -1;
    QemuPlatform without(core.capabilities, nullptr, core.settings);
    without.check(*domain);
    std::string arch = domain->os.arch.empty() ? without.default_arch() : domain->os.arch;
    std::string emulator = domain->emulator.empty() ? without.emulator(domain->type, arch) : domain->emulator;
    // An emulator that is missing now may be there at the start: libvirt, too, keeps such definitions.
    CapabilitiesRef capabilities;
    try {
        if (!emulator.empty()) {
            CapabilitiesRef found = co_await core.capabilities.get(emulator, deadline);
            capabilities = std::move(found);
        }
    } catch (const Error& error) {
        if (error.code() == ErrorCode::operation_timeout) throw;
    }
    QemuPlatform platform(core.capabilities, std::move(capabilities), core.settings);
    bool fresh = !(domain->uuid && core.domains.find(*domain->uuid));
    model::complete_for_qemu(*domain, platform, fresh);
    co_return domain;
}

}  // namespace virtue::qemu
