#include "shell/interactive.h"

#include <histedit.h>
#include <unistd.h>
#include <cstdlib>
#include <cstring>

#include "driver/paths.h"
#include "io/files.h"
#include "shell/complete.h"
#include "shell/run.h"
#include "shell/standard_input.h"

namespace virtue::shell {
namespace {

constexpr int history_max = 1000;

// Lines from a pipe or a file.
class PlainLines {
public:
    explicit PlainLines(Context& context) : context_(context), input_(context.loop()) {}
    std::optional<std::string> next() {
        for (;;) {
            size_t end = buffer_.find('\n');
            if (end != buffer_.npos || ended_) {
                if (buffer_.empty()) return std::nullopt;
                std::string line = buffer_.substr(0, end);
                buffer_.erase(0, end == buffer_.npos ? end : end + 1);
                return line;
            }
            std::vector<uint8_t> part(4096);
            size_t count = context_.loop().run_until(input_.read(part, io::Deadline::never()));
            if (count == 0) ended_ = true;
            buffer_.append(part.begin(), part.begin() + static_cast<ptrdiff_t>(count));
        }
    }

private:
    Context& context_;
    StandardInput input_;
    std::string buffer_;
    bool ended_ = false;
};

std::string history_path() {
    const char* cache = std::getenv("XDG_CACHE_HOME");
    const char* home = std::getenv("HOME");
    std::string folder = cache && *cache ? cache : std::string(home ? home : "/") + "/.cache";
    return folder + "/virtue/history";
}

// libedit on the terminal; the loop runs while it waits for a key, so that keepalive is answered.
class Editor {
public:
    explicit Editor(Context& context)
        : context_(context),
          input_(context.loop()),
          editor_(::el_init("virtue", stdin, stdout, stderr)),
          history_(::history_init()),
          path_(history_path()) {
        HistEvent event;
        ::history(history_, &event, H_SETSIZE, history_max);
        ::history(history_, &event, H_SETUNIQUE, 1);
        ::history(history_, &event, H_LOAD, path_.c_str());
        ::el_set(editor_, EL_CLIENTDATA, this);
        ::el_set(editor_, EL_PROMPT, &Editor::prompt);
        ::el_set(editor_, EL_EDITOR, "emacs");
        ::el_set(editor_, EL_SIGNAL, 1);
        ::el_set(editor_, EL_HIST, ::history, history_);
        ::el_set(editor_, EL_GETCFN, &Editor::get_character);
        ::el_set(editor_, EL_ADDFN, "virtue-complete", "completes the word", &Editor::complete);
        ::el_set(editor_, EL_BIND, "^I", "virtue-complete", nullptr);
        ::el_set(editor_, EL_BIND, "^R", "em-inc-search-prev", nullptr);
        ::el_source(editor_, nullptr);
    }
    ~Editor() {
        try {
            io::make_folders(path_.substr(0, path_.rfind('/')), 0700);
            HistEvent event;
            ::history(history_, &event, H_SAVE, path_.c_str());
        } catch (const Error&) {
            // No history the next time; nothing that would be worth a message now.
        }
        ::history_end(history_);
        ::el_end(editor_);
    }
    Editor(const Editor&) = delete;
    Editor& operator=(const Editor&) = delete;

    std::optional<std::string> next() {
        int count = 0;
        const char* text = ::el_gets(editor_, &count);
        if (!text || count <= 0) {
            context_.print("\n");
            return std::nullopt;
        }
        std::string line(text, static_cast<size_t>(count));
        while (line.ends_with('\n')) line.pop_back();
        if (!line.empty()) {
            HistEvent event;
            ::history(history_, &event, H_ENTER, line.c_str());
        }
        return line;
    }

private:
    static Editor& of(EditLine* editor) {
        void* self = nullptr;
        ::el_get(editor, EL_CLIENTDATA, &self);
        return *static_cast<Editor*>(self);
    }

    static char* prompt(EditLine* editor) {
        static char root[] = "virtue # ";
        static char user[] = "virtue > ";
        return of(editor).context_.settings().read_only || ::geteuid() != 0 ? user : root;
    }

    static int get_character(EditLine* editor, wchar_t* into) {
        Editor& self = of(editor);
        std::mbstate_t state{};
        for (;;) {
            uint8_t byte = 0;
            size_t count = self.context_.loop().run_until(self.input_.read({&byte, 1}, io::Deadline::never()));
            if (count == 0) return 0;
            char c = static_cast<char>(byte);
            size_t used = std::mbrtowc(into, &c, 1, &state);
            if (used == static_cast<size_t>(-2)) continue;
            if (used == static_cast<size_t>(-1)) *into = static_cast<wchar_t>(byte);
            return 1;
        }
    }

    static unsigned char complete(EditLine* editor, int) { return of(editor).complete_here(); }

    unsigned char complete_here() {
        const LineInfo* line = ::el_line(editor_);
        std::string before(line->buffer, line->cursor);
        std::vector<std::vector<std::string>> commands;
        try {
            commands = split_line(before);
        } catch (const UsageError&) {
            return CC_ERROR;
        }
        std::vector<std::string> words = commands.empty() ? std::vector<std::string>() : std::move(commands.back());
        if (words.empty() || before.ends_with(' ')) words.emplace_back();
        if (before.ends_with(';')) words = {""};
        std::string begun = words.back();
        std::vector<std::string> found = context_.loop().run_until(complete_words(context_, std::move(words)));
        if (found.empty()) return CC_ERROR;
        std::string common = found.front();
        for (const std::string& name : found) {
            size_t same = 0;
            while (same < common.size() && same < name.size() && common[same] == name[same]) same++;
            common.resize(same);
        }
        std::string more = common.substr(std::min(begun.size(), common.size()));
        if (found.size() == 1) more += ' ';
        if (!more.empty()) {
            ::el_insertstr(editor_, more.c_str());
            return CC_REFRESH;
        }
        context_.print("\n");
        for (const std::string& name : found) context_.print(name + "  ");
        context_.print("\n");
        return CC_REDISPLAY;
    }

    Context& context_;
    StandardInput input_;
    EditLine* editor_;
    History* history_;
    std::string path_;
};

template <typename Source>
int run_lines(Context& context, Source& source) {
    bool success = true;
    while (!context.leaving) {
        std::optional<std::string> line = source.next();
        if (!line) break;
        success = context.loop().run_until(run_line(context, std::move(*line)));
    }
    return success ? 0 : 1;
}

}  // namespace

int run_interactive(Context& context) {
    if (!::isatty(STDIN_FILENO)) {
        PlainLines lines(context);
        return run_lines(context, lines);
    }
    context.print_extra(
        "Welcome to virtue, the virtualization interactive terminal.\n\n"
        "Type:  'help' for help with commands\n       'quit' to quit\n\n");
    Editor editor(context);
    return run_lines(context, editor);
}

}  // namespace virtue::shell
