// Lets the user edit a text in $VISUAL, $EDITOR or vi. Loop thread only.
#pragma once
#include <optional>
#include <string>

#include "shell/context.h"

namespace virtue::shell {

/// The edited text, or nothing if it was left as it was. Throws Failure when the editor fails.
Task<std::optional<std::string>> edit_text(Context& context, std::string text, std::string extension);
/// Keeps what could not be used in a file of its own, and says where, for an error.
std::string keep_edited(const std::string& text, const std::string& extension);

/// Edits the XML of an object: gets it by `ask`, and defines by `put` what comes out, unless it was left as it was.
/// `what` begins the sentences: "Domain 'x'".
template <typename Get, typename Put>
Task<Result> edit_object(Context& context, typename Get::Args ask, typename Put::Args put, std::string what) {
    typename Get::Ret before = co_await context.call<Get>(ask);
    std::optional<std::string> edited = co_await edit_text(context, before.xml, "xml");
    if (!edited) co_return Sentence{what + " XML configuration not changed.", {{"changed", false}}};
    std::optional<Failure> refused;
    try {
        typename Get::Ret meanwhile = co_await context.call<Get>(std::move(ask));
        if (meanwhile.xml != before.xml) {
            throw Error(ErrorCode::operation_failed, ErrorDomain::none,
                        "ERROR: the XML configuration was changed by another user");
        }
        put.xml = *edited;
        co_await context.call<Put>(std::move(put));
    } catch (Error& error) {
        refused = Failure{keep_edited(*edited, "xml"), std::move(error)};
    }
    if (refused) throw std::move(*refused);
    co_return Sentence{what + " XML configuration edited.", {{"changed", true}}};
}

}  // namespace virtue::shell
