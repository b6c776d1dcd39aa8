// A connection to drivers in this process: the calls go through the same handler tables that a daemon serves, encoded
// as on the wire. Owned by whoever opened it; loop thread only.
#pragma once
#include <map>
#include <memory>

#include "driver/backend.h"
#include "driver/connection.h"
#include "driver/session.h"

namespace virtue::client {

/// One session with one backend.
class LocalConnection final : public driver::Connection, driver::EventSink {
public:
    LocalConnection(io::Loop& loop, bool read_only);
    ~LocalConnection() override;

    /// Opens `uri` in `backend`. Throws what the driver answers.
    Task<void> open(driver::Backend& backend, driver::Uri uri, io::Deadline deadline);

    Task<std::vector<uint8_t>> exchange(const proc::ProcedureInfo& procedure, std::vector<uint8_t> arguments,
                                        io::Deadline deadline, driver::CallExtras* extras) override;
    void on_event(std::function<void(const driver::EventPacket&)> callback) override;
    void on_lost(std::function<void(const std::string&)> callback) override;
    Task<void> close(io::Deadline deadline) override;

private:
    void send_event(wire::Program program, int32_t procedure, std::vector<uint8_t> body) override;
    void answer_session_call(driver::Call& call, wire::Decoder& arguments, wire::Encoder& result);
    Task<void> dispatch(driver::Call& call, wire::Decoder& arguments, wire::Encoder& result);

    io::Loop& loop_;
    std::unique_ptr<driver::Session> session_;
    std::function<void(const driver::EventPacket&)> on_event_;
    std::shared_ptr<bool> alive_;
};

}  // namespace virtue::client
