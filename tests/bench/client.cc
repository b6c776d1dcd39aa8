// Times libvirt calls through the stock client library and prints the figures as one JSON object.
//
// usage: virtue_bench_client URI SCENARIO [key=value…] [-- DAEMON ARGUMENT…]
// Every scenario is bounded by `count` (operations) and `seconds`, whichever ends first. Times are in microseconds.
// Whatever a scenario defines or starts it also removes, except `fill` and `run`, which bench.py asks to `empty`.

#include <fcntl.h>
#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

[[noreturn]] void fail(const std::string& what) {
    const char* why = virGetLastErrorMessage();
    throw std::runtime_error(what + ": " + (why ? why : "no error set"));
}

void require(bool ok, const char* what) {
    if (!ok) fail(what);
}

double microseconds(Clock::time_point from, Clock::time_point to) {
    return std::chrono::duration<double, std::micro>(to - from).count();
}

struct CloseConnection {
    void operator()(virConnect* connection) const { virConnectClose(connection); }
};
struct FreeDomain {
    void operator()(virDomain* domain) const { virDomainFree(domain); }
};
struct FreeText {
    void operator()(char* text) const { free(text); }
};
using Connection = std::unique_ptr<virConnect, CloseConnection>;
using Domain = std::unique_ptr<virDomain, FreeDomain>;
using Text = std::unique_ptr<char, FreeText>;

Connection connect(const std::string& uri) {
    Connection connection(virConnectOpen(uri.c_str()));
    require(connection != nullptr, "virConnectOpen");
    return connection;
}

/// The `key=value` words of the command line.
class Options {
public:
    void add(const std::string& word) {
        const size_t equals = word.find('=');
        if (equals == std::string::npos) throw std::runtime_error("not key=value: " + word);
        values_[word.substr(0, equals)] = word.substr(equals + 1);
    }
    std::string text(const std::string& key, const std::string& fallback) const {
        const auto at = values_.find(key);
        return at == values_.end() ? fallback : at->second;
    }
    int number(const std::string& key, int fallback) const { return std::stoi(text(key, std::to_string(fallback))); }
    double real(const std::string& key, double fallback) const {
        return std::stod(text(key, std::to_string(fallback)));
    }

private:
    std::map<std::string, std::string> values_;
};

/// The times of one kind of operation.
class Samples {
public:
    void add(double value) { values_.push_back(value); }
    size_t size() const { return values_.size(); }
    double at(double fraction) {
        if (values_.empty()) return 0;
        std::sort(values_.begin(), values_.end());
        return values_[std::min(values_.size() - 1,
                                static_cast<size_t>(fraction * static_cast<double>(values_.size())))];
    }

private:
    std::vector<double> values_;
};

/// The JSON object that is printed at the end: numbers only.
class Result {
public:
    void put(const std::string& name, double value) {
        text_ += (text_.empty() ? "" : ", ") + ("\"" + name + "\": " + std::to_string(value));
    }
    void put(const std::string& prefix, Samples& samples) {
        put(prefix + "p50", samples.at(0.5));
        put(prefix + "p99", samples.at(0.99));
        put(prefix + "count", static_cast<double>(samples.size()));
    }
    void print() const { printf("{%s}\n", text_.c_str()); }

private:
    std::string text_;
};

/// How long a scenario goes on: until `count` operations or `seconds`, whichever is first, but once at least.
class Budget {
public:
    Budget(const Options& options, int count, double seconds)
        : left_(options.number("count", count)),
          end_(Clock::now() + std::chrono::duration_cast<Clock::duration>(
                                  std::chrono::duration<double>(options.real("seconds", seconds)))) {}
    bool more() {
        if (done_ && (left_ <= 0 || Clock::now() >= end_)) return false;
        done_ = true;
        --left_;
        return true;
    }

private:
    int left_;
    Clock::time_point end_;
    bool done_ = false;
};

void null_call(virConnect* connection) {
    unsigned long version = 0;
    require(virConnectGetLibVersion(connection, &version) == 0, "virConnectGetLibVersion");
}

std::string domain_name(int index) {
    char name[32];
    snprintf(name, sizeof name, "bench-%04d", index);
    return name;
}

