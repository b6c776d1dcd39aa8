// Commands about the shell itself.
#include <unistd.h>
#include <cstdlib>

#include "base/text.h"
#include "shell/commands/commands.h"
#include "shell/complete.h"
#include "shell/domain_forms.h"
#include "shell/lookup.h"
#include "shell/manual.h"
#include "shell/xml_text.h"

namespace virtue::shell {
namespace {

Task<Result> help(Context& context, Arguments arguments) {
    if (arguments.has("markdown")) co_return Text{manual(context.groups()), "markdown"};
    std::optional<std::string> topic = arguments.find("command");
    if (!topic) co_return Text{help_overview(context.groups()), "help"};
    for (const CommandGroup& group : context.groups()) {
        if (group.keyword == *topic) co_return Text{help_of_group(group), "help"};
    }
    const Command* command = find_command(context.groups(), *topic);
    if (!command) throw Failure{fmt::format("command or command group '{}' doesn't exist", *topic)};
    co_return Text{help_of(*command), "help"};
}

Task<Result> cd(Context& context, Arguments arguments) {
    if (!context.settings().interactive) throw Failure{"cd: command valid only in interactive mode"};
    const char* home = std::getenv("HOME");
    std::string folder = arguments.find("dir").value_or(home ? home : "/");
    if (::chdir(folder.c_str()) != 0) {
        throw Failure{fmt::format("cd: {}: {}", folder, Error::from_errno(errno, ErrorDomain::none, "").message())};
    }
    co_return std::monostate{};
}

Task<Result> pwd(Context&, Arguments) {
    char folder[4096];
    if (!::getcwd(folder, sizeof folder)) throw Failure{"pwd: cannot get current directory"};
    co_return Text{folder, "directory"};
}

std::string shell_quoted(const std::string& word) {
    constexpr std::string_view plain = "+,-./:=@_^";
    bool needs = word.empty();
    for (char c : word) needs |= !std::isalnum(static_cast<unsigned char>(c)) && plain.find(c) == plain.npos;
    if (!needs) return word;
    std::string out = "'";
    for (char c : word) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
    return out + "'";
}

// "a,,b,c" is "a,b" and "c".
std::vector<std::string> split_commas(const std::string& word) {
    std::vector<std::string> parts(1);
    for (size_t i = 0; i < word.size(); i++) {
        bool comma = word[i] == ',';
        if (comma && i + 1 < word.size() && word[i + 1] == ',')
            i++;
        else if (comma) {
            parts.emplace_back();
            continue;
        }
        parts.back() += word[i];
    }
    return parts;
}

Task<Result> echo(Context& context, Arguments arguments) {
    std::vector<std::string> words;
    for (const std::string& word : arguments.rest()) {
        std::vector<std::string> parts = arguments.has("split") ? split_commas(word) : std::vector<std::string>{word};
        for (std::string& part : parts) {
            if (arguments.has("xml")) part = xml_escape(part);
            if (arguments.has("shell")) part = shell_quoted(part);
            words.push_back(std::move(part));
        }
    }
    std::string line = join(words, " ");
    if (arguments.has("err")) {
        context.print_error(line + "\n");
        co_return std::monostate{};
    }
    co_return Custom{line, Value(Record{{"text", line}})};
}

Task<Result> connect(Context& context, Arguments arguments) {
    std::string uri = arguments.find("name").value_or("");
    bool read_only = arguments.has("readonly");
    co_await context.connect_to(std::move(uri), read_only);
    co_return std::monostate{};
}

Task<Result> quit(Context& context, Arguments) {
    context.leaving = true;
    co_return std::monostate{};
}

Task<Result> completion(Context&, Arguments arguments) {
    co_return Text{completion_script(arguments.text("shell")), "script"};
}

Task<Result> schema(Context&, Arguments arguments) {
    const std::string kind = arguments.text("kind");
    if (kind != "domain") throw UsageError{fmt::format("there is no grammar of '{}'; there is one of 'domain'", kind)};
    if (arguments.has("markdown")) co_return Text{domain_reference(), "page"};
    co_return domain_schema();
}

Task<Result> complete(Context& context, Arguments arguments) {
    std::vector<std::string> words = arguments.rest();
    std::vector<std::string> candidates = co_await complete_words(context, std::move(words));
    co_return Lines{std::move(candidates), "candidates"};
}

}  // namespace

Commands shell_commands() {
    Command hidden =
        make_offline_command("complete", "[words]...", "the words that may stand in the last place", complete);
    hidden.hidden = true;
    Command markdown_help = make_offline_command("help", "[command] --markdown", "help for a command or a group", help);
    return {
        markdown_help,
        make_offline_command("cd", "[dir]", "change the folder", cd),
        make_offline_command("pwd", "", "the present folder", pwd),
        make_offline_command("echo", "--shell --xml --split --err [string]...", "print words", echo),
        make_offline_command("connect", "[name] --readonly", "connect to another URI", connect),
        make_offline_command("quit", "", "leave", quit),
        make_offline_command("exit", "", "leave", quit),
        make_offline_command("completion", "<shell>", "a script that completes our words: bash, zsh or fish",
                             completion),
        make_offline_command("schema", "<kind> --markdown",
                             "the grammar of a kind of document (domain): RELAX NG, with --output json JSON Schema",
                             schema),
        hidden,
    };
}

}  // namespace virtue::shell
