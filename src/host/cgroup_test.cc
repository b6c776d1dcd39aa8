#include "host/cgroup.h"

#include <doctest/doctest.h>
#include <fmt/core.h>

#include <filesystem>

#include "host/fake_files_for_test.h"

using namespace virtue;
using namespace virtue::host;

namespace {

const std::string base = "/sys/fs/cgroup/";
const std::string guest = "/machine/qemu-1-web.libvirt-qemu";

/// A tree of the first version with a controller or more.
void put_first(FakeFiles& fake, std::string& mounts, const std::string& folder, const std::string& controllers,
               const std::string& root = "/") {
    mounts +=
        fmt::format("32 31 0:29 {} {}{} rw,relatime shared:7 - cgroup cgroup rw,{}\n", root, base, folder, controllers);
    fake.put(base + folder + "/cgroup.procs", "");
}

/// A host with version 1, CPU time counted in the tree of the CPU controller, as most hosts have it.
void put_first_version(FakeFiles& fake) {
    std::string mounts = "31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw,mode=755\n";
    put_first(fake, mounts, "cpu,cpuacct", "cpu,cpuacct");
    put_first(fake, mounts, "cpuset", "cpuset");
    put_first(fake, mounts, "memory", "memory");
    put_first(fake, mounts, "blkio", "blkio");
    put_first(fake, mounts, "systemd", "name=systemd");
    mounts += "40 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n";
    fake.put(base + "unified/cgroup.procs", "");
    fake.put(base + "unified/cgroup.controllers", "hugetlb\n");
    fake.put("/proc/self/mountinfo", mounts);
    fake.put(base + "cpuset/machine/cpuset.cpus", "0-3\n");
    fake.put(base + "cpuset/machine/cpuset.mems", "0-1\n");
    const std::string cpu = base + "cpu,cpuacct" + guest;
    for (const char* thread : {"", "/emulator", "/vcpu0"}) {
        fake.put(cpu + thread + "/cpu.cfs_period_us", "100000\n");
        fake.put(cpu + thread + "/cpu.cfs_quota_us", "-1\n");
        fake.put(cpu + thread + "/tasks", "");
        for (const char* file : {"/cpuset.cpus", "/cpuset.mems", "/cpuset.memory_migrate", "/tasks"}) {
            fake.put(base + "cpuset" + guest + thread + file, "");
        }
    }
    fake.put(cpu + "/cpu.shares", "1024\n");
    fake.put(cpu + "/cpuacct.usage", "5000000000\n");
    fake.put(cpu + "/cpuacct.stat", "user 300\nsystem 100\n");
    fake.put(cpu + "/cpuacct.usage_percpu", "3000000000 2000000000 \n");
    for (const char* file : {"limit", "soft_limit", "memsw.limit"}) {
        fake.put(base + "memory" + guest + "/memory." + file + "_in_bytes", "9223372036854771712\n");
    }
    fake.put(base + "blkio" + guest + "/blkio.bfq.weight", "100\n");
}

void put_second_version(FakeFiles& fake) {
    fake.put("/proc/self/mountinfo", "30 23 0:26 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate\n");
    fake.put(base + "cgroup.procs", "");
    fake.put(base + "cgroup.controllers", "cpuset cpu io memory pids\n");
    for (const std::string& folder : {std::string("/sys/fs/cgroup"), base + "machine", "/sys/fs/cgroup" + guest}) {
        fake.put(folder + "/cgroup.subtree_control", "");
        fake.put(folder + "/cgroup.controllers", "cpuset cpu io memory pids\n");
    }
    for (const std::string& folder : {"/sys/fs/cgroup" + guest, "/sys/fs/cgroup" + guest + "/vcpu0"}) {
        fake.put(folder + "/cpu.max", "max 100000\n");
        fake.put(folder + "/cgroup.type", "domain\n");
        fake.put(folder + "/cpuset.cpus", "");
        fake.put(folder + "/cpuset.cpus.effective", "0-3\n");
        fake.put(folder + "/cgroup.threads", "");
    }
    const std::string own = "/sys/fs/cgroup" + guest;
    fake.put(own + "/cpu.weight", "100\n");
    fake.put(own + "/cpu.stat", "usage_usec 5000000\nuser_usec 3000000\nsystem_usec 2000000\nnr_periods 0\n");
    fake.put(own + "/memory.max", "max\n");
    fake.put(own + "/memory.high", "max\n");
    fake.put(own + "/io.weight", "default 100\n8:0 50\n");
    fake.put(own + "/io.max", "");
}

std::optional<ControlGroup> make(const FakeFiles& fake, const std::string& partition = "/machine") {
    const SystemFiles files(fake.root());
    const std::vector<Hierarchy> trees = find_hierarchies(files, Controllers::all());
    return ControlGroup::make(files, trees, partition, "qemu-1-web", "qemu");
}

std::string text(const FakeFiles& fake, const std::string& path) {
    return SystemFiles(fake.root()).text(path).value_or("(none)");
}

template <typename Call>
ErrorCode refusal(Call call) {
    try {
        call();
    } catch (const Error& error) {
        return error.code();
    }
    return ErrorCode::ok;
}

}  // namespace

