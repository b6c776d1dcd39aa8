#include "host/smbios.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"
#include "io/files.h"

namespace virtue::host {

namespace {

constexpr size_t largest_table = 1 << 20;

// One structure: its formatted area and its strings.
class Structure {
public:
    Structure(std::span<const uint8_t> area, std::vector<std::string> strings)
        : area_(area), strings_(std::move(strings)) {}

    uint8_t type() const { return area_[0]; }
    bool has(size_t offset, size_t size = 1) const { return offset + size <= area_.size(); }
    uint8_t byte(size_t offset) const { return has(offset) ? area_[offset] : 0; }
    unsigned word(size_t offset) const { return byte(offset) | byte(offset + 1) << 8; }
    uint32_t dword(size_t offset) const { return word(offset) | static_cast<uint32_t>(word(offset + 2)) << 16; }
    std::string text(size_t offset) const {
        const uint8_t number = byte(offset);
        if (number == 0) return "Not Specified";
        return number <= strings_.size() ? strings_[number - 1] : "<BAD INDEX>";
    }
    const std::vector<std::string>& strings() const { return strings_; }

private:
    std::span<const uint8_t> area_;
    std::vector<std::string> strings_;
};

class Section {
public:
    Section(const Structure& from, const char* element) : from_(from) { section_.element = element; }
    // Only what the structure is long enough for.
    void text(const char* name, size_t offset) {
        if (from_.has(offset)) add(name, from_.text(offset));
    }
    void add(const char* name, std::string value) {
        value = std::string(trim(value));
        section_.entries.emplace_back(name, std::move(value));
    }
    FirmwareSection take() { return std::move(section_); }

private:
    const Structure& from_;
    FirmwareSection section_;
};

template <size_t Count>
std::string word_of(const char* const (&words)[Count], size_t number) {
    return number >= 1 && number <= Count ? words[number - 1] : "<OUT OF SPEC>";
}

constexpr const char* processor_types[] = {"Other",          "Unknown",       "Central Processor",
                                           "Math Processor", "DSP Processor", "Video Processor"};
constexpr const char* processor_states[] = {"Unknown", "Enabled",  "Disabled By User", "Disabled By BIOS",
                                            "Idle",    "Reserved", "Reserved",         "Other"};
constexpr const char* form_factors[] = {
    "Other", "Unknown", "SIMM",         "SIP",  "Chip",   "DIP",   "ZIP",     "Proprietary Card",
    "DIMM",  "TSOP",    "Row Of Chips", "RIMM", "SODIMM", "SRIMM", "FB-DIMM", "Die"};
constexpr const char* memory_types[] = {"Other",
                                        "Unknown",
                                        "DRAM",
                                        "EDRAM",
                                        "VRAM",
                                        "SRAM",
                                        "RAM",
                                        "ROM",
                                        "Flash",
                                        "EEPROM",
                                        "FEPROM",
                                        "EPROM",
                                        "CDRAM",
                                        "3DRAM",
                                        "SDRAM",
                                        "SGRAM",
                                        "RDRAM",
                                        "DDR",
                                        "DDR2",
                                        "DDR2 FB-DIMM",
                                        "Reserved",
                                        "Reserved",
                                        "Reserved",
                                        "DDR3",
                                        "FBD2",
                                        "DDR4",
                                        "LPDDR",
                                        "LPDDR2",
                                        "LPDDR3",
                                        "LPDDR4",
                                        "Logical non-volatile device",
                                        "HBM",
                                        "HBM2",
                                        "DDR5",
                                        "LPDDR5"};
constexpr const char* memory_details[] = {"Other",
                                          "Unknown",
                                          "Fast-paged",
                                          "Static Column",
                                          "Pseudo-static",
                                          "RAMBus",
                                          "Synchronous",
                                          "CMOS",
                                          "EDO",
                                          "Window DRAM",
                                          "Cache DRAM",
                                          "Non-Volatile",
                                          "Registered (Buffered)",
                                          "Unbuffered (Unregistered)",
                                          "LRDIMM"};

struct ProcessorFamily {
    unsigned number;
    const char* name;
};
constexpr ProcessorFamily families[] = {{0x01, "Other"},
                                        {0x02, "Unknown"},
                                        {0x0b, "Pentium"},
                                        {0x6b, "Zen"},
                                        {0x83, "Athlon 64"},
                                        {0x84, "Opteron"},
                                        {0x8f, "Embedded Opteron Quad-Core"},
                                        {0xa1, "Quad-Core Xeon 3200"},
                                        {0xb3, "Xeon"},
                                        {0xbf, "Core 2 Duo"},
                                        {0xc6, "Core i7"},
                                        {0xcd, "Core i5"},
                                        {0xce, "Core i3"},
                                        {0xcf, "Core i9"},
                                        {0x100, "ARMv7"},
                                        {0x101, "ARMv8"},
                                        {0x102, "ARMv9"}};

unsigned family_of(const Structure& processor) {
    const unsigned family = processor.byte(6);
    return family == 0xfe && processor.has(0x28, 2) ? processor.word(0x28) : family;
}

std::string family_name(unsigned number) {
    for (const ProcessorFamily& family : families) {
        if (family.number == number) return family.name;
    }
    return "<OUT OF SPEC>";
}

// The CPUID signature, as Intel and AMD count it.
std::string signature_of(const Structure& processor) {
    const uint32_t eax = processor.dword(8);
    const unsigned family = (eax >> 8 & 0xf) + (eax >> 20 & 0xff);
    const unsigned model = (eax >> 4 & 0xf) + (eax >> 12 & 0xf0);
    const unsigned number = family_of(processor);
    const std::string version = processor.text(0x10);
    const bool unnamed = number == 1 || number == 2;
    const bool intel = (number >= 0xa1 && number <= 0xc7) || (number >= 0xcd && number <= 0xe0) ||
                       (unnamed && version.find("Intel") != std::string::npos);
    const bool amd = number == 0x6b || (number >= 0x83 && number <= 0x8f) || (number >= 0xe4 && number <= 0xef) ||
                     (unnamed && version.find("AMD") != std::string::npos);
    if (intel) {
        return fmt::format("Type {}, Family {}, Model {}, Stepping {}", eax >> 12 & 3, family, model, eax & 0xf);
    }
    return amd ? fmt::format("Family {}, Model {}, Stepping {}", family, model, eax & 0xf) : std::string();
}

std::string uuid_text(const Structure& system) {
    uint8_t b[16];
    for (size_t i = 0; i < 16; i++) b[i] = system.byte(8 + i);
    if (std::all_of(b, b + 16, [](uint8_t one) { return one == 0xff; })) return "Not Present";
    if (std::all_of(b, b + 16, [](uint8_t one) { return one == 0; })) return "Not Settable";
    // The first three groups are little-endian.
    return fmt::format(
        "{:02x}{:02x}{:02x}{:02x}-{:02x}{:02x}-{:02x}{:02x}-{:02x}{:02x}-{:02x}{:02x}{:02x}{:02x}{:02x}"
        "{:02x}",
        b[3], b[2], b[1], b[0], b[5], b[4], b[7], b[6], b[8], b[9], b[10], b[11], b[12], b[13], b[14], b[15]);
}

std::string speed_text(unsigned number, const char* unit) {
    return number == 0 ? "Unknown" : fmt::format("{} {}", number, unit);
}

FirmwareSection bios(const Structure& s) {
    Section out(s, "bios");
    out.text("vendor", 4);
    out.text("version", 5);
    out.text("date", 8);
    if (s.has(0x14, 2) && s.byte(0x14) != 0xff && s.byte(0x15) != 0xff) {
        out.add("release", fmt::format("{}.{}", s.byte(0x14), s.byte(0x15)));
    }
    return out.take();
}

FirmwareSection system(const Structure& s) {
    Section out(s, "system");
    out.text("manufacturer", 4);
    out.text("product", 5);
    out.text("version", 6);
    out.text("serial", 7);
    if (s.has(8, 16)) out.add("uuid", uuid_text(s));
    out.text("sku", 0x19);
    out.text("family", 0x1a);
    return out.take();
}

FirmwareSection base_board(const Structure& s) {
    Section out(s, "baseBoard");
    out.text("manufacturer", 4);
    out.text("product", 5);
    out.text("version", 6);
    out.text("serial", 7);
    out.text("asset", 8);
    out.text("location", 0xa);
    return out.take();
}

FirmwareSection chassis(const Structure& s) {
    Section out(s, "chassis");
    out.text("manufacturer", 4);
    out.text("version", 6);
    out.text("serial", 7);
    out.text("asset", 8);
    // Behind a list of contained elements.
    if (s.has(0x14)) out.text("sku", 0x15u + static_cast<size_t>(s.byte(0x13)) * s.byte(0x14));
    return out.take();
}

FirmwareSection processor(const Structure& s) {
    Section out(s, "processor");
    out.text("socket_destination", 4);
    out.add("type", word_of(processor_types, s.byte(5)));
    out.add("family", family_name(family_of(s)));
    out.text("manufacturer", 7);
    if (const std::string signature = signature_of(s); !signature.empty()) out.add("signature", signature);
    out.text("version", 0x10);
    out.add("external_clock", speed_text(s.word(0x12), "MHz"));
    out.add("max_speed", speed_text(s.word(0x14), "MHz"));
    const bool populated = (s.byte(0x18) & 0x40) != 0;
    out.add("status", populated ? fmt::format("Populated, {}", processor_states[s.byte(0x18) & 7]) : "Unpopulated");
    out.text("serial_number", 0x20);
    out.text("part_number", 0x22);
    return out.take();
}

// Empty for a slot without a module.
std::string memory_size(const Structure& s) {
    const unsigned size = s.word(0xc);
    if (size == 0) return {};
    if (size == 0xffff) return "Unknown";
    uint64_t kibibytes = (size & 0x8000) != 0 ? size & 0x7fffu : uint64_t{size} << 10;
    if (size == 0x7fff && s.has(0x1c, 4)) kibibytes = uint64_t{s.dword(0x1c) & 0x7fffffffu} << 10;
    constexpr const char* units[] = {"kB", "MB", "GB", "TB"};
    size_t unit = 0;
    for (; unit < 3 && kibibytes >= 1024 && kibibytes % 1024 == 0; unit++) kibibytes /= 1024;
    return fmt::format("{} {}", kibibytes, units[unit]);
}

FirmwareSection memory_device(const Structure& s, const std::string& size) {
    Section out(s, "memory_device");
    out.add("size", size);
    out.add("form_factor", word_of(form_factors, s.byte(0xe)));
    out.text("locator", 0x10);
    out.text("bank_locator", 0x11);
    out.add("type", word_of(memory_types, s.byte(0x12)));
    std::string detail;
    for (size_t bit = 1; bit <= std::size(memory_details); bit++) {
        if ((s.word(0x13) >> bit & 1) != 0) detail += std::string(detail.empty() ? "" : " ") + memory_details[bit - 1];
    }
    out.add("type_detail", detail.empty() ? "None" : detail);
    if (s.has(0x15, 2)) out.add("speed", speed_text(s.word(0x15), "MT/s"));
    out.text("manufacturer", 0x17);
    out.text("serial_number", 0x18);
    out.text("part_number", 0x1a);
    return out.take();
}

FirmwareSection oem_strings(const Structure& s) {
    Section out(s, "oemStrings");
    for (const std::string& text : s.strings()) out.add("", text);
    return out.take();
}

// Cuts the table up; what is damaged ends it.
std::vector<Structure> structures_of(std::span<const uint8_t> table) {
    std::vector<Structure> found;
    size_t at = 0;
    while (at + 4 <= table.size() && table[at + 1] >= 4 && at + table[at + 1] <= table.size()) {
        const std::span<const uint8_t> area = table.subspan(at, table[at + 1]);
        at += area.size();
        std::vector<std::string> strings;
        while (at < table.size() && table[at] != 0) {
            const auto end = std::find(table.begin() + static_cast<ptrdiff_t>(at), table.end(), 0);
            std::string text(table.begin() + static_cast<ptrdiff_t>(at), end);
            for (char& c : text) c = c >= 32 && c < 127 ? c : '.';
            at += text.size() + 1;
            strings.push_back(std::move(text));
        }
        // A structure without strings ends with two zeros, one with them with one more.
        at += strings.empty() ? 2 : 1;
        if (area[0] == 127) break;
        found.emplace_back(area, std::move(strings));
    }
    return found;
}

}  // namespace

std::vector<FirmwareSection> parse_smbios(std::span<const uint8_t> table) {
    const std::vector<Structure> structures = structures_of(table);
    std::vector<FirmwareSection> sections;
    auto each = [&](uint8_t type, bool first_only, auto describe) {
        for (const Structure& structure : structures) {
            if (structure.type() != type) continue;
            FirmwareSection section = describe(structure);
            if (!section.entries.empty()) sections.push_back(std::move(section));
            if (first_only) break;
        }
    };
    each(0, true, bios);
    each(1, true, system);
    each(2, false, base_board);
    each(3, true, chassis);
    each(4, false, processor);
    each(17, false, [](const Structure& structure) {
        const std::string size = memory_size(structure);
        return size.empty() ? FirmwareSection() : memory_device(structure, size);
    });
    each(11, true, oem_strings);
    return sections;
}

std::vector<FirmwareSection> read_smbios(const SystemFiles& files) {
    try {
        const std::string table = io::read_file(files.root() + "/sys/firmware/dmi/tables/DMI", largest_table);
        return parse_smbios({reinterpret_cast<const uint8_t*>(table.data()), table.size()});
    } catch (const Error&) {
        return {};
    }
}

}  // namespace virtue::host