/// An ordinary small server as installation tools define it: the XML that list, XML and stats figures are about.
std::string ordinary_xml(int index) {
    const std::string name = domain_name(index);
    char mac[32];
    snprintf(mac, sizeof mac, "52:54:00:be:%02x:%02x", (index >> 8) & 255, index & 255);
    return "<domain type='qemu'><name>" + name + "</name><title>Server " + name +
           "</title><memory unit='MiB'>512</memory><vcpu>2</vcpu>"
           "<os><type arch='x86_64' machine='q35'>hvm</type><boot dev='hd'/></os><features><acpi/><apic/></features>"
           "<clock offset='utc'/><on_crash>restart</on_crash><devices>"
           "<disk type='file' device='disk'><driver name='qemu' type='qcow2'/><source file='/var/lib/libvirt/images/" +
           name +
           ".qcow2'/><target dev='vda' bus='virtio'/></disk>"
           "<interface type='network'><mac address='" +
           std::string(mac) +
           "'/><source network='default'/><model type='virtio'/></interface>"
           "<serial type='pty'/><console type='pty'/><rng model='virtio'><backend "
           "model='random'>/dev/urandom</backend></rng>"
           "<memballoon model='virtio'/></devices></domain>";
}

/// The least that boots: firmware and nothing to boot from. What its start costs is the daemon's and QEMU's own share.
std::string minimal_xml(int index) {
    return "<domain type='qemu'><name>" + domain_name(index) +
           "</name><memory unit='MiB'>16</memory><vcpu>1</vcpu>"
           "<os><type arch='x86_64' machine='pc'>hvm</type></os><features><acpi/></features>"
           "<devices><controller type='usb' model='none'/><memballoon model='none'/></devices></domain>";
}

Domain define(virConnect* connection, const std::string& xml) {
    Domain domain(virDomainDefineXML(connection, xml.c_str()));
    require(domain != nullptr, "virDomainDefineXML");
    return domain;
}

Domain look_up(virConnect* connection, const std::string& name) {
    Domain domain(virDomainLookupByName(connection, name.c_str()));
    require(domain != nullptr, "virDomainLookupByName");
    return domain;
}

/// Times `operation` on one connection within the budget.
void repeat(const Options& options, Result& result, int count, double seconds,
            const std::function<void(int)>& operation) {
    for (int i = 0; i < options.number("warm", 1); ++i) operation(i);
    Samples samples;
    Budget budget(options, count, seconds);
    const Clock::time_point begin = Clock::now();
    for (int i = 0; budget.more(); ++i) {
        const Clock::time_point before = Clock::now();
        operation(i);
        samples.add(microseconds(before, Clock::now()));
    }
    result.put("rate", static_cast<double>(samples.size()) * 1e6 / microseconds(begin, Clock::now()));
    result.put("", samples);
}

void scenario_null(const std::string& uri, const Options& options, Result& result) {
    const Connection connection = connect(uri);
    for (int i = 0; i < 200; ++i) null_call(connection.get());
    repeat(options, result, 1'000'000, 1, [&](int) { null_call(connection.get()); });
}

/// Calls a second with `clients` connections, each in a thread of its own with one call in flight.
void scenario_calls(const std::string& uri, const Options& options, Result& result) {
    const int clients = options.number("clients", 1);
    std::vector<Connection> connections;
    for (int i = 0; i < clients; ++i) connections.push_back(connect(uri));
    std::atomic<bool> go = false, stop = false, bad = false;
    std::atomic<uint64_t> calls = 0;
    std::vector<std::thread> threads;
    for (Connection& connection : connections) {
        threads.emplace_back([&go, &stop, &bad, &calls, peer = connection.get()] {
            while (!go) std::this_thread::sleep_for(std::chrono::milliseconds(1));
            uint64_t mine = 0;
            try {
                for (; !stop; ++mine) null_call(peer);
            } catch (const std::exception& error) {
                fprintf(stderr, "%s\n", error.what());
                bad = true;
            }
            calls += mine;
        });
    }
    const Clock::time_point begin = Clock::now();
    go = true;
    std::this_thread::sleep_for(std::chrono::duration<double>(options.real("seconds", 1)));
    stop = true;
    for (std::thread& thread : threads) thread.join();
    if (bad) throw std::runtime_error("a client failed");
    result.put("rate", static_cast<double>(calls) * 1e6 / microseconds(begin, Clock::now()));
}

