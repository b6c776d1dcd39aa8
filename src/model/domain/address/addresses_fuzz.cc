// Bytes as a machine: each few of them are a device, with an address or without one, right or wrong. Either the machine
// is refused with a sentence, or every device got a place and no two the same one.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <set>
#include <string>

#include <fmt/format.h>

#include "model/domain/complete/complete.h"

namespace {

class AnyQemu : public virtue::model::Platform {
public:
    std::string emulator(virtue::model::DomainType, std::string_view arch) const override {
        return "/usr/bin/qemu-system-" + std::string(arch);
    }
    std::string machine(const virtue::model::Domain&, std::string_view name) const override {
        return name == "q35" ? "pc-q35-7.2" : "pc-i440fx-7.2";
    }
    std::string default_cpu(const virtue::model::Domain&) const override { return "qemu64"; }
};

class Bytes {
public:
    Bytes(const uint8_t* data, size_t size) : data_(data), size_(size) {}
    bool empty() const { return size_ == 0; }
    uint8_t next() {
        if (size_ == 0) return 0;
        size_--;
        return *data_++;
    }
    template <size_t N>
    const char* choose(const char* const (&list)[N]) {
        return list[next() % N];
    }

private:
    const uint8_t* data_;
    size_t size_;
};

std::string pci_address(Bytes& in) {
    const uint8_t how = in.next();
    if (how % 3 != 0) return {};
    return fmt::format("<address type='pci' domain='0' bus='{}' slot='{}' function='{}' multifunction='{}'/>", how / 32,
                       in.next() % 34, in.next() % 9, how % 2 == 0 ? "on" : "off");
}

std::string controller(Bytes& in) {
    static constexpr const char* const models[] = {"type='pci' model='pcie-root-port'",
                                                   "type='pci' model='pci-bridge'",
                                                   "type='pci' model='dmi-to-pci-bridge'",
                                                   "type='pci' model='pcie-to-pci-bridge'",
                                                   "type='pci' model='pcie-switch-upstream-port'",
                                                   "type='pci' model='pcie-switch-downstream-port'",
                                                   "type='pci' model='pcie-expander-bus'",
                                                   "type='pci' model='pci-expander-bus'",
                                                   "type='usb' model='qemu-xhci'",
                                                   "type='usb' model='ich9-ehci1'",
                                                   "type='usb' model='piix3-uhci'",
                                                   "type='scsi' model='virtio-scsi'",
                                                   "type='scsi' model='lsilogic'",
                                                   "type='virtio-serial'",
                                                   "type='sata'",
                                                   "type='ccid'"};
    const std::string what = in.choose(models);
    const uint8_t index = in.next();
    const std::string number = index % 2 == 0 ? fmt::format(" index='{}'", index / 2 % 12) : std::string();
    return fmt::format("<controller {}{}>{}</controller>", what, number, pci_address(in));
}

std::string disk(Bytes& in, unsigned number) {
    static constexpr const char* const buses[] = {"virtio", "scsi", "sata", "ide", "usb", "fdc"};
    static constexpr const char* const names[] = {"vd", "sd", "hd", "fd"};
    const std::string bus = in.choose(buses);
    const uint8_t how = in.next();
    std::string address;
    if (how % 4 == 0)
        address = fmt::format("<address type='drive' controller='{}' bus='{}' target='{}' unit='{}'/>", how / 64,
                              in.next() % 3, in.next() % 3, in.next() % 9);
    if (how % 4 == 1) address = pci_address(in);
    return fmt::format("<disk type='file' device='{}'><source file='/{}'/><target dev='{}{}' bus='{}'/>{}</disk>",
                       bus == "fdc" ? "floppy" : "disk", number, in.choose(names), static_cast<char>('a' + number % 26),
                       bus, address);
}

std::string usb_device(Bytes& in) {
    const uint8_t how = in.next();
    const std::string address = how % 3 == 0
                                    ? fmt::format("<address type='usb' bus='{}' port='{}{}'/>", how / 64, in.next() % 9,
                                                  how % 2 == 0 ? fmt::format(".{}", in.next() % 9) : std::string())
                                    : std::string();
    return how % 5 == 0 ? "<hub type='usb'>" + address + "</hub>"
                        : "<input type='tablet' bus='usb'>" + address + "</input>";
}

std::string plain(Bytes& in) {
    static constexpr const char* const kinds[] = {"interface type='user'", "sound model='ich9'",
                                                  "sound model='ac97'",    "rng model='virtio'",
                                                  "shmem name='a'",        "filesystem type='mount'"};
    const std::string kind = in.choose(kinds);
    std::string inside;
    if (kind.starts_with("interface")) inside = "<model type='virtio'/>";
    if (kind.starts_with("rng")) inside = "<backend model='random'>/dev/urandom</backend>";
    if (kind.starts_with("shmem")) inside = "<model type='ivshmem-plain'/><size unit='M'>4</size>";
    if (kind.starts_with("filesystem")) inside = "<source dir='/a'/><target dir='a'/>";
    return fmt::format("<{}>{}{}</{}>", kind, inside, pci_address(in), kind.substr(0, kind.find(' ')));
}

std::string serial(Bytes& in) {
    const uint8_t how = in.next();
    const std::string address = how % 3 == 0
                                    ? fmt::format("<address type='virtio-serial' controller='{}' bus='{}' port='{}'/>",
                                                  how / 64, how % 2, in.next() % 34)
                                    : std::string();
    return fmt::format("<channel type='pty'><target type='virtio' name='a{}'/>{}</channel>", how, address);
}

std::string machine(Bytes& in) {
    std::string text = fmt::format(
        "<domain type='qemu'><name>x</name><memory>65536</memory><os><type arch='x86_64' machine='{}'>hvm</type></os>"
        "<devices>",
        in.next() % 2 == 0 ? "q35" : "pc");
    for (unsigned number = 0; !in.empty() && number < 200; number++) {
        switch (in.next() % 5) {
            case 0:
                text += controller(in);
                break;
            case 1:
                text += disk(in, number);
                break;
            case 2:
                text += usb_device(in);
                break;
            case 3:
                text += plain(in);
                break;
            default:
                text += serial(in);
        }
    }
    return text + "</devices></domain>";
}

void require_one_place_each(const virtue::model::Domain& domain, const std::string& text) {
    std::set<std::string> taken;
    virtue::model::each_info(domain, [&](const virtue::model::DeviceInfo& info) {
        const virtue::model::PciAddress* pci = info.pci();
        if (pci == nullptr || pci->empty() || taken.insert(pci->to_string()).second) return;
        fprintf(stderr, "two devices at %s of\n%s\n%s", pci->to_string().c_str(), text.c_str(),
                virtue::xml::format(domain).c_str());
        abort();
    });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    using namespace virtue;
    Bytes in(data, size);
    const std::string text = machine(in);
    try {
        auto domain = xml::parse<model::Domain>(text);
        model::complete_for_qemu(domain, AnyQemu());
        require_one_place_each(domain, text);
        // What was placed is read and stays.
        auto again = xml::parse<model::Domain>(xml::format(domain));
        model::complete_for_qemu(again, AnyQemu());
        require_one_place_each(again, text);
    } catch (const Error&) {
        // Refused: that is all that is asked.
    }
    return 0;
}
