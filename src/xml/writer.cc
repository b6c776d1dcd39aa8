#include "xml/writer.h"

#include <cassert>

#include "xml/tree.h"

namespace virtue::xml {

void Writer::close_start_tag() {
    if (open_.empty() || open_.back().closed) return;
    text_ += ">\n";
    open_.back().closed = true;
}

void Writer::keep_open() {
    if (tree_ != nullptr) return tree_->keep_open();
    close_start_tag();
}

void Writer::begin(std::string_view name, bool repeated) {
    if (tree_ != nullptr) return tree_->begin(name, repeated);
    const size_t start = text_.size();
    const bool parent_was_closed = open_.empty() || open_.back().closed;
    close_start_tag();
    text_.append(static_cast<size_t>(depth()) * 2, ' ');
    text_ += '<';
    text_ += name;
    open_.push_back({name, start, parent_was_closed});
}

void Writer::attribute(std::string_view name, std::string_view value, bool number) {
    if (tree_ != nullptr) return tree_->attribute(name, value, number);
    assert(!open_.empty() && !open_.back().closed && !open_.back().has_text);
    open_.back().has_attributes = true;
    text_ += ' ';
    text_ += name;
    text_ += "='";
    escape(value);
    text_ += '\'';
}

void Writer::text(std::string_view value, bool number) {
    if (tree_ != nullptr) return tree_->text(value, number);
    assert(!open_.empty() && !open_.back().closed);
    if (!open_.back().has_text) text_ += '>';
    open_.back().has_text = true;
    escape(value);
}

void Writer::raw(std::string_view name, std::string_view xml) {
    if (tree_ != nullptr) return tree_->raw(name, xml);
    close_start_tag();
    text_.append(static_cast<size_t>(depth()) * 2, ' ');
    text_ += xml;
    text_ += '\n';
}

bool Writer::has_content() const {
    if (tree_ != nullptr) return tree_->has_content();
    return open_.back().has_attributes || open_.back().closed || open_.back().has_text;
}

void Writer::end(bool drop_empty) {
    if (tree_ != nullptr) return tree_->end(drop_empty);
    const Open done = open_.back();
    open_.pop_back();
    if (drop_empty && !done.has_attributes && !done.closed && !done.has_text) {
        text_.resize(done.start);
        if (!open_.empty()) open_.back().closed = done.parent_was_closed;
        return;
    }
    if (!done.closed && !done.has_text) {
        text_ += "/>\n";
        return;
    }
    if (done.closed) text_.append(static_cast<size_t>(depth()) * 2, ' ');
    text_ += "</";
    text_ += done.name;
    text_ += ">\n";
}

void Writer::escape(std::string_view value) {
    size_t plain = 0;
    for (size_t i = 0; i < value.size(); i++) {
        const auto c = static_cast<unsigned char>(value[i]);
        std::string_view with;
        switch (c) {
            case '<':
                with = "&lt;";
                break;
            case '>':
                with = "&gt;";
                break;
            case '&':
                with = "&amp;";
                break;
            case '"':
                with = "&quot;";
                break;
            case '\'':
                with = "&apos;";
                break;
            default:
                // Characters that no XML document may hold are left out, as libvirt does.
                if (c >= 0x20 || c == '\t' || c == '\n' || c == '\r') continue;
        }
        text_ += value.substr(plain, i - plain);
        text_ += with;
        plain = i + 1;
    }
    text_ += value.substr(plain);
}

}  // namespace virtue::xml