void scenario_connect(const std::string& uri, const Options& options, Result& result) {
    repeat(options, result, 500, 1, [&](int) { connect(uri); });
}

void scenario_capabilities(const std::string& uri, const Options& options, Result& result) {
    const Connection connection = connect(uri);
    const Clock::time_point before = Clock::now();
    const Text first(virConnectGetCapabilities(connection.get()));
    require(first != nullptr, "virConnectGetCapabilities");
    result.put("first", microseconds(before, Clock::now()));
    repeat(options, result, 2000, 1, [&](int) {
        const Text text(virConnectGetCapabilities(connection.get()));
        require(text != nullptr, "virConnectGetCapabilities");
    });
}

void scenario_domain_capabilities(const std::string& uri, const Options& options, Result& result) {
    const Connection connection = connect(uri);
    repeat(options, result, 2000, 1, [&](int) {
        const Text text(virConnectGetDomainCapabilities(connection.get(), nullptr, "x86_64", "q35", "qemu", 0));
        require(text != nullptr, "virConnectGetDomainCapabilities");
    });
}

/// Defines `domains` domains and leaves them; `kind` is ordinary or minimal.
void scenario_fill(const std::string& uri, const Options& options, Result& result) {
    const Connection connection = connect(uri);
    const bool minimal = options.text("kind", "ordinary") == "minimal";
    Samples samples;
    double total = 0;
    for (int i = 0; i < options.number("domains", 1000); ++i) {
        const std::string xml = minimal ? minimal_xml(i) : ordinary_xml(i);
        const Clock::time_point before = Clock::now();
        define(connection.get(), xml);
        const double took = microseconds(before, Clock::now());
        samples.add(took);
        total += took;
    }
    result.put("", samples);
    result.put("total", total);
}

/// The files below `folder`: each is defined and written out again; what that took, one after the other, in all.
void scenario_documents(const std::string& uri, const Options& options, Result& result) {
    const Connection connection = connect(uri);
    double total = 0;
    int documents = 0;
    for (const auto& entry : std::filesystem::directory_iterator(options.text("folder", "."))) {
        std::ifstream file(entry.path());
        const std::string xml{std::istreambuf_iterator<char>(file), {}};
        const Clock::time_point before = Clock::now();
        const Domain domain = define(connection.get(), xml);
        const Text text(virDomainGetXMLDesc(domain.get(), VIR_DOMAIN_XML_INACTIVE | VIR_DOMAIN_XML_SECURE));
        total += microseconds(before, Clock::now());
        require(text != nullptr, "virDomainGetXMLDesc");
        require(virDomainUndefineFlags(domain.get(), VIR_DOMAIN_UNDEFINE_KEEP_NVRAM) == 0, "virDomainUndefineFlags");
        documents++;
    }
    result.put("total", total);
    result.put("documents", documents);
}

/// From XML to QEMU's argument vector.
void scenario_native(const std::string& uri, const Options& options, Result& result) {
    const Connection connection = connect(uri);
    const std::string xml = ordinary_xml(7000);
    repeat(options, result, 20'000, 1, [&](int) {
        const Text text(virConnectDomainXMLToNative(connection.get(), "qemu-argv", xml.c_str(), 0));
        require(text != nullptr, "virConnectDomainXMLToNative");
    });
}

/// Starts the first `domains` of what `fill` made.
void scenario_run(const std::string& uri, const Options& options, Result& result) {
    const Connection connection = connect(uri);
    Samples samples;
    for (int i = 0; i < options.number("domains", 20); ++i) {
        const Domain domain = look_up(connection.get(), domain_name(i));
        const Clock::time_point before = Clock::now();
        require(virDomainCreate(domain.get()) == 0, "virDomainCreate");
        samples.add(microseconds(before, Clock::now()));
    }
    result.put("", samples);
}

std::vector<Domain> list(virConnect* connection, unsigned int flags) {
    virDomainPtr* found = nullptr;
    const int count = virConnectListAllDomains(connection, &found, flags);
    require(count >= 0, "virConnectListAllDomains");
    std::vector<Domain> domains;
    for (int i = 0; i < count; ++i) domains.emplace_back(found[i]);
    free(found);
    return domains;
}

