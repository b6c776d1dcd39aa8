#include "model/domain/filesystem.h"

namespace virtue::model {

namespace {

void map_binary(xml::Mapper& m, Filesystem& f) {
    m.group("binary", [&] {
        m.attribute("path", f.binary);
        m.attribute("xattr", f.xattr);
        m.attribute_of("cache", "mode", f.cache_mode);
        m.attribute_of("sandbox", "mode", f.sandbox_mode);
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

}  // namespace

void map(xml::Mapper& m, Filesystem& f) {
    m.attribute("type", f.type);
    m.attribute("accessmode", f.access);
    m.attribute("model", f.model);
    m.attribute("multidevs", f.multidevs);
    m.attribute("fmode", f.fmode);
    m.attribute("dmode", f.dmode);
    m.group("driver", [&] {
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
    if (m.reading() && f.target.empty() && f.type != FilesystemType::ram)
        throw Error(ErrorCode::no_target, ErrorDomain::domain, f.source);
    // Without a word the guest's owner is not translated: what 'passthrough' means.
    if (m.reading() && f.access == FilesystemAccess::absent && f.type != FilesystemType::mount)
        f.access = FilesystemAccess::passthrough;
}

}  // namespace virtue::model
