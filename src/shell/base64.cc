#include "shell/base64.h"

#include <termios.h>
#include <unistd.h>

#include "base/base64.h"
#include "shell/command.h"

namespace virtue::shell {

std::string from_base64(std::string_view text) {
    auto bytes = virtue::from_base64(text);
    if (!bytes) throw Failure{"Invalid base64 data"};
    return std::move(*bytes);
}

std::string read_password(const std::string& prompt) {
    termios before{};
    if (::tcgetattr(STDIN_FILENO, &before) != 0) throw Failure{"the value can be asked for on a terminal only"};
    termios silent = before;
    silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent);
    fmt::print("{}", prompt);
    std::fflush(stdout);
    std::string line;
    char c = 0;
    while (::read(STDIN_FILENO, &c, 1) == 1 && c != '\n') line += c;
    ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
    fmt::print("\n");
    return line;
}

}  // namespace virtue::shell
