#include "shell/run.h"

#include <chrono>

namespace virtue::shell {
namespace {

// virsh's own errors and the library's, each on its line.
std::string lines_of(const Failure& failure) {
    std::string text;
    if (!failure.sentence.empty()) text += "error: " + failure.sentence + "\n";
    if (failure.cause) text += "error: " + failure.cause->message() + "\n";
    return text;
}

// --output may stand behind the command as well as before it, for this command and those after it.
void take_global_options(Context& context, std::vector<std::string>& words) {
    for (size_t i = 1; i < words.size(); i++) {
        bool separate = words[i] == "--output" && i + 1 < words.size();
        if (!separate && !words[i].starts_with("--output=")) continue;
        std::string name = separate ? words[i + 1] : words[i].substr(9);
        std::optional<OutputFormat> format = output_format(name);
        if (!format) throw UsageError{fmt::format("unknown output format '{}': json, yaml or table", name)};
        context.settings().format = *format;
        auto first = words.begin() + static_cast<ptrdiff_t>(i);
        words.erase(first, first + (separate ? 2 : 1));
        i--;
    }
}

// A command with its arguments, checked.
struct Prepared {
    const Command* command = nullptr;
    Arguments arguments;
};

// Nothing for what is answered at once: the help of a command.
std::optional<Prepared> prepare(Context& context, std::vector<std::string>& words) {
    take_global_options(context, words);
    const Command* command = find_command(context.groups(), words.front());
    if (!command) throw UsageError{fmt::format("unknown command: '{}'", words.front())};
    if (words.size() == 2 && words[1] == "--help") {
        context.print(help_of(*command));
        return std::nullopt;
    }
    return Prepared{command, parse_arguments(*command, std::span(words).subspan(1))};
}

Task<void> run_prepared(Context& context, Prepared prepared) {
    const Command* command = prepared.command;
    if (command->needs_connection) co_await context.connect();
    Result result = co_await command->run(context, std::move(prepared.arguments));
    context.print(render(result, context.settings().format, context.settings().quiet));
}

// Runs what was checked; true if it succeeded.
Task<bool> run_checked(Context& context, Prepared prepared) {
    context.begin_command();
    auto start = std::chrono::steady_clock::now();
    std::string errors;
    bool success = false;
    try {
        co_await run_prepared(context, std::move(prepared));
        success = true;
    } catch (const UsageError& error) {
        errors = "error: " + error.message + "\n";
    } catch (const Failure& failure) {
        errors = lines_of(failure);
    } catch (const Error& error) {
        errors = "error: " + error.message() + "\n";
    }
    context.print_error(errors);
    if (context.leaving) co_return success;
    if (context.settings().timing) {
        std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - start;
        context.print_extra(fmt::format("\n(Time: {:.3f} ms)\n\n", took.count()));
    } else {
        context.print_extra("\n");
    }
    co_return success;
}

// As in virsh a line is checked as a whole before its first command runs.
Task<bool> run_all(Context& context, std::vector<std::vector<std::string>> commands) {
    std::vector<Prepared> checked;
    try {
        for (std::vector<std::string>& words : commands) {
            std::optional<Prepared> prepared = prepare(context, words);
            if (prepared) checked.push_back(std::move(*prepared));
        }
    } catch (const UsageError& error) {
        context.print_error("error: " + error.message + "\n");
        co_return false;
    }
    bool success = true;
    for (Prepared& prepared : checked) {
        success = co_await run_checked(context, std::move(prepared));
        if (context.leaving) break;
    }
    co_return success;
}

}  // namespace

Task<bool> run_words(Context& context, std::vector<std::string> words) {
    std::vector<std::vector<std::string>> commands;
    commands.push_back(std::move(words));
    return run_all(context, std::move(commands));
}

Task<bool> run_line(Context& context, std::string line) {
    try {
        return run_all(context, split_line(line));
    } catch (const UsageError& error) {
        context.print_error("error: " + error.message + "\n");
    }
    return [](bool result) -> Task<bool> { co_return result; }(false);
}

}  // namespace virtue::shell
