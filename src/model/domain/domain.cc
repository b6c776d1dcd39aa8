#include "model/domain/domain.h"
#include "model/domain/form.h"
#include "model/domain/perf_events.h"
#include "model/domain/settle.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace virtue::model {

VIRTUE_BIG_VALUE_CODE(Domain);

void map(xml::Mapper& m, MaxMemory& v) {
    m.attribute("slots", v.slots);
    map(m, v.size);
    if (m.reading() && v.slots == 0) m.fail("both maximum memory size and memory slot count must be specified");
}

void map(xml::Mapper& m, IdMapEntry& e) {
    m.required("start", e.start);
    m.required("target", e.target);
    m.required("count", e.count);
}

std::span<const std::string_view> perf_event_names() {
    static constexpr std::string_view names[] = {"cmt",
                                                 "mbmt",
                                                 "mbml",
                                                 "cpu_cycles",
                                                 "instructions",
                                                 "cache_references",
                                                 "cache_misses",
                                                 "branch_instructions",
                                                 "branch_misses",
                                                 "bus_cycles",
                                                 "stalled_cycles_frontend",
                                                 "stalled_cycles_backend",
                                                 "ref_cpu_cycles",
                                                 "cpu_clock",
                                                 "task_clock",
                                                 "page_faults",
                                                 "context_switches",
                                                 "cpu_migrations",
                                                 "page_faults_min",
                                                 "page_faults_maj",
                                                 "alignment_faults",
                                                 "emulation_faults"};
    return names;
}

void map(xml::Mapper& m, PerfEvent& e) {
    m.required("name", e.name);
    m.required("enabled", e.enabled);
}

