#include "model/domain/os.h"

#include <algorithm>

#include <fmt/format.h>

namespace virtue::model {

VIRTUE_BIG_VALUE_CODE(Sysinfo);
VIRTUE_BIG_VALUE_CODE(Os);

void map(xml::Mapper& m, FirmwareFeature& f) {
    static constexpr std::string_view names[] = {"enrolled-keys", "secure-boot"};
    m.words("name", names);
    m.required("enabled", f.enabled);
    m.required("name", f.name);
}

void map(xml::Mapper& m, Loader& l) {
    m.attribute("readonly", l.readonly);
    m.attribute("secure", l.secure);
    m.attribute("type", l.type);
    m.attribute("stateless", l.stateless);
    m.text(l.path);
}

void map(xml::Mapper& m, OsNvram& n) {
    m.attribute("template", n.template_path);
    if (m.reading()) {
        n.new_style = m.given("type");
        n.source.type = StorageType::file;
        n.source.format = StorageFormat::raw;
        if (!n.new_style) {
            m.text(n.source.path);
            return;
        }
        m.attribute("type", n.source.type);
        map_source(m, n.source);
        return;
    }
    if (!n.new_style) {
        m.text(n.source.path);
        return;
    }
    m.attribute("type", n.source.type);
    map_source(m, n.source);
}

void map(xml::Mapper& m, InitEnvironment& v) {
    m.required("name", v.name);
    m.text(v.value);
}

namespace {

void map_type(xml::Mapper& m, Os& os) {
    m.group("type", [&] {
        m.attribute("arch", os.arch);
        m.attribute("machine", os.machine);
        if (m.writing()) {
            m.text(os.type);
            return;
        }
        const std::string text = m.read_text<OsType>();
        auto type = xml::from_name<OsType>(text);
        if (!type && !text.empty()) m.fail_value(nullptr, text, xml::words_of(xml_names(OsType{})));
        if (type) os.type = *type;
    });
}

void map_init(xml::Mapper& m, Os& os) {
    m.value("init", os.init);
    m.values("initarg", os.init_arguments);
    m.children("initenv", os.init_environment);
    m.value("initdir", os.init_dir);
    m.value("inituser", os.init_user);
    m.value("initgroup", os.init_group);
}

void map_boot(xml::Mapper& m, Os& os) {
    if (m.reading()) {
        m.each("boot", [&] {
            BootDevice device{};
            m.required("dev", device);
            os.boot.push_back(device);
        });
    } else {
        for (BootDevice device : os.boot) m.attribute_of("boot", "dev", device);
    }
    m.group("bootmenu", [&] {
        m.attribute("enable", os.bootmenu);
        if (m.reading() || os.bootmenu == xml::YesNo::yes) m.attribute("timeout", os.bootmenu_timeout);
        if (m.reading() && os.bootmenu_timeout > 65535u)
            m.fail(ErrorCode::config_unsupported, "invalid value for boot menu timeout, must be in range [0,65535]");
        if (m.reading() && os.bootmenu != xml::YesNo::yes) os.bootmenu_timeout.reset();
    });
    m.group("bios", [&] {
        m.attribute("useserial", os.useserial);
        m.attribute("rebootTimeout", os.reboot_timeout);
        if (m.reading() && os.reboot_timeout && (*os.reboot_timeout < -1 || *os.reboot_timeout > 65535))
            m.fail(ErrorCode::config_unsupported, "invalid value for rebootTimeout, must be in range [-1,65535]");
    });
}

}  // namespace

void map(xml::Mapper& m, Os& os) {
    m.attribute("firmware", os.firmware);
    map_type(m, os);
    m.group("firmware", [&] { m.children("feature", os.firmware_features); });
    if (m.reading())
        std::stable_sort(os.firmware_features.begin(), os.firmware_features.end(),
                         [](const FirmwareFeature& a, const FirmwareFeature& b) { return a.name < b.name; });
    if (os.type == OsType::exe || m.writing()) map_init(m, os);
    m.child("loader", os.loader);
    m.child("nvram", os.nvram);
    if (m.reading() && (os.loader || os.nvram) && (!os.loader || os.loader->path.empty()) &&
        os.firmware == OsFirmware::absent)
        m.disagree(ErrorCode::xml_detail, "no loader path specified and firmware auto selection disabled");
    // A running guest shows what was chosen by them.
    if (m.reading() && m.options().inactive && !os.firmware_features.empty() && os.firmware == OsFirmware::absent)
        m.disagree(ErrorCode::xml_detail,
                   "cannot use feature-based firmware autoselection when firmware autoselection is disabled");
    if (m.reading() && os.loader == Loader{}) os.loader.reset();
    m.value("kernel", os.kernel);
    m.value("initrd", os.initrd);
    m.value("cmdline", os.cmdline);
    m.value("dtb", os.dtb);
    m.value("root", os.root);
    m.single("acpi");
    if (m.reading() || !os.slic_table.empty()) {
        m.group("acpi", [&] {
            m.single("table");
            m.group("table", [&] {
                std::string type = "slic";
                static constexpr std::string_view types[] = {"slic"};
                m.words("type", types);
                m.required("type", type);
                if (m.reading() && type != "slic")
                    m.fail(ErrorCode::xml_error, fmt::format("unknown acpi table type '{}'", type));
                m.text(os.slic_table);
            });
        });
    }
    map_boot(m, os);
    m.group("smbios", [&] {
        // 'none' is what nothing said means.
        if (m.reading() && !m.options().validate &&
            m.read_attribute<decltype(os.smbios)>("mode") == std::string_view("none"))
            return;
        m.attribute("mode", os.smbios);
    });
}

void map(xml::Mapper& m, SysinfoEntry& e) {
    m.required("name", e.name);
    m.attribute("file", e.file);
    m.text(e.value);
}

const std::string* SysinfoBlock::find(std::string_view name) const {
    for (const SysinfoEntry& entry : entries)
        if (entry.name == name) return &entry.value;
    return nullptr;
}

namespace {

void map_block(xml::Mapper& m, SysinfoBlock& block, std::initializer_list<std::string_view> names) {
    if (m.writing()) return m.children("entry", block.entries);
    std::vector<SysinfoEntry> all;
    m.children("entry", all);
    for (std::string_view name : names)
        for (SysinfoEntry& entry : all)
            if (entry.name == name && block.find(name) == nullptr) block.entries.push_back(entry);
}

void map_smbios(xml::Mapper& m, Sysinfo& s) {
    m.group("bios", [&] { map_block(m, s.bios, {"vendor", "version", "date", "release"}); });
    m.group("system", [&] {
        map_block(m, s.system, {"manufacturer", "product", "version", "serial", "uuid", "sku", "family"});
    });
    const auto board = [&](SysinfoBlock& b) {
        map_block(m, b, {"manufacturer", "product", "version", "serial", "asset", "location"});
    };
    if (m.reading()) {
        m.each("baseBoard", [&] { board(s.baseboards.emplace_back()); });
    } else {
        for (SysinfoBlock& b : s.baseboards) m.group("baseBoard", [&] { board(b); });
    }
    m.group("chassis", [&] { map_block(m, s.chassis, {"manufacturer", "version", "serial", "asset", "sku"}); });
    m.group("oemStrings", [&] { m.values("entry", s.oem_strings); });
}

}  // namespace

void map(xml::Mapper& m, Sysinfo& s) {
    static constexpr std::string_view types[] = {"smbios", "fwcfg"};
    m.words("type", types);
    m.required("type", s.type);
    if (s.type == "smbios") {
        map_smbios(m, s);
    } else if (s.type == "fwcfg") {
        m.children("entry", s.fwcfg);
    } else {
        m.fail_value("type", s.type, "'smbios' or 'fwcfg'");
    }
}

}  // namespace virtue::model
