// Reading domain documents as the test driver wants them.
#include <set>

#include "drivers/test/domains.h"
#include "drivers/test/refusals.h"
#include "model/domain/complete/complete.h"
#include "xml/mapper.h"

namespace virtue::test {
namespace {

void name_interfaces(model::Domain& domain) {
    std::set<std::string> used;
    for (const model::Interface& card : domain.interfaces) used.insert(card.target);
    unsigned number = 0;
    for (model::Interface& card : domain.interfaces) {
        if (!card.target.empty()) continue;
        while (used.contains(fmt::format("testnet{}", number))) number++;
        card.target = fmt::format("testnet{}", number++);
    }
}

void complete_parts(model::Domain& domain) {
    if (domain.os.loader && !domain.os.loader->path.empty() && domain.os.loader->type == model::LoaderType::absent &&
        domain.os.firmware == model::OsFirmware::absent)
        domain.os.loader->type = model::LoaderType::rom;
    if (domain.cpu && !domain.cpu->model.empty()) domain.cpu->mode_given = true;
    for (model::Filesystem& filesystem : domain.filesystems)
        if (filesystem.access == model::FilesystemAccess::absent && filesystem.socket.empty())
            filesystem.access = model::FilesystemAccess::passthrough;
    if (domain.vsock && domain.vsock->automatic_cid == xml::YesNo::absent)
        domain.vsock->automatic_cid = domain.vsock->cid == 0 ? xml::YesNo::yes : xml::YesNo::no;
}

}  // namespace

void complete(Instance&, model::Domain& domain) {
    if (!domain.os.arch.empty() && !is_architecture(domain.os.arch))
        fail(ErrorCode::config_unsupported, ErrorDomain::domain, "Unknown architecture {}", domain.os.arch);
    if (domain.os.type == model::OsType::exe && domain.os.init.empty())
        fail(ErrorCode::xml_error, ErrorDomain::domain, "init binary must be specified");
    if (domain.videos.empty() && !domain.graphics.empty()) {
        model::Video& video = domain.videos.emplace_back();
        video.model = model::VideoModel::cirrus;
        video.heads = 1;
    }
    model::complete(domain);
    complete_parts(domain);
    if (domain.os.arch.empty()) domain.os.arch = "i686";
    bool boots_by_name = domain.os.type == model::OsType::hvm && domain.os.boot.empty() && domain.os.kernel.empty();
    bool boots_by_order = false;
    model::each_info(domain, [&](model::DeviceInfo& info) { boots_by_order |= info.boot_order != 0; });
    if (boots_by_name && !boots_by_order) domain.os.boot.push_back(model::BootDevice::hd);
    if (domain.current() > domain.memory) domain.current_memory = domain.memory;
    name_interfaces(domain);
}

model::Domain read_definition(Instance& in, std::string_view text, bool inactive) {
    xml::Options options;
    options.domain = ErrorDomain::domain;
    options.inactive = inactive;
    model::Domain domain = xml::parse<model::Domain>(text, options);
    if (inactive) domain.id = -1;
    complete(in, domain);
    return domain;
}

}  // namespace virtue::test
