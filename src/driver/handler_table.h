// What a driver can do: one handler a procedure. What a table does not list answers "not supported" with libvirt's
// code. A driver fills its tables once at start; afterwards they are only read.
#pragma once
#include <array>
#include <memory>
#include <unordered_map>

#include "base/error.h"
#include "driver/call.h"
#include "driver/procedure_info.h"
#include "io/task.h"
#include "wire/decoder.h"
#include "wire/encoder.h"

namespace virtue::driver {

/// "this function is not supported by the connection driver: virX".
Error unsupported(const proc::ProcedureInfo& procedure);

/// A procedure's handler with its argument and result types erased.
class Handler {
public:
    explicit Handler(const proc::ProcedureInfo& procedure) : procedure(procedure) {}
    virtual ~Handler() = default;
    /// Decodes the arguments, runs, encodes the result. Throws Error.
    virtual Task<void> run(Call& call, wire::Decoder& arguments, wire::Encoder& result) const = 0;
    /// The same at once, for handlers that never wait. False if this one may wait: then call run().
    virtual bool run_now(Call& call, wire::Decoder& arguments, wire::Encoder& result) const = 0;

    const proc::ProcedureInfo& procedure;
};

namespace detail {

template <typename P>
typename P::Args decode_arguments(Call& call, wire::Decoder& arguments) {
    typename P::Args decoded{};
    wire::decode(arguments, decoded);
    if (call.session.is_read_only()) proc::require_writable(info<P>(), proc::condition_input(decoded));
    return decoded;
}

template <typename P, typename Function>
class WaitingHandler final : public Handler {
public:
    explicit WaitingHandler(Function function) : Handler(info<P>()), function_(std::move(function)) {}
    Task<void> run(Call& call, wire::Decoder& arguments, wire::Encoder& result) const override {
        typename P::Args decoded = decode_arguments<P>(call, arguments);
        typename P::Ret answer = co_await function_(call, std::move(decoded));
        wire::encode(result, answer);
    }
    bool run_now(Call&, wire::Decoder&, wire::Encoder&) const override { return false; }

private:
    Function function_;
};

template <typename P, typename Function>
class PromptHandler : public Handler {
public:
    explicit PromptHandler(Function function) : Handler(info<P>()), function_(std::move(function)) {}
    Task<void> run(Call& call, wire::Decoder& arguments, wire::Encoder& result) const override {
        run_now(call, arguments, result);
        co_return;
    }
    bool run_now(Call& call, wire::Decoder& arguments, wire::Encoder& result) const override {
        typename P::Args decoded = decode_arguments<P>(call, arguments);
        wire::encode(result, function_(call, std::move(decoded)));
        return true;
    }

protected:
    Function function_;
};

template <typename P, typename Function, typename Gate>
class GatedHandler final : public PromptHandler<P, Function> {
public:
    GatedHandler(Gate& gate, Function function) : PromptHandler<P, Function>(std::move(function)), gate_(gate) {}
    Task<void> run(Call& call, wire::Decoder& arguments, wire::Encoder& result) const override {
        typename P::Args decoded = decode_arguments<P>(call, arguments);
        if (!gate_.is_ready) co_await gate_.wait_until_ready(call.deadline);
        wire::encode(result, this->function_(call, std::move(decoded)));
    }
    bool run_now(Call& call, wire::Decoder& arguments, wire::Encoder& result) const override {
        return gate_.is_ready && PromptHandler<P, Function>::run_now(call, arguments, result);
    }

private:
    Gate& gate_;
};

}  // namespace detail

/// The handlers of one driver, by procedure.
class HandlerTable {
public:
    /// Binds a handler that may wait: a coroutine member function.
    template <typename P, typename Driver>
    void call(Driver* driver, Task<typename P::Ret> (Driver::*method)(Call&, typename P::Args)) {
        auto function = [driver, method](Call& call, typename P::Args&& args) {
            return (driver->*method)(call, std::move(args));
        };
        add(std::make_unique<detail::WaitingHandler<P, decltype(function)>>(function));
    }
    /// Binds a handler that answers at once, from state that the driver holds.
    template <typename P, typename Driver>
    void call(Driver* driver, typename P::Ret (Driver::*method)(Call&, typename P::Args)) {
        auto function = [driver, method](Call& call, typename P::Args&& args) {
            return (driver->*method)(call, std::move(args));
        };
        add(std::make_unique<detail::PromptHandler<P, decltype(function)>>(function));
    }
    /// The same for a function object; one that returns a Task may wait.
    template <typename P, typename Function>
    void call(Function function) {
        using Result = std::invoke_result_t<Function, Call&, typename P::Args&&>;
        if constexpr (std::is_same_v<Result, Task<typename P::Ret>>) {
            add(std::make_unique<detail::WaitingHandler<P, Function>>(std::move(function)));
        } else {
            add(std::make_unique<detail::PromptHandler<P, Function>>(std::move(function)));
        }
    }

    /// The same for a function that answers at once as soon as its driver is ready: `gate.is_ready`, and until then
    /// `gate.wait_until_ready(deadline)`. Its answer is encoded before anything else runs, and may be one of views.
    template <typename P, typename Gate, typename Function>
    void call_when_ready(Gate& gate, Function function) {
        add(std::make_unique<detail::GatedHandler<P, Function, Gate>>(gate, std::move(function)));
    }

    /// The handler of a procedure, or nothing.
    const Handler* find(wire::Program program, int32_t number) const;
    size_t size() const { return handlers_.size(); }

private:
    void add(std::unique_ptr<Handler> handler);
    std::unordered_map<uint64_t, std::unique_ptr<Handler>> handlers_;
};

}  // namespace virtue::driver