namespace {

void map_identity(xml::Mapper& m, Domain& d) {
    if (m.reading()) {
        auto type = m.read_attribute<DomainType>("type");
        if (!type && !m.has("name")) throw Error(ErrorCode::no_name, ErrorDomain::domain, "");
        if (!type || type->empty()) m.fail(ErrorCode::internal_error, "missing domain type attribute");
        if (!xml::from_name<DomainType>(*type))
            m.fail(ErrorCode::config_unsupported, fmt::format("invalid domain type {}", *type));
    }
    m.attribute("type", d.type);
    if (m.reading() ? !m.options().inactive : d.id != -1 && !m.options().inactive) m.attribute("id", d.id);
    if (m.reading() && m.options().inactive) static_cast<void>(m.read_attribute("id"));
    m.declare_namespace(QemuNamespace::prefix, QemuNamespace::uri, !d.qemu.empty());
    if (m.reading() && d.type == DomainType::lxc) {
        // Of no meaning here; what it is refused for is the type.
        m.declare_namespace("lxc", "http://libvirt.org/schemas/domain/lxc/1.0", false);
        m.group("lxc:namespace", [&] { m.accept_anything(); });
    }
    m.value("name", d.name);
    if (m.reading()) {
        if (d.name.empty()) throw Error(ErrorCode::no_name, ErrorDomain::domain, "");
        if (d.name.find('/') != std::string::npos) m.disagree(fmt::format("name {} cannot contain '/'", d.name));
        if (d.name.find('\n') != std::string::npos && m.options().validate)
            m.fail(ErrorCode::xml_invalid_schema, ErrorDomain::xml, "a name cannot hold a line break");
        if (d.name.find('\n') != std::string::npos)
            throw xml::Disagreement(ErrorCode::xml_detail, ErrorDomain::xml,
                                    "/domain/name: invalid char in name: a line break");
        if (const auto text = m.read_value<Uuid>("uuid"); text && !text->empty()) {
            d.uuid = Uuid::parse(*text);
            if (!d.uuid) m.fail(ErrorCode::internal_error, fmt::format("malformed uuid element: '{}'", *text));
        }
        if (const auto text = m.read_value<std::string>("genid")) {
            d.genid_wanted = text->empty();
            if (!text->empty() && !(d.genid = Uuid::parse(*text)))
                m.fail(ErrorCode::internal_error, fmt::format("malformed genid element: '{}'", *text));
        }
    } else {
        m.value("uuid", d.uuid);
        m.value("genid", d.genid);
    }
    m.single("genid");
    m.value("title", d.title);
    if (m.reading() && d.title.find('\n') != std::string::npos) m.fail("Domain title can't contain newlines");
    m.value("description", d.description);
    m.raw("metadata", d.metadata);
    if (m.reading()) d.metadata.keep_one_per_namespace();
}

void map_memory(xml::Mapper& m, Domain& d) {
    m.child("maxMemory", d.max_memory);
    if (m.reading() ? m.has("memory") : true) {
        m.group("memory", [&] {
            m.attribute("dumpCore", d.dump_core);
            map(m, d.memory);
        });
    }
    if (m.writing()) {
        Kibibytes current = d.current();
        m.child("currentMemory", current);
        return;
    }
    m.child("currentMemory", d.current_memory);
}

void map_iothreads(xml::Mapper& m, Domain& d) {
    m.value("iothreads", d.iothreads, 0);
    m.single("iothreadids");
    const bool show = std::any_of(d.iothread_ids.begin(), d.iothread_ids.end(),
                                  [](const IoThread& t) { return !t.automatic || t.pool_min || t.pool_max; });
    if (m.reading() || show) m.group("iothreadids", [&] { m.children("iothread", d.iothread_ids); });
    m.group("defaultiothread", [&] { map_thread_pool(m, d.default_iothread_min, d.default_iothread_max); });
    if (m.writing()) return;
    for (size_t i = 0; i < d.iothread_ids.size(); i++)
        for (size_t j = 0; j < i; j++)
            if (d.iothread_ids[i].id == d.iothread_ids[j].id)
                m.disagree(fmt::format("duplicate iothread id '{}' found", d.iothread_ids[i].id));
    // <iothreads> may ask for more than <iothreadids> names: the rest gets the lowest free numbers.
    if (d.iothread_ids.size() > d.iothreads) d.iothreads = static_cast<uint32_t>(d.iothread_ids.size());
    if (d.iothreads > 8192) m.fail(fmt::format("invalid iothreads count '{}'", d.iothreads));
    for (uint32_t id = 1; d.iothread_ids.size() < d.iothreads; id++) {
        const bool taken =
            std::any_of(d.iothread_ids.begin(), d.iothread_ids.end(), [&](const IoThread& t) { return t.id == id; });
        if (taken) continue;
        IoThread thread;
        thread.id = id;
        thread.automatic = true;
        d.iothread_ids.push_back(thread);
    }
}

// Where each processor is told of, those that are there are counted.
void settle_vcpus(Vcpus& vcpus) {
    const auto online = std::count_if(vcpus.each.begin(), vcpus.each.end(),
                                      [](const VcpuEntry& v) { return v.enabled == xml::YesNo::yes; });
    vcpus.current = std::min(static_cast<uint32_t>(online), vcpus.maximum);
}

void map_resources(xml::Mapper& m, Domain& d) {
    map_memory(m, d);
    m.child("blkiotune", d.blkiotune);
    m.child("memtune", d.memtune);
    m.child("memoryBacking", d.memory_backing);
    m.child("vcpu", d.vcpus);
    m.group("vcpus", [&] { m.children("vcpu", d.vcpus.each); });
    if (m.reading() && !d.vcpus.each.empty()) settle_vcpus(d.vcpus);
    map_iothreads(m, d);
    m.single("cputune", ErrorCode::internal_error);
    m.child("cputune", d.cputune);
    m.single("numatune");
    m.child("numatune", d.numatune);
    m.single("resource");
    m.group("resource", [&] {
        // libvirt says no more of it.
        if (m.reading() && !m.has("partition") && !m.has("fibrechannel"))
            m.fail(ErrorCode::internal_error, ErrorDomain::none,
                   "<resource> names neither a partition nor a fibrechannel");
        m.value("partition", d.partition);
        m.attribute_of("fibrechannel", "appid", d.fibre_channel_app_id);
    });
    m.children("sysinfo", d.sysinfo);
}

void map_machine(xml::Mapper& m, Domain& d) {
    m.value("bootloader", d.os.bootloader);
    m.value("bootloader_args", d.os.bootloader_args);
    m.child("os", d.os);
    m.group("idmap", [&] {
        m.children("uid", d.uid_map);
        m.children("gid", d.gid_map);
    });
    m.child("features", d.features);
    m.child("cpu", d.cpu);
    m.child("clock", d.clock);
    m.value("on_poweroff", d.on_poweroff);
    m.value("on_reboot", d.on_reboot);
    m.value("on_crash", d.on_crash);
    m.value("on_lockfailure", d.on_lockfailure);
    m.group("pm", [&] {
        m.attribute_of("suspend-to-mem", "enabled", d.suspend_to_mem);
        m.attribute_of("suspend-to-disk", "enabled", d.suspend_to_disk);
    });
    m.single("perf");
    m.group("perf", [&] { m.children("event", d.perf); });
}

template <typename T>
void map_only_one(xml::Mapper& m, const char* name, std::optional<T>& device, const char* message,
                  ErrorCode code = ErrorCode::internal_error) {
    if (m.reading() && m.element().count(name) > 1) m.fail(code, message);
    m.child(name, device);
}

// The first console of an HVM guest is its first serial port under another name, and is shown with its insides.
void map_consoles(xml::Mapper& m, Domain& d) {
    if (m.reading()) {
        m.children("console", d.consoles);
        // The number of a console is its place, whatever the document says.
        for (size_t i = 0; i < d.consoles.size(); i++) d.consoles[i].port = static_cast<int>(i);
        return;
    }
    if (d.consoles.empty() || d.serials.empty() || d.consoles[0].target != ConsoleTarget::serial ||
        d.os.type != OsType::hvm)
        return m.children("console", d.consoles);
    std::vector<Console> shown = d.consoles;
    static_cast<Chardev&>(shown[0]) = static_cast<const Chardev&>(d.serials[0]);
    shown[0].port = d.serials[0].port;
    m.children("console", shown);
}

void map_devices(xml::Mapper& m, Domain& d) {
    if (m.reading()) {
        // Devices are compared with each other, so their number has a limit far above what any machine takes.
        constexpr size_t most = 4096;
        size_t count = 0;
        for (xml::Element e = m.element().first_child(); e; e = e.next()) count++;
        if (count > most) m.fail(fmt::format("{} devices are more than the {} that a domain can have", count, most));
    }
    m.value("emulator", d.emulator);
    m.children("disk", d.disks);
    if (m.reading()) settle_disks(d);
    m.children("controller", d.controllers);
    if (m.reading()) settle_controllers(d);
    m.children("lease", d.leases);
    m.children("filesystem", d.filesystems);
    m.children("interface", d.interfaces);
    m.children("smartcard", d.smartcards);
    m.children("serial", d.serials);
    m.children("parallel", d.parallels);
    map_consoles(m, d);
    m.children("channel", d.channels);
    m.children("input", d.inputs);
    m.children("tpm", d.tpms);
    m.children("graphics", d.graphics);
    m.children("sound", d.sounds);
    m.children("audio", d.audios);
    m.children("video", d.videos);
    m.children("hostdev", d.hostdevs);
    m.children("redirdev", d.redirdevs);
    map_only_one(m, "redirfilter", d.redirfilter, "only one set of redirection filter rule is supported");
    if (m.reading() && d.redirfilter && d.redirfilter->rules.empty()) d.redirfilter.reset();
    m.children("hub", d.hubs);
    if (m.reading() && m.element().count("watchdog") > 1)
        m.fail(ErrorCode::internal_error, "only a single watchdog device is supported");
    m.children("watchdog", d.watchdogs);
    map_only_one(m, "memballoon", d.memballoon, "only a single memory balloon device is supported");
    m.children("rng", d.rngs);
    map_only_one(m, "nvram", d.nvram, "only a single nvram device is supported");
    m.children("panic", d.panics);
    m.children("shmem", d.shmems);
    m.children("memory", d.memory_devices);
    m.children("crypto", d.cryptos);
    map_only_one(m, "iommu", d.iommu, "only a single IOMMU device is supported", ErrorCode::xml_error);
    map_only_one(m, "vsock", d.vsock, "only a single vsock device is supported", ErrorCode::xml_error);
}

void map_security(xml::Mapper& m, Domain& d) {
    if (m.reading()) {
        m.children("seclabel", d.security_labels);
    } else {
        for (SecurityLabel& label : d.security_labels) {
            if (label.implicit) continue;
            m.group(
                "seclabel", [&] { map(m, label); }, true);
        }
    }
    m.single("keywrap", ErrorCode::internal_error);
    m.group("keywrap", [&] {
        if (m.reading()) {
            static constexpr std::string_view names[] = {"aes", "dea"};
            m.each("cipher", [&] {
                KeywrapCipher cipher;
                m.words("name", names);
                m.required("name", cipher.name);
                m.required("state", cipher.state);
                for (const KeywrapCipher& other : d.keywrap)
                    if (other.name == cipher.name)
                        m.fail(ErrorCode::internal_error,
                               fmt::format("A domain definition can have no more than one cipher node with name {}",
                                           cipher.name));
                d.keywrap.push_back(cipher);
            });
            std::stable_sort(d.keywrap.begin(), d.keywrap.end(),
                             [](const KeywrapCipher& a, const KeywrapCipher& b) { return a.name < b.name; });
            return;
        }
        for (KeywrapCipher& cipher : d.keywrap) {
            m.group("cipher", [&] {
                m.attribute("name", cipher.name);
                m.attribute("state", cipher.state);
            });
        }
    });
    m.child("launchSecurity", d.launch_security);
}

// The order and the once-only rule of <perf> are the table's, not the document's.
void settle_perf(xml::Mapper& m, Domain& d) {
    const auto names = perf_event_names();
    const auto rank = [&](const PerfEvent& e) { return std::find(names.begin(), names.end(), e.name) - names.begin(); };
    for (const PerfEvent& event : d.perf)
        if (rank(event) >= std::ssize(names))
            m.fail(ErrorCode::xml_error, ErrorDomain::xml, fmt::format("unsupported perf event '{}'", event.name));
    for (size_t i = 0; i < d.perf.size(); i++)
        for (size_t j = 0; j < i; j++)
            if (d.perf[i].name == d.perf[j].name)
                m.fail(fmt::format("perf event '{}' was already specified", d.perf[i].name));
    std::stable_sort(d.perf.begin(), d.perf.end(),
                     [&](const PerfEvent& a, const PerfEvent& b) { return rank(a) < rank(b); });
}

// What must hold for every domain, whatever runs it.
void check(xml::Mapper& m, Domain& d) {
    settle_perf(m, d);
    if (m.options().validate) check_form(m.element(), d);
    uint64_t cells = 0;
    if (d.cpu)
        for (const NumaCell& cell : d.cpu->numa.cells) cells += cell.memory.count;
    for (const MemoryDevice& device : d.memory_devices) cells += cells != 0 ? device.size.count : 0;
    if (d.memory.count == 0 && cells == 0)
        m.disagree("Memory size must be specified via <memory> or in the <numa> configuration");
    if (!d.numatune.cells.empty() && (!d.cpu || d.cpu->numa.cells.empty()))
        m.disagree("Element 'memnode' is invalid without any guest NUMA cells");
    for (const SchedulerSetting& s : d.cputune.iothread_schedulers)
        for (auto id = s.of.next(); id; id = s.of.next(*id + 1))
            if (std::none_of(d.iothread_ids.begin(), d.iothread_ids.end(),
                             [&](const IoThread& t) { return t.id == *id; }))
                m.disagree(ErrorCode::config_unsupported, fmt::format("Cannot find 'iothread' : {}", *id));
    for (const IoThreadPin& pin : d.cputune.iothread_pins)
        if (std::none_of(d.iothread_ids.begin(), d.iothread_ids.end(),
                         [&](const IoThread& t) { return t.id == pin.iothread; }))
            m.disagree(ErrorCode::config_unsupported, fmt::format("Cannot find 'iothread' : {}", pin.iothread));
    if (d.os.type == OsType::exe && d.os.init.empty()) m.disagree("init binary must be specified");
    if (d.os.type == OsType::absent && d.os.bootloader.empty() && d.os.init.empty())
        m.disagree("an os <type> must be specified");
}

}  // namespace

namespace {

// Whether the labels of the guest fit each other is found before its devices are looked at.
void check_labels(xml::Mapper& m) {
    std::vector<std::string_view> models;
    for (xml::Element e = m.element().child("seclabel"); e; e = e.next_same())
        models.push_back(e.attribute("model").value_or(std::string_view()));
    for (size_t i = 0; i < models.size(); i++)
        for (size_t j = 0; j < i; j++)
            if (models[i] == models[j])
                m.disagree(ErrorCode::xml_detail, fmt::format("seclabel for model {} is already provided", models[i]));
    if (models.size() > 1 && std::find(models.begin(), models.end(), std::string_view()) != models.end())
        m.disagree("missing security model when using multiple labels");
}

}  // namespace

void map(xml::Mapper& m, Domain& d) {
    if (m.reading()) check_labels(m);
    map_identity(m, d);
    map_resources(m, d);
    map_machine(m, d);
    m.group(
        "devices",
        [&] {
            m.keep_open();
            map_devices(m, d);
        },
        true);
    map_security(m, d);
    map(m, d.qemu);
    if (m.reading()) check(m, d);
}

}  // namespace virtue::model
