// `virtue up`: from an image to a guest that one can log in to.
#include <fcntl.h>
#include <pwd.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "base/mac_address.h"
#include "base/text.h"
#include "driver/constants.h"
#include "driver/uri.h"
#include "io/process.h"
#include "io/socket.h"
#include "io/tcp.h"
#include "protocol/remote/connect.h"
#include "protocol/remote/domain_define.h"
#include "protocol/remote/domain_guest.h"
#include "protocol/remote/domain_lifecycle.h"
#include "protocol/remote/domain_lookup.h"
#include "protocol/remote/domain_stats.h"
#include "protocol/remote/network.h"
#include "protocol/remote/storage_pool.h"
#include "protocol/remote/storage_volume.h"
#include "shell/commands/commands.h"
#include "shell/lookup.h"
#include "shell/seconds.h"
#include "shell/transfer.h"
#include "shell/up/guest_text.h"
#include "shell/up/image.h"
#include "shell/up/seed.h"
#include "shell/xml_text.h"
#include "xml/xpath.h"

namespace virtue::shell {
namespace {

using namespace proc;

constexpr io::Milliseconds between_looks{200};
constexpr uint64_t default_memory = 2ULL << 30;
constexpr io::Milliseconds default_wait = std::chrono::minutes(10);  // a first boot under emulation takes minutes

/// What was done, and when.
class Timeline {
public:
    explicit Timeline(Context& context) : context_(context) {}
    void step(std::string what) {
        const auto now = io::Clock::now();
        const auto at = std::chrono::duration_cast<io::Milliseconds>(now - start_).count();
        context_.print_extra(fmt::format("{:8} ms  {}\n", at, what));
        steps_.push_back(Record{{"at_ms", static_cast<int64_t>(at)}, {"step", std::move(what)}});
    }
    Values take() { return std::move(steps_); }

private:
    Context& context_;
    io::TimePoint start_ = io::Clock::now();
    Values steps_;
};

/// One `up` under way: what has been made so far is taken away again if a later step fails.
struct Up {
    Up(Context& c, const Arguments& a) : context(c), arguments(a), timeline(c) {}
    Context& context;
    const Arguments& arguments;
    Timeline timeline;
    GuestPlan plan;
    StoragePoolRef pool;
    std::vector<VolumeName> own;
    std::vector<StorageVolumeRef> made;
    std::optional<DomainRef> domain;
    std::string user;
};

std::string read_file(const std::string& path) {
    std::ifstream file(path);
    if (!file) throw Failure{fmt::format("cannot read {}", path)};
    return {std::istreambuf_iterator<char>(file), {}};
}

// Lines of authorized_keys: of --ssh-key, or of the user's own key.
std::vector<std::string> public_keys(const Arguments& arguments) {
    std::vector<std::string> lines;
    auto add = [&lines](const std::string& text) {
        for (std::string_view line : split_lines(text)) {
            if (line.find("PRIVATE KEY") != std::string_view::npos)
                throw Failure{"--ssh-key takes the public key, in the file that ends in .pub"};
            if (!trim(line).empty() && !line.starts_with('#')) lines.emplace_back(trim(line));
        }
    };
    if (std::optional<std::string> file = arguments.find("ssh-key")) {
        add(read_file(*file));
        if (lines.empty()) throw Failure{fmt::format("there is no key in {}", *file)};
        return lines;
    }
    const char* home = std::getenv("HOME");
    for (const char* name : {"id_ed25519.pub", "id_ecdsa.pub", "id_rsa.pub"}) {
        const std::string path = fmt::format("{}/.ssh/{}", home ? home : "", name);
        if (::access(path.c_str(), R_OK) == 0) add(read_file(path));
    }
    if (lines.empty() && !arguments.has("user-data"))
        throw Failure{
            "no key to log in with: make one with ssh-keygen -t ed25519, or name one with --ssh-key FILE.pub"};
    return lines;
}

std::string user_of(const Arguments& arguments) {
    if (std::optional<std::string> name = arguments.find("user")) return *name;
    const passwd* self = ::getpwuid(::getuid());
    return self && ::getuid() != 0 ? self->pw_name : "virtue";
}

// "Debian 12 generic.qcow2" gives "debian-12-generic": what serves as a host name, too.
std::string name_from(const std::string& image) {
    std::string stem = std::filesystem::path(image).stem().string();
    std::string out;
    for (char letter : stem) {
        const bool plain = std::isalnum(static_cast<unsigned char>(letter)) != 0;
        if (plain) out += static_cast<char>(std::tolower(static_cast<unsigned char>(letter)));
        if (!plain && !out.empty() && out.back() != '-') out += '-';
    }
    while (!out.empty() && out.back() == '-') out.pop_back();
    return out.empty() ? "guest" : out.substr(0, 50);
}

template <typename P>
Task<std::optional<typename P::Ret>> look_up(Context& context, typename P::Args call, ErrorCode absent) {
    try {
        typename P::Ret found = co_await context.call<P>(std::move(call));
        co_return found;
    } catch (const Error& error) {
        if (error.code() != absent) throw;
        co_return std::nullopt;
    }
}

Task<bool> is_taken(Context& context, std::string name) {
    DomainLookupByName::Args ask{.name = std::move(name)};
    auto found = co_await look_up<DomainLookupByName>(context, std::move(ask), ErrorCode::no_domain);
    co_return found.has_value();
}

Task<std::string> free_name(Context& context, const Arguments& arguments, std::string wanted) {
    const bool chosen = arguments.has("name");
    for (int number = 1;; number++) {
        std::string name = number == 1 ? wanted : fmt::format("{}-{}", wanted, number);
        bool taken = co_await is_taken(context, name);
        if (!taken) co_return name;
        if (chosen) throw Failure{fmt::format("there is a domain '{}' already; see virtue start {}", name, name)};
    }
}

// The pool for the guest's disks. "default" is made where there is none, as virt-install does.
Task<StoragePoolRef> pool_for(Context& context, const Arguments& arguments, bool is_session) {
    const std::string name = arguments.find("pool").value_or("default");
    StoragePoolLookupByName::Args ask{.name = name};
    auto found = co_await look_up<StoragePoolLookupByName>(context, std::move(ask), ErrorCode::no_storage_pool);
    if (!found && name != "default")
        throw Failure{fmt::format("there is no pool '{}'; see virtue pool-list --all", name)};
    StoragePoolRef pool;
    if (found) {
        pool = std::move(found->pool);
    } else {
        const char* home = std::getenv("HOME");
        const std::string path = is_session ? fmt::format("{}/.local/share/libvirt/images", home ? home : "")
                                            : std::string("/var/lib/libvirt/images");
        StoragePoolDefineXml::Args define{
            .xml = fmt::format("<pool type='dir'><name>default</name><target><path>{}</path></target></pool>",
                               xml_escape(path))};
        StoragePoolDefineXml::Ret made = co_await context.call<StoragePoolDefineXml>(std::move(define));
        pool = std::move(made.pool);
        StoragePoolBuild::Args build{.pool = pool};
        co_await context.call<StoragePoolBuild>(std::move(build));
        StoragePoolSetAutostart::Args keep{.pool = pool, .autostart = 1};
        co_await context.call<StoragePoolSetAutostart>(std::move(keep));
    }
    StoragePoolIsActive::Args state{.pool = pool};
    StoragePoolIsActive::Ret active = co_await context.call<StoragePoolIsActive>(std::move(state));
    if (active.active == 0) {
        StoragePoolCreate::Args start{.pool = pool};
        co_await context.call<StoragePoolCreate>(std::move(start));
    }
    co_return pool;
}

Task<std::string> path_of(Context& context, StorageVolumeRef volume) {
    StorageVolGetPath::Args ask{.volume = std::move(volume)};
    StorageVolGetPath::Ret answer = co_await context.call<StorageVolGetPath>(std::move(ask));
    co_return std::move(answer.name);
}

// A raw volume with the file's bytes; it goes with the guest if `own`.
Task<StorageVolumeRef> volume_of_file(Up& up, std::string name, std::string file, bool own) {
    Fd in(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
    if (!in) throw Failure{"cannot read " + file, Error::from_errno(errno, ErrorDomain::none, file)};
    const uint64_t size = std::filesystem::file_size(file);
    StorageVolCreateXml::Args create{
        .pool = up.pool,
        .xml = fmt::format("<volume><name>{}</name><capacity>{}</capacity><allocation>0</allocation>"
                           "<target><format type='raw'/></target></volume>",
                           xml_escape(name), size)};
    StorageVolCreateXml::Ret made = co_await up.context.call<StorageVolCreateXml>(std::move(create));
    up.made.push_back(made.volume);
    if (own) up.own.push_back({up.pool.name, name});
    TransferOptions options{.sparse = true};
    co_await upload_file(up.context, made.volume, in.get(), options);
    co_return std::move(made.volume);
}

// Where the image lies in the daemon's reach: where it is, if that is a volume, else in a volume of its own, which
// later guests share.
Task<std::string> base_path(Up& up, Image image, bool is_local) {
    if (is_local) {
        std::error_code problem;
        StorageVolLookupByPath::Args ask{.path = std::filesystem::canonical(image.path, problem).string()};
        auto there = co_await look_up<StorageVolLookupByPath>(up.context, std::move(ask), ErrorCode::no_storage_vol);
        if (there) {
            std::string path = co_await path_of(up.context, std::move(there->volume));
            co_return path;
        }
    }
    const std::string name = fmt::format("{}-{}.base", std::filesystem::path(image.path).stem().string(), image.mark);
    StorageVolLookupByName::Args ask{.pool = up.pool, .name = name};
    auto there = co_await look_up<StorageVolLookupByName>(up.context, std::move(ask), ErrorCode::no_storage_vol);
    StorageVolumeRef volume;
    if (there) {
        volume = std::move(there->volume);
    } else {
        volume = co_await volume_of_file(up, name, image.path, false);
        up.timeline.step(fmt::format("image copied into pool {}", up.pool.name));
        up.made.pop_back();  // it stays, whatever becomes of this guest
    }
    std::string path = co_await path_of(up.context, std::move(volume));
    co_return path;
}

Task<void> make_disk(Up& up, Image image, bool is_local) {
    const uint64_t size = std::max(image.capacity, up.arguments.find_size("disk", 1 << 30).value_or(0));
    const std::string format = image.format;
    std::string below = co_await base_path(up, std::move(image), is_local);
    const std::string name = up.plan.name + ".qcow2";
    StorageVolCreateXml::Args create{
        .pool = up.pool,
        .xml = fmt::format("<volume><name>{}</name><capacity>{}</capacity><target><format type='qcow2'/></target>"
                           "<backingStore><path>{}</path><format type='{}'/></backingStore></volume>",
                           xml_escape(name), size, xml_escape(below), format)};
    StorageVolCreateXml::Ret made = co_await up.context.call<StorageVolCreateXml>(std::move(create));
    up.made.push_back(std::move(made.volume));
    up.own.push_back({up.pool.name, name});
    up.plan.disk = VolumeName{up.pool.name, name};
    up.plan.disk_format = "qcow2";
}

Task<void> make_seed(Up& up, std::vector<std::string> keys) {
    Seed seed{up.plan.uuid, up.plan.name, up.user, std::move(keys), up.plan.mac};
    if (std::optional<std::string> file = up.arguments.find("user-data")) seed.user_data = read_file(*file);
    std::string bytes = seed_image(seed);
    const std::string name = up.plan.name + "-seed.iso";
    StorageVolCreateXml::Args create{
        .pool = up.pool,
        .xml =
            fmt::format("<volume><name>{}</name><capacity>{}</capacity><target><format type='raw'/></target></volume>",
                        xml_escape(name), bytes.size())};
    StorageVolCreateXml::Ret made = co_await up.context.call<StorageVolCreateXml>(std::move(create));
    up.made.push_back(made.volume);
    up.own.push_back({up.pool.name, name});
    up.plan.seed = VolumeName{up.pool.name, name};
    co_await upload_bytes(up.context, std::move(made.volume), std::move(bytes));
}

Task<void> make_kernel(Up& up) {
    for (const char* what : {"kernel", "initrd"}) {
        std::optional<std::string> file = up.arguments.find(what);
        if (!file) continue;
        std::string name = fmt::format("{}-{}", up.plan.name, what);
        StorageVolumeRef volume = co_await volume_of_file(up, std::move(name), *file, true);
        std::string path = co_await path_of(up.context, std::move(volume));
        (std::string_view(what) == "kernel" ? up.plan.kernel : up.plan.initrd) = std::move(path);
    }
    up.plan.command_line = up.arguments.find("append").value_or("");
}

// What the host offers: its processors, and KVM where it works.
Task<void> choose_machine(Up& up) {
    ConnectGetCapabilities::Args ask;
    ConnectGetCapabilities::Ret answer = co_await up.context.call<ConnectGetCapabilities>(std::move(ask));
    const std::vector<std::string> arch = xml::find_texts(answer.capabilities, "/capabilities/host/cpu/arch");
    up.plan.arch = arch.empty() ? "x86_64" : arch.front();
    const std::string guest = fmt::format("/capabilities/guest[os_type='hvm']/arch[@name='{}']", up.plan.arch);
    up.plan.accelerated = !xml::find_texts(answer.capabilities, guest + "/domain[@type='kvm']/@type").empty();
    if (up.plan.arch == "x86_64") up.plan.machine = "q35";
    if (up.plan.arch == "aarch64") up.plan.machine = "virt";
}

Task<void> start_network(Up& up) {
    NetworkLookupByName::Args ask{.name = up.plan.network};
    auto found = co_await look_up<NetworkLookupByName>(up.context, std::move(ask), ErrorCode::no_network);
    if (!found)
        throw Failure{
            fmt::format("there is no network '{}'; see virtue net-list --all, or give --network", up.plan.network)};
    NetworkIsActive::Args state{.network = found->network};
    NetworkIsActive::Ret active = co_await up.context.call<NetworkIsActive>(std::move(state));
    if (active.active != 0) co_return;
    NetworkCreate::Args start{.network = std::move(found->network)};
    co_await up.context.call<NetworkCreate>(std::move(start));
    up.timeline.step(fmt::format("network {} started", up.plan.network));
}

Task<void> start_guest(Up& up) {
    DomainDefineXmlFlags::Args define{.xml = guest_text(up.plan, up.own)};
    DomainDefineXmlFlags::Ret defined = co_await up.context.call<DomainDefineXmlFlags>(std::move(define));
    up.domain = std::move(defined.domain);
    DomainCreateWithFlags::Args start{.domain = *up.domain};
    DomainCreateWithFlags::Ret started = co_await up.context.call<DomainCreateWithFlags>(std::move(start));
    up.domain = std::move(started.domain);
    if (up.arguments.has("autostart")) {
        DomainSetAutostart::Args keep{.domain = *up.domain, .autostart = 1};
        co_await up.context.call<DomainSetAutostart>(std::move(keep));
    }
    up.timeline.step(fmt::format("guest {} started{}", up.plan.name, up.plan.accelerated ? "" : " (emulated)"));
}

// An IPv4 address that a lease tells of, or another one.
Task<std::string> address_of(Context& context, DomainRef domain) {
    DomainInterfaceAddresses::Args ask{.domain = std::move(domain),
                                       .source = api::domain_interface_addresses_src_lease};
    DomainInterfaceAddresses::Ret answer = co_await context.call<DomainInterfaceAddresses>(std::move(ask));
    std::string other;
    for (const DomainInterface& card : answer.ifaces) {
        for (const DomainIpAddress& address : card.addrs) {
            if (address.type == 0) co_return address.addr;
            other = address.addr;
        }
    }
    co_return other;
}

Task<void> refuse_stopped(Up& up) {
    DomainGetState::Args ask{.domain = *up.domain};
    DomainGetState::Ret state = co_await up.context.call<DomainGetState>(std::move(ask));
    if (state.state == api::domain_running || state.state == api::domain_blocked) co_return;
    throw Failure{fmt::format("the guest {} is {} ({}); its console tells more: virtue start {} --console",
                              up.plan.name, state_word(state.state), state_reason_word(state.state, state.reason),
                              up.plan.name)};
}

Task<std::string> wait_for_address(Up& up, io::Deadline until) {
    for (;;) {
        std::string address = co_await address_of(up.context, *up.domain);
        if (!address.empty()) co_return address;
        co_await refuse_stopped(up);
        if (until.is_over())
            throw Failure{
                fmt::format("the guest has no address yet; it goes on running: virtue console {}, virtue "
                            "domifaddr {}",
                            up.plan.name, up.plan.name)};
        io::Deadline next = until.within(between_looks);
        co_await up.context.loop().sleep_until(next);
    }
}

// True once a server of SSH greets there.
Task<bool> ssh_greets(Context& context, std::string address) {
    io::Deadline limit = io::Deadline::after(io::Milliseconds(3000));
    try {
        std::unique_ptr<io::Socket> socket = co_await io::connect_tcp(context.loop(), std::move(address), 22, limit);
        std::array<uint8_t, 4> greeting{};
        co_await socket->read_exactly(greeting, limit);
        co_return std::string_view(reinterpret_cast<const char*>(greeting.data()), 4) == "SSH-";
    } catch (const Error&) {
        co_return false;
    }
}

Task<void> wait_for_ssh(Up& up, std::string address, io::Deadline until) {
    for (;;) {
        bool greets = co_await ssh_greets(up.context, address);
        if (greets) co_return;
        co_await refuse_stopped(up);
        if (until.is_over())
            throw Failure{
                fmt::format("the guest has the address {}, but nothing answers on its port 22; it goes on "
                            "running: virtue console {}",
                            address, up.plan.name)};
        io::Deadline next = until.within(between_looks);
        co_await up.context.loop().sleep_until(next);
    }
}

// After a failure before the guest ran: as if nothing had been.
Task<void> take_back(Up& up) {
    if (up.domain) {
        DomainUndefineFlags::Args forget{.domain = *up.domain};
        try {
            co_await up.context.call<DomainUndefineFlags>(std::move(forget));
        } catch (const Error&) {
            co_return;  // it is there and may need its disks
        }
    }
    for (StorageVolumeRef& volume : up.made) {
        StorageVolDelete::Args remove{.volume = std::move(volume)};
        try {
            co_await up.context.call<StorageVolDelete>(std::move(remove));
        } catch (const Error& error) {
            up.context.print_error(fmt::format("left behind: {}\n", error.message()));
        }
    }
}

Task<void> make_guest(Up& up, driver::Uri uri) {
    const bool is_local = uri.server.empty();
    const bool is_session = uri.path == "/session";
    std::vector<std::string> keys = public_keys(up.arguments);
    std::optional<std::string> where = up.arguments.find("image");
    if (!where && !up.arguments.has("kernel")) throw UsageError{"up needs an image, or --kernel"};
    std::optional<Image> image;
    if (where) image = co_await obtain_image(up.context, *where, up.arguments.find("checksum"));
    const std::string origin = image ? image->path : up.arguments.text("kernel");
    std::string wanted = up.arguments.find("name").value_or(name_from(origin));
    up.plan.name = co_await free_name(up.context, up.arguments, std::move(wanted));
    up.plan.uuid = Uuid::generate().to_string();
    up.plan.mac = MacAddress::generate({0x52, 0x54, 0x00}).to_string();
    up.plan.memory_kib = up.arguments.find_size("memory", 1 << 20).value_or(default_memory) >> 10;
    up.plan.cpus = static_cast<unsigned>(up.arguments.find_unsigned("cpus", 4096).value_or(1));
    up.plan.network = up.arguments.find("network").value_or(is_session ? "" : "default");
    co_await choose_machine(up);
    if (!up.plan.network.empty()) co_await start_network(up);
    up.pool = co_await pool_for(up.context, up.arguments, is_session);
    if (image) co_await make_disk(up, std::move(*image), is_local);
    co_await make_kernel(up);
    co_await make_seed(up, std::move(keys));
    up.timeline.step("disks made");
    co_await start_guest(up);
}

Task<Result> run_up(Context& context, Arguments arguments) {
    Up up(context, arguments);
    up.user = user_of(arguments);
    ConnectGetUri::Args ask;
    ConnectGetUri::Ret answer = co_await context.call<ConnectGetUri>(std::move(ask));
    driver::Uri uri = driver::Uri::parse(context.settings().uri.empty() ? answer.uri : context.settings().uri);
    std::exception_ptr failure;
    try {
        co_await make_guest(up, uri);
    } catch (...) {
        failure = std::current_exception();
    }
    if (failure) {
        co_await take_back(up);
        std::rethrow_exception(failure);
    }
    Record record{{"name", up.plan.name}, {"uuid", up.plan.uuid}, {"user", up.user}};
    if (arguments.has("no-wait") || up.plan.network.empty()) {
        record.emplace_back("timeline", up.timeline.take());
        co_return Custom{fmt::format("virtue console {}\n", up.plan.name), Value(std::move(record))};
    }
    const io::Milliseconds patience = find_seconds(arguments, "timeout", 0).value_or(default_wait);
    io::Deadline until = context.forever().within(patience);
    std::string address = co_await wait_for_address(up, until);
    up.timeline.step(fmt::format("address {}", address));
    record.emplace_back("address", address);
    // Behind the NAT of another machine it cannot be reached from here.
    if (uri.server.empty()) {
        co_await wait_for_ssh(up, address, until);
        up.timeline.step("answers ssh");
    }
    std::string how = fmt::format("ssh {}@{}", up.user, address);
    record.emplace_back("ssh", how);
    record.emplace_back("timeline", up.timeline.take());
    co_return Custom{how + "\n", Value(std::move(record))};
}

}  // namespace

Commands up_commands() {
    return {
        make_command("up",
                     "[image] --name= --memory= --cpus=:n --disk= --ssh-key= --user= --user-data= --network= --pool= "
                     "--checksum= --kernel= --initrd= --append= --autostart --no-wait --timeout=:n",
                     "make a guest from a cloud image, start it, and say how to log in", run_up),
    };
}

}  // namespace virtue::shell
