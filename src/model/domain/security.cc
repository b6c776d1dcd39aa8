#include "model/domain/security.h"

namespace virtue::model {

void map(xml::Mapper& m, SecurityLabel& s) {
    m.attribute("type", s.type);
    m.attribute("model", s.model);
    if (m.reading() && s.type == SecurityLabelType::absent && !m.given("model"))
        m.disagree("missing security model in domain seclabel");
    if (m.reading() && s.type == SecurityLabelType::absent) s.type = SecurityLabelType::dynamic;
    if (m.reading()) s.relabel = s.type != SecurityLabelType::none && s.type != SecurityLabelType::fixed;
    if (m.reading() || s.type != SecurityLabelType::none) m.attribute("relabel", s.relabel);
    if (m.reading() && s.type == SecurityLabelType::dynamic && !s.relabel)
        m.fail(ErrorCode::config_unsupported, "dynamic label type must use resource relabeling");
    if (m.reading() && s.type == SecurityLabelType::none && s.relabel)
        m.fail("resource relabeling is not compatible with 'none' label type");
    if (m.reading() && s.type == SecurityLabelType::fixed && s.model.empty())
        m.disagree("missing security model in domain seclabel");
    const bool live = !m.options().inactive;
    if (m.writing()) {
        if (s.type == SecurityLabelType::none) return;
        m.value("label", s.label);
        m.value("imagelabel", s.image_label);
        m.value("baselabel", s.base_label);
        return;
    }
    if (s.type == SecurityLabelType::none) return m.accept_anything();
    m.value("label", s.label);
    m.value("imagelabel", s.image_label);
    m.value("baselabel", s.base_label);
    // What a start made up does not belong into a definition.
    if (s.type != SecurityLabelType::fixed && !live) s.label.clear();
    if (!live) s.image_label.clear();
    if (s.type != SecurityLabelType::dynamic) s.base_label.clear();
    if (s.type == SecurityLabelType::fixed && s.label.empty()) m.fail("security label is missing");
}

void map(xml::Mapper& m, LaunchSecurity& s) {
    m.required("type", s.type);
    if (s.type != LaunchSecurityType::sev) return;
    m.attribute("kernelHashes", s.kernel_hashes);
    m.value("cbitpos", s.cbitpos);
    m.value("reducedPhysBits", s.reduced_phys_bits);
    if (m.reading() && !m.has("policy")) m.fail("failed to get launch security policy");
    m.value("policy", s.policy);
    m.value("dhCert", s.dh_cert);
    m.value("session", s.session);
}

}  // namespace virtue::model
