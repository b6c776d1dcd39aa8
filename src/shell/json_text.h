// JSON that others wrote, as text: checked, laid out for people, and taken apart at its top. Numbers and texts stay as
// they came, letter by letter. No state; any thread.
#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace virtue::shell {

/// Whether the text is one JSON value.
bool is_json(std::string_view text);
/// Whether it is an object.
bool is_json_object(std::string_view text);
/// A member of the object, as text; nothing if there is none.
std::optional<std::string> json_member(std::string_view text, std::string_view name);
/// With line ends and two blanks for each level, as virsh shows it; no line end after it.
std::string lay_out_json(std::string_view text);
/// "text" with what JSON wants quoted.
std::string quote_json(std::string_view text);

}  // namespace virtue::shell
