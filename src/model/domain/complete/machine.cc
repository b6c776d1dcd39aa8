#include "model/domain/complete/machine.h"

#include <algorithm>

namespace virtue::model {

bool machine_is(const Domain& domain, std::string_view family) {
    const std::string& machine = domain.os.machine;
    return machine.starts_with(family) && (machine.size() == family.size() || machine[family.size()] == '-');
}

bool is_i440fx(const Domain& d) {
    return arch_is_x86(d) && (d.os.machine == "pc" || machine_is(d, "pc-i440fx") || d.os.machine.starts_with("pc-0.") ||
                              d.os.machine.starts_with("pc-1.") || d.os.machine.starts_with("rhel"));
}
bool is_q35(const Domain& d) {
    return arch_is_x86(d) && (d.os.machine == "q35" || machine_is(d, "pc-q35"));
}
bool is_arm_virt(const Domain& d) {
    return arch_is_arm(d) && machine_is(d, "virt");
}
bool is_riscv_virt(const Domain& d) {
    return arch_is_riscv(d) && machine_is(d, "virt");
}
bool is_pseries(const Domain& d) {
    return (arch_is_ppc64(d) || d.os.arch == "ppc") && machine_is(d, "pseries");
}
bool is_s390_ccw(const Domain& d) {
    return arch_is_s390(d) && machine_is(d, "s390-ccw");
}
bool is_microvm(const Domain& d) {
    return arch_is_x86(d) && machine_is(d, "microvm");
}

bool has_pci_root(const Domain& d) {
    const Controller* root = find_controller(d, ControllerType::pci, 0);
    return root != nullptr && root->model == ControllerModel::pci_root;
}

bool has_pcie_root(const Domain& d) {
    const Controller* root = find_controller(d, ControllerType::pci, 0);
    return root != nullptr && root->model == ControllerModel::pcie_root;
}

const Controller* find_controller(const Domain& d, ControllerType type, int index) {
    for (const Controller& c : d.controllers)
        if (c.type == type && c.index == index) return &c;
    return nullptr;
}

Controller* find_controller(Domain& d, ControllerType type, int index) {
    return const_cast<Controller*>(find_controller(std::as_const(d), type, index));
}

bool add_controller(Domain& d, ControllerType type, int index, ControllerModel model) {
    if (index < 0) {
        index = 0;
        for (const Controller& c : d.controllers)
            if (c.type == type) index = std::max(index, c.index + 1);
    } else if (find_controller(d, type, index) != nullptr) {
        return false;
    }
    Controller c;
    c.type = type;
    c.index = index;
    c.model = model;
    d.controllers.push_back(std::move(c));
    return true;
}

}  // namespace virtue::model
