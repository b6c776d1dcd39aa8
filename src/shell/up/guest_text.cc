#include "shell/up/guest_text.h"

#include "base/error.h"
#include "shell/xml_text.h"
#include "xml/xpath.h"

namespace virtue::shell {
namespace {

void add_disk(XmlText& xml, const VolumeName& volume, const std::string& format, const char* target, bool read_only) {
    xml.open("disk", {{"type", "volume"}, {"device", "disk"}});
    xml.empty("driver", {{"name", "qemu"}, {"type", format}});
    xml.empty("source", {{"pool", volume.pool}, {"volume", volume.name}});
    xml.empty("target", {{"dev", target}, {"bus", "virtio"}});
    if (read_only) xml.bare("readonly");
    xml.close();
}

void add_devices(XmlText& xml, const GuestPlan& plan) {
    xml.open("devices", {});
    if (plan.disk) add_disk(xml, *plan.disk, plan.disk_format, "vda", false);
    if (plan.seed) add_disk(xml, *plan.seed, "raw", plan.disk ? "vdb" : "vda", true);
    xml.open("interface", {{"type", plan.network.empty() ? "user" : "network"}});
    xml.empty("mac", {{"address", plan.mac}});
    if (!plan.network.empty()) xml.empty("source", {{"network", plan.network}});
    xml.empty("model", {{"type", "virtio"}});
    xml.close();
    xml.open("serial", {{"type", "pty"}});
    xml.empty("target", {{"port", "0"}});
    xml.close();
    xml.open("channel", {{"type", "unix"}});
    xml.empty("target", {{"type", "virtio"}, {"name", "org.qemu.guest_agent.0"}});
    xml.close();
    xml.open("rng", {{"model", "virtio"}});
    xml.leaf("backend", "/dev/urandom", {{"model", "random"}});
    xml.close();
    xml.close();
}

}  // namespace

std::string guest_text(const GuestPlan& plan, const std::vector<VolumeName>& own) {
    XmlText xml;
    xml.open("domain", {{"type", plan.accelerated ? "kvm" : "qemu"}});
    xml.leaf("name", plan.name);
    xml.leaf("uuid", plan.uuid);
    xml.open("metadata", {});
    xml.open("up:guest", {{"xmlns:up", up_namespace}});
    for (const VolumeName& volume : own) xml.empty("up:volume", {{"pool", volume.pool}, {"name", volume.name}});
    xml.close();
    xml.close();
    xml.leaf("memory", std::to_string(plan.memory_kib));
    xml.leaf("vcpu", std::to_string(plan.cpus));
    xml.open("os", {});
    const std::optional<std::string> machine =
        plan.machine.empty() ? std::nullopt : std::optional<std::string>(plan.machine);
    xml.leaf("type", "hvm", {{"arch", plan.arch}, {"machine", machine}});
    if (!plan.kernel.empty()) xml.leaf("kernel", plan.kernel);
    if (!plan.initrd.empty()) xml.leaf("initrd", plan.initrd);
    if (!plan.command_line.empty()) xml.leaf("cmdline", plan.command_line);
    xml.close();
    xml.open("features", {});
    xml.bare("acpi");
    xml.close();
    xml.empty("cpu", {{"mode", plan.accelerated ? "host-passthrough" : "maximum"}});
    add_devices(xml, plan);
    xml.close();
    return xml.finish();
}

std::vector<VolumeName> own_volumes(const std::string& xml) {
    const std::string each = fmt::format("//*[local-name()='volume' and namespace-uri()='{}']", up_namespace);
    const std::vector<std::string> pools = xml::find_texts(xml, each + "/@pool");
    const std::vector<std::string> names = xml::find_texts(xml, each + "/@name");
    std::vector<VolumeName> out;
    for (size_t i = 0; i < pools.size() && i < names.size(); i++) out.push_back({pools[i], names[i]});
    return out;
}

}  // namespace virtue::shell
