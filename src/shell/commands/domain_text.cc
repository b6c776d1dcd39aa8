// What people write onto a domain: its description, title and metadata; and a picture of its screen.
#include <fcntl.h>
#include <unistd.h>
#include <algorithm>
#include <ctime>

#include "base/text.h"
#include "driver/constants.h"
#include "protocol/remote/domain_define.h"
#include "protocol/remote/domain_device.h"
#include "shell/commands/commands.h"
#include "shell/editor.h"
#include "shell/lookup.h"
#include "xml/xpath.h"

namespace virtue::shell {
namespace {

using namespace proc;

// The description or title: by its own call, or out of the XML where there is none.
Task<std::string> text_of(Context& context, DomainRef domain, uint32_t type, uint32_t flags) {
    DomainGetMetadata::Args ask{.domain = domain, .type = static_cast<int32_t>(type), .flags = flags};
    try {
        DomainGetMetadata::Ret answer = co_await context.call<DomainGetMetadata>(std::move(ask));
        co_return std::move(answer.metadata);
    } catch (const Error& error) {
        if (error.code() == ErrorCode::no_domain_metadata) co_return std::string();
        if (error.code() != ErrorCode::no_support) throw;
    }
    uint32_t xml_flags = flags & api::domain_affect_config ? api::domain_xml_inactive : 0;
    DomainGetXmlDesc::Args ask_xml{.domain = std::move(domain), .flags = xml_flags};
    DomainGetXmlDesc::Ret answer = co_await context.call<DomainGetXmlDesc>(std::move(ask_xml));
    const char* element = type == api::domain_metadata_title ? "/domain/title" : "/domain/description";
    std::vector<std::string> found = xml::find_texts(answer.xml, element);
    co_return found.empty() ? std::string() : found.front();
}

Task<Result> desc(Context& context, Arguments arguments) {
    uint32_t flags = affect_of(arguments).flags;
    bool is_title = arguments.has("title");
    uint32_t type = is_title ? api::domain_metadata_title : api::domain_metadata_description;
    std::string key = is_title ? "title" : "description";
    DomainRef domain = co_await the_domain(context, arguments);
    std::string text = join(arguments.rest(), " ");
    bool edit = arguments.has("edit");
    if (text.empty()) text = co_await text_of(context, domain, type, flags);
    if (arguments.rest().empty() && !edit) {
        if (text.empty()) co_return Sentence{fmt::format("No {} for domain: {}", key, domain.name), {{key, ""}}, false};
        co_return Custom{text, Value(Record{{key, text}})};
    }
    if (edit) {
        std::optional<std::string> edited = co_await edit_text(context, text, "txt");
        // Some editors end every file with a line end, which no title has.
        if (edited && is_title && edited->ends_with('\n')) edited->pop_back();
        if (!edited || *edited == text)
            co_return Sentence{fmt::format("Domain {} not changed", key), {{"changed", false}}};
        text = std::move(*edited);
    }
    DomainSetMetadata::Args call{
        .domain = std::move(domain), .type = static_cast<int32_t>(type), .metadata = text, .flags = flags};
    co_await context.attempt<DomainSetMetadata>(std::move(call), "Failed to set new domain " + key);
    co_return Sentence{fmt::format("Domain {} updated successfully", key), {{key, text}}, false};
}

Task<Result> set_metadata(Context& context, DomainRef domain, Arguments arguments, std::optional<std::string> text,
                          uint32_t flags) {
    const char* done = text ? "Metadata modified" : "Metadata removed";
    DomainSetMetadata::Args call{.domain = std::move(domain),
                                 .type = static_cast<int32_t>(api::domain_metadata_element),
                                 .metadata = std::move(text),
                                 .key = arguments.find("key"),
                                 .uri = arguments.text("uri"),
                                 .flags = flags};
    co_await context.call<DomainSetMetadata>(std::move(call));
    co_return Sentence{done, {{"changed", true}}};
}

Task<std::string> get_metadata(Context& context, DomainRef domain, std::string uri, uint32_t flags) {
    DomainGetMetadata::Args ask{.domain = std::move(domain),
                                .type = static_cast<int32_t>(api::domain_metadata_element),
                                .uri = std::move(uri),
                                .flags = flags};
    DomainGetMetadata::Ret answer = co_await context.call<DomainGetMetadata>(std::move(ask));
    co_return std::move(answer.metadata);
}

Task<Result> metadata(Context& context, Arguments arguments) {
    uint32_t flags = affect_of(arguments).flags;
    exclude(arguments, "edit", "set");
    exclude(arguments, "remove", "set");
    exclude(arguments, "remove", "edit");
    DomainRef domain = co_await the_domain(context, arguments);
    std::string uri = arguments.text("uri");
    bool changes = arguments.has("set") || arguments.has("edit");
    if (changes && !arguments.has("key")) throw Failure{"namespace key is required when modifying metadata"};
    if (arguments.has("set") || arguments.has("remove")) {
        std::optional<std::string> text = arguments.find("set");
        co_return co_await set_metadata(context, std::move(domain), arguments, std::move(text), flags);
    }
    if (!arguments.has("edit")) {
        std::string text = co_await get_metadata(context, std::move(domain), std::move(uri), flags);
        co_return Text{std::move(text), "metadata", true};
    }
    std::string before = "\n";
    try {
        before = co_await get_metadata(context, domain, std::move(uri), flags);
    } catch (const Error& error) {
        if (error.code() != ErrorCode::no_domain_metadata) throw;
    }
    std::optional<std::string> edited = co_await edit_text(context, std::move(before), "xml");
    if (!edited) co_return Sentence{"Metadata not changed", {{"changed", false}}, false};
    co_return co_await set_metadata(context, std::move(domain), arguments, std::move(edited), flags);
}

std::string name_of_picture(const std::string& domain, const std::string& mime) {
    time_t now = ::time(nullptr);
    std::tm parts{};
    ::localtime_r(&now, &parts);
    char when[40];
    size_t length = std::strftime(when, sizeof when, "%Y-%m-%d-%H:%M:%S", &parts);
    const char* extension = mime == "image/x-portable-pixmap" ? ".ppm" : mime == "image/png" ? ".png" : "";
    return fmt::format("{}-{}{}", domain, std::string_view(when, length), extension);
}

// A file that is removed again unless all of it came.
class NewFile {
public:
    explicit NewFile(std::string path)
        : path_(std::move(path)), fd_(::open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666)) {
        created_ = static_cast<bool>(fd_);
        if (!fd_ && errno == EEXIST) fd_ = Fd(::open(path_.c_str(), O_WRONLY | O_TRUNC | O_CLOEXEC));
        if (!fd_)
            throw Failure{"cannot create file " + path_, Error::from_errno(errno, ErrorDomain::none, "cannot open")};
    }
    ~NewFile() {
        if (created_ && !complete_) ::unlink(path_.c_str());
    }
    NewFile(const NewFile&) = delete;
    NewFile& operator=(const NewFile&) = delete;
    void write(std::span<const uint8_t> bytes) {
        while (!bytes.empty()) {
            ssize_t written = ::write(fd_.get(), bytes.data(), bytes.size());
            if (written < 0)
                throw Failure{{}, Error::from_errno(errno, ErrorDomain::none, "cannot write '" + path_ + "'")};
            bytes = bytes.subspan(static_cast<size_t>(written));
        }
    }
    void complete() { complete_ = true; }

private:
    std::string path_;
    Fd fd_;
    bool created_ = false;
    bool complete_ = false;
};

Task<Result> screenshot(Context& context, Arguments arguments) {
    DomainRef domain = co_await the_domain(context, arguments);
    std::string name = domain.name;
    DomainScreenshot::Args call{
        .domain = std::move(domain),
        .screen = static_cast<uint32_t>(arguments.find_unsigned("screen", UINT32_MAX).value_or(0))};
    driver::CallExtras extras;
    std::string failure = "could not take a screenshot of " + name;
    DomainScreenshot::Ret answer =
        co_await context.attempt<DomainScreenshot>(std::move(call), std::move(failure), &extras);
    std::string mime = answer.mime.value_or("");
    std::string path = arguments.find("file").value_or("");
    if (path.empty()) path = name_of_picture(name, mime);
    NewFile file(path);
    io::Deadline limit = context.deadline();
    try {
        for (;;) {
            driver::StreamChunk chunk = co_await extras.stream->receive(limit);
            if (chunk.end) break;
            file.write(chunk.data);
        }
        co_await extras.stream->finish(limit);
    } catch (Error& error) {
        throw Failure{"could not receive data from domain '" + name + "'", std::move(error)};
    }
    file.complete();
    co_return Sentence{
        fmt::format("Screenshot saved to {}, with type of {}", path, mime), {{"file", path}, {"type", mime}}, false};
}

Task<Result> fd_associate(Context& context, Arguments arguments) {
    DomainRef domain = co_await the_domain(context, arguments);
    std::vector<Fd> descriptors = descriptors_of(arguments.text("pass-fds"));
    driver::CallExtras extras;
    for (const Fd& descriptor : descriptors) extras.send_fds.push_back(&descriptor);
    DomainFdAssociate::Args call{
        .domain = std::move(domain),
        .name = arguments.text("name"),
        .flags = flag_if(arguments, "seclabel-writable", api::domain_fd_associate_seclabel_writable) |
                 flag_if(arguments, "seclabel-restore", api::domain_fd_associate_seclabel_restore)};
    co_await context.call<DomainFdAssociate>(std::move(call), &extras);
    co_return std::monostate{};
}

}  // namespace

Commands domain_text_commands() {
    return {
        make_command("desc", "<domain> --live --config --current --title --edit [new-desc]...",
                     "show or change the description or the title", desc),
        make_command("metadata", "<domain> <uri> --live --config --current --edit --key= --set= --remove",
                     "show or change what others keep in the domain's XML", metadata),
        make_command("screenshot", "<domain> --file= --screen=:n", "a picture of the guest's screen", screenshot),
        make_command("dom-fd-associate", "<domain> <name> <pass-fds> --seclabel-writable --seclabel-restore",
                     "give open descriptors to a domain, under a name", fd_associate),
    };
}

}  // namespace virtue::shell
