#include "driver/cpu_xml.h"

#include <algorithm>

#include "base/error.h"
#include "base/text.h"
#include "driver/constants.h"
#include "xml/document.h"
#include "xml/writer.h"

namespace virtue::driver {

namespace {

using host::CpuDescription;
using host::FeaturePolicy;
using Words = std::vector<std::string_view>;

constexpr std::string_view policies[] = {"force", "require", "optional", "disable", "forbid"};

constexpr std::string_view architectures[] = {
    "alpha",    "armv6l",     "armv7l",       "armv7b",  "aarch64",   "cris",    "i686",     "ia64",     "lm32",
    "m68k",     "microblaze", "microblazeel", "mips",    "mipsel",    "mips64",  "mips64el", "or32",     "parisc",
    "parisc64", "ppc",        "ppc64",        "ppc64le", "ppcemb",    "riscv32", "riscv64",  "s390",     "s390x",
    "sh4",      "sh4eb",      "sparc",        "sparc64", "unicore32", "x86_64",  "xtensa",   "xtensaeb", "loongarch64"};

[[noreturn]] void refuse(ErrorCode code, std::string detail) {
    throw Error(code, ErrorDomain::cpu, std::move(detail));
}

// Raised in libvirt's XML helpers, whoever reads.
[[noreturn]] void refuse_value(xml::Element at, std::string_view attribute, std::string_view rest) {
    throw Error(ErrorCode::xml_error, ErrorDomain::xml,
                fmt::format("Invalid value for attribute '{}' in element '{}': {}", attribute, at.name(), rest));
}

void require_one_of(xml::Element at, std::string_view attribute, const Words& words) {
    const auto value = at.attribute(attribute);
    if (!value || std::find(words.begin(), words.end(), *value) != words.end()) return;
    refuse_value(at, attribute, fmt::format("'{}'.", *value));
}

bool is_one_of(std::string_view word, const Words& words) {
    return std::find(words.begin(), words.end(), word) != words.end();
}

void require_positive(xml::Element at, std::string_view attribute, bool required) {
    const auto value = at.attribute(attribute);
    if (!value) {
        if (!required) return;
        throw Error(ErrorCode::xml_error, ErrorDomain::xml,
                    fmt::format("Missing required attribute '{}' in element '{}'", attribute, at.name()));
    }
    const auto number = parse_number<uint32_t>(*value);
    if (!number) refuse_value(at, attribute, fmt::format("'{}'. Expected non-negative integer value", *value));
    if (*number == 0) refuse_value(at, attribute, "Zero is not permitted");
}

void read_model(xml::Element root, CpuDescription& cpu, std::string_view mode) {
    const xml::Element model = root.child("model");
    if (model) {
        cpu.model = model.text();
        cpu.has_model = !cpu.model.empty();
    }
    if (!cpu.has_model && cpu.is_host) refuse(ErrorCode::xml_error, "Missing CPU model name");
    const bool named_by_host = mode == "host-passthrough" || mode == "maximum";
    if (cpu.is_host || named_by_host || !model) return;
    if (const auto fallback = model.attribute("fallback")) {
        if (!is_one_of(*fallback, {"allow", "forbid"})) {
            refuse(ErrorCode::config_unsupported, "Invalid fallback attribute");
        }
        cpu.fallback_allowed = *fallback == "allow";
    }
    if (const auto vendor = model.attribute("vendor_id")) {
        if (vendor->size() != 12) refuse(ErrorCode::xml_error, "vendor_id must be exactly 12 characters long");
        if (vendor->find(',') != std::string_view::npos) refuse(ErrorCode::xml_error, "vendor id is invalid");
    }
}

FeaturePolicy read_policy(xml::Element feature) {
    const auto word = feature.attribute("policy");
    if (!word) return FeaturePolicy::require;
    const auto found = std::find(std::begin(policies), std::end(policies), *word);
    if (found == std::end(policies)) refuse(ErrorCode::config_unsupported, "Invalid CPU feature policy");
    return static_cast<FeaturePolicy>(found - std::begin(policies));
}

void read_features(xml::Element root, CpuDescription& cpu, std::string_view mode) {
    xml::Element feature = root.child("feature");
    if (feature && !cpu.has_model && mode == "custom") {
        refuse(ErrorCode::xml_error, "Non-empty feature list specified without CPU model");
    }
    for (; feature; feature = feature.next_same()) {
        host::DescribedFeature read;
        if (!cpu.is_host) read.policy = read_policy(feature);
        read.name = feature.attribute("name").value_or("");
        if (read.name.empty()) refuse(ErrorCode::xml_error, "Invalid CPU feature name");
        for (const host::DescribedFeature& other : cpu.features) {
            if (other.name == read.name) {
                refuse(ErrorCode::xml_error, fmt::format("CPU feature '{}' specified more than once", read.name));
            }
        }
        cpu.features.push_back(std::move(read));
    }
}

// What the schema allows below <cpu>.
void require_known(xml::Element root) {
    const Words elements{"arch",        "model", "vendor", "topology", "feature",   "cache",
                         "maxphysaddr", "numa",  "pages",  "counter",  "microcode", "signature"};
    for (xml::Element e = root.first_child(); e; e = e.next()) {
        if (is_one_of(e.name(), elements)) continue;
        throw Error(
            ErrorCode::xml_invalid_schema, ErrorDomain::xml,
            fmt::format("{} (line {}): element 'cpu' cannot hold an element '{}'", e.path(), e.line(), e.name()));
    }
    root.each_attribute([&](std::string_view name, std::string_view) {
        if (is_one_of(name, {"mode", "match", "check", "migratable"})) return;
        throw Error(ErrorCode::xml_invalid_schema, ErrorDomain::xml,
                    fmt::format("{}: there is no attribute '{}' in element 'cpu'", root.path(), name));
    });
}

// Reads the mode, and what only guests have.
std::string read_mode(xml::Element root, CpuDescription& cpu) {
    const auto mode = root.attribute("mode");
    if (mode && cpu.is_host) refuse(ErrorCode::config_unsupported, "Attribute mode is only allowed for guest CPU");
    if (mode && !is_one_of(*mode, {"custom", "host-model", "host-passthrough", "maximum"})) {
        refuse(ErrorCode::config_unsupported, fmt::format("Invalid mode attribute '{}'", *mode));
    }
    if (cpu.is_host) return {};
    require_one_of(root, "match", {"minimum", "exact", "strict"});
    require_one_of(root, "check", {"none", "partial", "full"});
    require_one_of(root, "migratable", {"on", "off"});
    cpu.strict = root.attribute("match").value_or("") == "strict";
    return std::string(mode.value_or("custom"));
}

}  // namespace

bool is_architecture(std::string_view name) {
    return std::find(std::begin(architectures), std::end(architectures), name) != std::end(architectures);
}

CpuDescription read_cpu(std::string_view text, CpuElement kind, bool validate) {
    const xml::Document document = xml::Document::parse(text, "(CPU_definition)", ErrorDomain::cpu);
    const xml::Element root = document.root();
    if (root.name() != "cpu") refuse(ErrorCode::xml_error, "XML does not contain expected 'cpu' element");
    if (validate) require_known(root);
    CpuDescription cpu;
    cpu.is_host = kind == CpuElement::host || static_cast<bool>(root.child("arch"));
    if (kind == CpuElement::automatic && cpu.is_host && root.attribute("match")) {
        refuse(ErrorCode::xml_error, "'arch' element cannot be used inside 'cpu' element with 'match' attribute'");
    }
    const std::string mode = read_mode(root, cpu);
    if (cpu.is_host) {
        cpu.arch = root.child("arch") ? root.child("arch").text() : std::string();
        if (cpu.arch.empty()) refuse(ErrorCode::xml_error, "Missing CPU architecture");
        if (!is_architecture(cpu.arch)) {
            refuse(ErrorCode::config_unsupported, "Unknown architecture " + cpu.arch);
        }
    }
    read_model(root, cpu, mode);
    if (const xml::Element vendor = root.child("vendor")) cpu.vendor = vendor.text();
    if (!cpu.vendor.empty() && !cpu.has_model) {
        refuse(ErrorCode::xml_error, "CPU vendor specified without CPU model");
    }
    if (const xml::Element topology = root.child("topology")) {
        require_positive(topology, "sockets", true);
        require_positive(topology, "dies", false);
        require_positive(topology, "cores", true);
        require_positive(topology, "threads", true);
    }
    read_features(root, cpu, mode);
    if (const xml::Element cache = root.child("cache")) {
        require_one_of(cache, "mode", {"emulate", "passthrough", "disable"});
    }
    return cpu;
}

std::vector<CpuDescription> read_cpus(const std::vector<std::string>& xmls, CpuElement kind) {
    std::vector<CpuDescription> cpus;
    for (const std::string& xml : xmls) cpus.push_back(read_cpu(xml, kind));
    return cpus;
}

std::string baseline_of_hosts(const std::vector<std::string>& xmls, uint32_t flags) {
    const std::vector<CpuDescription> cpus = read_cpus(xmls, CpuElement::host);
    host::BaselineRules rules;
    rules.migratable = (flags & api::connect_baseline_cpu_migratable) != 0;
    CpuDescription result = host::baseline_cpu("", cpus, rules);
    if ((flags & api::connect_baseline_cpu_expand_features) != 0 && !cpus.empty()) {
        host::expand_features(cpus[0].arch, result);
    }
    return write_cpu(result);
}

std::string write_cpu(const CpuDescription& cpu) {
    xml::Writer out;
    out.begin("cpu");
    out.attribute("mode", "custom");
    out.attribute("match", cpu.strict ? "strict" : "exact");
    out.begin("model");
    out.attribute("fallback", cpu.fallback_allowed ? "allow" : "forbid");
    out.text(cpu.model);
    out.end();
    if (!cpu.vendor.empty()) {
        out.begin("vendor");
        out.text(cpu.vendor);
        out.end();
    }
    for (const host::DescribedFeature& feature : cpu.features) {
        out.begin("feature");
        out.attribute("policy", policies[static_cast<size_t>(feature.policy)]);
        out.attribute("name", feature.name);
        out.end();
    }
    out.end();
    return out.take();
}

}  // namespace virtue::driver
