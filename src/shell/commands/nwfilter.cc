// Network filters and their bindings.
#include "protocol/remote/nwfilter.h"

#include <algorithm>

#include "driver/constants.h"
#include "shell/commands/commands.h"
#include "shell/commands/object.h"

namespace virtue::shell {
namespace {

using namespace proc;

struct BindingKind {
    using Ref = NwfilterBindingRef;
    static Task<Ref> find(Context& context, const Arguments& arguments) {
        NwfilterBindingLookupByPortDev::Args call{.name = arguments.text("binding")};
        std::string failure = fmt::format("failed to get nwfilter binding '{}'", call.name);
        NwfilterBindingLookupByPortDev::Ret found =
            co_await context.attempt<NwfilterBindingLookupByPortDev>(std::move(call), std::move(failure));
        co_return std::move(found.nwfilter);
    }
    static std::string name(const Ref& ref) { return ref.portdev; }
};

Task<Result> define(Context& context, Arguments arguments) {
    uint32_t flags = flag_if(arguments, "validate", api::nwfilter_define_validate);
    return make_from_file<NwfilterDefineXmlFlags, &NwfilterDefineXmlFlags::Ret::nwfilter>(
        context, std::move(arguments), flags,
        {"Failed to define network filter from {}", "Network filter {} defined from {}"});
}
Task<Result> undefine(Context& context, Arguments arguments) {
    return act_on<NwfilterUndefine, NwfilterKind>(
        context, std::move(arguments), 0, {"Failed to undefine network filter {}", "Network filter {} undefined"});
}
Task<Result> dumpxml(Context& context, Arguments arguments) {
    return xml_of<NwfilterGetXmlDesc, NwfilterKind>(context, std::move(arguments), 0);
}
Task<Result> edit(Context& context, Arguments arguments) {
    NwfilterRef filter = co_await NwfilterKind::find(context, arguments);
    NwfilterGetXmlDesc::Args ask{.nwfilter = filter};
    NwfilterDefineXml::Args put;
    std::string what = "Network filter " + filter.name;
    Result result = co_await edit_object<NwfilterGetXmlDesc, NwfilterDefineXml>(context, std::move(ask), std::move(put),
                                                                                std::move(what));
    co_return result;
}
Task<Result> list(Context& context, Arguments) {
    ConnectListAllNwfilters::Args ask{.need_results = 1};
    ConnectListAllNwfilters::Ret answer =
        co_await context.attempt<ConnectListAllNwfilters>(ask, "Failed to list network filters");
    std::sort(answer.filters.begin(), answer.filters.end(),
              [](const NwfilterRef& one, const NwfilterRef& other) { return one.name < other.name; });
    Table table{{{"UUID", "uuid"}, {"Name", "name"}}, {}};
    for (const NwfilterRef& filter : answer.filters) table.rows.push_back({filter.uuid.to_string(), filter.name});
    co_return table;
}

Task<Result> binding_create(Context& context, Arguments arguments) {
    uint32_t flags = flag_if(arguments, "validate", api::nwfilter_binding_create_validate);
    return make_from_file<NwfilterBindingCreateXml, &NwfilterBindingCreateXml::Ret::nwfilter>(
        context, std::move(arguments), flags,
        {"Failed to create network filter from {}", "Network filter binding on {} created from {}"});
}
Task<Result> binding_delete(Context& context, Arguments arguments) {
    return act_on<NwfilterBindingDelete, BindingKind>(
        context, std::move(arguments), 0,
        {"Failed to delete network filter binding on {}", "Network filter binding on {} deleted"});
}
Task<Result> binding_dumpxml(Context& context, Arguments arguments) {
    return xml_of<NwfilterBindingGetXmlDesc, BindingKind>(context, std::move(arguments), 0);
}
Task<Result> binding_list(Context& context, Arguments) {
    ConnectListAllNwfilterBindings::Args ask{.need_results = 1};
    ConnectListAllNwfilterBindings::Ret answer =
        co_await context.attempt<ConnectListAllNwfilterBindings>(ask, "Failed to list network filter bindings");
    std::sort(
        answer.bindings.begin(), answer.bindings.end(),
        [](const NwfilterBindingRef& one, const NwfilterBindingRef& other) { return one.portdev < other.portdev; });
    Table table{{{"Port Dev", "port_dev"}, {"Filter", "filter"}}, {}};
    for (const NwfilterBindingRef& binding : answer.bindings)
        table.rows.push_back({binding.portdev, binding.filtername});
    co_return table;
}

}  // namespace

Commands nwfilter_commands() {
    return {
        make_command("nwfilter-define", "<file> --validate", "define or change a filter from a file", define),
        make_command("nwfilter-dumpxml", "<nwfilter> --xpath= --wrap", "the XML of a filter", dumpxml),
        make_command("nwfilter-edit", "<nwfilter>", "edit the XML of a filter", edit),
        make_command("nwfilter-list", "", "the network filters", list),
        make_command("nwfilter-undefine", "<nwfilter>", "forget a filter", undefine),
        make_command("nwfilter-binding-create", "<file> --validate", "bind a filter to a device", binding_create),
        make_command("nwfilter-binding-delete", "<binding>", "remove the filter of a device", binding_delete),
        make_command("nwfilter-binding-dumpxml", "<binding> --xpath= --wrap", "the XML of a binding", binding_dumpxml),
        make_command("nwfilter-binding-list", "", "the bindings of filters", binding_list),
    };
}

}  // namespace virtue::shell