/// Destroys and undefines whatever there is.
void scenario_empty(const std::string& uri, const Options&, Result& result) {
    const Connection connection = connect(uri);
    Samples destroys, undefines;
    for (const Domain& domain : list(connection.get(), 0)) {
        if (virDomainIsActive(domain.get()) == 1) {
            const Clock::time_point before = Clock::now();
            require(virDomainDestroy(domain.get()) == 0, "virDomainDestroy");
            destroys.add(microseconds(before, Clock::now()));
        }
        const Clock::time_point before = Clock::now();
        require(virDomainUndefine(domain.get()) == 0, "virDomainUndefine");
        undefines.add(microseconds(before, Clock::now()));
    }
    result.put("destroy_", destroys);
    result.put("undefine_", undefines);
}

void scenario_list(const std::string& uri, const Options& options, Result& result) {
    const Connection connection = connect(uri);
    const size_t expected = static_cast<size_t>(options.number("domains", 1000));
    repeat(options, result, 500, 1, [&](int) {
        if (list(connection.get(), 0).size() != expected) throw std::runtime_error("not all domains were listed");
    });
}

void scenario_lookup_name(const std::string& uri, const Options& options, Result& result) {
    const Connection connection = connect(uri);
    const int domains = options.number("domains", 1000);
    repeat(options, result, 20'000, 1, [&](int i) { look_up(connection.get(), domain_name(i * 7 % domains)); });
}

void scenario_lookup_uuid(const std::string& uri, const Options& options, Result& result) {
    const Connection connection = connect(uri);
    std::vector<std::vector<unsigned char>> uuids;
    for (const Domain& domain : list(connection.get(), 0)) {
        uuids.emplace_back(VIR_UUID_BUFLEN);
        require(virDomainGetUUID(domain.get(), uuids.back().data()) == 0, "virDomainGetUUID");
    }
    repeat(options, result, 20'000, 1, [&](int i) {
        const Domain domain(
            virDomainLookupByUUID(connection.get(), uuids[static_cast<size_t>(i) * 7 % uuids.size()].data()));
        require(domain != nullptr, "virDomainLookupByUUID");
    });
}

void scenario_xml(const std::string& uri, const Options& options, Result& result) {
    const Connection connection = connect(uri);
    const std::vector<Domain> domains = list(connection.get(), 0);
    repeat(options, result, 20'000, 1, [&](int i) {
        const Text text(virDomainGetXMLDesc(domains[static_cast<size_t>(i) * 7 % domains.size()].get(), 0));
        require(text != nullptr, "virDomainGetXMLDesc");
    });
}

void scenario_info(const std::string& uri, const Options& options, Result& result) {
    const Connection connection = connect(uri);
    const std::vector<Domain> domains = list(connection.get(), 0);
    repeat(options, result, 20'000, 1, [&](int i) {
        virDomainInfo info;
        require(virDomainGetInfo(domains[static_cast<size_t>(i) % domains.size()].get(), &info) == 0,
                "virDomainGetInfo");
    });
}

void scenario_stats(const std::string& uri, const Options& options, Result& result) {
    const Connection connection = connect(uri);
    const int expected = options.number("domains", 1000);
    repeat(options, result, 200, 1, [&](int) {
        virDomainStatsRecordPtr* records = nullptr;
        const int count = virConnectGetAllDomainStats(connection.get(), 0, &records, 0);
        require(count >= 0, "virConnectGetAllDomainStats");
        virDomainStatsRecordListFree(records);
        if (count != expected) throw std::runtime_error("not all domains have a record");
    });
}

void scenario_define(const std::string& uri, const Options& options, Result& result) {
    const Connection connection = connect(uri);
    Samples defines, undefines;
    Budget budget(options, 200, 2);
    for (int i = 0; budget.more(); ++i) {
        const std::string xml = ordinary_xml(5000 + i);
        const Clock::time_point begin = Clock::now();
        const Domain domain = define(connection.get(), xml);
        const Clock::time_point middle = Clock::now();
        require(virDomainUndefine(domain.get()) == 0, "virDomainUndefine");
        defines.add(microseconds(begin, middle));
        undefines.add(microseconds(middle, Clock::now()));
    }
    result.put("define_", defines);
    result.put("undefine_", undefines);
}

