#include "shell/commands/device_xml.h"

#include "protocol/remote/domain_device.h"

namespace virtue::shell {
namespace {

template <typename Plain, typename WithFlags>
Task<void> change(Context& context, proc::DomainRef domain, std::string xml, Affect affect, std::string failure) {
    if (!affect.given && affect.flags == 0) {
        typename Plain::Args call{.domain = std::move(domain), .xml = std::move(xml)};
        co_await context.attempt<Plain>(std::move(call), std::move(failure));
        co_return;
    }
    typename WithFlags::Args call{.domain = std::move(domain), .xml = std::move(xml), .flags = affect.flags};
    co_await context.attempt<WithFlags>(std::move(call), std::move(failure));
}

}  // namespace

Task<void> attach_device(Context& context, proc::DomainRef domain, std::string xml, Affect affect,
                         std::string failure) {
    return change<proc::DomainAttachDevice, proc::DomainAttachDeviceFlags>(context, std::move(domain), std::move(xml),
                                                                           affect, std::move(failure));
}

Task<void> detach_device(Context& context, proc::DomainRef domain, std::string xml, Affect affect,
                         std::string failure) {
    return change<proc::DomainDetachDevice, proc::DomainDetachDeviceFlags>(context, std::move(domain), std::move(xml),
                                                                           affect, std::move(failure));
}

}  // namespace virtue::shell
