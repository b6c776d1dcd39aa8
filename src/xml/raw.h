// A subtree that is kept as it came and not understood: <metadata>. A value type; usable from any thread.
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "xml/document.h"

namespace virtue::xml {

/// One element of any namespaces, as text. Empty means that there is none.
class RawXml {
public:
    RawXml() = default;
    explicit RawXml(const Element& element);
    /// Reads text that must hold one element. Throws Error (xml_detail) for anything else.
    static RawXml parse(std::string_view text);

    bool empty() const { return source_.empty(); }
    bool operator==(const RawXml& other) const { return source_ == other.source_; }
    /// The text as it came.
    const std::string& source() const { return source_; }
    /// The text as libvirt prints it `level` elements deep; no newline at the end.
    std::string laid_out(int level) const;

    /// Drops child elements without namespace, and all but the first of each namespace, as libvirt does with
    /// <metadata>.
    void keep_one_per_namespace();

    /// The child element whose namespace is `uri`, as libvirt's virDomainGetMetadata returns it.
    std::optional<std::string> find(std::string_view uri) const;
    /// Puts `content` (one element, given `prefix` and `uri`) in place of the child with that namespace; nothing
    /// removes it. `wrapper` is the name of the element to make when there is none yet. libvirt: virXMLInjectNamespace.
    void replace(std::string_view wrapper, std::string_view prefix, std::string_view uri,
                 std::optional<std::string_view> content);

private:
    std::string source_;
    std::string laid_out_;
    int level_ = 0;
};

}  // namespace virtue::xml
