#include "shell/xml_text.h"

namespace virtue::shell {

std::string xml_escape(std::string_view text) {
    std::string out;
    for (char c : text) {
        switch (c) {
            case '<':
                out += "&lt;";
                break;
            case '>':
                out += "&gt;";
                break;
            case '&':
                out += "&amp;";
                break;
            case '"':
                out += "&quot;";
                break;
            case '\'':
                out += "&apos;";
                break;
            default:
                out += c;
        }
    }
    return out;
}

std::string XmlText::attributes_of(const Attributes& attributes) const {
    std::string text;
    for (const auto& [name, value] : attributes) {
        if (value) text += std::string(" ") + name + "='" + xml_escape(*value) + "'";
    }
    return text;
}

void XmlText::open(const std::string& name, const Attributes& attributes) {
    text_ += margin() + "<" + name + attributes_of(attributes) + ">\n";
    open_.push_back(name);
}

void XmlText::close() {
    std::string name = std::move(open_.back());
    open_.pop_back();
    std::string start = margin() + "<" + name + ">\n";
    // Nothing went in: nothing is said.
    if (text_.ends_with(start) && !open_.empty()) {
        text_.resize(text_.size() - start.size());
    } else {
        text_ += margin() + "</" + name + ">\n";
    }
}

void XmlText::empty(const std::string& name, const Attributes& attributes) {
    std::string values = attributes_of(attributes);
    if (!values.empty()) text_ += margin() + "<" + name + values + "/>\n";
}

void XmlText::bare(const std::string& name) {
    text_ += margin() + "<" + name + "/>\n";
}

void XmlText::leaf(const std::string& name, const std::string& text, const Attributes& attributes) {
    text_ += margin() + "<" + name + attributes_of(attributes) + ">" + xml_escape(text) + "</" + name + ">\n";
}

std::string XmlText::finish() {
    while (!open_.empty()) close();
    return std::move(text_);
}

}  // namespace virtue::shell
