// The admin program: the daemon about itself. Served by a Server of its own, whose table is made here by main().
// Loop thread only.
#pragma once
#include <functional>
#include <string>
#include <vector>

#include "driver/handler_table.h"
#include "rpc/server.h"

namespace virtue::rpc {

/// What the admin calls reach in the daemon; functions throw Error.
struct AdminHooks {
    std::vector<Server*> servers;
    std::function<std::string()> log_filters;
    std::function<std::string()> log_outputs;
    std::function<void(const std::string&)> set_log_filters;
    std::function<void(const std::string&)> set_log_outputs;  ///< "" restores the default
    std::function<void(uint32_t)> set_idle_timeout;           ///< seconds; 0 never
    std::function<void()> shut_down;
};

/// The handlers of every call of the admin program.
class AdminService {
public:
    explicit AdminService(AdminHooks hooks);
    ~AdminService();
    AdminService(const AdminService&) = delete;
    AdminService& operator=(const AdminService&) = delete;

    const driver::HandlerTable& calls() const { return calls_; }
    /// For what is known only after the servers were made.
    AdminHooks& hooks() { return hooks_; }

private:
    class Calls;
    AdminHooks hooks_;
    std::unique_ptr<Calls> handlers_;
    driver::HandlerTable calls_;
};

}  // namespace virtue::rpc
