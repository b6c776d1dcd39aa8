// A document that grows while a Mapper asks for its parts: what the describing mode lets map() read. Owned by one run
// of describe(); one thread.
#pragma once
#include <string>
#include <string_view>

#include "xml/document.h"

namespace virtue::xml {

class Scratch {
public:
    explicit Scratch(const std::string& root);
    Element root() const { return document_.root(); }
    /// Gives the element an attribute, a child or a text that it has not got.
    static void set_attribute(Element element, const std::string& name, const std::string& value);
    static void put_child(Element element, const std::string& name);
    static void put_text(Element element, const std::string& text);
    /// Puts the XML of `text` (one element) where `element` stands.
    static void replace(Element element, const std::string& text);
    /// Declares a namespace on the element.
    static void declare(Element element, const std::string& prefix, const std::string& uri);

private:
    Document document_;
};

}  // namespace virtue::xml
