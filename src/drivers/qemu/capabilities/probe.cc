#include "drivers/qemu/capabilities/probe.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <fmt/format.h>

#include "base/error.h"
#include "drivers/qemu/monitor/monitor.h"
#include "io/process.h"

namespace virtue::qemu {

namespace {

// QEMU's name of a target → libvirt's name of the architecture.
constexpr std::pair<std::string_view, std::string_view> arch_names[] = {
    {"i386", "i686"}, {"arm", "armv7l"}, {"or1k", "or32"}, {"hppa", "parisc"}};

// Devices whose properties a command line depends on.
constexpr const char* described_devices[] = {"virtio-blk-pci",
                                             "virtio-net-pci",
                                             "virtio-scsi-pci",
                                             "virtio-balloon-pci",
                                             "virtio-serial-pci",
                                             "virtio-gpu-pci",
                                             "virtio-vga",
                                             "virtio-rng-pci",
                                             "virtio-mem-pci",
                                             "virtio-iommu-pci",
                                             "usb-storage",
                                             "usb-host",
                                             "usb-redir",
                                             "nec-usb-xhci",
                                             "qemu-xhci",
                                             "ide-hd",
                                             "scsi-hd",
                                             "scsi-block",
                                             "qxl",
                                             "qxl-vga",
                                             "VGA",
                                             "vmware-svga",
                                             "bochs-display",
                                             "vfio-pci",
                                             "pcie-root-port",
                                             "pxb",
                                             "pxb-pcie",
                                             "intel-iommu",
                                             "nvdimm",
                                             "ICH9-LPC",
                                             "PIIX4_PM",
                                             "memory-backend-file",
                                             "memory-backend-ram",
                                             "memory-backend-memfd",
                                             "virtio-9p-pci"};

std::string arch_of(const std::string& target) {
    for (const auto& [qemu, libvirt] : arch_names) {
        if (target == qemu) return std::string(libvirt);
    }
    return target;
}

// One QEMU that runs without a machine, to be asked. Ended by its destructor.
struct Probe {
    std::unique_ptr<io::Process> process;
    std::unique_ptr<Monitor> monitor;
    Fd errors;