TEST_CASE("the controllers of a host with version 1 are found where they are mounted, and those wanted only") {
    FakeFiles fake;
    put_first_version(fake);
    const SystemFiles files(fake.root());
    const std::vector<Hierarchy> trees = find_hierarchies(files, Controllers::all());
    REQUIRE(trees.size() == 4);
    CHECK(trees[0].mount == base + "cpu,cpuacct");
    CHECK(trees[0].controllers.has(Controller::cpu));
    CHECK(trees[0].controllers.has(Controller::cpuacct));
    CHECK_FALSE(trees[0].unified);
    Controllers memory;
    memory.add(Controller::memory);
    const std::vector<Hierarchy> one = find_hierarchies(files, memory);
    REQUIRE(one.size() == 1);
    CHECK(one[0].mount == base + "memory");
    CHECK(find_hierarchies(files, Controllers{}).empty());
}

TEST_CASE("a tree that another file system hides does not count") {
    FakeFiles fake;
    fake.put("/proc/self/mountinfo", "32 31 0:29 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n");
    CHECK(find_hierarchies(SystemFiles(fake.root()), Controllers::all()).empty());
}

TEST_CASE("in version 1 a guest's limits land in libvirt's files") {
    FakeFiles fake;
    put_first_version(fake);
    const std::optional<ControlGroup> group = make(fake);
    REQUIRE(group);
    const std::string cpu = base + "cpu,cpuacct" + guest;
    group->set_shares(512);
    group->set_bandwidth("vcpu0", {50000, 25000});
    group->set_bandwidth({}, {0, 90000});
    group->set_memory_limit(MemoryLimit::soft, 1024);
    group->set_weight(300);
    group->set_cpus("vcpu0", *Bitmap::parse("2-7"));
    CHECK(text(fake, cpu + "/cpu.shares") == "512");
    CHECK(text(fake, cpu + "/vcpu0/cpu.cfs_period_us") == "50000");
    CHECK(text(fake, cpu + "/vcpu0/cpu.cfs_quota_us") == "25000");
    CHECK(text(fake, cpu + "/cpu.cfs_period_us") == "100000");
    CHECK(text(fake, cpu + "/cpu.cfs_quota_us") == "90000");
    CHECK(text(fake, base + "memory" + guest + "/memory.soft_limit_in_bytes") == "1048576");
    CHECK(text(fake, base + "blkio" + guest + "/blkio.bfq.weight") == "300");
    // A new group has the CPUs and nodes of the one above it; of a pin it gets those that are there.
    CHECK(text(fake, base + "cpuset" + guest + "/cpuset.mems") == "0-1");
    CHECK(text(fake, base + "cpuset" + guest + "/vcpu0/cpuset.cpus") == "2-3");
    CHECK(group->shares() == 512);
    CHECK(group->bandwidth("vcpu0").quota == 25000);
    CHECK(group->bandwidth("emulator").quota == -1);
    CHECK(group->memory_limit(MemoryLimit::soft) == 1024);
    CHECK_FALSE(group->memory_limit(MemoryLimit::hard));
    CHECK(group->weight() == 300);
    CHECK(group->cpu_usage().total == 5000000000);
    CHECK(group->cpu_usage().user == 3000000000);
    CHECK(group->usage_by_cpu({}) == std::vector<uint64_t>{3000000000, 2000000000});
}

TEST_CASE("in version 2 they land in its files, and threads get a tree of their own") {
    FakeFiles fake;
    put_second_version(fake);
    const std::optional<ControlGroup> group = make(fake);
    REQUIRE(group);
    const std::string own = "/sys/fs/cgroup" + guest;
    CHECK(text(fake, base + "machine/cgroup.subtree_control") == "+io");
    group->add_thread_group("vcpu0");
    CHECK(text(fake, own + "/vcpu0/cgroup.type") == "threaded");
    CHECK(text(fake, own + "/cgroup.subtree_control") == "+cpuset");
    group->set_shares(512);
    group->set_bandwidth("vcpu0", {50000, 25000});
    group->set_bandwidth({}, {20000, 0});
    group->set_memory_limit(MemoryLimit::hard, 2048);
    group->set_weight(300);
    group->enter("vcpu0", 4711);
    CHECK(text(fake, own + "/cpu.weight") == "512");
    CHECK(text(fake, own + "/vcpu0/cpu.max") == "25000 50000");
    CHECK(text(fake, own + "/cpu.max") == "max 20000");
    CHECK(text(fake, own + "/memory.max") == "2097152");
    CHECK(text(fake, own + "/io.weight") == "300");
    CHECK(text(fake, own + "/vcpu0/cgroup.threads") == "4711");
    CHECK(group->bandwidth({}).quota == unlimited_quota);
    CHECK_FALSE(group->memory_limit(MemoryLimit::swap_hard));
    CHECK(group->cpu_usage().system == 2000000000);
    CHECK(refusal([&] { group->usage_by_cpu({}); }) == ErrorCode::operation_unsupported);
    CHECK(refusal([&] { group->set_shares(20000); }) == ErrorCode::invalid_arg);
    CHECK(group->entrances("emulator") == std::vector<std::string>{fake.root() + own + "/emulator/cgroup.procs"});
}

