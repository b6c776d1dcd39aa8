#include "drivers/nwfilter/bindings.h"

#include <net/if.h>

#include <algorithm>
#include <cctype>

#include "base/error.h"
#include "base/log.h"
#include "io/offload.h"

namespace virtue::nwfilter {

namespace {

constinit log::Module logger("nwfilter");
constexpr ErrorDomain here = ErrorDomain::nwfilter;

/// The name goes into files and rules.
void require_device_name(const std::string& name) {
    constexpr size_t longest = 15;  // IFNAMSIZ without its end
    const bool good =
        !name.empty() && name.size() <= longest && name[0] != '-' && name[0] != '.' &&
        std::all_of(name.begin(), name.end(), [](unsigned char c) {
            return std::isalnum(c) || std::string_view("._-:@").find(static_cast<char>(c)) != std::string_view::npos;
        });
    if (!good) fail(ErrorCode::internal_error, here, "'{}' is no name of a network device", name);
}

/// The parameters by name, with the card's MAC address among them, as libvirt tells them.
void complete(model::FilterBinding& binding) {
    std::vector<model::FilterParameter>& parameters = binding.filter.parameters;
    std::erase_if(parameters, [](const model::FilterParameter& parameter) { return parameter.name == "MAC"; });
    model::FilterParameter mac;
    mac.name = "MAC";
    mac.value = binding.mac->to_string();
    parameters.push_back(std::move(mac));
    std::stable_sort(parameters.begin(), parameters.end(),
                     [](const auto& a, const auto& b) { return a.name < b.name; });
}

/// What the binding says of how an address that is not told is found: any, dhcp, none.
std::string learning_of(const model::FilterBinding& binding) {
    for (const model::FilterParameter& parameter : binding.filter.parameters)
        if (parameter.name == "CTRL_IP_LEARNING") return parameter.value;
    return "any";
}

}  // namespace

Bindings::Bindings(Core& core)
    : core_(core),
      firewall_(core.loop),
      gate_(core.loop, [](std::exception_ptr error) { logger.error("{}", log::describe(error)); }) {}

Task<void> Bindings::stop() {
    learners_.clear();
    co_await gate_.close();
}

CardRuleSet Bindings::rules_for(const std::map<std::string, model::Filter>& filters,
                                const model::FilterBinding& binding, std::optional<LearnMode>& learns) const {
    model::FilterBinding known = binding;
    if (auto found = learned_.find(binding.port_device); found != learned_.end()) {
        model::FilterParameter& address = known.filter.parameters.emplace_back();
        address.name = "IP";
        address.value = found->second;
    }
    const std::set<std::string> missing = missing_variables(filters, known);
    const std::string how = learning_of(binding);
    if (missing == std::set<std::string>{"IP"} && how != "none") {
        learns = how == "dhcp" ? LearnMode::dhcp : LearnMode::any;
        return rules_of_unknown_card(binding.port_device, *binding.mac, how == "dhcp");
    }
    return rules_of_card(binding.port_device, concrete_rules(filters, known));
}

void Bindings::begin_learning(const model::FilterBinding& binding, LearnMode mode) {
    const std::string port = binding.port_device;
    learners_.erase(port);
    try {
        learners_[port] = std::make_unique<AddressLearner>(
            core_.loop, packet_socket(port), *binding.mac, mode,
            [this, port](const std::string& address) { gate_.spawn(take_address(port, address)); });
    } catch (const Error& error) {
        logger.warn("the address of {} cannot be learned: {}", port, error.message());
    }
}

Task<void> Bindings::take_address(std::string port, std::string address) {
    io::Deadline until_end = io::Deadline::never().with_cancel(gate_.cancel_source());
    io::Semaphore::Permit turn = co_await core_.changes.acquire(until_end, "the filters");
    auto found = core_.bindings.find(port);
    if (found == core_.bindings.end()) co_return;
    learners_.erase(port);
    learned_[port] = address;
    std::optional<LearnMode> learns;
    CardRuleSet rules = rules_for(core_.filters, found->second, learns);
    co_await firewall_.apply(port, std::move(rules));
    logger.info("{} has the address {}: its filter is complete", port, address);
}

void Bindings::restore() {
    gate_.spawn(restore_all());
}

Task<void> Bindings::restore_all() {
    io::Deadline until_end = io::Deadline::never().with_cancel(gate_.cancel_source());
    io::Semaphore::Permit turn = co_await core_.changes.acquire(until_end, "the filters");
    std::vector<std::string> ports;
    for (const auto& [port, binding] : core_.bindings) ports.push_back(port);
    // What is in place may be of another filter or of an address learned since: whatever it is, it gives way.
    if (ports.empty()) co_return;
    const std::array<Listing, all_tools.size()> listings = co_await firewall_.listings();
    for (const std::string& port : ports) {
        try {
            const model::FilterBinding& binding = core_.bindings.at(port);
            CardRuleSet present;
            for (size_t i = 0; i < listings.size(); i++) present[i] = listings[i].rules_of(port);
            firewall_.adopt(port, std::move(present));
            std::optional<LearnMode> learns;
            CardRuleSet rules = rules_for(core_.filters, binding, learns);
            if (learns) begin_learning(binding, *learns);
            if (::if_nametoindex(port.c_str()) == 0) {
                // The card went while no daemon ran.
                co_await remove(port);
                continue;
            }
            co_await firewall_.apply(port, std::move(rules));
        } catch (const std::exception& error) {
            logger.error("the filter of {} could not be put in place again: {}", port, error.what());
        }
    }
}

Task<void> Bindings::bind(model::FilterBinding binding, io::Deadline deadline) {
    io::Semaphore::Permit turn = co_await core_.changes.acquire(deadline, "another change of filters");
    // A crash may have cut off the end of a guest whose card had that name.
    if (core_.bindings.contains(binding.port_device)) co_await remove(binding.port_device);
    co_await add(std::move(binding));
}

Task<void> Bindings::unbind(std::string port) {
    io::Semaphore::Permit turn = co_await core_.changes.acquire(io::Deadline::never(), "the filters");
    if (core_.bindings.contains(port)) co_await remove(std::move(port));
}

Task<void> Bindings::add(model::FilterBinding binding) {
    const std::string port = binding.port_device;
    complete(binding);
    require_device_name(port);
    if (core_.bindings.contains(port)) fail(ErrorCode::operation_failed, here, "binding '{}' already exists", port);
    std::optional<LearnMode> learns;
    CardRuleSet rules = rules_for(core_.filters, binding, learns);
    // On disk first: a daemon that dies in between takes the rules away or makes them anew.
    auto save = [store = core_.store, binding] { store.save(binding); };
    co_await io::offload(core_.loop, std::move(save));
    core_.bindings[port] = std::move(binding);
    std::exception_ptr problem;
    try {
        co_await firewall_.apply(port, std::move(rules));
    } catch (const std::exception&) {
        problem = std::current_exception();
    }
    if (!problem) {
        if (learns) begin_learning(core_.bindings.at(port), *learns);
        co_return;
    }
    core_.bindings.erase(port);
    auto undo = [store = core_.store, port] { store.remove_binding(port); };
    co_await io::offload(core_.loop, std::move(undo));
    std::rethrow_exception(problem);
}

Task<void> Bindings::remove(std::string port) {
    core_.binding_at(port);
    learners_.erase(port);
    learned_.erase(port);
    co_await firewall_.remove(port);
    auto work = [store = core_.store, port] { store.remove_binding(port); };
    co_await io::offload(core_.loop, std::move(work));
    core_.bindings.erase(port);
}

Task<void> Bindings::rebuild_as_before(std::string name) {
    const model::Filter* known = core_.find(name);
    // Nobody has one that is new.
    if (!known) co_return;
    try {
        model::Filter before = *known;
        co_await rebuild(std::move(before));
    } catch (const std::exception& error) {
        logger.error("the cards with filter '{}' could not be put back: {}", name, error.what());
    }
}

Task<void> Bindings::rebuild(model::Filter wanted) {
    std::map<std::string, model::Filter> filters = core_.filters;
    const std::string name = wanted.name;
    filters[name] = std::move(wanted);
    std::map<std::string, CardRuleSet> before, after;
    for (const auto& [port, binding] : core_.bindings) {
        if (!core_.parts_of(binding.filter.filter).contains(name)) continue;
        std::optional<LearnMode> learns;
        after[port] = rules_for(filters, binding, learns);
        if (learns && !learners_.contains(port)) begin_learning(binding, *learns);
        before[port] = firewall_.rules_of(port);
    }
    std::vector<std::string> done;
    std::exception_ptr problem;
    for (const auto& [port, rules] : after) {
        try {
            co_await firewall_.apply(port, rules);
        } catch (const std::exception&) {
            problem = std::current_exception();
        }
        if (problem) break;
        done.push_back(port);
    }
    if (!problem) co_return;
    for (const std::string& port : done) {
        try {
            co_await firewall_.apply(port, before.at(port));
        } catch (const std::exception& error) {
            logger.error("the filter of {} could not be put back: {}", port, error.what());
        }
    }
    std::rethrow_exception(problem);
}

}  // namespace virtue::nwfilter
