#include "drivers/qemu/fd_groups.h"

#include <fcntl.h>
#include <algorithm>

#include "base/error.h"
#include "drivers/qemu/calls/support.h"
#include "model/domain/domain.h"

namespace virtue::qemu {
namespace {

constexpr uint32_t associate_flags =
    api::domain_fd_associate_seclabel_restore | api::domain_fd_associate_seclabel_writable;
/// Groups of one guest.
constexpr size_t most_groups = 64;

bool has_group(const model::Disk& disk) {
    return !disk.source.fdgroup.empty();
}

}  // namespace

void FdGroupCalls::bind(driver::HandlerTable& on) {
    on.call<proc::DomainFdAssociate>(this, &FdGroupCalls::associate);
}

wire::Void FdGroupCalls::associate(driver::Call& call, proc::DomainFdAssociate::Args args) {
    require_flags(args.flags, associate_flags, "qemuDomainFDAssociate");
    DomainOwner domain = core_.at(args.domain.name, args.domain.uuid);
    if (call.received.empty()) return {};
    if (domain->fd_groups.size() >= most_groups && !domain->fd_groups.contains(args.name)) {
        fail(ErrorCode::operation_invalid, ErrorDomain::qemu, "a guest has at most {} groups of descriptors",
             most_groups);
    }
    auto group = std::make_shared<FdGroup>();
    group->fds = std::move(call.received);
    std::weak_ptr<FdGroup> of_this_client = group;
    std::weak_ptr<Domain> watched = domain;
    domain->fd_groups[args.name] = std::move(group);
    call.session.on_close([watched, of_this_client, name = args.name] {
        DomainOwner still = watched.lock();
        if (!still) return;
        auto found = still->fd_groups.find(name);
        // Somebody else may have handed over another one under the same name.
        if (found != still->fd_groups.end() && found->second == of_this_client.lock()) still->fd_groups.erase(found);
    });
    return {};
}

void require_fd_groups(const Domain& domain, const model::Domain& definition) {
    for (const model::Disk& disk : definition.disks) {
        if (!has_group(disk) || domain.fd_groups.contains(disk.source.fdgroup)) continue;
        fail(ErrorCode::invalid_arg, ErrorDomain::qemu, "file descriptor group '{}' was not associated with the domain",
             disk.source.fdgroup);
    }
}

std::shared_ptr<const model::Domain> with_fd_sets(std::shared_ptr<const model::Domain> definition) {
    if (std::none_of(definition->disks.begin(), definition->disks.end(), has_group)) return definition;
    auto changed = std::make_shared<model::Domain>(*definition);
    size_t set = 0;
    for (model::Disk& disk : changed->disks) {
        if (has_group(disk)) disk.source.path = fmt::format("/dev/fdset/{}", set++);
    }
    return changed;
}

void pass_fd_groups(const Domain& domain, const model::Domain& definition, LaunchPlan& plan) {
    size_t set = 0;
    for (const model::Disk& disk : definition.disks) {
        if (!has_group(disk)) continue;
        size_t number = 0;
        for (const Fd& fd : domain.fd_groups.at(disk.source.fdgroup)->fds) {
            PassedFd passed;
            passed.fd = Fd(::fcntl(fd.get(), F_DUPFD_CLOEXEC, 0));
            if (!passed.fd) throw Error::from_errno(errno, ErrorDomain::qemu, "cannot pass a descriptor of a disk");
            passed.child_number = 3;
            for (const PassedFd& other : plan.descriptors) {
                passed.child_number = std::max(passed.child_number, other.child_number + 1);
            }
            plan.arguments.push_back("-add-fd");
            plan.arguments.push_back(fmt::format("set={},fd={},opaque=libvirt-{}-storage{}", set, passed.child_number,
                                                 disk.source.index, number++));
            plan.descriptors.push_back(std::move(passed));
        }
        set++;
    }
}

}  // namespace virtue::qemu
