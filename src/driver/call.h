// One call under way: who asks, until when, with which descriptors, and the stream that it may open. Made by the
// dispatcher, alive until the reply is sent. Loop thread only.
#pragma once
#include <memory>
#include <vector>

#include "base/fd.h"
#include "driver/session.h"
#include "driver/stream.h"
#include "io/deadline.h"

namespace virtue::driver {

/// The context of one call.
struct Call {
    Session& session;
    const proc::ProcedureInfo& procedure;
    io::Deadline deadline;                   ///< cancelled when the client goes away
    std::vector<Fd> received;                ///< descriptors that came with the call
    std::vector<Fd> reply;                   ///< descriptors that go with the reply
    std::unique_ptr<StreamEndpoint> stream;  ///< set by a handler whose procedure opens a stream

    io::Loop& loop() const { return session.loop(); }
};

}  // namespace virtue::driver
