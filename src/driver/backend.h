// A way to open connections: main() makes one for each driver family ("qemu", "test") and hands them to the
// servers. Loop thread only.
#pragma once
#include "driver/call.h"
#include "driver/uri.h"
#include "io/task.h"

namespace virtue::driver {

/// Opens connections for the URIs that it accepts.
class Backend {
public:
    virtual ~Backend() = default;
    /// True if this family answers for the URI's scheme; open() then opens or explains. Several backends may share
    /// a daemon; the first that accepts is taken.
    virtual bool accepts(const Uri& uri) const = 0;
    /// True if a connection without a URI should come here.
    virtual bool is_default() const { return false; }
    /// Opens; throws libvirt's error for a bad path ("unexpected QEMU URI path…").
    virtual Task<Route> open(Call& call, Uri uri) = 0;
    /// True while something would suffer from the daemon leaving (a guest runs, a job is under way): the daemon of a
    /// user stays although nobody is connected.
    virtual bool is_busy() const { return false; }
    /// The daemon is about to end: long waits of calls under way end, with an error for their callers. Calls may still
    /// come.
    virtual void begin_stop() {}
    /// The orderly end of the daemon, after the last client is gone: joins what runs in the background. Guests keep
    /// running. Not called when start-up fails: the destructor must do without.
    virtual Task<void> stop() { co_return; }
};

}  // namespace virtue::driver
