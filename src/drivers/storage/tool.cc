#include "drivers/storage/tool.h"

#include <sys/mman.h>
#include <unistd.h>
#include <cstdlib>

#include "base/text.h"
#include "drivers/storage/errors.h"

namespace virtue::storage {
namespace {

constexpr int first_secret = 3;

std::string search_path() {
    const char* path = std::getenv("PATH");
    return (path ? std::string(path) + ":" : std::string()) + "/usr/sbin:/usr/bin:/sbin:/bin";
}

std::string find_tool(const std::string& name) {
    if (name.starts_with('/')) return ::access(name.c_str(), X_OK) == 0 ? name : std::string();
    const std::string path = search_path();
    for (std::string_view folder : split(path, ':')) {
        std::string candidate = std::string(folder) + "/" + name;
        if (!folder.empty() && ::access(candidate.c_str(), X_OK) == 0) return candidate;
    }
    return {};
}

io::ProcessOptions options_for(std::vector<std::string> arguments) {
    io::ProcessOptions options;
    const std::string program = find_tool(arguments.front());
    if (program.empty())
        throw Error(ErrorCode::operation_unsupported, here,
                    fmt::format("the program '{}' is not installed", arguments.front()),
                    "install the package that it belongs to and try again");
    arguments.front() = program;
    options.arguments = std::move(arguments);
    options.environment = {"PATH=" + search_path(), "LC_ALL=C", "TMPDIR=/var/tmp"};
    return options;
}

}  // namespace

bool has_tool(const std::string& name) {
    return !find_tool(name).empty();
}

Task<io::CommandResult> try_tool(Context context, std::vector<std::string> arguments) {
    io::ProcessOptions options = options_for(std::move(arguments));
    io::CommandResult result = co_await io::run_command(context.loop, std::move(options), "", context.deadline);
    co_return result;
}

Task<std::string> run_tool(Context context, std::vector<std::string> arguments, std::vector<Fd> secrets) {
    io::ProcessOptions options = options_for(std::move(arguments));
    int number = first_secret;
    for (const Fd& secret : secrets) options.descriptors.emplace_back(&secret, number++);
    const std::string shown = join(options.arguments, " ");
    io::CommandResult result = co_await io::run_command(context.loop, std::move(options), "", context.deadline);
    if (!result.status.success())
        throw Error(ErrorCode::internal_error, ErrorDomain::none,
                    fmt::format("Child process ({}) unexpected {}: {}", shown, result.status.to_string(),
                                trim(result.errors.empty() ? result.output : result.errors)));
    co_return std::move(result.output);
}

Fd secret_in_memory(const std::vector<uint8_t>& value) {
    Fd fd(::memfd_create("virtue-secret", MFD_CLOEXEC));
    if (!fd || ::write(fd.get(), value.data(), value.size()) != static_cast<ssize_t>(value.size()))
        refuse_errno(errno, "cannot pass a secret on");
    return fd;
}

}  // namespace virtue::storage
