// <tpm>: a trusted platform module. The struct, and map(), which reads, writes, checks and describes it. Value types.
#pragma once
#include <algorithm>

#include "model/domain/chardev.h"

namespace virtue::model {

enum class TpmModel : uint8_t { absent, tis, crb, spapr, spapr_proxy };
VIRTUE_XML_NAMES(TpmModel, "", "tpm-tis", "tpm-crb", "tpm-spapr", "spapr-tpm-proxy")
enum class TpmBackend : uint8_t { passthrough, emulator, external };
VIRTUE_XML_NAMES(TpmBackend, "passthrough", "emulator", "external")
enum class TpmVersion : uint8_t { absent, v1_2, v2_0 };
VIRTUE_XML_NAMES(TpmVersion, "", "1.2", "2.0")

struct Tpm {
    static constexpr const char* element = "tpm";
    TpmModel model = TpmModel::absent;
    TpmBackend backend = TpmBackend::passthrough;
    TpmVersion version = TpmVersion::absent;
    xml::YesNo persistent_state = xml::YesNo::absent;
    std::string device;    ///< passthrough
    ChardevSource source;  ///< external
    std::optional<Uuid> secret;
    std::vector<std::string> pcr_banks;
    DeviceInfo info;
    bool operator==(const Tpm&) const = default;
};

inline void map_tpm_backend(xml::Mapper& m, Tpm& t) {
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
            m.single("source");
            m.group("source", [&] {
                m.attribute("type", t.source.type);
                static constexpr std::string_view modes[] = {"connect"};
                m.words("mode", modes);
                std::string mode = t.source.listen ? "bind" : "connect";
                m.attribute("mode", mode);
                t.source.listen = mode == "bind";
                m.attribute("path", t.source.path);
                if (m.reading() && t.source.path.empty()) m.fail("missing socket path for external TPM device");
            });
            if (m.reading() && t.source.type != ChardevType::unix_socket)
                m.fail("only source type 'unix' is supported for external TPM device");
            break;
    }
}

inline void map(xml::Mapper& m, Tpm& t) {
    m.attribute("model", t.model);
    if (m.reading() && m.element().count("backend") > 1) m.fail("only one TPM backend is supported");
    if (m.reading() && !m.has("backend")) m.fail("missing TPM device backend");
    m.group("backend", [&] { map_tpm_backend(m, t); });
    map_info(m, t.info);
}

}  // namespace virtue::model
