#include "drivers/qemu/capabilities/kvm_probe.h"

#include <fcntl.h>
#include <linux/kvm.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <ctime>

#include <fmt/format.h>

#include "base/fd.h"

namespace virtue::qemu {

namespace {

// How far the child came; the parent has a sentence for each.
enum class Stage : int32_t { open, create, run, ran, odd_exit };

struct Outcome {
    Stage stage = Stage::open;
    int32_t error = 0;
    uint64_t instructions = 0;
    uint64_t nanoseconds = 0;
};

constexpr uint32_t loop_count = 1'000'000;  // two instructions each: 100 ms at the slowest usable speed
constexpr uint64_t guest_address = 0x1000;

// mov ecx, loop_count; again: dec ecx; jnz again; hlt — in real mode, hence the 0x66 prefixes.
constexpr uint8_t guest_code[] = {
    0x66, 0xb9, loop_count & 0xff, loop_count >> 8 & 0xff, loop_count >> 16 & 0xff, loop_count >> 24, 0x66, 0x49, 0x75,
    0xfc, 0xf4};

uint64_t now_ns() {
    timespec time{};
    clock_gettime(CLOCK_MONOTONIC, &time);
    return static_cast<uint64_t>(time.tv_sec) * 1'000'000'000u + static_cast<uint64_t>(time.tv_nsec);
}

void ignore_signal(int) {}

// The vCPU comes back with EINTR at these ticks, also from an interpreted loop.
void start_ticks(int64_t milliseconds) {
    struct sigaction action {};
    action.sa_handler = ignore_signal;
    sigaction(SIGALRM, &action, nullptr);
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGALRM);
    sigprocmask(SIG_UNBLOCK, &set, nullptr);
    const timeval tick{milliseconds / 1000, milliseconds % 1000 * 1000};
    const itimerval timer{tick, tick};
    setitimer(ITIMER_REAL, &timer, nullptr);
}

bool set_up(int vm, int vcpu) {
    void* memory = mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) return false;
    memcpy(memory, guest_code, sizeof guest_code);
    kvm_userspace_memory_region region{};
    region.guest_phys_addr = guest_address;
    region.memory_size = 4096;
    region.userspace_addr = reinterpret_cast<uint64_t>(memory);
    if (ioctl(vm, KVM_SET_USER_MEMORY_REGION, &region) != 0) return false;
    kvm_sregs special{};
    if (ioctl(vcpu, KVM_GET_SREGS, &special) != 0) return false;
    special.cs.base = 0;
    special.cs.selector = 0;
    if (ioctl(vcpu, KVM_SET_SREGS, &special) != 0) return false;
    kvm_regs registers{};
    registers.rip = guest_address;
    registers.rflags = 2;
    return ioctl(vcpu, KVM_SET_REGS, &registers) == 0;
}

// Runs in the child, between fork and _exit: system calls only, since other threads may have held any lock.
Outcome measure(int64_t limit_ms) {
    Outcome outcome;
    const int kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
    if (kvm < 0) return {Stage::open, errno, 0, 0};
    const int vm = ioctl(kvm, KVM_CREATE_VM, 0);
    if (vm < 0) return {Stage::create, errno, 0, 0};
    const int vcpu = ioctl(vm, KVM_CREATE_VCPU, 0);
    const int size = ioctl(kvm, KVM_GET_VCPU_MMAP_SIZE, 0);
    if (vcpu < 0 || size < 0 || !set_up(vm, vcpu)) return {Stage::create, errno, 0, 0};
    void* mapped = mmap(nullptr, static_cast<size_t>(size), PROT_READ | PROT_WRITE, MAP_SHARED, vcpu, 0);
    if (mapped == MAP_FAILED) return {Stage::create, errno, 0, 0};
    const auto* run = static_cast<const kvm_run*>(mapped);
    start_ticks(limit_ms / 2);
    const uint64_t begin = now_ns();
    const int result = ioctl(vcpu, KVM_RUN, 0);
    outcome.nanoseconds = now_ns() - begin;
    if (result != 0 && errno != EINTR) return {Stage::run, errno, 0, 0};
    kvm_regs registers{};
    if (ioctl(vcpu, KVM_GET_REGS, &registers) != 0) return {Stage::run, errno, 0, 0};
    if (result == 0 && run->exit_reason != KVM_EXIT_HLT && run->exit_reason != KVM_EXIT_INTR) {
        return {Stage::odd_exit, static_cast<int32_t>(run->exit_reason), 0, 0};
    }
    // Before the first instruction ecx is 0, which must not be taken for the end of the loop.
    const auto left = static_cast<uint32_t>(registers.rcx);
    const bool started = registers.rip != guest_address;
    outcome.instructions = started ? uint64_t{2} * (loop_count - left) : 0;
    outcome.stage = Stage::ran;
    return outcome;
}

