#include "model/domain/filesystem.h"

#include <charconv>

#include <fmt/format.h>

namespace virtue::model {

VIRTUE_BIG_VALUE_CODE(Filesystem);

namespace {

void map_binary(xml::Mapper& m, Filesystem& f) {
    m.group("binary", [&] {
        m.attribute("path", f.binary);
        m.attribute("xattr", f.xattr);
        static constexpr std::string_view caches[] = {"none", "always"};
        static constexpr std::string_view sandboxes[] = {"namespace", "chroot"};
        m.group("cache", [&] {
            m.words("mode", caches);
            m.attribute("mode", f.cache_mode);
        });
        m.group("sandbox", [&] {
            m.words("mode", sandboxes);
            m.attribute("mode", f.sandbox_mode);
        });
        m.group("lock", [&] {
            m.attribute("posix", f.posix_lock);
            m.attribute("flock", f.flock);
        });
        m.attribute_of("thread_pool", "size", f.thread_pool);
    });
}

void map_source(xml::Mapper& m, Filesystem& f) {
    m.group("source", [&] {
        switch (f.type) {
            case FilesystemType::mount:
                m.attribute("dir", f.source);
                m.attribute("socket", f.socket);
                break;
            case FilesystemType::bind:
                m.attribute("dir", f.source);
                break;
            case FilesystemType::block:
                m.attribute("dev", f.source);
                break;
            case FilesystemType::file:
                m.attribute("file", f.source);
                break;
            case FilesystemType::template_:
                m.attribute("name", f.source);
                break;
            case FilesystemType::ram: {
                std::string units = "KiB";
                m.attribute("usage", f.usage);
                m.attribute("units", units);
                break;
            }
            case FilesystemType::volume:
                m.attribute("pool", f.pool);
                m.attribute("volume", f.volume);
                break;
        }
    });
}

// The bits of permission, in octal digits. None at all is as if nothing was said.
void read_mode(xml::Mapper& m, const char* name, std::string& text) {
    if (text.empty()) return;
    uint32_t bits = 0;
    const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), bits, 8);
    if (fault != std::errc{} || end != text.data() + text.size()) m.fail_value(name, text, "an octal number");
    if (bits > 0777) m.fail(fmt::format("invalid {}: '{:o}'", name, bits));
    text = bits == 0 ? "" : fmt::format("{:04o}", bits);
}

}  // namespace

void map(xml::Mapper& m, Filesystem& f) {
    m.attribute("type", f.type);
    m.attribute("accessmode", f.access);
    static constexpr std::string_view models[] = {"virtio", "virtio-transitional", "virtio-non-transitional"};
    static constexpr std::string_view several[] = {"default", "remap", "forbid", "warn"};
    m.words("model", models);
    m.attribute("model", f.model);
    m.words("multidevs", several);
    m.attribute("multidevs", f.multidevs);
    m.attribute("fmode", f.fmode);
    m.attribute("dmode", f.dmode);
    m.group("driver", [&] {
        static constexpr std::string_view types[] = {"path", "handle", "loop", "nbd", "ploop", "virtiofs"};
        static constexpr std::string_view policies[] = {"immediate"};
        m.words("type", types);
        m.words("wrpolicy", policies);
        m.attribute("type", f.driver_type);
        m.attribute("format", f.driver_format);
        m.attribute("wrpolicy", f.wrpolicy);
        m.attribute("queue", f.queue, 0);
        map(m, f.virtio);
    });
    map_binary(m, f);
    map_source(m, f);
    m.attribute_of("target", "dir", f.target);
    m.flag("readonly", f.readonly);
    m.child("space_hard_limit", f.space_hard_limit);
    m.child("space_soft_limit", f.space_soft_limit);
    map_info(m, f.info, InfoParts::boot);
    if (m.reading()) {
        read_mode(m, "fmode", f.fmode);
        read_mode(m, "dmode", f.dmode);
    }
    if (m.reading() && f.source.empty() && f.socket.empty() && f.volume.empty() && f.type != FilesystemType::ram)
        throw Error(ErrorCode::no_source, ErrorDomain::domain, f.target);
    if (m.reading() && f.target.empty() && f.type != FilesystemType::ram)
        throw Error(ErrorCode::no_target, ErrorDomain::domain, f.source);
    // Without a word the guest's owner is not translated: what 'passthrough' means.
    if (m.reading() && f.access == FilesystemAccess::absent && f.type != FilesystemType::mount)
        f.access = FilesystemAccess::passthrough;
}

}  // namespace virtue::model
