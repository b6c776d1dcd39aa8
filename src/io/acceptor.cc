#include "io/acceptor.h"

#include <sys/socket.h>
#include <cerrno>
#include <utility>

namespace virtue::io {

namespace {
// So many at a wake, then other descriptors have their turn; the rest fires again.
constexpr int accepted_at_once = 32;
// Without descriptors or memory the connection stays in the backlog and would wake us without end.
constexpr Milliseconds exhausted_pause{1000};
}  // namespace

Acceptor::Acceptor(Loop& loop, Fd listening, std::function<void(Fd)> on_connection)
    : listening_(std::move(listening)),
      on_connection_(std::move(on_connection)),
      watch_(loop, listening_.get()),
      pause_(loop, [this] {
          paused_ = false;
          update();
      }) {
    update();
}

Acceptor::~Acceptor() {
    if (gone_) *gone_ = true;
}

void Acceptor::set_accepting(bool accepting) {
    accepting_ = accepting;
    update();
}

void Acceptor::update() {
    if (accepting_ && !paused_) {
        watch_.on_readable([this] { accept_some(); });
    } else {
        watch_.on_readable({});
    }
}

void Acceptor::accept_some() {
    bool gone = false;
    bool* outer = std::exchange(gone_, &gone);
    std::function<void(Fd)> hand_over = std::move(on_connection_);
    for (int count = 0; count < accepted_at_once && accepting_; ++count) {
        Fd connection(::accept4(listening_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
        if (connection) {
            hand_over(std::move(connection));
            if (gone) return;
            continue;
        }
        if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
            paused_ = true;
            pause_.start_after(exhausted_pause);
            update();
            break;
        }
        if (errno == EAGAIN || errno == EWOULDBLOCK) break;
        // The rest (ECONNABORTED, EPROTO, network errors) concern one connection that is no more.
    }
    on_connection_ = std::move(hand_over);
    gone_ = outer;
}

}  // namespace virtue::io