// SIGKILL ends a vCPU too; a child that the kernel does not let go is left to it after a second.
void end_child(pid_t child) {
    kill(child, SIGKILL);
    for (int i = 0; i < 1000; i++) {
        const pid_t reaped = waitpid(child, nullptr, WNOHANG);
        if (reaped == child || (reaped < 0 && errno != EINTR)) return;
        usleep(1000);
    }
}

KvmState absent(std::string reason) {
    KvmState state;
    state.reason = std::move(reason);
    return state;
}

KvmState judge(const Outcome& outcome) {
    const std::string error = strerror(outcome.error);
    switch (outcome.stage) {
        case Stage::open:
            if (outcome.error == ENOENT) return absent("/dev/kvm does not exist: the kernel offers no virtualization");
            return absent(fmt::format("/dev/kvm cannot be opened: {}", error));
        case Stage::create:
            return absent(fmt::format("/dev/kvm cannot make a virtual machine: {}", error));
        case Stage::run:
            return absent(fmt::format("/dev/kvm cannot run a vCPU: {}", error));
        case Stage::odd_exit:
            return absent(fmt::format("/dev/kvm ran a simple loop wrongly (exit reason {})", outcome.error));
        case Stage::ran:
            break;
    }
    KvmState state;
    const double seconds = static_cast<double>(std::max<uint64_t>(outcome.nanoseconds, 1)) / 1e9;
    state.instructions_per_second = static_cast<double>(outcome.instructions) / seconds;
    state.usable = state.instructions_per_second >= slowest_usable_kvm;
    if (!state.usable) {
        state.reason = fmt::format(
            "/dev/kvm interprets guests at {:.1f} million instructions a second, less than the {:.0f} million that "
            "emulation by QEMU (TCG) reaches",
            state.instructions_per_second / 1e6, slowest_usable_kvm / 1e6);
    }
    return state;
}

}  // namespace

KvmState probe_kvm(io::Milliseconds limit) noexcept try {
    if (access("/dev/kvm", F_OK) != 0) return judge({Stage::open, ENOENT, 0, 0});
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) return absent(fmt::format("KVM cannot be tried: {}", strerror(errno)));
    const Fd reading(ends[0]);
    Fd writing(ends[1]);
    const pid_t child = fork();
    if (child < 0) return absent(fmt::format("KVM cannot be tried: {}", strerror(errno)));
    if (child == 0) {
        const Outcome outcome = measure(limit.count());
        const ssize_t written = write(writing.get(), &outcome, sizeof outcome);
        _exit(written == sizeof outcome ? 0 : 1);
    }
    writing.reset();
    Outcome outcome;
    pollfd wait{reading.get(), POLLIN, 0};
    int ready;
    do {
        ready = poll(&wait, 1, static_cast<int>(limit.count()));
    } while (ready < 0 && errno == EINTR);
    const bool complete = ready > 0 && read(reading.get(), &outcome, sizeof outcome) == sizeof outcome;
    end_child(child);
    if (!complete) return absent(fmt::format("/dev/kvm did not run a short loop within {} ms", limit.count()));
    return judge(outcome);
} catch (...) {
    return {};
}

}  // namespace virtue::qemu
