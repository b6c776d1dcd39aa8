// The recorded definitions in the other forms: as JSON and YAML and back, and against the grammar that we print.
#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "model/domain/domain.h"
#include "model/golden_for_test.h"

namespace fs = std::filesystem;
using namespace virtue;
using model::Domain;

namespace {

// The definition that a case stored, or nothing where it was refused.
std::vector<fs::path> stored(const std::string& kind, const std::string& begin) {
    std::vector<fs::path> found;
    const fs::path folder = golden::folder(kind);
    if (folder.empty()) return found;
    for (const auto& entry : fs::recursive_directory_iterator(folder))
        if (entry.path().filename().string().starts_with(begin)) found.push_back(entry.path());
    std::sort(found.begin(), found.end());
    return found;
}

// The documents that clients gave, as far as they are read.
std::vector<fs::path> readable(const xml::Options& options) {
    std::vector<fs::path> found = stored("domain", "in.xml");
    for (const char* kind : {"live", "device"}) {
        const auto more = stored(kind, "in.xml");
        found.insert(found.end(), more.begin(), more.end());
    }
    std::erase_if(found, [&options](const fs::path& path) {
        try {
            static_cast<void>(xml::parse<Domain>(golden::text_of(path), options));
            return false;
        } catch (const Error&) {
            return true;
        }
    });
    return found;
}

struct Count {
    int same = 0;
    int all = 0;
};

// XML → model → text → model → XML, through `there` and `back`.
template <typename There, typename Back>
Count through(const std::vector<fs::path>& paths, const xml::Options& options, There there, Back back) {
    Count count;
    for (const fs::path& path : paths) {
        count.all++;
        std::string want;
        std::string got;
        std::string between;
        try {
            std::string text = golden::text_of(path);
            // Numbers that differ from run to run were taken out of the recordings.
            for (size_t at; (at = text.find("@ID@")) != std::string::npos;) text.replace(at, 4, "1");
            const auto domain = xml::parse<Domain>(text, options);
            want = xml::format(domain, options);
            between = there(xml::to_tree(domain, options));
            got = xml::format(xml::from_tree<Domain>(back(between), options), options);
        } catch (const Error& error) {
            got += error.message();
        }
        if (want == got && !got.empty()) {
            count.same++;
        } else {
            MESSAGE(path.string() << "\n" << got << "\n" << between);
        }
    }
    return count;
}

Count yaml(const std::vector<fs::path>& paths, const xml::Options& options) {
    return through(
        paths, options, [](const xml::Tree& tree) { return xml::to_yaml(tree); },
        [](const std::string& text) { return xml::parse_yaml(text, "(yaml)", ErrorDomain::domain); });
}

Count json(const std::vector<fs::path>& paths, const xml::Options& options) {
    return through(
        paths, options, [](const xml::Tree& tree) { return xml::to_json(tree); },
        [](const std::string& text) { return xml::parse_json(text, "(json)", ErrorDomain::domain); });
}

xml::Options options_of(bool inactive, bool secure) {
    xml::Options options;
    options.inactive = inactive;
    options.secure = secure;
    return options;
}

}  // namespace

TEST_CASE("golden: a definition goes through YAML and JSON and comes back as it was") {
    const auto inactive = stored("domain", "out-inactive");
    if (inactive.empty()) return;
    Count count = yaml(inactive, options_of(true, true));
    MESSAGE("yaml: " << count.same << " of " << count.all);
    CHECK(count.same == count.all);
    CHECK(count.all > 500);
    count = json(inactive, options_of(true, true));
    MESSAGE("json: " << count.same << " of " << count.all);
    CHECK(count.same == count.all);
    for (const char* form : {"out-secure", "out-migratable"}) {
        count = yaml(stored("domain", form), options_of(false, true));
        CHECK(count.same == count.all);
    }
    count = yaml(stored("live", "out-live"), options_of(false, true));
    MESSAGE("yaml of running guests: " << count.same << " of " << count.all);
    CHECK(count.same == count.all);
    count = json(stored("live", "out-live"), options_of(false, true));
    CHECK(count.same == count.all);
}

TEST_CASE("golden: what a client writes goes through YAML and JSON, too, before anything is filled in") {
    const auto inputs = readable(options_of(false, true));
    if (inputs.empty()) return;
    Count count = yaml(inputs, options_of(false, true));
    MESSAGE("yaml of inputs: " << count.same << " of " << count.all);
    CHECK(count.same == count.all);
    CHECK(count.all > 1000);
    count = json(inputs, options_of(false, true));
    CHECK(count.same == count.all);
}
