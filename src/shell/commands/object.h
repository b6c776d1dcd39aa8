// The shape that the commands about networks, pools and the other objects share: find it, call, say what was done.
// Templates over the procedure and the kind of object.
#pragma once
#include "base/text.h"
#include "shell/editor.h"
#include "shell/lookup.h"

namespace virtue::shell {

/// Kinds of objects: how to find one by its option, and its name for sentences.
struct DomainKind {
    using Ref = proc::DomainRef;
    static Task<Ref> find(Context& context, const Arguments& a) { return find_domain(context, a.text("domain")); }
    static std::string name(const Ref& ref) { return ref.name; }
};
struct NetworkKind {
    using Ref = proc::NetworkRef;
    static Task<Ref> find(Context& context, const Arguments& a) { return find_network(context, a.text("network")); }
    static std::string name(const Ref& ref) { return ref.name; }
};
struct PoolKind {
    using Ref = proc::StoragePoolRef;
    static Task<Ref> find(Context& context, const Arguments& a) { return find_pool(context, a.text("pool")); }
    static std::string name(const Ref& ref) { return ref.name; }
};
struct VolumeKind {
    using Ref = proc::StorageVolumeRef;
    static Task<Ref> find(Context& context, const Arguments& a) {
        return find_volume(context, a.text("vol"), a.find("pool"));
    }
    static std::string name(const Ref& ref) { return ref.name; }
};
struct SecretKind {
    using Ref = proc::SecretRef;
    static Task<Ref> find(Context& context, const Arguments& a) { return find_secret(context, a.text("secret")); }
    static std::string name(const Ref& ref) { return ref.uuid.to_string(); }
};
struct NwfilterKind {
    using Ref = proc::NwfilterRef;
    static Task<Ref> find(Context& context, const Arguments& a) { return find_nwfilter(context, a.text("nwfilter")); }
    static std::string name(const Ref& ref) { return ref.name; }
};
struct InterfaceKind {
    using Ref = proc::InterfaceRef;
    static Task<Ref> find(Context& context, const Arguments& a) { return find_interface(context, a.text("interface")); }
    static std::string name(const Ref& ref) { return ref.name; }
};
/// Its calls carry the name alone.
struct NodeDeviceKind {
    using Ref = std::string;
    static Task<Ref> find(Context& context, const Arguments& a) {
        proc::NodeDeviceRef found = co_await find_node_device(context, a.text("device"));
        co_return std::move(found.name);
    }
    static std::string name(const Ref& ref) { return ref; }
};

/// Sentences with the object's name at {}.
struct Words {
    const char* failure;  ///< "Failed to start network {}"
    const char* done;     ///< "Network {} started"
};

/// The arguments of P for an object, which is their first member, with `flags` where P has them.
template <typename P, typename Ref>
typename P::Args arguments_for(Ref ref, uint32_t flags) {
    typename P::Args call{std::move(ref)};
    if constexpr (requires { call.flags; }) call.flags = flags;
    return call;
}

/// Finds the object and calls P on it.
template <typename P, typename Kind>
Task<Result> act_on(Context& context, Arguments arguments, uint32_t flags, Words words) {
    typename Kind::Ref ref = co_await Kind::find(context, arguments);
    std::string name = Kind::name(ref);
    typename P::Args call = arguments_for<P>(std::move(ref), flags);
    std::string failure = fmt::format(fmt::runtime(words.failure), name);
    co_await context.attempt<P>(std::move(call), std::move(failure));
    co_return Sentence{fmt::format(fmt::runtime(words.done), name), {{"name", name}}};
}

/// Finds the object and prints the XML that P gives.
template <typename P, typename Kind>
Task<Result> xml_of(Context& context, Arguments arguments, uint32_t flags) {
    typename Kind::Ref ref = co_await Kind::find(context, arguments);
    typename P::Args call = arguments_for<P>(std::move(ref), flags);
    typename P::Ret answer = co_await context.call<P>(std::move(call));
    co_return xml_result(arguments, std::move(answer.xml));
}

/// Makes an object by P from the file of option "file"; `member` says where the answer names it. The sentences have the
/// object at {0} and the file at {1}, the failure the file at {}.
template <typename P, auto Member>
Task<Result> make_from_file(Context& context, Arguments arguments, uint32_t flags, Words words) {
    std::string file = arguments.text("file");
    typename P::Args call{read_input(file)};
    if constexpr (requires { call.flags; }) call.flags = flags;
    std::string failure = fmt::format(fmt::runtime(words.failure), file);
    typename P::Ret made = co_await context.attempt<P>(std::move(call), std::move(failure));
    const auto& ref = made.*Member;
    std::string name;
    if constexpr (requires { ref.name; }) {
        name = ref.name;
    } else if constexpr (requires { ref.portdev; }) {
        name = ref.portdev;
    } else {
        name = ref.uuid.to_string();
    }
    co_return Sentence{fmt::format(fmt::runtime(words.done), name, file), {{"name", name}}};
}

/// Sets autostart by P, which takes the object and a number.
template <typename P, typename Kind>
Task<Result> set_autostart(Context& context, Arguments arguments, std::string what) {
    typename Kind::Ref ref = co_await Kind::find(context, arguments);
    std::string name = Kind::name(ref);
    bool on = !arguments.has("disable");
    typename P::Args call{std::move(ref), on ? 1 : 0};
    std::string failure = fmt::format("failed to {} {} {} as autostarted", on ? "mark" : "unmark", what, name);
    co_await context.attempt<P>(std::move(call), std::move(failure));
    what[0] = static_cast<char>(what[0] & ~0x20);
    co_return Sentence{fmt::format("{} {} {} as autostarted", what, name, on ? "marked" : "unmarked"),
                       {{"name", name}, {"autostart", on}}};
}

/// Prints the name or the UUID of the object.
template <typename Kind>
Task<Result> name_of(Context& context, Arguments arguments) {
    typename Kind::Ref ref = co_await Kind::find(context, arguments);
    co_return Text{Kind::name(ref), "name"};
}
template <typename Kind>
Task<Result> uuid_of(Context& context, Arguments arguments) {
    typename Kind::Ref ref = co_await Kind::find(context, arguments);
    co_return Text{ref.uuid.to_string(), "uuid"};
}

/// Calls P for what may not be known: its first answer, or nothing where the driver has no such call.
template <typename P>
Task<std::optional<typename P::Ret>> ask_optional(Context& context, typename P::Args arguments) {
    try {
        typename P::Ret answer = co_await context.call<P>(std::move(arguments));
        co_return answer;
    } catch (const Error&) {
        co_return std::nullopt;
    }
}

}  // namespace virtue::shell
