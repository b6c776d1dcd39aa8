// The part of a command line that one device makes, for plugging it while the guest runs.
#include "drivers/qemu/command/single_device.h"

#include <fmt/format.h>

#include "drivers/qemu/command/devices.h"
#include "drivers/qemu/command/machine.h"
#include "model/domain/device.h"

namespace virtue::qemu {
namespace {

using model::Domain;

void add_one(Builder& builder, const Domain&, const model::Disk& device) {
    add_disk(builder, device);
}
void add_one(Builder& builder, const Domain&, const model::Controller& device) {
    add_controller(builder, device);
}
void add_one(Builder& builder, const Domain&, const model::Filesystem& device) {
    add_filesystem(builder, device);
}
void add_one(Builder& builder, const Domain&, const model::Interface& device) {
    add_interface(builder, device);
}
void add_one(Builder& builder, const Domain&, const model::Smartcard& device) {
    add_smartcard(builder, device);
}
void add_one(Builder& builder, const Domain&, const model::Serial& device) {
    add_serial(builder, device);
}
void add_one(Builder& builder, const Domain&, const model::Parallel& device) {
    add_parallel(builder, device);
}
void add_one(Builder& builder, const Domain&, const model::Console& device) {
    add_console(builder, device);
}
void add_one(Builder& builder, const Domain&, const model::Channel& device) {
    add_channel(builder, device);
}
void add_one(Builder& builder, const Domain&, const model::Input& device) {
    add_input(builder, device);
}
void add_one(Builder& builder, const Domain&, const model::Hostdev& device) {
    add_hostdev(builder, device);
}
void add_one(Builder& builder, const Domain&, const model::Watchdog& device) {
    add_watchdog(builder, device);
}
void add_one(Builder& builder, const Domain&, const model::Rng& device) {
    add_rng(builder, device);
}
void add_one(Builder& builder, const Domain&, const model::Shmem& device) {
    add_shmem(builder, device);
}
void add_one(Builder& builder, const Domain&, const model::Vsock& device) {
    add_vsock(builder, device);
}
void add_one(Builder& builder, const Domain& domain, const model::RedirectedDevice& device) {
    add_redirected(builder, device, domain.redirfilter ? &*domain.redirfilter : nullptr);
}
void add_one(Builder& builder, const Domain& domain, const model::MemoryDevice& device) {
    Domain only = domain;
    only.memory_devices = {device};
    add_memory_devices(builder, only);
}
template <typename T>
void add_one(Builder&, const Domain&, const T&) {}

GuestShape shape_of(const Domain& domain, const LaunchContext& context, LaunchPlan& plan) {
    plan.guest_folder = fmt::format("{}/{}", context.paths.library, short_name(context.domain_id, domain.name));
    GuestShape shape;
    shape.name = domain.name;
    shape.arch = domain.os.arch;
    shape.machine = domain.os.machine;
    shape.folder = plan.guest_folder;
    shape.controllers = domain.controllers;
    return shape;
}

}  // namespace

std::vector<std::string> build_device(const Domain& domain, std::span<const model::Device> devices,
                                      LaunchContext context, std::vector<PassedFd>* descriptors) {
    LaunchPlan plan;
    const GuestShape shape = shape_of(domain, context, plan);
    Builder builder{shape, context, plan, {}, {}};
    for (const model::Device& device : devices) {
        const model::DeviceInfo* info = model::info_of(device);
        if (info != nullptr && info->boot_order != 0) builder.boot_indexes[info->alias] = info->boot_order;
        std::visit([&](const auto& one) { add_one(builder, domain, one); }, device);
    }
    if (descriptors != nullptr) *descriptors = std::move(plan.descriptors);
    return std::move(plan.arguments);
}

std::vector<std::string> build_storage(const Domain& domain, const model::Disk& disk,
                                       const model::StorageSource& source, LaunchContext context) {
    LaunchPlan plan;
    const GuestShape shape = shape_of(domain, context, plan);
    Builder builder{shape, context, plan, {}, {}};
    add_storage(builder, source, &disk, false);
    return std::move(plan.arguments);
}

}  // namespace virtue::qemu