TEST_CASE("limits are for block devices, and weights for schedulers that know them") {
    FakeFiles fake;
    put_first_version(fake);
    const std::optional<ControlGroup> group = make(fake);
    REQUIRE(group);
    CHECK(refusal([&] { group->set_device_limit(DeviceLimit::read_iops, "/dev/null", 5); }) == ErrorCode::system_error);
    CHECK(refusal([&] { group->set_device_limit(DeviceLimit::weight, "/dev/null", 5); }) ==
          ErrorCode::operation_invalid);
    std::filesystem::remove(fake.root() + base + "blkio" + guest + "/blkio.bfq.weight");
    CHECK(refusal([&] { group->set_weight(100); }) == ErrorCode::config_unsupported);
}

TEST_CASE("a group is found again by its process, also in a container, and removed with all below it") {
    FakeFiles fake;
    std::string mounts;
    put_first(fake, mounts, "cpu", "cpu", "/box/a");
    put_first(fake, mounts, "memory", "memory");
    fake.put("/proc/self/mountinfo", mounts);
    std::filesystem::create_directories(fake.root() + base + "cpu" + guest + "/emulator");
    std::filesystem::create_directories(fake.root() + base + "memory" + guest);
    fake.put("/proc/77/cgroup", fmt::format("2:memory:{}\n1:cpu:/box/a{}/emulator\n", guest, guest));
    fake.put("/proc/78/cgroup", "2:memory:/user\n1:cpu:/\n");
    const SystemFiles files(fake.root());
    const std::vector<Hierarchy> trees = find_hierarchies(files, Controllers::all());
    const std::optional<ControlGroup> found = ControlGroup::of_process(files, trees, 77);
    REQUIRE(found);
    CHECK(found->folder(Controller::cpu) == base + "cpu" + guest);
    CHECK(found->folder(Controller::memory) == base + "memory" + guest);
    CHECK_FALSE(ControlGroup::of_process(files, trees, 78));
    CHECK_FALSE(ControlGroup::of_process(files, trees, 79));
    CHECK(ControlGroup::find(files, trees, "/machine", "qemu-1-web", "qemu"));
    CHECK(found->remove());
    CHECK_FALSE(std::filesystem::exists(fake.root() + base + "cpu" + guest));
    CHECK_FALSE(ControlGroup::find(files, trees, "/machine", "qemu-1-web", "qemu"));
    // Again is no error: somebody else may have been quicker.
    CHECK(found->remove());
}

TEST_CASE("only the default partition is made; a left-over group is no obstacle") {
    FakeFiles fake;
    std::string mounts;
    put_first(fake, mounts, "cpu", "cpu");
    fake.put("/proc/self/mountinfo", mounts);
    CHECK(refusal([&] { make(fake, "/production"); }) == ErrorCode::system_error);
    CHECK_FALSE(std::filesystem::exists(fake.root() + base + "cpu/production.partition"));
    std::filesystem::create_directories(fake.root() + base + "cpu/production.partition");
    CHECK(make(fake, "/production")->folder(Controller::cpu) ==
          base + "cpu/production.partition/qemu-1-web.libvirt-qemu");
    std::filesystem::create_directories(fake.root() + base + "cpu" + guest + "/vcpu7");
    CHECK(make(fake));
    CHECK(std::filesystem::exists(fake.root() + base + "cpu" + guest));
    CHECK_FALSE(std::filesystem::exists(fake.root() + base + "cpu" + guest + "/vcpu7"));
}

TEST_CASE("names of groups are those that libvirt gives") {
    CHECK(machine_name("qemu", "", 4, "my-g\xc3\xa4st.1_x") == "qemu-4-my-gst.1x");
    CHECK(machine_name("qemu", "", 1, "--a..b-") == "qemu-1-a.b");
    CHECK(machine_name("qemu", "", 1, std::string(100, 'x')).size() == 64);
    CHECK(machine_name("qemu", "/tmp/a", 1, "web") != machine_name("qemu", "/tmp/b", 1, "web"));
    CHECK(partition_folder("/machine") == "/machine");
    CHECK(partition_folder("/machine/web") == "/machine/web.partition");
    CHECK(partition_folder("/web/cpu.shares") == "/web.partition/_cpu.shares");
    CHECK(partition_folder("/") == "/");
}
