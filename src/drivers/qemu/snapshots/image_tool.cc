#include "drivers/qemu/snapshots/image_tool.h"

#include <unistd.h>
#include <cstdlib>

#include "base/error.h"
#include "base/log.h"
#include "drivers/qemu/command/devices.h"
#include "drivers/qemu/volumes.h"
#include "io/process.h"
#include "model/snapshot/snapshot.h"

namespace virtue::qemu {
namespace {

constinit log::Module logger("qemu.snapshot");

std::string find_tool() {
    const char* search = std::getenv("PATH");
    std::string folders = search ? search : "/usr/local/bin:/usr/bin:/bin";
    folders += ':';
    for (size_t start = 0; start < folders.size();) {
        const size_t end = folders.find(':', start);
        const std::string path = folders.substr(start, end - start) + "/qemu-img";
        if (::access(path.c_str(), X_OK) == 0) return path;
        start = end + 1;
    }
    throw Error(ErrorCode::internal_error, ErrorDomain::qemu, "unable to find qemu-img");
}

}  // namespace

namespace {

/// Runs it and gives what it printed.
Task<std::string> ask_image_tool(Core& core, std::vector<std::string> arguments, io::Deadline deadline, int umask) {
    io::ProcessOptions options;
    options.umask = umask;
    options.arguments.push_back(find_tool());
    options.arguments.insert(options.arguments.end(), arguments.begin(), arguments.end());
    for (const char* name : {"PATH", "HOME", "TMPDIR"}) {
        if (const char* value = std::getenv(name)) options.environment.push_back(fmt::format("{}={}", name, value));
    }
    options.environment.push_back("LC_ALL=C");
    std::string line;
    for (const std::string& word : options.arguments) line += (line.empty() ? "" : " ") + word;
    io::CommandResult result = co_await io::run_command(core.loop, std::move(options), "", deadline);
    if (result.status.success()) co_return std::move(result.output);
    fail(ErrorCode::internal_error, ErrorDomain::none, "Child process ({}) unexpected {}: {}", line,
         result.status.to_string(), result.errors);
}

}  // namespace

Task<void> run_image_tool(Core& core, std::vector<std::string> arguments, io::Deadline deadline, int umask) {
    co_await ask_image_tool(core, std::move(arguments), deadline, umask);
}

Task<std::string> backing_file(Core& core, std::string path, io::Deadline deadline) {
    std::vector<std::string> arguments = {"info", "--output", "json", path};
    std::string printed = co_await ask_image_tool(core, std::move(arguments), deadline, 0022);
    const Json info = Json::parse(printed);
    co_return info.string_or("full-backing-filename", info.string_or("backing-filename", ""));
}

std::string option_value(const std::string& text) {
    std::string result;
    for (char c : text) {
        result += c;
        if (c == ',') result += c;
    }
    return result;
}

std::string image_format(const model::StorageSource& source) {
    using model::StorageFormat;
    const bool is_raw = source.format == StorageFormat::absent || source.format == StorageFormat::iso ||
                        source.format == StorageFormat::dir || source.format == StorageFormat::fat;
    return is_raw ? "raw" : std::string(xml::to_name(source.format));
}

std::string backing_reference(const model::StorageSource& source) {
    if (source.type == model::StorageType::file || source.type == model::StorageType::block) return source.path;
    Json whole = Json::object({{"driver", image_format(source)}, {"file", storage_protocol(source)}});
    return "json:" + whole.to_text();
}

Task<bool> each_internal_snapshot(Core& core, std::shared_ptr<const model::Domain> definition, std::string name,
                                  std::vector<std::string> targets, std::string action, bool try_all,
                                  io::Deadline deadline) {
    struct Image {
        std::string target;
        std::string path;
        bool fits = true;
    };
    std::vector<Image> images;
    const std::shared_ptr<const model::Domain> opened = co_await with_volumes(core, definition, deadline);
    for (const std::string& target : targets) {
        const model::Disk* disk = model::find_disk(*opened, target);
        if (!disk || disk->device != model::DiskDevice::disk) continue;
        const bool fits = disk->source.is_local() && (disk->source.format == model::StorageFormat::qcow2 ||
                                                      disk->source.format == model::StorageFormat::absent);
        images.push_back({target, disk->source.path, fits});
    }
    bool skipped = false;
    std::vector<std::string> done;
    std::optional<Error> failure;
    for (const Image& image : images) {
        try {
            if (!image.fits) {
                fail(ErrorCode::operation_invalid, ErrorDomain::qemu, "Disk device '{}' does not support snapshotting",
                     image.target);
            }
            std::vector<std::string> arguments = {"snapshot", action, name, image.path};
            co_await run_image_tool(core, std::move(arguments), deadline);
            done.push_back(image.path);
        } catch (const Error& error) {
            failure.emplace(error);
        }
        if (!failure) continue;
        if (!try_all) break;
        logger.warn("skipping snapshot action on {}: {}", image.target, failure->message());
        skipped = true;
        failure.reset();
    }
    if (!failure) co_return skipped;
    // A snapshot of some disks only would be none.
    for (std::string& path : done) {
        if (action != "-c") break;
        try {
            std::vector<std::string> arguments = {"snapshot", "-d", name, path};
            co_await run_image_tool(core, std::move(arguments), io::Deadline::never());
        } catch (const Error& error) {
            logger.warn("the internal snapshot '{}' of {} stays: {}", name, path, error.message());
        }
    }
    throw *failure;
}

}  // namespace virtue::qemu