void scenario_start(const std::string& uri, const Options& options, Result& result) {
    const Connection connection = connect(uri);
    const Domain domain = define(connection.get(), minimal_xml(6000));
    Samples starts, destroys;
    Budget budget(options, 5, 10);
    while (budget.more()) {
        const Clock::time_point begin = Clock::now();
        require(virDomainCreate(domain.get()) == 0, "virDomainCreate");
        starts.add(microseconds(begin, Clock::now()));
        std::this_thread::sleep_for(std::chrono::milliseconds(100));  // into the firmware, as a real guest would be
        const Clock::time_point end = Clock::now();
        require(virDomainDestroy(domain.get()) == 0, "virDomainDestroy");
        destroys.add(microseconds(end, Clock::now()));
    }
    require(virDomainUndefine(domain.get()) == 0, "virDomainUndefine");
    result.put("start_", starts);
    result.put("destroy_", destroys);
}

struct FreePool {
    void operator()(virStoragePool* pool) const { virStoragePoolFree(pool); }
};
struct FreeVolume {
    void operator()(virStorageVol* volume) const { virStorageVolFree(volume); }
};
struct FreeNetwork {
    void operator()(virNetwork* network) const { virNetworkFree(network); }
};
using Pool = std::unique_ptr<virStoragePool, FreePool>;
using Volume = std::unique_ptr<virStorageVol, FreeVolume>;
using Network = std::unique_ptr<virNetwork, FreeNetwork>;

Pool pool_named(virConnect* connection, const Options& options) {
    Pool pool(virStoragePoolLookupByName(connection, options.text("pool", "bench").c_str()));
    require(pool != nullptr, "virStoragePoolLookupByName");
    return pool;
}

/// Defines a pool of the folder `path` and starts it; what the start took.
void scenario_pool(const std::string& uri, const Options& options, Result& result) {
    const Connection connection = connect(uri);
    const std::string xml = "<pool type='dir'><name>" + options.text("pool", "bench") + "</name><target><path>" +
                            options.text("path", "") + "</path></target></pool>";
    const Pool pool(virStoragePoolDefineXML(connection.get(), xml.c_str(), 0));
    require(pool != nullptr, "virStoragePoolDefineXML");
    const Clock::time_point begin = Clock::now();
    require(virStoragePoolCreate(pool.get(), 0) == 0, "virStoragePoolCreate");
    result.put("start", microseconds(begin, Clock::now()));
}

void scenario_pool_end(const std::string& uri, const Options& options, Result&) {
    const Connection connection = connect(uri);
    const Pool pool = pool_named(connection.get(), options);
    require(virStoragePoolDestroy(pool.get()) == 0, "virStoragePoolDestroy");
    require(virStoragePoolUndefine(pool.get()) == 0, "virStoragePoolUndefine");
}

void scenario_pool_list(const std::string& uri, const Options& options, Result& result) {
    const Connection connection = connect(uri);
    const Pool pool = pool_named(connection.get(), options);
    repeat(options, result, 100, 1, [&](int) {
        virStorageVolPtr* found = nullptr;
        const int count = virStoragePoolListAllVolumes(pool.get(), &found, 0);
        require(count >= 0, "virStoragePoolListAllVolumes");
        for (int i = 0; i < count; ++i) virStorageVolFree(found[i]);
        free(found);
        if (count != options.number("volumes", 1000)) throw std::runtime_error("not all volumes were listed");
    });
}

void scenario_pool_refresh(const std::string& uri, const Options& options, Result& result) {
    const Connection connection = connect(uri);
    const Pool pool = pool_named(connection.get(), options);
    repeat(options, result, 100, 1, [&](int) {
        require(virStoragePoolRefresh(pool.get(), 0) == 0, "virStoragePoolRefresh");
        const int count = virStoragePoolNumOfVolumes(pool.get());
        if (count != options.number("volumes", 1000)) throw std::runtime_error("not all volumes were found");
    });
}

