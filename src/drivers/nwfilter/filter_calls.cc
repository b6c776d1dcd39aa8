#include "drivers/nwfilter/filter_calls.h"

#include <cerrno>

#include "base/error.h"
#include "driver/constants.h"
#include "io/offload.h"
#include "xml/mapper.h"

namespace virtue::nwfilter {

namespace {

constexpr ErrorDomain here = ErrorDomain::nwfilter;

proc::NwfilterRef reference(const model::Filter& filter) {
    return {filter.name, *filter.uuid};
}

}  // namespace

void FilterCalls::bind(driver::HandlerTable& on) {
    on.call<proc::ConnectNumOfNwfilters>(this, &FilterCalls::count);
    on.call<proc::ConnectListNwfilters>(this, &FilterCalls::list);
    on.call<proc::ConnectListAllNwfilters>(this, &FilterCalls::list_all);
    on.call<proc::NwfilterLookupByName>(this, &FilterCalls::by_name);
    on.call<proc::NwfilterLookupByUuid>(this, &FilterCalls::by_uuid);
    on.call<proc::NwfilterGetXmlDesc>(this, &FilterCalls::get_xml);
    on.call<proc::NwfilterDefineXml>(this, &FilterCalls::define);
    on.call<proc::NwfilterDefineXmlFlags>(this, &FilterCalls::define_flags);
    on.call<proc::NwfilterUndefine>(this, &FilterCalls::undefine);
}

proc::ConnectNumOfNwfilters::Ret FilterCalls::count(Call&, proc::ConnectNumOfNwfilters::Args) {
    return {static_cast<int32_t>(core_.filters.size())};
}

proc::ConnectListNwfilters::Ret FilterCalls::list(Call&, proc::ConnectListNwfilters::Args args) {
    proc::ConnectListNwfilters::Ret ret;
    for (const auto& [name, filter] : core_.filters)
        if (static_cast<int32_t>(ret.names.size()) < args.maxnames) ret.names.push_back(name);
    return ret;
}

proc::ConnectListAllNwfilters::Ret FilterCalls::list_all(Call&, proc::ConnectListAllNwfilters::Args args) {
    require_flags(args.flags, 0, "nwfilterConnectListAllNWFilters");
    proc::ConnectListAllNwfilters::Ret ret;
    for (const auto& [name, filter] : core_.filters) {
        ret.ret++;
        if (args.need_results) ret.filters.push_back(reference(filter));
    }
    return ret;
}

proc::NwfilterLookupByName::Ret FilterCalls::by_name(Call&, proc::NwfilterLookupByName::Args args) {
    if (const model::Filter* filter = core_.find(args.name)) return {reference(*filter)};
    fail(ErrorCode::no_nwfilter, here, "no nwfilter with matching name '{}'", args.name);
}

proc::NwfilterLookupByUuid::Ret FilterCalls::by_uuid(Call&, proc::NwfilterLookupByUuid::Args args) {
    return {reference(core_.at(args.uuid))};
}

proc::NwfilterGetXmlDesc::Ret FilterCalls::get_xml(Call&, proc::NwfilterGetXmlDesc::Args args) {
    require_flags(args.flags, 0, "nwfilterGetXMLDesc");
    return {xml::format(core_.at(args.nwfilter.uuid))};
}

void FilterCalls::require_fit(const model::Filter& wanted) const {
    if (wanted.name.find('/') != std::string::npos)
        throw Error::from_errno(ENOENT, ErrorDomain::none,
                                fmt::format("Failed to create file for the filter '{}'", wanted.name));
    const model::Filter* same_uuid = core_.find(*wanted.uuid);
    if (same_uuid && same_uuid->name != wanted.name)
        fail(ErrorCode::operation_failed, here, "filter with same UUID but different name ('{}') already exists",
             same_uuid->name);
    const model::Filter* same_name = core_.find(wanted.name);
    if (same_name && same_name->uuid != wanted.uuid)
        fail(ErrorCode::operation_failed, here, "filter '{}' already exists with uuid {}", wanted.name,
             same_name->uuid->to_string());
    for (const model::FilterEntry& entry : wanted.entries)
        if (entry.reference && core_.parts_of(entry.reference->filter).contains(wanted.name))
            throw Error(ErrorCode::operation_failed, here, "filter would introduce a loop");
}

Task<proc::NwfilterRef> FilterCalls::take(Call& call, std::string xml, bool validate) {
    model::Filter wanted = model::Filter::parse(xml, validate);
    io::Semaphore::Permit turn = co_await core_.changes.acquire(call.deadline, "another change of filters");
    require_fit(wanted);
    co_await bindings_.rebuild(wanted);
    auto work = [store = core_.store, wanted] { store.save(wanted); };
    std::exception_ptr problem;
    try {
        co_await io::offload(core_.loop, std::move(work));
    } catch (const Error&) {
        problem = std::current_exception();
    }
    if (problem) co_await bindings_.rebuild_as_before(wanted.name);
    if (problem) std::rethrow_exception(problem);
    proc::NwfilterRef known = reference(wanted);
    core_.filters[wanted.name] = std::move(wanted);
    co_return known;
}

Task<proc::NwfilterDefineXml::Ret> FilterCalls::define(Call& call, proc::NwfilterDefineXml::Args args) {
    proc::NwfilterDefineXml::Ret ret;
    ret.nwfilter = co_await take(call, std::move(args.xml), false);
    co_return ret;
}

Task<proc::NwfilterDefineXmlFlags::Ret> FilterCalls::define_flags(Call& call, proc::NwfilterDefineXmlFlags::Args args) {
    require_flags(args.flags, api::nwfilter_define_validate, "nwfilterDefineXMLFlags");
    proc::NwfilterDefineXmlFlags::Ret ret;
    ret.nwfilter = co_await take(call, std::move(args.xml), args.flags != 0);
    co_return ret;
}

Task<proc::NwfilterUndefine::Ret> FilterCalls::undefine(Call& call, proc::NwfilterUndefine::Args args) {
    io::Semaphore::Permit turn = co_await core_.changes.acquire(call.deadline, "another change of filters");
    const std::string name = core_.at(args.nwfilter.uuid).name;
    if (core_.is_used(name)) throw Error(ErrorCode::operation_invalid, here, "nwfilter is in use");
    auto work = [store = core_.store, name] { store.remove_filter(name); };
    co_await io::offload(core_.loop, std::move(work));
    core_.filters.erase(name);
    co_return proc::NwfilterUndefine::Ret{};
}

}  // namespace virtue::nwfilter
