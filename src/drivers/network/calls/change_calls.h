// Calls that change networks: define, create, start, destroy, undefine, autostart, update, metadata. Each holds its
// network's turn. Owned by NetworkDriver; loop thread only.
#pragma once
#include "drivers/network/core.h"
#include "protocol/remote/network.h"

namespace virtue::network {

class ChangeCalls {
public:
    explicit ChangeCalls(Core& core) : core_(core) {}
    void bind(driver::HandlerTable& on);

private:
    Task<proc::NetworkDefineXml::Ret> define(driver::Call& call, proc::NetworkDefineXml::Args args);
    Task<proc::NetworkDefineXmlFlags::Ret> define_flags(driver::Call& call, proc::NetworkDefineXmlFlags::Args args);
    Task<proc::NetworkCreateXml::Ret> create_xml(driver::Call& call, proc::NetworkCreateXml::Args args);
    Task<proc::NetworkCreateXmlFlags::Ret> create_flags(driver::Call& call, proc::NetworkCreateXmlFlags::Args args);
    Task<wire::Void> create(driver::Call& call, proc::NetworkCreate::Args args);
    Task<wire::Void> destroy(driver::Call& call, proc::NetworkDestroy::Args args);
    Task<wire::Void> undefine(driver::Call& call, proc::NetworkUndefine::Args args);
    Task<wire::Void> set_autostart(driver::Call& call, proc::NetworkSetAutostart::Args args);
    Task<wire::Void> update(driver::Call& call, proc::NetworkUpdate::Args args);
    Task<wire::Void> set_metadata(driver::Call& call, proc::NetworkSetMetadata::Args args);

    Task<proc::NetworkRef> define_text(driver::Call& call, std::string xml, uint32_t flags);
    Task<proc::NetworkRef> create_text(driver::Call& call, std::string xml, uint32_t flags);
    /// Completes and checks a definition that was read; a bridge gets a free name. The caller holds the turn of names.
    void complete(model::Network& definition) const;
    Task<void> put_in_place(NetworkOwner network, Definition live, Definition persistent);
    Task<void> save_definition(Definition definition);
    /// Metadata that cannot be written is not told either.
    Task<void> keep_live_metadata(NetworkOwner network, Definition changed);

    Core& core_;
};

}  // namespace virtue::network
