// Domains as JSON and YAML: what `dumpxml --output yaml` shows and `define vm.yaml` reads. Pure functions but for the
// file.
#pragma once
#include <string>
#include <string_view>

#include "shell/result.h"

namespace virtue::shell {

/// The definition in a file, as XML: *.json, *.yaml and *.yml are turned into it, as is text that begins with "{" or
/// "domain:". Throws Failure.
std::string read_domain(const std::string& file);
/// The same of text that came from `file`.
std::string domain_xml(std::string text, const std::string& file);
/// The definition: XML for people, as data its JSON and YAML. Throws Failure if it has parts that would get lost on the
/// way.
Result domain_forms(std::string xml);
/// The grammar of domains: RELAX NG for people, as data its JSON Schema.
Result domain_schema();
/// The grammar as a page for people.
std::string domain_reference();

}  // namespace virtue::shell
