#include "protocol/registry.h"

#include <algorithm>

#include "protocol/registry_rows.h"

namespace virtue::proc {

namespace {

/// The rows of one program, by number. The numbers are dense from 1, so a number is its own index.
class Index {
public:
    explicit Index(Program program) {
        for (Rows rows : {connect_rows(), domain_rows(), domain_device_rows(), domain_guest_rows(), event_rows(),
                          object_rows(), storage_rows(), other_program_rows()}) {
            for (const ProcedureInfo& row : rows)
                if (row.program == program) rows_.push_back(row);
        }
        std::sort(rows_.begin(), rows_.end(), [](const auto& a, const auto& b) { return a.number < b.number; });
    }

    Rows rows() const { return rows_; }
    const ProcedureInfo* find(int32_t number) const {
        if (number < 1 || static_cast<size_t>(number) > rows_.size()) return nullptr;
        return &rows_[static_cast<size_t>(number) - 1];
    }

private:
    std::vector<ProcedureInfo> rows_;
};

const Index* index_of(uint32_t program) {
    static const Index remote(Program::remote);
    static const Index qemu(Program::qemu);
    static const Index lxc(Program::lxc);
    static const Index admin(Program::admin);
    static const Index keepalive(Program::keepalive);
    switch (static_cast<Program>(program)) {
        case Program::remote:
            return &remote;
        case Program::qemu:
            return &qemu;
        case Program::lxc:
            return &lxc;
        case Program::admin:
            return &admin;
        case Program::keepalive:
            return &keepalive;
    }
    return nullptr;
}

}  // namespace

const ProcedureInfo* find(uint32_t program, int32_t number) {
    const Index* index = index_of(program);
    return index ? index->find(number) : nullptr;
}

std::span<const ProcedureInfo> all(Program program) {
    const Index* index = index_of(static_cast<uint32_t>(program));
    return index ? index->rows() : Rows();
}

const ProcedureInfo* find_event(DriverKind kind, int32_t id, EventForm form) {
    if (form == EventForm::none) return nullptr;
    for (const ProcedureInfo& row : event_rows())
        if (row.event_form == form && row.kind == kind && row.event_id == id) return &row;
    return nullptr;
}

ErrorDomain error_domain(const ProcedureInfo& procedure) {
    switch (procedure.program) {
        case Program::remote:
            break;
        case Program::admin:
            return ErrorDomain::admin;
        case Program::qemu:
        case Program::lxc:
        case Program::keepalive:
            return ErrorDomain::none;
    }
    if (procedure.api.find("Snapshot") != std::string_view::npos) return ErrorDomain::domain_snapshot;
    if (procedure.api.find("Checkpoint") != std::string_view::npos) return ErrorDomain::domain_checkpoint;
    switch (procedure.kind) {
        case DriverKind::none:
        case DriverKind::state:
        case DriverKind::hypervisor:
            return ErrorDomain::domain;
        case DriverKind::network:
            return ErrorDomain::network;
        case DriverKind::interface:
            return ErrorDomain::interface;
        case DriverKind::storage:
            return ErrorDomain::storage;
        case DriverKind::node_device:
            return ErrorDomain::nodedev;
        case DriverKind::secret:
            return ErrorDomain::secret;
        case DriverKind::nwfilter:
            return ErrorDomain::nwfilter;
    }
    return ErrorDomain::none;
}

void require_writable(const ProcedureInfo& procedure, const ConditionInput& in) {
    if (procedure.read_only_allowed && !procedure.read_only_denied_if.holds(in)) return;
    fail(ErrorCode::operation_denied, error_domain(procedure), "read only access prevents {}", procedure.api);
}

std::string_view program_name(uint32_t program) {
    switch (static_cast<Program>(program)) {
        case Program::remote:
            return "remote";
        case Program::qemu:
            return "qemu";
        case Program::lxc:
            return "lxc";
        case Program::admin:
            return "admin";
        case Program::keepalive:
            return "keepalive";
    }
    return "";
}

}  // namespace virtue::proc
