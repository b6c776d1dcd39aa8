#include "drivers/qemu/live_definition.h"

#include <doctest/doctest.h>

#include "model/domain/domain.h"

using namespace virtue;

TEST_CASE("a guest that starts has memory in the steps in which QEMU gives it") {
    model::Domain domain;
    domain.os.machine = "pc-i440fx-7.2";
    domain.memory.count = 219100;
    domain.current_memory = domain.memory;
    auto live = qemu::copy_for_start(domain, 3);
    CHECK(live->id == 3);
    CHECK(live->memory.count == 219136);
    CHECK(live->current_memory->count == 219136);
    CHECK(domain.memory.count == 219100);

    // What the guest is to give back is not rounded.
    domain.current_memory->count = 100001;
    CHECK(qemu::copy_for_start(domain, 3)->current_memory->count == 100001);

    domain.memory_devices.emplace_back();
    domain.memory_devices.front().size.count = 1500;
    live = qemu::copy_for_start(domain, 3);
    CHECK(live->memory_devices.front().size.count == 2048);
    CHECK(live->memory.count == 217600 + 512 + 2048);

    domain.os.machine = "pseries-7.2";
    domain.memory_devices.clear();
    CHECK(qemu::copy_for_start(domain, 3)->memory.count == 256 * 1024);
}
