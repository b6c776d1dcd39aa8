// XPath over a text of XML, for people's questions (`dumpxml --xpath`) and for looking one thing up. No thread
// affinity.
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace virtue::xml {

/// What an expression finds: each node as text (an element with its tags, an attribute or text by its value). A
/// number, truth or string result is one text. Throws xml_error for malformed XML, invalid_arg for a bad expression.
std::vector<std::string> find_nodes(std::string_view document, const std::string& expression);
/// The string value of each node that it finds: an attribute's value, an element's text.
std::vector<std::string> find_texts(std::string_view document, const std::string& expression);

}  // namespace virtue::xml
