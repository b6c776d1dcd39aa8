// Saved states in files of libvirt's mock format, managed saves, core dumps. The files are small; they are written
// at once, from the loop.
#include <array>
#include <cstring>

#include <fcntl.h>
#include <unistd.h>

#include "base/fd.h"
#include "drivers/test/domains.h"
#include "drivers/test/refusals.h"
#include "io/files.h"
#include "protocol/remote/domain_lifecycle.h"

namespace virtue::test {
namespace {

/// The file: this magic with its NUL, the length of the document as four bytes of the host's order, the document.
constexpr std::string_view magic("TestGuestMagic\0", 15);
constexpr size_t most = 65536;

/// What opening and reading say when they fail.
Error failed(const char* what, const std::string& path, int number) {
    return Error::with_message(ErrorCode::system_error, here, fmt::format("{} '{}': {}", what, path, strerror(number)));
}

std::string read_image(const std::string& path) {
    Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (fd.get() < 0) throw failed("cannot read domain image", path, errno);
    std::array<char, magic.size()> start{};
    if (::read(fd.get(), start.data(), start.size()) != static_cast<ssize_t>(start.size()))
        throw failed("incomplete save header in", path, errno);
    if (std::string_view(start.data(), start.size()) != magic)
        refuse(ErrorCode::internal_error, "mismatched header magic");
    uint32_t length = 0;
    if (::read(fd.get(), &length, sizeof(length)) != sizeof(length))
        throw failed("failed to read metadata length in", path, 0);
    if (length < 1 || length > most) refuse(ErrorCode::internal_error, "length of metadata out of range");
    std::string xml(length, '\0');
    if (::read(fd.get(), xml.data(), length) != static_cast<ssize_t>(length))
        throw failed("incomplete metadata in", path, errno);
    return xml;
}

/// Writes an image; `failure` begins the error when the file cannot be opened.
void write_image(const std::string& path, const std::string& xml, const std::string& failure) {
    Fd fd(::open(path.c_str(), O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600));
    if (fd.get() < 0)
        throw Error::with_message(ErrorCode::system_error, here,
                                  fmt::format("{}: open failed: {}", failure, strerror(errno)));
    uint32_t length = static_cast<uint32_t>(xml.size());
    std::string data(magic);
    data.append(reinterpret_cast<const char*>(&length), sizeof(length));
    data += xml;
    if (::write(fd.get(), data.data(), data.size()) != static_cast<ssize_t>(data.size()))
        throw Error::with_message(ErrorCode::system_error, here,
                                  fmt::format("{}: write failed: {}", failure, strerror(errno)));
}

std::string image_failure(const std::string& name, const std::string& path) {
    return fmt::format("saving domain '{}' to '{}'", name, path);
}

void save_to(Instance& in, const proc::DomainRef& reference, const std::string& path,
             const std::optional<std::string>& dxml, uint32_t flags) {
    check_flags(flags, 0, "testDomainSaveFlags");
    if (dxml) refuse(ErrorCode::argument_unsupported, "xml modification unsupported");
    Guest& guest = guest_of(in, reference);
    guest.require_active();
    write_image(path, write_definition(guest.current, api::domain_xml_secure), image_failure(guest.name(), path));
    stop(guest, api::domain_shutoff_saved);
    tell(in, guest, api::domain_event_stopped, api::domain_event_stopped_saved);
    drop_if_transient(in, guest);
}

proc::DomainSave::Ret save(Instance& in, proc::DomainSave::Args args) {
    save_to(in, args.domain, args.to, std::nullopt, 0);
    return {};
}

proc::DomainSaveFlags::Ret save_flags(Instance& in, proc::DomainSaveFlags::Args args) {
    save_to(in, args.domain, args.to, args.dxml, args.flags);
    return {};
}

void restore_from(Instance& in, const std::string& path, const std::optional<std::string>& dxml, uint32_t flags) {
    check_flags(flags, 0, "testDomainRestoreFlags");
    if (dxml) refuse(ErrorCode::argument_unsupported, "xml modification unsupported");
    Guest& guest = assign(in, read_definition(in, read_image(path)), true);
    start(in, guest, api::domain_running_restored);
    tell(in, guest, api::domain_event_started, api::domain_event_started_restored);
}

proc::DomainRestore::Ret restore(Instance& in, proc::DomainRestore::Args args) {
    restore_from(in, args.from, std::nullopt, 0);
    return {};
}

proc::DomainRestoreFlags::Ret restore_flags(Instance& in, proc::DomainRestoreFlags::Args args) {
    restore_from(in, args.from, args.dxml, args.flags);
    return {};
}

proc::DomainSaveImageGetXmlDesc::Ret get_image_xml(Instance& in, proc::DomainSaveImageGetXmlDesc::Args args) {
    check_flags(args.flags, api::domain_xml_secure, "testDomainSaveImageGetXMLDesc");
    model::Domain domain = read_definition(in, read_image(args.file));
    return {write_definition(domain, args.flags)};
}

proc::DomainSaveImageDefineXml::Ret define_image(Instance& in, proc::DomainSaveImageDefineXml::Args args) {
    check_flags(args.flags, 3, "testDomainSaveImageDefineXML");  // VIR_DOMAIN_SAVE_RUNNING, VIR_DOMAIN_SAVE_PAUSED
    read_definition(in, read_image(args.file));
    model::Domain domain = read_definition(in, args.dxml);
    write_image(args.file, write_definition(domain, api::domain_xml_secure), image_failure(domain.name, args.file));
    return {};
}

// Managed.

proc::DomainManagedSave::Ret managed_save(Instance& in, proc::DomainManagedSave::Args args) {
    check_flags(args.flags, 7, "testDomainManagedSave");  // VIR_DOMAIN_SAVE_…: bypass cache, running, paused
    Guest& guest = guest_of(in, args.domain);
    guest.require_active();
    if (!guest.persistent) refuse(ErrorCode::operation_invalid, "cannot do managed save for transient domain");
    stop(guest, api::domain_shutoff_saved);
    tell(in, guest, api::domain_event_stopped, api::domain_event_stopped_saved);
    guest.has_managed_save = true;
    return {};
}

proc::DomainHasManagedSaveImage::Ret has_managed_save(Instance& in, proc::DomainHasManagedSaveImage::Args args) {
    check_flags(args.flags, 0, "testDomainHasManagedSaveImage");
    return {guest_of(in, args.domain).has_managed_save};
}

proc::DomainManagedSaveRemove::Ret remove_managed_save(Instance& in, proc::DomainManagedSaveRemove::Args args) {
    check_flags(args.flags, 0, "testDomainManagedSaveRemove");
    guest_of(in, args.domain).has_managed_save = false;
    return {};
}

// Dumps.

constexpr uint32_t dump_crash = 1;  // VIR_DUMP_CRASH

void dump_to(Instance& in, const proc::DomainRef& reference, const std::string& path, uint32_t format, uint32_t flags) {
    check_flags(flags, dump_crash, "testDomainCoreDumpWithFormat");
    Guest& guest = guest_of(in, reference);
    guest.require_active();
    Fd fd(::open(path.c_str(), O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600));
    auto fail_at = [&](const char* what) {
        throw Error::with_message(
            ErrorCode::system_error, here,
            fmt::format("domain '{}' coredump: failed to {} {}: {}", guest.name(), what, path, strerror(errno)));
    };
    if (fd.get() < 0) fail_at("open");
    if (::write(fd.get(), magic.data(), magic.size()) != static_cast<ssize_t>(magic.size())) fail_at("write header to");
    if (format != 0)  // VIR_DOMAIN_CORE_DUMP_FORMAT_RAW
        refuse(ErrorCode::operation_unsupported, "kdump-compressed format is not supported here");
    if (!(flags & dump_crash)) return;
    stop(guest, api::domain_shutoff_crashed);
    tell(in, guest, api::domain_event_stopped, api::domain_event_stopped_crashed);
    drop_if_transient(in, guest);
}

proc::DomainCoreDump::Ret core_dump(Instance& in, proc::DomainCoreDump::Args args) {
    dump_to(in, args.domain, args.to, 0, args.flags);
    return {};
}

proc::DomainCoreDumpWithFormat::Ret core_dump_as(Instance& in, proc::DomainCoreDumpWithFormat::Args args) {
    dump_to(in, args.domain, args.to, args.dumpformat, args.flags);
    return {};
}

}  // namespace

void bind_domain_saves(Instance& in) {
    driver::HandlerTable& on = in.hypervisor;
    bind<proc::DomainSave>(on, in, save);
    bind<proc::DomainSaveFlags>(on, in, save_flags);
    bind<proc::DomainRestore>(on, in, restore);
    bind<proc::DomainRestoreFlags>(on, in, restore_flags);
    bind<proc::DomainSaveImageGetXmlDesc>(on, in, get_image_xml);
    bind<proc::DomainSaveImageDefineXml>(on, in, define_image);
    bind<proc::DomainManagedSave>(on, in, managed_save);
    bind<proc::DomainHasManagedSaveImage>(on, in, has_managed_save);
    bind<proc::DomainManagedSaveRemove>(on, in, remove_managed_save);
    bind<proc::DomainCoreDump>(on, in, core_dump);
    bind<proc::DomainCoreDumpWithFormat>(on, in, core_dump_as);
}

}  // namespace virtue::test
