// The cases below tests/golden/elements: a folder is one device element, in.xml, and what comes of it: out.xml, or the
// sentence in refused.txt. No code is needed for another one.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

#include <doctest/doctest.h>

#include "base/tree_for_test.h"
#include "model/domain/domain.h"

namespace fs = std::filesystem;
using namespace virtue;

namespace {

std::string text_of(const fs::path& path) {
    std::ifstream in(path);
    return {std::istreambuf_iterator<char>(in), {}};
}

template <typename T>
std::string through(const std::string& text) {
    xml::Options options;
    options.validate = true;
    options.secure = true;
    try {
        return xml::format(xml::parse<T>(text, options), options);
    } catch (const Error& error) {
        return error.message() + "\n";
    }
}

/// Reads and writes the element as the type that has its name.
template <typename... Types>
std::string through_one_of(const std::string& text) {
    const xml::Document document = xml::Document::parse(text, "(element)", ErrorDomain::domain);
    std::string result = "no device element has this name\n";
    static_cast<void>(((document.root().name() == Types::element && (result = through<Types>(text), true)) || ...));
    return result;
}

}  // namespace

TEST_CASE("elements: each case below tests/golden/elements is read and written, or refused, as its folder says") {
    using namespace virtue::model;
    const fs::path root = find_in_tree("tests/golden/elements");
    REQUIRE(!root.empty());
    std::vector<fs::path> folders;
    for (const auto& entry : fs::directory_iterator(root)) folders.push_back(entry.path());
    std::sort(folders.begin(), folders.end());
    CHECK(folders.size() >= 4);
    for (const fs::path& folder : folders) {
        CAPTURE(folder.filename().string());
        const std::string got = through_one_of<Disk, Controller, Filesystem, Interface, Hostdev, Graphics, Video, Input,
                                               Sound, Audio, Hub, Watchdog, Memballoon, Rng, Panic, Shmem, MemoryDevice,
                                               Iommu, Vsock, Lease, Nvram, Tpm, Crypto>(text_of(folder / "in.xml"));
        const bool refused = fs::exists(folder / "refused.txt");
        const std::string want = text_of(folder / (refused ? "refused.txt" : "out.xml"));
        CHECK(!want.empty());
        CHECK(got == want);
    }
}
