// The floor of every figure about calls: an epoll loop that knows as much of the wire as a stock client needs to
// connect, and answers each call with a fixed reply. What it costs is the kernel's and the client's share, which no
// daemon can go below.
//
// usage: virtue_bench_echo SOCKET        (ends on SIGTERM; prints one line when it listens)

#include <arpa/inet.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <unordered_map>
#include <vector>

namespace {

constexpr size_t word = 4;
constexpr size_t header_words = 7;
constexpr uint32_t largest_message = 65536;

// Procedure numbers of the remote program (0x20008086).
enum Call : uint32_t {
    connect_open = 1,
    connect_close = 2,
    supports_feature = 60,
    auth_list = 66,
    get_lib_version = 157,
    list_all_domains = 273
};

/// 1,000 domains that do not run, named as bench.py names them.
std::vector<uint32_t> make_list() {
    constexpr uint32_t count = 1000;
    std::vector<uint32_t> list{count};
    for (uint32_t i = 0; i < count; ++i) {
        char name[13] = {};
        snprintf(name, sizeof name, "bench-%04u", i);
        list.push_back(static_cast<uint32_t>(strlen(name)));
        for (size_t at = 0; at < 3; ++at) {
            uint32_t part;
            memcpy(&part, name + at * word, word);
            list.push_back(ntohl(part));
        }
        list.insert(list.end(), {0x6e5d2c10, 0x1c3f4a5b, 0x8a7b6c5d, i});  // UUID
        list.push_back(UINT32_MAX);                                        // id: -1
    }
    list.push_back(count);
    return list;
}

/// The words after the header that answer `call`; all are as short as a real answer.
std::vector<uint32_t> reply_to(uint32_t call) {
    switch (call) {
        case auth_list:
            return {1, 0};  // one way in: none
        case supports_feature:
            return {0};  // no
        case get_lib_version:
            return {0, 9'000'000};  // an unsigned hyper
        case list_all_domains: {
            static const std::vector<uint32_t> list = make_list();
            return list;
        }
        default:
            return {};
    }
}

/// Answers every whole message in `bytes` and drops it; false when the client breaks the framing or is gone.
bool answer(int client, std::vector<char>& bytes) {
    size_t at = 0;
    while (bytes.size() - at >= header_words * word) {
        uint32_t head[header_words];
        memcpy(head, bytes.data() + at, sizeof head);
        const uint32_t length = ntohl(head[0]);
        if (length < sizeof head || length > largest_message) return false;
        if (bytes.size() - at < length) break;
        const std::vector<uint32_t> body = reply_to(ntohl(head[3]));
        std::vector<uint32_t> out(head, head + header_words);
        for (uint32_t value : body) out.push_back(htonl(value));
        out[0] = htonl(static_cast<uint32_t>(out.size() * word));
        out[4] = htonl(1);  // REPLY; program, version, procedure and serial are the call's own
        out[6] = 0;
        const ssize_t size = static_cast<ssize_t>(out.size() * word);
        if (send(client, out.data(), static_cast<size_t>(size), MSG_NOSIGNAL) != size) return false;
        at += length;
    }
    bytes.erase(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(at));
    return true;
}

int listen_at(const char* path) {
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (strlen(path) >= sizeof address.sun_path) return -1;
    strcpy(address.sun_path, path);
    unlink(path);
    if (bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 || listen(fd, 128) != 0) return -1;
    return fd;
}

void watch(int poll, int fd) {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.fd = fd;
    epoll_ctl(poll, EPOLL_CTL_ADD, fd, &event);
}

}  // namespace

int main(int argc, char** argv) {
    const int server = argc == 2 ? listen_at(argv[1]) : -1;
    if (server < 0) {
        perror("virtue_bench_echo");
        return 1;
    }
    const int poll = epoll_create1(EPOLL_CLOEXEC);
    watch(poll, server);
    std::unordered_map<int, std::vector<char>> clients;
    puts("listening");
    fflush(stdout);
    for (;;) {
        epoll_event events[64];
        const int count = epoll_wait(poll, events, 64, -1);
        for (int i = 0; i < count; ++i) {
            const int fd = events[i].data.fd;
            if (fd == server) {
                const int client = accept4(server, nullptr, nullptr, SOCK_CLOEXEC);
                if (client >= 0) watch(poll, client);
                continue;
            }
            char chunk[4096];
            const ssize_t size = recv(fd, chunk, sizeof chunk, 0);
            std::vector<char>& bytes = clients[fd];
            if (size > 0) bytes.insert(bytes.end(), chunk, chunk + size);
            if (size <= 0 || !answer(fd, bytes)) {
                clients.erase(fd);
                close(fd);
            }
        }
    }
}
