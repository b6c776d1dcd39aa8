// From JSON and YAML to XML without a loss: what a person wrote, whole, as the document that libvirt's clients would
// send. Templates over the type whose map() tells attributes from elements.
#pragma once
#include <string>

#include "xml/mapper.h"

namespace virtue::xml {

/// The document as XML. Nothing is completed and nothing left out; what T does not know is an element. Throws Error as
/// parse() does: what makes no sense is told with its place.
template <typename T>
std::string xml_of_tree(const Tree& tree, Options options = {}) {
    set_domain<T>(options);
    const Document document = Document::from_tree(tree, options.source, options.domain, options.limits);
    // Reading asks for every attribute that there can be, which settles the scalars of those names.
    static_cast<void>(read<T>(document.root(), options));
    return document.root().outer_xml(0) + "\n";
}

}  // namespace virtue::xml
