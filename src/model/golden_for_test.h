// The recorded behaviour of a real libvirtd, for tests of the models: cases, what was expected, and a count of how many
// agree. Absent from a plain checkout: tests then say so and pass.
#pragma once
#include <filesystem>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace virtue::golden {

/// What libvirtd said to one call.
struct Outcome {
    bool accepted = false;
    int code = 0;
    int domain = 0;
};

struct Case {
    std::string name;
    std::filesystem::path folder;
    std::string input;
};

/// The folder of a kind; empty (with a message) where the reference material is absent.
std::filesystem::path folder(const std::string& kind);
std::string text_of(const std::filesystem::path& path);
std::vector<Case> cases(const std::string& kind);
/// What expect.json says about `call`; nothing if it says nothing.
std::optional<Outcome> outcome(const Case& at, const std::string& call);
/// All calls that expect.json tells of.
std::vector<std::string> calls(const Case& at);

/// Counts agreements; what differs is printed where VIRTUE_GOLDEN_VERBOSE is set.
struct Score {
    int cases = 0;
    int decisions = 0;  ///< accepted or refused as libvirtd did
    int refused = 0;
    int errors = 0;  ///< of the refused: the same code and domain
    int outputs = 0;
    int same_output = 0;

    /// Runs `work` on one case; it returns the text to compare with the file `wanted` (empty name: nothing).
    void add(const Case& at, const Outcome& expected, const std::filesystem::path& wanted,
             const std::function<std::string()>& work);
    std::string to_string() const;
};

/// One call on every case of a kind: the input through `work`, compared with out.xml. Cases of `driver_only` are those
/// that only a running driver (host devices, other objects) can refuse.
Score run(const std::string& kind, const std::string& call, const std::set<std::string>& driver_only,
          const std::function<std::string(const std::string&)>& work);

}  // namespace virtue::golden
