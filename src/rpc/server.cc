#include "rpc/server.h"

#include "base/log.h"
#include "rpc/server_session.h"

namespace virtue::rpc {

namespace {

constinit log::Module logger("rpc.server");

}  // namespace

Server::Server(io::Loop& loop, std::string name, ServerLimits limits, Service service)
    : loop_(loop),
      name_(std::move(name)),
      limits_(limits),
      service_(std::move(service)),
      scratch_(std::make_unique_for_overwrite<uint8_t[]>(scratch_size)),  // its pages come when they are written
      burials_(loop, [](std::exception_ptr error) { logger.error("{}", log::describe(error)); }) {}

Server::~Server() = default;

void Server::add_client(Fd connection, Entrance entrance) {
    if (is_closing_) return;
    uint64_t id = next_id_++;
    std::shared_ptr<ServerSession> session;
    try {
        session = std::make_shared<ServerSession>(*this, id, std::move(connection), entrance);
    } catch (const Error& error) {
        logger.error("a client cannot be taken: {}", error.message());
        return;
    }
    clients_.emplace(id, session);
    session->start();
    update_accepting();
    if (on_change_) on_change_();
}

void Server::on_accepting(std::function<void(bool)> callback) {
    callback(is_accepting_);
    accepting_.push_back(std::move(callback));
}

size_t Server::anonymous_count() const {
    size_t count = 0;
    for (const auto& [id, client] : clients_) count += client->is_authenticated() ? 0 : 1;
    return count;
}

void Server::update_accepting() {
    bool accept = !is_closing_ && clients_.size() < limits_.max_clients &&
                  (limits_.max_anonymous_clients == 0 || anonymous_count() < limits_.max_anonymous_clients);
    if (accept == is_accepting_) return;
    is_accepting_ = accept;
    if (!accept && !is_closing_) logger.warn("{} is full with {} clients: new ones wait", name_, clients_.size());
    for (const auto& callback : accepting_) callback(accept);
}

void Server::set_client_limits(std::optional<uint32_t> clients, std::optional<uint32_t> anonymous) {
    uint32_t all = clients.value_or(limits_.max_clients);
    uint32_t waiting = anonymous.value_or(limits_.max_anonymous_clients);
    if (all < waiting) {
        throw Error(ErrorCode::invalid_arg, ErrorDomain::rpc,
                    "The overall maximum number of clients waiting for authentication must not be less than the "
                    "overall maximum number of clients");
    }
    limits_.max_clients = all;
    limits_.max_anonymous_clients = waiting;
    update_accepting();
}

ServerSession* Server::find_client(uint64_t id) const {
    auto found = clients_.find(id);
    return found == clients_.end() ? nullptr : found->second.get();
}

void Server::for_each_client(const std::function<void(ServerSession&)>& function) const {
    for (const auto& [id, client] : clients_) function(*client);
}

void Server::client_ended(uint64_t id) {
    auto found = clients_.find(id);
    if (found == clients_.end()) return;
    std::shared_ptr<ServerSession> session = std::move(found->second);
    clients_.erase(found);
    // Not from inside its own callbacks; until then the burial's gate counts it.
    burials_.spawn(bury(std::move(session)));
    update_accepting();
    if (on_change_) on_change_();
}

Task<void> Server::bury(std::shared_ptr<ServerSession> session) {
    co_await loop_.sleep(io::Milliseconds(0));
    co_await session->join();
}

void Server::client_authenticated() {
    update_accepting();
}

Task<void> Server::close() {
    is_closing_ = true;
    update_accepting();
    std::map<uint64_t, std::shared_ptr<ServerSession>> all = clients_;
    for (auto& [id, client] : all) client->disconnect("the daemon stops");
    all.clear();
    co_await burials_.close();
}

}  // namespace virtue::rpc
