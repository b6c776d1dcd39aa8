// Any bytes as domain XML: an Error or a domain that can be written, read again and completed; never a crash.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "model/domain/complete/complete.h"

namespace {

class AnyQemu : public virtue::model::Platform {
public:
    std::string emulator(virtue::model::DomainType, std::string_view arch) const override {
        return "/usr/bin/qemu-system-" + std::string(arch);
    }
    std::string machine(const virtue::model::Domain&, std::string_view name) const override {
        return name.empty() || name == "q35" ? "pc-q35-7.2" : name == "pc" ? "pc-i440fx-7.2" : std::string(name);
    }
    std::string default_cpu(const virtue::model::Domain&) const override { return "qemu64"; }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    using namespace virtue;
    xml::Options options;
    options.validate = size % 2 == 0;
    options.inactive = size % 3 != 0;
    try {
        auto domain = xml::parse<model::Domain>({reinterpret_cast<const char*>(data), size}, options);
        const std::string text = xml::format(domain, options);
        static_cast<void>(xml::parse<model::Domain>(text));
        model::complete_for_qemu(domain, AnyQemu());
        static_cast<void>(xml::format(domain, options));
    } catch (const Error&) {
        // What is wrong is told; that is all that is asked of it.
    }
    return 0;
}
