#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <boost/json.hpp>

#include "base/error.h"
#include "model/golden_for_test.h"

namespace fs = std::filesystem;
namespace json = boost::json;

namespace virtue::golden {

namespace {

fs::path root() {
    if (const char* shared = std::getenv("VIRTUE_SHARED")) return fs::path(shared) / "golden";
    for (fs::path at = fs::path(__FILE__).parent_path(); at.has_relative_path(); at = at.parent_path())
        if (fs::is_directory(at / "shared" / "golden")) return at / "shared" / "golden";
    return {};
}

json::object expectations(const Case& at) {
    return json::parse(text_of(at.folder / "expect.json")).as_object();
}

bool is_verbose() {
    return std::getenv("VIRTUE_GOLDEN_VERBOSE") != nullptr;
}

std::optional<Outcome> from_error(const json::value* error) {
    if (error == nullptr || !error->is_object() || !error->as_object().contains("code")) return std::nullopt;
    return Outcome{false, static_cast<int>(error->at("code").as_int64()),
                   static_cast<int>(error->at("domain").as_int64())};
}

}  // namespace

fs::path folder(const std::string& kind) {
    const fs::path at = root() / kind;
    if (!root().empty() && fs::is_directory(at)) return at;
    MESSAGE("skip: no reference material (shared/golden/" << kind << ")");
    return {};
}

std::string text_of(const fs::path& path) {
    std::ifstream in(path);
    std::stringstream buffer;
    buffer << in.rdbuf();
    return buffer.str();
}

std::vector<Case> cases(const std::string& kind) {
    std::vector<Case> result;
    const fs::path at = folder(kind);
    if (at.empty()) return result;
    for (const auto& entry : fs::directory_iterator(at))
        if (fs::exists(entry.path() / "in.xml"))
            result.push_back({entry.path().filename().string(), entry.path(), text_of(entry.path() / "in.xml")});
    std::sort(result.begin(), result.end(), [](const Case& a, const Case& b) { return a.name < b.name; });
    return result;
}

std::optional<Outcome> outcome(const Case& at, const std::string& call) {
    const json::object expected = expectations(at);
    const json::value* said = expected.if_contains(call);
    if (said == nullptr) return std::nullopt;
    if (said->is_object()) return from_error(said);
    if (said->as_string() == "ok") return Outcome{true, 0, 0};
    return from_error(expected.if_contains(call + "_error"));
}

std::vector<std::string> calls(const Case& at) {
    std::vector<std::string> result;
    for (const auto& [name, value] : expectations(at)) result.emplace_back(name);
    return result;
}

void Score::add(const Case& at, const Outcome& expected, const fs::path& wanted,
                const std::function<std::string()>& work) {
    cases++;
    if (!expected.accepted) refused++;
    std::string difference;
    try {
        const std::string got = work();
        if (expected.accepted) decisions++;
        if (!expected.accepted) difference = fmt::format("accepted, not {}/{}", expected.code, expected.domain);
        if (expected.accepted && !wanted.empty() && fs::exists(wanted)) {
            outputs++;
            const bool same = got == text_of(wanted);
            same_output += same ? 1 : 0;
            if (!same) difference = "other output:\n" + got;
        }
    } catch (const Error& error) {
        if (!expected.accepted) decisions++;
        const int code = static_cast<int>(error.code());
        const int domain = static_cast<int>(error.domain());
        if (!expected.accepted && code == expected.code && domain == expected.domain) {
            errors++;
        } else {
            difference =
                fmt::format("{}/{} \"{}\", not {}/{}", code, domain, error.message(), expected.code, expected.domain);
        }
    }
    if (!difference.empty() && is_verbose()) MESSAGE(at.folder.string() << " " << wanted << ": " << difference);
}

std::string Score::to_string() const {
    return fmt::format("{} cases: {} decided alike, {} of {} errors alike, {} of {} outputs identical", cases,
                       decisions, errors, refused, same_output, outputs);
}

Score run(const std::string& kind, const std::string& call, const std::set<std::string>& driver_only,
          const std::function<std::string(const std::string&)>& work) {
    Score score;
    for (const Case& at : cases(kind)) {
        const auto expected = outcome(at, call);
        if (!expected || driver_only.count(at.name) != 0) continue;
        score.add(at, *expected, at.folder / "out.xml", [&] { return work(at.input); });
    }
    if (score.cases > 0) MESSAGE(kind << " " << call << ": " << score.to_string());
    return score;
}

}  // namespace virtue::golden
