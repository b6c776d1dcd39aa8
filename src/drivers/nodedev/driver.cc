#include "drivers/nodedev/driver.h"

#include "base/error.h"
#include "driver/constants.h"
#include "driver/event_hub.h"
#include "drivers/nodedev/calls.h"
#include "protocol/remote/event_object.h"

namespace virtue::nodedev {

struct NodeDeviceDriver::State {
    State(io::Loop& loop, const driver::Paths& paths, std::string host_uuid)
        : devices(loop, host::SystemFiles(), std::move(host_uuid),
                  [this](const std::string& name, Change change) { tell(name, change); }),
          calls(loop, devices),
          privileged(paths.privileged) {
        calls.bind(table);
        events.bind(table, driver::EventClass::node_device);
        events.on_subscribed([this](const driver::EventHub::Subscription&) { devices.begin(); });
    }

    void tell(const std::string& name, Change change) {
        if (change == Change::updated) {
            proc::NodeDeviceEventUpdate::Msg message;
            message.device = {name};
            events.publish<proc::NodeDeviceEventUpdate>(name, message);
            return;
        }
        proc::NodeDeviceEventLifecycle::Msg message;
        message.device = {name};
        message.event = static_cast<int32_t>(change == Change::created ? api::node_device_event_created
                                                                       : api::node_device_event_deleted);
        events.publish<proc::NodeDeviceEventLifecycle>(name, message);
    }

    driver::EventHub events;
    Devices devices;
    Calls calls;
    driver::HandlerTable table;
    bool privileged;
};

NodeDeviceDriver::NodeDeviceDriver(io::Loop& loop, const driver::Paths& paths, std::string host_uuid)
    : state_(std::make_unique<State>(loop, paths, std::move(host_uuid))) {}

NodeDeviceDriver::~NodeDeviceDriver() = default;

void NodeDeviceDriver::meet(const driver::DeviceUsers* users) {
    state_->calls.meet(users);
}

const driver::HandlerTable& NodeDeviceDriver::table() const {
    return state_->table;
}

bool NodeDeviceDriver::accepts(const driver::Uri& uri) const {
    return uri.scheme == "nodedev";
}

Task<driver::Route> NodeDeviceDriver::open(driver::Call&, driver::Uri uri) {
    const std::string wanted = state_->privileged ? "/system" : "/session";
    if (uri.path != wanted)
        fail(ErrorCode::internal_error, ErrorDomain::none, "unexpected nodedev URI path '{}', try nodedev://{}",
             uri.path, wanted);
    driver::Route route;
    route.tables[static_cast<size_t>(proc::DriverKind::node_device)] = &state_->table;
    route.uri = "nodedev://" + uri.path;
    co_return route;
}

Task<void> NodeDeviceDriver::stop() {
    co_await state_->devices.close();
}

}  // namespace virtue::nodedev
