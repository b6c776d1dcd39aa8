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

/// What is said when the text was left as it was, and when it was changed.
struct EditWords {
    std::string same;
    std::string changed;
};

/// Edits a document: gets it by `ask`, and hands what comes out to `put`, in its member `xml`, unless it was left as it
/// was.
template <typename Get, typename Put, typename Text>
Task<Result> edit_document(Context& context, typename Get::Args ask, typename Put::Args put, Text Put::Args::*xml,
                           EditWords words) {
    typename Get::Ret before = co_await context.call<Get>(ask);
    std::optional<std::string> edited = co_await edit_text(context, before.xml, "xml");
    if (!edited) co_return Sentence{std::move(words.same), {{"changed", false}}};
    std::optional<Failure> refused;
    try {
        typename Get::Ret meanwhile = co_await context.call<Get>(std::move(ask));
        if (meanwhile.xml != before.xml) {
            throw Error(ErrorCode::operation_failed, ErrorDomain::none,
                        "ERROR: the XML configuration was changed by another user");
        }
        put.*xml = *edited;
        co_await context.call<Put>(std::move(put));
    } catch (Error& error) {
        refused = Failure{keep_edited(*edited, "xml"), std::move(error)};
    }
    if (refused) throw std::move(*refused);
    co_return Sentence{std::move(words.changed), {{"changed", true}}};
}

/// The same for an object whose definition is called `xml`. `what` begins the sentences: "Domain 'x'".
template <typename Get, typename Put>
Task<Result> edit_object(Context& context, typename Get::Args ask, typename Put::Args put, std::string what) {
    EditWords words{what + " XML configuration not changed.", what + " XML configuration edited."};
    return edit_document<Get, Put>(context, std::move(ask), std::move(put), &Put::Args::xml, std::move(words));
}

}  // namespace virtue::shell
