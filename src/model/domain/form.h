// What the form of a domain's document demands beyond which elements it has: virDomainDefineXMLFlags with VALIDATE.
// Pure functions; any thread.
#pragma once
#include "model/domain/domain.h"
#include "xml/document.h"

namespace virtue::model {

/// Throws xml_invalid_schema with the place: names and files of a shape that the schema does not allow.
void check_form(xml::Element root, const Domain& domain);

}  // namespace virtue::model