/// Makes and deletes `volumes` volumes from `clients` connections at once; what all of it took.
void scenario_volumes(const std::string& uri, const Options& options, Result& result) {
    const int clients = options.number("clients", 8), each = options.number("volumes", 200) / clients;
    std::vector<Connection> connections;
    for (int i = 0; i < clients; ++i) connections.push_back(connect(uri));
    std::atomic<bool> bad = false;
    auto work = [&](virConnect* connection, int client) {
        const Pool pool = pool_named(connection, options);
        for (int i = 0; i < each; ++i) {
            const std::string xml = "<volume><name>made-" + std::to_string(client) + "-" + std::to_string(i) +
                                    "</name><capacity unit='MiB'>64</capacity><allocation>0</allocation>"
                                    "<target><format type='" +
                                    options.text("format", "raw") + "'/></target></volume>";
            const Volume volume(virStorageVolCreateXML(pool.get(), xml.c_str(), 0));
            require(volume != nullptr, "virStorageVolCreateXML");
            require(virStorageVolDelete(volume.get(), 0) == 0, "virStorageVolDelete");
        }
    };
    std::vector<std::thread> threads;
    const Clock::time_point begin = Clock::now();
    for (int client = 0; client < clients; ++client) {
        threads.emplace_back([&, client, peer = connections[static_cast<size_t>(client)].get()] {
            try {
                work(peer, client);
            } catch (const std::exception& error) {
                fprintf(stderr, "%s\n", error.what());
                bad = true;
            }
        });
    }
    for (std::thread& thread : threads) thread.join();
    if (bad) throw std::runtime_error("a client failed");
    result.put("total", microseconds(begin, Clock::now()));
}

constexpr const char* network_xml =
    "<network><name>bench</name><forward mode='nat'/><bridge name='benchbr0' stp='off' delay='0'/>"
    "<ip address='192.168.231.1' netmask='255.255.255.0'><dhcp><range start='192.168.231.2' end='192.168.231.99'/>"
    "</dhcp></ip></network>";

/// Starts and stops a network with NAT and DHCP.
void scenario_network(const std::string& uri, const Options& options, Result& result) {
    const Connection connection = connect(uri);
    const Network network(virNetworkDefineXML(connection.get(), network_xml));
    require(network != nullptr, "virNetworkDefineXML");
    Samples starts, stops;
    Budget budget(options, 5, 10);
    while (budget.more()) {
        const Clock::time_point begin = Clock::now();
        require(virNetworkCreate(network.get()) == 0, "virNetworkCreate");
        const Clock::time_point middle = Clock::now();
        require(virNetworkDestroy(network.get()) == 0, "virNetworkDestroy");
        starts.add(microseconds(begin, middle));
        stops.add(microseconds(middle, Clock::now()));
    }
    require(virNetworkUndefine(network.get()) == 0, "virNetworkUndefine");
    result.put("start_", starts);
    result.put("stop_", stops);
}

/// Starts and destroys a guest with an interface on a network with NAT and a disk that is a volume of the pool.
void scenario_guest(const std::string& uri, const Options& options, Result& result) {
    const Connection connection = connect(uri);
    const Network network(virNetworkCreateXML(connection.get(), network_xml));
    require(network != nullptr, "virNetworkCreateXML");
    const Pool pool = pool_named(connection.get(), options);
    const Volume volume(virStorageVolCreateXML(pool.get(),
                                               "<volume><name>disk</name><capacity unit='MiB'>64</capacity>"
                                               "<target><format type='qcow2'/></target></volume>",
                                               0));
    require(volume != nullptr, "virStorageVolCreateXML");
    std::string xml = minimal_xml(6001);
    xml.insert(xml.find("</devices>"),
               "<disk type='volume' device='disk'><driver name='qemu' type='qcow2'/><source pool='" +
                   options.text("pool", "bench") +
                   "' volume='disk'/><target dev='vda' bus='virtio'/></disk>"
                   "<interface type='network'><source network='bench'/><model type='virtio'/>"
                   "</interface>");
    const Domain domain = define(connection.get(), xml);
    Samples starts, destroys;
    Budget budget(options, 5, 10);
    while (budget.more()) {
        const Clock::time_point begin = Clock::now();
        require(virDomainCreate(domain.get()) == 0, "virDomainCreate");
        starts.add(microseconds(begin, Clock::now()));
        std::this_thread::sleep_for(std::chrono::milliseconds(100));
        const Clock::time_point end = Clock::now();
        require(virDomainDestroy(domain.get()) == 0, "virDomainDestroy");
        destroys.add(microseconds(end, Clock::now()));
    }
    require(virDomainUndefine(domain.get()) == 0, "virDomainUndefine");
    require(virStorageVolDelete(volume.get(), 0) == 0, "virStorageVolDelete");
    require(virNetworkDestroy(network.get()) == 0, "virNetworkDestroy");
    result.put("start_", starts);
    result.put("destroy_", destroys);
}

