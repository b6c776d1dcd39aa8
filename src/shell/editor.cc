#include "shell/editor.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/text.h"
#include "io/files.h"
#include "io/process.h"

extern char** environ;

namespace virtue::shell {
namespace {

constexpr size_t text_max = 32 << 20;

std::string folder() {
    const char* named = std::getenv("TMPDIR");
    return named && *named ? named : "/tmp";
}

// A fresh file that only the user can read; removed at the end.
class Scratch {
public:
    Scratch(const std::string& text, const std::string& extension) {
        std::string pattern = folder() + "/virtueXXXXXX." + extension;
        Fd file(::mkstemps(pattern.data(), static_cast<int>(extension.size() + 1)));
        if (!file) throw Error::from_errno(errno, ErrorDomain::none, "cannot make a file in '" + folder() + "'");
        path_ = pattern;
        for (size_t done = 0; done < text.size();) {
            ssize_t written = ::write(file.get(), text.data() + done, text.size() - done);
            if (written < 0) throw Error::from_errno(errno, ErrorDomain::none, "cannot write '" + path_ + "'");
            done += static_cast<size_t>(written);
        }
    }
    ~Scratch() {
        if (!kept_) ::unlink(path_.c_str());
    }
    Scratch(const Scratch&) = delete;
    Scratch& operator=(const Scratch&) = delete;
    const std::string& path() const { return path_; }
    void keep() { kept_ = true; }

private:
    std::string path_;
    bool kept_ = false;
};

std::string editor() {
    for (const char* name : {"VISUAL", "EDITOR"}) {
        const char* value = std::getenv(name);
        if (value && *value) return value;
    }
    return "vi";
}

}  // namespace

Task<std::optional<std::string>> edit_text(Context& context, std::string text, std::string extension) {
    Scratch scratch(text, extension);
    Fd input(::dup(STDIN_FILENO));
    Fd output(::dup(STDOUT_FILENO));
    Fd errors(::dup(STDERR_FILENO));
    io::ProcessOptions options{.standard_input = &input,
                               .standard_output = &output,
                               .standard_error = &errors,
                               .working_directory = ".",
                               .new_session = false};
    // The editor may carry options, as in EDITOR="code --wait".
    std::string named = editor();
    for (std::string_view word : split_words(named)) options.arguments.emplace_back(word);
    options.arguments.push_back(scratch.path());
    for (char** variable = environ; *variable; variable++) options.environment.emplace_back(*variable);
    std::unique_ptr<io::Process> process = io::Process::spawn(context.loop(), options);
    io::Deadline forever = io::Deadline::never();
    io::ExitStatus status = co_await process->wait(forever);
    if (!status.success()) throw Failure{fmt::format("{}: command exited with non-zero status", named)};
    std::string edited = io::read_file(scratch.path(), text_max);
    if (edited == text) co_return std::nullopt;
    co_return edited;
}

std::string keep_edited(const std::string& text, const std::string& extension) {
    Scratch scratch(text, extension);
    scratch.keep();
    return "the edited text could not be used; it is kept in " + scratch.path();
}

}  // namespace virtue::shell
