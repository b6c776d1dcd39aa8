// Questions about a domain's machine type. Pure functions; usable from any thread.
#pragma once
#include "model/domain/domain.h"

namespace virtue::model {

inline bool arch_is_x86(const Domain& d) {
    return d.os.arch == "x86_64" || d.os.arch == "i686";
}
inline bool arch_is_arm(const Domain& d) {
    return d.os.arch == "aarch64" || d.os.arch == "armv7l" || d.os.arch == "armv6l" || d.os.arch == "armv7b";
}
inline bool arch_is_ppc64(const Domain& d) {
    return d.os.arch == "ppc64" || d.os.arch == "ppc64le";
}
inline bool arch_is_s390(const Domain& d) {
    return d.os.arch == "s390x" || d.os.arch == "s390";
}
inline bool arch_is_riscv(const Domain& d) {
    return d.os.arch == "riscv64" || d.os.arch == "riscv32";
}

/// "pc-i440fx-7.2" is of family "pc-i440fx"; "virt" and "virt-7.2" of "virt".
bool machine_is(const Domain& domain, std::string_view family);
bool is_i440fx(const Domain& domain);
bool is_q35(const Domain& domain);
bool is_arm_virt(const Domain& domain);
bool is_riscv_virt(const Domain& domain);
bool is_pseries(const Domain& domain);
bool is_s390_ccw(const Domain& domain);
bool is_microvm(const Domain& domain);
/// The root bus of the machine is PCI (pci-root), PCI Express (pcie-root), or there is neither.
bool has_pci_root(const Domain& domain);
bool has_pcie_root(const Domain& domain);

/// The controller of that type and index, or nothing.
Controller* find_controller(Domain& domain, ControllerType type, int index);
const Controller* find_controller(const Domain& domain, ControllerType type, int index);
/// Adds it at the end unless one of that type and index is there; -1 takes the next free index. Returns whether it was
/// added.
bool add_controller(Domain& domain, ControllerType type, int index, ControllerModel model = ControllerModel::absent);

}  // namespace virtue::model