bool listens(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path) throw std::runtime_error("socket path is too long: " + path);
    memcpy(address.sun_path, path.c_str(), path.size() + 1);
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const bool ok = ::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
    close(fd);
    return ok;
}

/// Runs the daemon and measures from before its fork until the first call is answered. The daemon stays; `pid` is its
/// process id in this namespace.
void scenario_daemon(const std::string& uri, const Options& options, Result& result, char** command) {
    const std::string path = options.text("socket", "");
    unlink(path.c_str());
    const int log = open(options.text("log", "/dev/null").c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    const Clock::time_point begin = Clock::now();
    const pid_t pid = fork();
    if (pid == 0) {
        setsid();
        dup2(open("/dev/null", O_RDONLY), 0);
        dup2(log, 1);
        dup2(log, 2);
        execv(command[0], command);
        _exit(127);
    }
    const Clock::time_point end = begin + std::chrono::seconds(60);
    while (!listens(path)) {
        if (Clock::now() > end) throw std::runtime_error("the daemon does not listen at " + path);
        usleep(200);
    }
    const Connection connection = connect(uri);
    null_call(connection.get());
    result.put("first_answer", microseconds(begin, Clock::now()));
    if (options.number("list", 1) == 1) {  // the echo server has no lists
        result.put("domains", static_cast<double>(list(connection.get(), 0).size()));
        result.put("first_list", microseconds(begin, Clock::now()));
    }
    result.put("pid", pid);
}

using Scenario = void (*)(const std::string&, const Options&, Result&);

const std::map<std::string, Scenario> scenarios = {
    {"null", scenario_null},
    {"calls", scenario_calls},
    {"connect", scenario_connect},
    {"capabilities", scenario_capabilities},
    {"domain-capabilities", scenario_domain_capabilities},
    {"fill", scenario_fill},
    {"run", scenario_run},
    {"empty", scenario_empty},
    {"list", scenario_list},
    {"lookup-name", scenario_lookup_name},
    {"lookup-uuid", scenario_lookup_uuid},
    {"xml", scenario_xml},
    {"info", scenario_info},
    {"stats", scenario_stats},
    {"define", scenario_define},
    {"documents", scenario_documents},
    {"native", scenario_native},
    {"start", scenario_start},
    {"pool", scenario_pool},
    {"pool-end", scenario_pool_end},
    {"pool-list", scenario_pool_list},
    {"pool-refresh", scenario_pool_refresh},
    {"volumes", scenario_volumes},
    {"network", scenario_network},
    {"guest", scenario_guest},
};

int run(int argc, char** argv) {
    if (argc < 3) throw std::runtime_error("usage: virtue_bench_client URI SCENARIO [key=value…] [-- DAEMON…]");
    const std::string uri = argv[1], name = argv[2];
    Options options;
    int at = 3;
    for (; at < argc && strcmp(argv[at], "--") != 0; ++at) options.add(argv[at]);
    virSetErrorFunc(nullptr, [](void*, virErrorPtr) {});
    require(virInitialize() == 0, "virInitialize");
    Result result;
    if (name == "daemon") {
        if (at + 1 >= argc) throw std::runtime_error("daemon: no command after --");
        scenario_daemon(uri, options, result, argv + at + 1);
    } else {
        const auto found = scenarios.find(name);
        if (found == scenarios.end()) throw std::runtime_error("no scenario " + name);
        found->second(uri, options, result);
    }
    result.print();
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    try {
        return run(argc, argv);
    } catch (const std::exception& error) {
        fprintf(stderr, "virtue_bench_client: %s\n", error.what());
        return 1;
    }
}
