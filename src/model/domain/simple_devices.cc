#include "model/domain/simple_devices.h"

#include <algorithm>

#include <fmt/format.h>

namespace virtue::model {

void map(xml::Mapper& m, Input& i) {
    m.required("type", i.type);
    m.attribute("bus", i.bus);
    m.attribute("model", i.model);
    m.group("driver", [&] { map(m, i.virtio); });
    if (i.type == InputType::passthrough || i.type == InputType::evdev) {
        m.group("source", [&] {
            m.attribute(i.type == InputType::evdev ? "dev" : "evdev", i.evdev);
            m.attribute("grab", i.grab);
            m.attribute("grabToggle", i.grab_toggle);
            m.attribute("repeat", i.repeat);
        });
    }
    map_info(m, i.info);
    if (m.reading() && i.evdev.empty() && i.type == InputType::passthrough)
        m.fail("Missing evdev path for input device passthrough");
}

void map(xml::Mapper& m, Hub& h) {
    static constexpr std::string_view types[] = {"usb"};
    m.words("type", types);
    m.required("type", h.type);
    if (m.reading() && h.type != "usb") m.fail_value("type", h.type, "'usb'");
    map_info(m, h.info);
}

void map(xml::Mapper& m, Watchdog& w) {
    if (m.reading()) {
        auto model = m.read_attribute<WatchdogModel>("model");
        if (!model) m.fail("watchdog must contain model name");
        if (!xml::from_name<WatchdogModel>(*model))
            m.fail(ErrorCode::config_unsupported, fmt::format("unknown watchdog model '{}'", *model));
        auto action = m.read_attribute<WatchdogAction>("action");
        if (action && !xml::from_name<WatchdogAction>(*action))
            m.fail(ErrorCode::config_unsupported, fmt::format("unknown watchdog action '{}'", *action));
    }
    m.attribute("model", w.model);
    m.attribute("action", w.action);
    map_info(m, w.info);
}

void map(xml::Mapper& m, Memballoon& b) {
    m.required("model", b.model);
    m.attribute("autodeflate", b.autodeflate);
    m.attribute("freePageReporting", b.free_page_reporting);
    if (m.reading() || b.stats_period != 0) m.attribute_of("stats", "period", b.stats_period);
    map_info(m, b.info);
    m.group("driver", [&] { map(m, b.virtio); });
}

void map(xml::Mapper& m, RngRate& r) {
    m.required("bytes", r.bytes);
    m.attribute("period", r.period);
    if (m.reading() && r.bytes == 0) m.fail_value("bytes", "0", "a positive integer");
}

namespace {

void map_rng_backend(xml::Mapper& m, Rng& r) {
    m.required("model", r.backend);
    switch (r.backend) {
        case RngBackendModel::random:
            if (m.reading() || !r.device.empty()) m.text(r.device);
            break;
        case RngBackendModel::egd:
            if (m.reading() && !m.given("type")) m.fail("missing EGD backend type");
            m.attribute("type", r.source.type);
            map_chardev_source(m, r.source);
            break;
        case RngBackendModel::builtin:
            break;
    }
}

}  // namespace

void map(xml::Mapper& m, Rng& r) {
    m.required("model", r.model);
    m.child("rate", r.rate);
    if (m.reading() && (!m.has("backend") || m.element().count("backend") != 1))
        m.fail("only one RNG backend is supported, and one is needed");
    m.group("backend", [&] { map_rng_backend(m, r); });
    m.group("driver", [&] { map(m, r.virtio); });
    map_info(m, r.info);
}

void map(xml::Mapper& m, Panic& p) {
    if (m.reading() && m.given("model") && !xml::from_name<PanicModel>(*m.read_attribute<PanicModel>("model")))
        m.fail(ErrorCode::config_unsupported,
               fmt::format("unknown panic model '{}'", *m.read_attribute<PanicModel>("model")));
    m.attribute("model", p.model);
    map_info(m, p.info);
}

void map(xml::Mapper& m, Shmem& s) {
    if (m.reading() && !m.given("name")) m.fail("shmem element must contain 'name' attribute");
    m.attribute("name", s.name);
    m.attribute("role", s.role);
    if (m.reading()) s.model = ShmemModel::ivshmem;
    m.attribute_of("model", "type", s.model);
    if (m.reading() ? m.has("size") : s.size != 0) {
        m.group("size", [&] {
            std::string unit = m.writing() ? "M" : "";
            m.attribute("unit", unit);
            uint64_t shown = s.size >> 20;
            m.text(shown);
            if (m.writing()) return;
            auto bytes = xml::scale(shown, unit);
            if (!bytes) m.fail(ErrorCode::invalid_arg, fmt::format("unknown suffix '{}'", unit));
            s.size = *bytes;
        });
    }
    if (m.reading() || s.has_server) {
        m.group(
            "server",
            [&] {
                s.has_server = true;
                m.attribute("path", s.server_path);
            },
            true);
    }
    if (m.reading() || s.has_msi) {
        m.group(
            "msi",
            [&] {
                s.has_msi = true;
                m.attribute("vectors", s.vectors, 0);
                m.attribute("ioeventfd", s.ioeventfd);
            },
            true);
    }
    map_info(m, s.info);
    if (m.writing()) return;
    if (s.name.find('/') != std::string::npos) m.fail(ErrorCode::xml_error, "shmem name cannot include '/'");
    if (s.has_msi && !s.has_server) m.disagree("msi option is only supported with a server");
}

namespace {

void map_memory_source(xml::Mapper& m, MemoryDevice& d) {
    m.group("source", [&] {
        if (d.model == MemoryModel::dimm || d.model == MemoryModel::virtio_mem || d.model == MemoryModel::sgx_epc) {
            m.value("nodemask", d.nodes);
            if (d.model != MemoryModel::sgx_epc) map_nonzero(m, "pagesize", d.page_size);
            return;
        }
        m.value("path", d.path);
        if (m.reading() && d.path.empty())
            m.fail(fmt::format("path is required for model '{}'", xml::to_name(d.model)));
        map_nonzero(m, "alignsize", d.align_size);
        m.flag("pmem", d.pmem);
    });
}

void map_memory_target(xml::Mapper& m, MemoryDevice& d) {
    if (m.reading() && !m.has("target")) m.fail("missing required target configuration");
    m.group("target", [&] {
        if (m.reading() && !m.has("size")) m.fail("missing or malformed size of memory device");
        m.child("size", d.size);
        m.value("node", d.node, -1);
        if (m.reading() && d.node < -1) m.fail("invalid target node number");
        map_nonzero(m, "block", d.block);
        if (m.reading() || d.model == MemoryModel::virtio_mem) m.child("requested", d.requested);
        if (m.writing() && d.model == MemoryModel::virtio_mem && !m.options().inactive) m.child("current", d.current);
        if (m.reading()) m.child("current", d.current);
        if (m.reading() || d.label_size.count != 0) m.group("label", [&] { m.child("size", d.label_size); });
        m.flag("readonly", d.readonly);
    });
}

}  // namespace

void map(xml::Mapper& m, MemoryDevice& d) {
    if (m.reading() && !m.given("model")) m.fail_missing_attribute("model");
    m.attribute("model", d.model);
    m.attribute("access", d.access);
    m.attribute("discard", d.discard);
    if (d.model == MemoryModel::nvdimm || m.reading()) m.value("uuid", d.uuid);
    map_memory_source(m, d);
    map_memory_target(m, d);
    map_info(m, d.info);
}

void map(xml::Mapper& m, Iommu& i) {
    m.required("model", i.model);
    m.group("driver", [&] {
        m.attribute("intremap", i.intremap);
        m.attribute("caching_mode", i.caching_mode);
        m.attribute("eim", i.eim);
        m.attribute("iotlb", i.iotlb);
        m.attribute("aw_bits", i.aw_bits, 0);
    });
    map_info(m, i.info);
}

void map(xml::Mapper& m, Vsock& v) {
    m.attribute("model", v.model);
    m.group("cid", [&] {
        m.attribute("auto", v.automatic_cid);
        if (m.reading() || (v.cid != 0 && !(v.automatic_cid == xml::YesNo::yes && m.options().inactive)))
            m.attribute("address", v.cid);
        if (m.reading() && m.given("address") && v.cid < 3) m.fail_value("address", std::to_string(v.cid), "3 or more");
    });
    map_info(m, v.info);
    m.group("driver", [&] { map(m, v.virtio); });
}

void map(xml::Mapper& m, Lease& l) {
    m.value("lockspace", l.lockspace);
    m.value("key", l.key);
    m.group("target", [&] {
        m.attribute("path", l.path);
        m.attribute("offset", l.offset, 0);
    });
    if (m.writing()) return;
    if (l.key.empty()) m.fail("Missing 'key' element for lease");
    if (l.path.empty()) m.fail("Missing 'target' element for lease");
}

void map(xml::Mapper& m, Nvram& n) {
    map_info(m, n.info);
}

namespace {

void map_tpm_backend(xml::Mapper& m, Tpm& t) {
    m.required("type", t.backend);
    if (t.backend == TpmBackend::emulator) {
        m.attribute("version", t.version);
        m.attribute("persistent_state", t.persistent_state);
    }
    switch (t.backend) {
        case TpmBackend::passthrough:
            if (m.reading() && !m.has("device")) t.device = "/dev/tpm0";
            m.attribute_of("device", "path", t.device);
            break;
        case TpmBackend::emulator:
            m.attribute_of("encryption", "secret", t.secret);
            m.group("active_pcr_banks", [&] {
                for (const char* bank : {"sha1", "sha256", "sha384", "sha512"}) {
                    bool on = std::find(t.pcr_banks.begin(), t.pcr_banks.end(), bank) != t.pcr_banks.end();
                    const bool before = on;
                    m.flag(bank, on);
                    if (on && !before) t.pcr_banks.emplace_back(bank);
                }
            });
            break;
        case TpmBackend::external:
            m.group("source", [&] {
                m.attribute("type", t.source.type);
                std::string mode = t.source.listen ? "bind" : "connect";
                m.attribute("mode", mode);
                t.source.listen = mode == "bind";
                m.attribute("path", t.source.path);
            });
            if (m.reading() && t.source.type != ChardevType::unix_socket)
                m.fail("only source type 'unix' is supported for external TPM device");
            break;
    }
}

}  // namespace

void map(xml::Mapper& m, Tpm& t) {
    m.attribute("model", t.model);
    if (m.reading() && m.element().count("backend") > 1) m.fail("only one TPM backend is supported");
    if (m.reading() && !m.has("backend")) m.fail("missing TPM device backend");
    m.group("backend", [&] { map_tpm_backend(m, t); });
    map_info(m, t.info);
}

void map(xml::Mapper& m, Crypto& c) {
    m.required("model", c.model);
    m.required("type", c.type);
    m.group("backend", [&] {
        m.required("model", c.backend);
        m.attribute("queues", c.queues, 0);
    });
    m.group("driver", [&] { map(m, c.virtio); });
    map_info(m, c.info);
}

}  // namespace virtue::model
