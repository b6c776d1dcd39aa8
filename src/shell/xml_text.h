// Writes the small XML texts that commands make of their options. Owned by whoever writes one.
#pragma once
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace virtue::shell {

/// Elements in order; attributes without a value are left out, and so are empty elements without attributes.
class XmlText {
public:
    using Attributes = std::vector<std::pair<const char*, std::optional<std::string>>>;

    void open(const std::string& name, const Attributes& attributes);
    void close();
    /// <name a='…'/>, if any attribute has a value.
    void empty(const std::string& name, const Attributes& attributes);
    /// <name/>
    void bare(const std::string& name);
    /// <name a='…'>text</name>
    void leaf(const std::string& name, const std::string& text, const Attributes& attributes = {});
    /// Closes what is open, and gives the text.
    std::string finish();

private:
    std::string attributes_of(const Attributes& attributes) const;
    std::string margin() const { return std::string(open_.size() * 2, ' '); }
    std::string text_;
    std::vector<std::string> open_;
};

/// With &lt; and its kin.
std::string xml_escape(std::string_view text);

}  // namespace virtue::shell
