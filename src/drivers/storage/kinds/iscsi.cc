// iSCSI sessions, by iscsiadm of open-iscsi.
#include "base/text.h"
#include "drivers/storage/errors.h"
#include "drivers/storage/kinds/block.h"
#include "drivers/storage/tool.h"
#include "io/files.h"
#include "io/offload.h"
#include "xml/document.h"
#include "xml/writer.h"

namespace virtue::storage {
namespace {

std::string portal_of(const model::Pool& pool) {
    if (pool.source.hosts.size() != 1)
        throw Error(ErrorCode::internal_error, here, "Expected exactly 1 host for the storage pool");
    const model::PoolHost& host = pool.source.hosts.front();
    return fmt::format("{}:{},1", host.name, host.port == 0 ? 3260 : host.port);
}

std::string target_of(const model::Pool& pool) {
    if (pool.source.devices.size() != 1 || pool.source.devices.front().path.empty())
        throw Error(ErrorCode::internal_error, here, "Missing source device for the storage pool");
    return pool.source.devices.front().path;
}

/// "tcp: [5] 10.0.0.1:3260,1 iqn.…": the number of the session to a target; nothing if there is none.
std::optional<uint32_t> session_in(std::string_view listed, const std::string& target) {
    for (std::string_view line : split_lines(listed)) {
        const auto words = split_words(line);
        if (words.size() < 4 || words[3] != target || words[1].size() < 3) continue;
        return parse_number<uint32_t>(words[1].substr(1, words[1].size() - 2));
    }
    return std::nullopt;
}

Task<std::optional<uint32_t>> find_session(Context context, std::string target) {
    std::vector<std::string> command = {"iscsiadm", "--mode", "session"};
    io::CommandResult result = co_await try_tool(context, std::move(command));
    co_return session_in(result.output, target);
}

/// The SCSI hosts of a session: where its units are.
std::vector<uint32_t> hosts_of(uint32_t session) {
    std::vector<uint32_t> hosts;
    for (const std::string& entry :
         io::list_folder(fmt::format("/sys/class/iscsi_session/session{}/device", session))) {
        // target3:0:0 stands for host 3
        if (!entry.starts_with("target")) continue;
        if (auto host = parse_number<uint32_t>(split(std::string_view(entry).substr(6), ':').front()))
            hosts.push_back(*host);
    }
    return hosts;
}

std::vector<std::string> node_command(const model::Pool& pool, std::initializer_list<const char*> what) {
    std::vector<std::string> command = {"iscsiadm",      "--mode",       "node",         "--portal",
                                        portal_of(pool), "--targetname", target_of(pool)};
    for (const char* word : what) command.emplace_back(word);
    return command;
}

}  // namespace

Task<bool> IscsiKind::is_running(Context context, PoolDefinition pool) {
    if (!has_tool("iscsiadm")) co_return false;
    const std::optional<uint32_t> session = co_await find_session(context, target_of(*pool));
    co_return session.has_value();
}

Task<void> IscsiKind::start(Context context, PoolDefinition pool) {
    if (pool->source.auth)
        throw Error(ErrorCode::operation_unsupported, here,
                    "iSCSI authentication by secrets is not done here: iscsiadm takes passwords as arguments only",
                    "set the node's credentials in /etc/iscsi/iscsid.conf");
    std::vector<std::string> discover = {"iscsiadm",    "--mode",   "discovery",     "--type",
                                         "sendtargets", "--portal", portal_of(*pool)};
    co_await run_tool(context, std::move(discover));
    std::vector<std::string> manual =
        node_command(*pool, {"--op", "update", "--name", "node.startup", "--value", "manual"});
    co_await run_tool(context, std::move(manual));
    std::vector<std::string> login = node_command(*pool, {"--login"});
    co_await run_tool(context, std::move(login));
}

Task<void> IscsiKind::stop(Context context, PoolDefinition pool) {
    std::vector<std::string> logout = node_command(*pool, {"--logout"});
    co_await run_tool(context, std::move(logout));
}

Task<Scan> IscsiKind::scan(Context context, PoolDefinition pool, SeenByName) {
    std::vector<std::string> rescan = node_command(*pool, {"--rescan"});
    co_await try_tool(context, std::move(rescan));
    const std::optional<uint32_t> session = co_await find_session(context, target_of(*pool));
    if (!session) refuse(ErrorCode::internal_error, "cannot find session of target '{}'", target_of(*pool));
    auto look = [session, folder = pool->target_path] {
        Scan scan;
        for (uint32_t host : hosts_of(*session)) scan.volumes.merge(scan_scsi_host(host, folder));
        sum_up(scan);
        scan.permissions = permissions_of(folder);
        return scan;
    };
    Scan scan = co_await io::offload(context.lane, std::move(look), context.deadline);
    co_return scan;
}

Task<std::string> IscsiKind::find_sources(Context context, std::optional<std::string> specification) {
    std::string host;
    if (specification) {
        const xml::Document document = xml::Document::parse(*specification, "(storage_source_specification)", here);
        if (xml::Element element = document.root().child("host")) host = element.attribute("name").value_or("");
    }
    if (host.empty())
        throw Error(ErrorCode::invalid_arg, here, "hostname and device path must be specified for iscsi sources");
    std::vector<std::string> command = {"iscsiadm", "--mode", "discovery", "--type", "sendtargets", "--portal", host};
    const std::string listed = co_await run_tool(context, std::move(command));
    xml::Writer w;
    w.begin("sources");
    w.keep_open();
    for (std::string_view line : split_lines(listed)) {
        const auto words = split_words(line);
        if (words.size() != 2) continue;
        w.begin("source");
        w.begin("host");
        w.attribute("name", host);
        w.attribute("port", "3260");
        w.end();
        w.begin("device");
        w.attribute("path", words[1]);
        w.end();
        w.end();
    }
    w.end();
    co_return w.take();
}

}  // namespace virtue::storage
