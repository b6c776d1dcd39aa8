// What the daemon answers itself, without a driver: authentication, opening and closing, features, versions.
// The tables are made once by main() and only read afterwards; loop thread only.
#pragma once
#include "driver/handler_table.h"

namespace virtue::rpc {

/// The version of libvirt whose behaviour clients may count on: what GET_LIB_VERSION answers (9.0.0).
constexpr uint64_t compatible_version = 9000000;

/// Binds the calls of the remote program that belong to the session.
void bind_session_calls(driver::HandlerTable& on);

}  // namespace virtue::rpc
