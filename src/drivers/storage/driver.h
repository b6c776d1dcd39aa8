// Storage pools and their volumes. Made by main(); opens storage:///system and stands beside the other drivers on their
// connections. Loop thread only.
#pragma once
#include <memory>

#include "driver/backend.h"
#include "driver/handler_table.h"
#include "driver/paths.h"
#include "driver/siblings.h"

namespace virtue::storage {

/// The driver. Finds the pools of an earlier daemon again in the background; calls wait a while for it.
class StorageDriver final : public driver::Backend, public driver::VolumeFinder {
public:
    /// `secrets` may be null: encrypted volumes cannot be made then. It outlives this.
    StorageDriver(io::Loop& loop, const driver::Paths& paths, const driver::SecretValues* secrets);
    ~StorageDriver() override;

    bool accepts(const driver::Uri& uri) const override;
    Task<driver::Route> open(driver::Call& call, driver::Uri uri) override;
    bool is_busy() const override;
    Task<void> stop() override;

    Task<driver::VolumePlace> find_volume(std::string pool, std::string volume, io::Deadline deadline) override;

    /// For the connections of other drivers.
    const driver::HandlerTable& table() const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace virtue::storage
