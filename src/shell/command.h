// Commands as data: name, help, options and what runs. Parsing, help, completion and documentation follow from it.
#pragma once
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "io/task.h"
#include "shell/result.h"

namespace virtue::shell {

class Context;

/// What an option's argument names, for completion.
enum class Completes : uint8_t {
    nothing,
    file,
    domain,
    active_domain,
    inactive_domain,
    network,
    pool,
    volume,
    secret,
    node_device,
    interface,
    nwfilter,
    snapshot,
    checkpoint,
    command,
};

/// How an option is given.
enum class OptionKind : uint8_t {
    flag,        ///< --live
    text,        ///< --name VALUE, or in its place without the name
    number,      ///< the same, an integer
    named_text,  ///< --name VALUE only
    named_number,
    rest,  ///< all words that are left
};

/// One option of a command.
struct Option {
    std::string name;
    OptionKind kind;
    bool required;
    std::string help;
    Completes completes = Completes::nothing;
    std::vector<std::string> words = {};  ///< the values that make sense, for completion and help
};

/// What the user typed after the command's name, checked against its options.
class Arguments {
public:
    bool has(std::string_view option) const { return values_.contains(option); }
    /// The text of an option; throws a usage error if it is absent.
    const std::string& text(std::string_view option) const;
    std::optional<std::string> find(std::string_view option) const;
    /// Throws invalid_arg "Numeric value '…' for <option> option is malformed or out of range".
    std::optional<int64_t> find_number(std::string_view option) const;
    /// The same for more than `most`.
    std::optional<uint64_t> find_unsigned(std::string_view option, uint64_t most = UINT64_MAX) const;
    /// In bytes; a bare number counts in `unit` bytes.
    std::optional<uint64_t> find_size(std::string_view option, uint64_t unit) const;
    const std::vector<std::string>& rest() const { return rest_; }

    void set(const std::string& option, std::string value) { values_[option] = std::move(value); }
    void add_rest(std::string word) { rest_.push_back(std::move(word)); }

private:
    std::map<std::string, std::string, std::less<>> values_;
    std::vector<std::string> rest_;
};

/// A command.
struct Command {
    std::string name;
    std::string summary;      ///< one line, as in the list of commands
    std::string description;  ///< as in its own help
    std::vector<Option> options;
    Task<Result> (*run)(Context& context, Arguments arguments);
    bool needs_connection = true;
    bool hidden = false;  ///< for scripts and for old names: runs, but is not listed
};

/// Commands of one subject.
struct CommandGroup {
    std::string title;    ///< "Domain Management"
    std::string keyword;  ///< "domain"
    std::vector<Command> commands;
};

/// A mistake in what was typed: printed as "error: …", exit code 1.
struct UsageError {
    std::string message;
};

/// A command that failed: what was tried, in a sentence, and what the library said about it; each on a line of its
/// own after "error: ". One of the two may be absent.
struct Failure {
    std::string sentence;
    std::optional<Error> cause = {};
};

/// Makes a command. `options` names them in order, apart by blanks:
///   --live  a flag · <domain>  a required word, by place or by name · [file]  the same, optional
///   --file=  optional, by its name or, if no list follows, by its place · --file=<>  the same, required
///   <word>...  [word]...  a list: takes all words that are left
/// `:n` after a name makes it a number: <size:n> [count:n] --timeout=:n. The help of an option and what completes it
/// follow from its name.
Command make_command(std::string name, std::string_view options, std::string summary,
                     Task<Result> (*run)(Context& context, Arguments arguments));
/// The same for a command that works without a connection.
Command make_offline_command(std::string name, std::string_view options, std::string summary,
                             Task<Result> (*run)(Context& context, Arguments arguments));

/// All groups, in the order of the help. Each group's file gives one of them.
std::vector<CommandGroup> all_groups();

/// Checks `words` (after the command's name) against the options. Throws UsageError in libvirt's words.
Arguments parse_arguments(const Command& command, std::span<const std::string> words);
/// Splits a typed line into commands of words: quotes, backslashes, `;`. Throws UsageError for an open quote.
std::vector<std::vector<std::string>> split_line(std::string_view line);
/// The command of that name, or nothing.
const Command* find_command(std::span<const CommandGroup> groups, std::string_view name);

/// The help texts.
std::string help_of(const Command& command);
std::string help_overview(std::span<const CommandGroup> groups);
std::string help_of_group(const CommandGroup& group);

}  // namespace virtue::shell
