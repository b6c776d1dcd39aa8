// The domain's XML for commands that take one device out of it and change it. Loop thread only.
#pragma once
#include "driver/constants.h"
#include "protocol/remote/domain_define.h"
#include "shell/lookup.h"
#include "xml/editable.h"

namespace virtue::shell {

/// The XML of what runs, or (`stored`) of what the next start uses.
inline Task<xml::EditableXml> editable_domain(Context& context, proc::DomainRef domain, bool stored) {
    proc::DomainGetXmlDesc::Args ask{.domain = std::move(domain), .flags = stored ? api::domain_xml_inactive : 0};
    proc::DomainGetXmlDesc::Ret answer = co_await context.call<proc::DomainGetXmlDesc>(std::move(ask));
    co_return xml::EditableXml(answer.xml);
}

/// Plugs the device in or out. Without a word on what is to change, the older call is used, which old daemons know.
Task<void> attach_device(Context& context, proc::DomainRef domain, std::string xml, Affect affect, std::string failure);
Task<void> detach_device(Context& context, proc::DomainRef domain, std::string xml, Affect affect, std::string failure);

}  // namespace virtue::shell
