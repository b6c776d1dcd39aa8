// The CPU that all of several CPUs can stand for.
#include <algorithm>

#include "drivers/test/instance.h"
#include "drivers/test/refusals.h"
#include "host/cpu_map.h"
#include "protocol/remote/connect.h"
#include "xml/document.h"
#include "xml/writer.h"

namespace virtue::test {
namespace {

constexpr ErrorDomain part = ErrorDomain::cpu;
constexpr uint32_t expand_features = 1;  // VIR_CONNECT_BASELINE_CPU_…
constexpr uint32_t migratable = 2;

struct Described {
    host::CpuFeatures features;
    std::string model;
    std::string vendor;
};

Described read_cpu(const std::string& text) {
    xml::Document document = xml::Document::parse(text, "(CPU_definition)", part);
    xml::Element root = document.root();
    if (root.name() != "cpu")
        throw Error(ErrorCode::xml_error, ErrorDomain::xml, "XML does not contain expected 'cpu' element");
    xml::Element arch = root.child("arch");
    if (!arch) throw Error(ErrorCode::xml_error, part, "Missing CPU architecture");
    if (!is_architecture(arch.text())) fail(ErrorCode::xml_error, part, "Unknown architecture {}", arch.text());
    if (arch.text() != "x86_64" && arch.text() != "i686")
        fail(ErrorCode::no_support, part, "cannot compute baseline CPU of {} architecture", arch.text());
    Described cpu;
    if (xml::Element model = root.child("model")) cpu.model = model.text();
    if (xml::Element vendor = root.child("vendor")) cpu.vendor = vendor.text();
    if (cpu.model.empty()) throw Error(ErrorCode::operation_failed, part, "no CPU model specified");
    std::optional<host::CpuFeatures> features = host::cpu_model_features(cpu.model);
    if (!features) fail(ErrorCode::internal_error, part, "Unknown CPU model {}", cpu.model);
    cpu.features = *features;
    for (xml::Element child = root.child("feature"); child; child = child.next_same()) {
        std::string name(child.attribute("name").value_or(""));
        std::optional<size_t> index = host::find_cpu_feature(name);
        if (!index) fail(ErrorCode::internal_error, part, "Unknown CPU feature {}", name);
        std::string_view policy = child.attribute("policy").value_or("require");
        cpu.features.set(*index, policy != "disable" && policy != "forbid");
    }
    return cpu;
}

void write_feature(xml::Writer& w, const char* policy, std::string_view name) {
    w.begin("feature");
    w.attribute("policy", policy);
    w.attribute("name", name);
    w.end();
}

std::string write_cpu(const host::NamedCpu& named, bool one, const std::string& vendor, const host::CpuFeatures* all) {
    xml::Writer w;
    w.begin("cpu");
    w.attribute("mode", "custom");
    w.attribute("match", "exact");
    w.begin("model");
    // The model of a single CPU is certain; of several it is the nearest.
    w.attribute("fallback", one ? "forbid" : "allow");
    w.text(named.model);
    w.end();
    if (!vendor.empty()) {
        w.begin("vendor");
        w.text(vendor);
        w.end();
    }
    if (all) {
        std::vector<std::string_view> names;
        for (size_t i = 0; i < all->size(); i++)
            if (all->test(i)) names.push_back(host::cpu_feature_name(i));
        std::sort(names.begin(), names.end());
        for (std::string_view name : names) write_feature(w, "require", name);
    } else {
        for (const std::string& name : named.require) write_feature(w, "require", name);
    }
    for (const std::string& name : named.disable) write_feature(w, "disable", name);
    w.end();
    return w.take();
}

proc::ConnectBaselineCpu::Ret baseline(Instance&, proc::ConnectBaselineCpu::Args args) {
    check_flags(args.flags, expand_features | migratable, "testConnectBaselineCPU");
    if (args.xml_cpus.empty()) throw Error(ErrorCode::invalid_arg, part, "No CPUs given");
    std::vector<Described> cpus;
    for (const std::string& text : args.xml_cpus) cpus.push_back(read_cpu(text));
    host::CpuData common;
    common.features = cpus.front().features;
    std::string vendor = cpus.front().vendor;
    for (const Described& cpu : cpus) {
        common.features &= cpu.features;
        if (cpu.vendor != vendor) vendor.clear();
    }
    if (common.features.none()) throw Error(ErrorCode::operation_failed, part, "CPUs are incompatible");
    if (args.flags & migratable) {
        for (size_t i = 0; i < common.features.size(); i++)
            if (common.features.test(i) && !host::cpu_feature_is_migratable(i)) common.features.reset(i);
    }
    common.vendor = vendor;
    bool one = cpus.size() == 1;
    auto fits = [&](std::string_view model) { return !one || model == cpus.front().model; };
    std::optional<host::NamedCpu> named = host::name_cpu(common, true, fits);
    if (!named) named = host::name_cpu(common, false, fits);
    if (!named) throw Error(ErrorCode::operation_failed, part, "CPUs are incompatible");
    return {write_cpu(*named, one, vendor, args.flags & expand_features ? &common.features : nullptr)};
}

}  // namespace

void bind_cpu_baseline(Instance& in) {
    bind<proc::ConnectBaselineCpu>(in.hypervisor, in, baseline);
}

}  // namespace virtue::test
