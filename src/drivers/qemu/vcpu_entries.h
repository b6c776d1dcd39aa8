// Which of a guest's processors are there, as a definition tells it one by one: <vcpu current=''> and <vcpus>. Plain
// functions over the model; any thread.
#pragma once
#include <vector>

#include "base/bitmap.h"

namespace virtue::model {
struct Vcpus;
struct VcpuEntry;
}  // namespace virtue::model

namespace virtue::qemu {

/// Every processor up to the maximum: as <vcpus> has it, or the first `current` ones online and the others not.
std::vector<model::VcpuEntry> vcpu_entries(const model::Vcpus& vcpus);

/// Changes how many are online: the first that are off go on, the last that are on go off. Those that go on can be
/// unplugged again with `hotpluggable`. The order of plugging is forgotten.
void change_vcpu_count(model::Vcpus& vcpus, unsigned count, bool hotpluggable);

/// Changes how many there can be; processors above it are no more.
void change_vcpu_maximum(model::Vcpus& vcpus, unsigned maximum);

/// Whether a persistent definition lets these be switched: not the first, none above the maximum, none with one behind
/// it that cannot be unplugged. Throws invalid_arg with libvirt's words.
void require_switchable(const model::Vcpus& vcpus, const Bitmap& which);

/// Switches these on or off in a definition.
void switch_vcpus(model::Vcpus& vcpus, const Bitmap& which, bool on);

/// Notes the entries of a running guest. `current` follows.
void note_entries(model::Vcpus& vcpus, std::vector<model::VcpuEntry> entries);

}  // namespace virtue::qemu
