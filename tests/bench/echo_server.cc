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
    storage_pool_lookup_by_name = 84,
    list_all_domains = 273,
    storage_pool_list_all_volumes = 282
};

/// Words of a message, in the host's order.
using Words = std::vector<uint32_t>;

void put_text(Words& out, const char* text) {
    const size_t size = strlen(text);
    out.push_back(static_cast<uint32_t>(size));
    for (size_t at = 0; at < size; at += word) {
        char padded[word] = {};
        memcpy(padded, text + at, size - at < word ? size - at : word);
        uint32_t part;
        memcpy(&part, padded, word);
        out.push_back(ntohl(part));
    }
}

void put_uuid(Words& out, uint32_t last) {
    out.insert(out.end(), {0x6e5d2c10, 0x1c3f4a5b, 0x8a7b6c5d, last});
}

/// "bench-1000", which is what bench.py names a pool of so many volumes; its number.
uint32_t pool_in(const char* arguments, size_t size, char (&name)[32]) {
    uint32_t length = 0;
    if (size >= word) memcpy(&length, arguments, word);
    length = ntohl(length);
    name[0] = 0;
    if (length >= sizeof name || size < word + length) return 0;
    memcpy(name, arguments + word, length);
    name[length] = 0;
    unsigned count = 0;
    return sscanf(name, "bench-%u", &count) == 1 ? count : 0;
}

/// As many volumes as the pool's name says, of names and keys as long as those of bench.py's.
Words make_volumes(const char* pool, uint32_t count) {
    Words list{count};
    for (uint32_t i = 0; i < count; ++i) {
        char name[32], key[128];
        snprintf(name, sizeof name, "image-%05u.qcow2", i);
        snprintf(key, sizeof key, "/var/tmp/virtue-bench-12345-abcdefgh/pool-%u/%s", count, name);
        for (const char* text : {pool, static_cast<const char*>(name), static_cast<const char*>(key)})
            put_text(list, text);
    }
    list.push_back(count);
    return list;
}

/// 1,000 domains that do not run, named as bench.py names them.
Words make_list() {
    constexpr uint32_t count = 1000;
    Words list{count};
    for (uint32_t i = 0; i < count; ++i) {
        char name[13] = {};
        snprintf(name, sizeof name, "bench-%04u", i);
        put_text(list, name);
        put_uuid(list, i);
        list.push_back(UINT32_MAX);  // id: -1
    }
    list.push_back(count);
    return list;
}

Words to_network(Words words) {
    for (uint32_t& value : words) value = htonl(value);
    return words;
}

/// The words after the header that answer `call`, as they go over the wire; all are as short as a real answer.
const Words& reply_to(uint32_t call, const char* arguments, size_t size) {
    static const Words nothing, one_way_in = to_network({1, 0}), no = {0}, version = to_network({0, 9'000'000});
    char pool[32];
    switch (call) {
        case auth_list:
            return one_way_in;  // none
        case supports_feature:
            return no;
        case get_lib_version:
            return version;
        case list_all_domains: {
            static const Words list = to_network(make_list());
            return list;
        }
        case storage_pool_lookup_by_name: {
            static Words reply;
            reply.clear();
            const uint32_t count = pool_in(arguments, size, pool);
            put_text(reply, pool);
            put_uuid(reply, count);
            return reply = to_network(std::move(reply));
        }
        case storage_pool_list_all_volumes: {
            static std::unordered_map<uint32_t, Words> lists;
            Words& list = lists[pool_in(arguments, size, pool)];
            if (list.empty()) list = to_network(make_volumes(pool, pool_in(arguments, size, pool)));
            return list;
        }
        default:
            return nothing;
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
        const Words& body = reply_to(ntohl(head[3]), bytes.data() + at + sizeof head, length - sizeof head);
        Words out(head, head + header_words);
        out.insert(out.end(), body.begin(), body.end());
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
