#include "drivers/qemu/capabilities/host_documents.h"

#include <fmt/format.h>

#include "host/memory.h"
#include "host/processors.h"
#include "xml/writer.h"

namespace virtue::qemu {

namespace {

void leaf(xml::Writer& out, const char* name, std::string_view text) {
    out.begin(name);
    out.text(text);
    out.end();
}

void number(xml::Writer& out, const char* name, uint64_t value) {
    out.attribute(name, std::to_string(value));
}

void write_cpu_names(xml::Writer& out, const host::CpuDescription& cpu, const host::SystemFiles& files) {
    const host::ProcessorFigures figures = host::read_processor_figures(files);
    const host::ProcessorExtras extras = host::read_processor_extras(files);
    const host::CpuData data = host::read_host_cpu();
    if (extras.microcode != 0) {
        out.begin("microcode");
        number(out, "version", extras.microcode);
        out.end();
    }
    if (data.family != 0) {
        out.begin("signature");
        number(out, "family", data.family);
        number(out, "model", data.model);
        number(out, "stepping", data.stepping);
        out.end();
    }
    out.begin("topology");
    number(out, "sockets", figures.sockets);
    number(out, "dies", 1);
    number(out, "cores", figures.cores);
    number(out, "threads", figures.threads);
    out.end();
    if (extras.address_bits != 0) {
        out.begin("maxphysaddr");
        out.attribute("mode", "emulate");
        number(out, "bits", extras.address_bits);
        out.end();
    }
    for (const host::DescribedFeature& feature : cpu.features) {
        out.begin("feature");
        out.attribute("name", feature.name);
        out.end();
    }
}

void write_cpu(xml::Writer& out, const host::SystemFiles& files, const std::string& arch) {
    const host::CpuDescription cpu = host_cpu(arch);
    out.begin("cpu");
    leaf(out, "arch", arch);
    if (cpu.has_model) leaf(out, "model", cpu.model);
    if (!cpu.vendor.empty()) leaf(out, "vendor", cpu.vendor);
    if (cpu.has_model) write_cpu_names(out, cpu, files);
    for (unsigned size : host::page_sizes(files)) {
        out.begin("pages");
        out.attribute("unit", "KiB");
        number(out, "size", size);
        out.end();
    }
    out.end();
}

void write_power_management(xml::Writer& out, const host::SystemFiles& files) {
    const std::string states = files.text("/sys/power/state").value_or("");
    const std::string disk = files.text("/sys/power/disk").value_or("");
    out.begin("power_management");
    auto mark = [&](const char* name, bool there) {
        if (!there) return;
        out.begin(name);
        out.end();
    };
    mark("suspend_mem", states.find("mem") != std::string::npos);
    mark("suspend_disk", states.find("disk") != std::string::npos);
    mark("suspend_hybrid", states.find("disk") != std::string::npos && disk.find("suspend") != std::string::npos);
    out.end();
}

void write_migration(xml::Writer& out) {
    out.begin("migration_features");
    out.begin("live");
    out.end();
    out.begin("uri_transports");
    leaf(out, "uri_transport", "tcp");
    leaf(out, "uri_transport", "rdma");
    out.end();
    out.end();
}

void write_pages(xml::Writer& out, const host::SystemFiles& files, unsigned cell) {
    for (unsigned size : host::page_sizes(files)) {
        const host::PagePool pool = host::read_pages(files, static_cast<int>(cell), size);
        out.begin("pages");
        out.attribute("unit", "KiB");
        number(out, "size", size);
        out.text(std::to_string(pool.total));
        out.end();
    }
}

void write_processors(xml::Writer& out, const host::SystemFiles& files, const std::string& folder) {
    const std::vector<host::ProcessorPlace> places = host::read_processor_places(files, folder);
    out.begin("cpus");
    number(out, "num", places.size());
    for (const host::ProcessorPlace& place : places) {
        out.begin("cpu");
        number(out, "id", place.id);
        number(out, "socket_id", place.socket);
        number(out, "die_id", place.die);
        number(out, "core_id", place.core);
        out.attribute("siblings", place.siblings);
        out.end();
    }
    out.end();
}

void write_cell(xml::Writer& out, const host::SystemFiles& files, unsigned cell) {
    const std::string node = fmt::format("/sys/devices/system/node/node{}", cell);
    out.begin("cell");
    number(out, "id", cell);
    out.begin("memory");
    out.attribute("unit", "KiB");
    out.text(std::to_string(host::read_cell_memory(files, cell).total));
    out.end();
    const bool known = files.exists(node);
    if (known) write_pages(out, files, cell);
    const std::vector<unsigned> distances = host::read_cell_distances(files, cell);
    if (!distances.empty()) {
        // The kernel lists the distances in the order of the cells.
        const std::vector<unsigned> cells = host::memory_cells(files);
        out.begin("distances");
        for (size_t i = 0; i < distances.size() && i < cells.size(); i++) {
            out.begin("sibling");
            number(out, "id", cells[i]);
            number(out, "value", distances[i]);
            out.end();
        }
        out.end();
    }
    write_processors(out, files, known ? node : "/sys/devices/system/cpu");
    out.end();
}

void write_caches(xml::Writer& out, const host::SystemFiles& files) {
    const std::vector<host::ProcessorCache> caches = host::read_processor_caches(files);
    if (caches.empty()) return;
    out.begin("cache");
    for (const host::ProcessorCache& cache : caches) {
        // The greatest unit without a rest.
        const bool whole = cache.bytes % (1 << 20) == 0;
        out.begin("bank");
        number(out, "id", cache.id);
        number(out, "level", cache.level);
        out.attribute("type", cache.kind);
        number(out, "size", whole ? cache.bytes >> 20 : cache.bytes >> 10);
        out.attribute("unit", whole ? "MiB" : "KiB");
        out.attribute("cpus", cache.shared);
        out.end();
    }
    out.end();
}

void write_security(xml::Writer& out, const SecurityModel& model) {
    out.begin("secmodel");
    leaf(out, "model", model.name);
    leaf(out, "doi", model.domain_of_interpretation);
    for (const SecurityModel::Label& label : model.labels) {
        out.begin("baselabel");
        out.attribute("type", label.virt_type);
        out.text(label.label);
        out.end();
    }
    out.end();
}

}  // namespace

host::CpuDescription host_cpu(const std::string& arch) {
    host::CpuDescription description;
    const auto named = host::name_cpu(host::read_host_cpu(), true, {});
    if (named) description = host::describe(*named, arch);
    description.is_host = true;
    description.arch = arch;
    return description;
}

std::string host_xml(const host::SystemFiles& files, const HostIdentity& identity) {
    xml::Writer out(1);
    out.begin("host");
    if (!identity.uuid.empty()) leaf(out, "uuid", identity.uuid);
    write_cpu(out, files, identity.arch);
    write_power_management(out, files);
    const bool iommu = !files.list("/sys/kernel/iommu_groups").empty();
    out.begin("iommu");
    out.attribute("support", iommu ? "yes" : "no");
    out.end();
    write_migration(out);
    const std::vector<unsigned> cells = host::memory_cells(files);
    out.begin("topology");
    out.begin("cells");
    number(out, "num", cells.size());
    for (unsigned cell : cells) write_cell(out, files, cell);
    out.end();
    out.end();
    write_caches(out, files);
    for (const SecurityModel& model : identity.security) write_security(out, model);
    out.end();
    return out.take();
}

std::string sysinfo_xml(std::span<const host::FirmwareSection> sections) {
    xml::Writer out;
    out.begin("sysinfo");
    out.attribute("type", "smbios");
    for (const host::FirmwareSection& section : sections) {
        out.begin(section.element);
        for (const auto& [name, text] : section.entries) {
            out.begin("entry");
            if (!name.empty()) out.attribute("name", name);
            out.text(text);
            out.end();
        }
        out.end();
    }
    out.end();
    return out.take();
}

}  // namespace virtue::qemu