    ~Probe() {
        monitor.reset();
        if (process) process->signal(SIGKILL);
    }
};

// The last words of a QEMU that did not come up.
std::string last_words(const Fd& errors) {
    std::string text;
    char buffer[4096];
    ssize_t count;
    while ((count = read(errors.get(), buffer, sizeof buffer)) > 0 && text.size() < 65536) {
        text.append(buffer, static_cast<size_t>(count));
    }
    while (!text.empty() && text.back() == '\n') text.pop_back();
    return text.size() > 1024 ? text.substr(text.size() - 1024) : text;
}

Task<void> start(io::Loop& loop, Probe& probe, const ProbeOptions& options, const char* accelerator,
                 io::Deadline deadline) {
    auto [ours, theirs] = io::Socket::pair();
    int ends[2];
    if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0)
        throw Error::from_errno(errno, ErrorDomain::qemu, "cannot make a pipe");
    probe.errors = Fd(ends[0]);
    const Fd errors_of_child(ends[1]);
    io::ProcessOptions child;
    child.arguments = {options.binary,
                       "-S",
                       "-no-user-config",
                       "-nodefaults",
                       "-nographic",
                       "-machine",
                       fmt::format("none,accel={}", accelerator),
                       "-chardev",
                       "socket,id=monitor,fd=3",
                       "-mon",
                       "chardev=monitor,mode=control"};
    child.environment = {"LC_ALL=C", "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"};
    child.descriptors = {{&theirs, 3}};
    child.standard_error = &errors_of_child;
    child.uid = options.uid;
    child.gid = options.gid;
    probe.process = io::Process::spawn(loop, child);
    theirs.reset();
    auto socket = std::make_unique<io::Socket>(loop, std::move(ours));
    Monitor::Callbacks callbacks;
    std::string name = "capability probe";
    probe.monitor = co_await Monitor::open(loop, std::move(socket), std::move(name), std::move(callbacks), deadline);
}

void read_machines(const Json& reply, QemuCapabilities& into) {
    for (const Json& item : reply.items()) {
        MachineType machine;
        machine.name = item.at("name").as_string();
        if (machine.name == "none") continue;
        machine.alias = item.string_or("alias", "");
        machine.max_cpus = static_cast<unsigned>(item.uint_or("cpu-max", 0));
        machine.default_cpu = item.string_or("default-cpu-type", "");
        machine.default_ram = item.string_or("default-ram-id", "");
        machine.cpu_hotplug = item.bool_or("hotpluggable-cpus", false);
        machine.numa = item.bool_or("numa-mem-supported", false);
        machine.deprecated = item.bool_or("deprecated", false);
        machine.is_default = item.bool_or("is-default", false);
        // The default comes first, as libvirt lists them.
        auto place = machine.is_default ? into.machines.begin() : into.machines.end();
        into.machines.insert(place, std::move(machine));
    }
}

void read_options(const Json& reply, QemuCapabilities& into) {
    for (const Json& option : reply.items()) {
        const std::string& name = option.at("option").as_string();
        for (const Json& parameter : option.at("parameters").items()) {
            into.options.insert(fmt::format("{}.{}", name, parameter.at("name").as_string()));
        }
    }
}

std::string feature_value(const Json& value) {
    if (value.is_bool()) return value.as_bool() ? "true" : "false";
    return value.is_string() ? value.as_string() : value.to_text();
}

void read_cpu_models(const Json& reply, AcceleratorCapabilities& into) {
    for (const Json& item : reply.items()) {
        CpuModel model;
        model.name = item.at("name").as_string();
        model.type = item.string_or("typename", "");
        model.deprecated = item.bool_or("deprecated", false);
        if (const Json* missing = item.find("unavailable-features")) {
            for (const Json& feature : missing->items()) model.blockers.push_back(feature.as_string());
            model.usable = model.blockers.empty() ? Usable::yes : Usable::no;
        }
        into.cpu_models.push_back(std::move(model));
    }
}

// Keeps of the schema what a client or a command line asks about: the kinds of display.
void read_schema(const Json& reply, QemuCapabilities& into) {
    std::map<std::string, const Json*, std::less<>> types;
    for (const Json& item : reply.items()) types.emplace(item.at("name").as_string(), &item);
    auto query = types.find("query-display-options");
    if (query == types.end()) return;
    auto options = types.find(query->second->string_or("ret-type", ""));
    if (options == types.end() || options->second->find("members") == nullptr) return;
    for (const Json& member : options->second->at("members").items()) {
        if (member.string_or("name", "") != "type") continue;
        auto words = types.find(member.string_or("type", ""));
        if (words == types.end() || words->second->find("values") == nullptr) return;
        for (const Json& word : words->second->at("values").items()) {
            into.schema.insert(fmt::format("display.{}", word.as_string()));
        }
    }
}

Task<Json> ask(Monitor& monitor, std::string command, io::Deadline deadline) {
    Json none;
    co_return co_await monitor.command(std::move(command), std::move(none), deadline);
}

// A query that older or smaller QEMUs refuse: an empty list then.
Task<Json> ask_if_known(Monitor& monitor, const QemuCapabilities& known, std::string command, io::Deadline deadline) {
    if (!known.has_command(command)) co_return Json::array();
    Json none;
    Json reply = co_await monitor.exchange(std::move(command), std::move(none), deadline);
    const Json* result = reply.find("return");
    if (result == nullptr) co_return Json::array();
    co_return *result;
}

Task<void> ask_accelerator(Monitor& monitor, const QemuCapabilities& known, const char* host_model,
                           AcceleratorCapabilities& into, io::Deadline deadline) {
    std::string query = "query-cpu-definitions";
    Json models = co_await ask_if_known(monitor, known, std::move(query), deadline);
    read_cpu_models(models, into);
    if (!known.has_command("query-cpu-model-expansion")) co_return;
    // "full" names every property, also those that QEMU aliases.
    Json arguments = Json::object({{"type", "full"}, {"model", Json::object({{"name", host_model}})}});
    std::string expansion = "query-cpu-model-expansion";
    Json reply = co_await monitor.exchange(std::move(expansion), std::move(arguments), deadline);
    const Json* result = reply.find("return");
    if (result == nullptr) co_return;
    const Json* properties = result->at("model").find("props");
    if (properties == nullptr) co_return;
    for (const Json::Member& property : properties->members()) {
        into.host_model.emplace(property.key, feature_value(property.value));
    }
}

Task<void> ask_properties(Monitor& monitor, QemuCapabilities& into, io::Deadline deadline) {
    for (const char* device : described_devices) {
        if (!into.has_device(device)) continue;
        const bool is_object = std::string_view(device).starts_with("memory-backend");
        std::string command = is_object ? "qom-list-properties" : "device-list-properties";
        Json arguments = Json::object({{"typename", device}});
        Json reply = co_await monitor.exchange(std::move(command), std::move(arguments), deadline);
        const Json* result = reply.find("return");
        if (result == nullptr) continue;
        auto& names = into.properties[device];
        for (const Json& property : result->items()) names.insert(property.at("name").as_string());
    }
}

Task<void> ask_everything(Monitor& monitor, QemuCapabilities& into, io::Deadline deadline) {
    const MonitorGreeting& greeting = monitor.greeting();
    into.version = greeting.major * 1000000 + greeting.minor * 1000 + greeting.micro;
    into.package = greeting.package;
    std::string query = "query-commands";
    Json commands = co_await ask(monitor, std::move(query), deadline);
    for (const Json& command : commands.items()) into.commands.insert(command.at("name").as_string());
    query = "query-target";
    Json target = co_await ask(monitor, std::move(query), deadline);
    into.arch = arch_of(target.at("arch").as_string());
    query = "query-machines";
    Json machines = co_await ask(monitor, std::move(query), deadline);
    read_machines(machines, into);
    query = "qom-list-types";
    Json types = co_await ask(monitor, std::move(query), deadline);
    for (const Json& type : types.items()) into.devices.insert(type.at("name").as_string());
    query = "query-command-line-options";
    Json options = co_await ask(monitor, std::move(query), deadline);
    read_options(options, into);
    query = "query-qmp-schema";
    Json schema = co_await ask_if_known(monitor, into, std::move(query), deadline);
    read_schema(schema, into);
    query = "query-tpm-models";
    Json tpm = co_await ask_if_known(monitor, into, std::move(query), deadline);
    for (const Json& model : tpm.items()) into.tpm_models.push_back(model.as_string());
    query = "query-tpm-types";
    tpm = co_await ask_if_known(monitor, into, std::move(query), deadline);
    for (const Json& type : tpm.items()) into.tpm_types.push_back(type.as_string());
    co_await ask_properties(monitor, into, deadline);
}

// Waits a little for the child's end, so that its last words are complete.
Task<void> explain(io::Loop&, Probe& probe, const ProbeOptions& options, Error error) {
    if (probe.process && error.code() != ErrorCode::operation_timeout) {
        try {
            const io::Deadline soon = io::Deadline::after(io::Milliseconds(500));
            co_await probe.process->wait(soon);
        } catch (const Error&) {
        }
    }
    std::string words = probe.errors ? last_words(probe.errors) : "";
    if (words.empty() && probe.process && probe.process->has_ended()) words = probe.process->status().to_string();
    const ErrorCode code =
        error.code() == ErrorCode::operation_timeout ? ErrorCode::operation_timeout : ErrorCode::internal_error;
    throw Error(code, ErrorDomain::qemu,
                fmt::format("Failed to probe QEMU binary with QMP: {}: {}", options.binary,
                            words.empty() ? error.detail() : words));
}

}  // namespace

Task<QemuCapabilities> probe_binary(io::Loop& loop, ProbeOptions options, io::Deadline deadline) {
    QemuCapabilities result;
    result.binary = options.binary;
    result.kvm_reason = options.kvm_reason;
    Probe probe;
    std::optional<Error> failure;
    try {
        co_await start(loop, probe, options, "tcg", deadline);
        co_await ask_everything(*probe.monitor, result, deadline);
        co_await ask_accelerator(*probe.monitor, result, "max", result.tcg, deadline);
    } catch (const Error& error) {
        failure = error;
    }
    if (failure) {
        Error error = *failure;
        co_await explain(loop, probe, options, std::move(error));
    }
    if (!options.kvm_works) co_return result;
    Probe second;
    try {
        co_await start(loop, second, options, "kvm", deadline);
        co_await ask_accelerator(*second.monitor, result, "host", result.with_kvm, deadline);
        result.kvm = true;
    } catch (const Error& error) {
        // An emulator of another architecture, or one built without KVM.
        result.kvm_reason = fmt::format("{} does not start with KVM: {}", options.binary, error.detail());
    }
    co_return result;
}

}  // namespace virtue::qemu
