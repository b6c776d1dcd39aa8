// The describing mode of the Mapper, from the inside: what has been asked of each element, and which answers to try
// next. map() is run again and again on a document that grows under its questions; each list of words is walked
// through, and everything that may be absent is left out once. Owned by describe(); one thread.
#pragma once
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "xml/grammar.h"

namespace virtue::xml {

struct DescribedType;

/// What is known of one attribute, child or text: its answers are choices.
struct DescribedPart {
    std::string name;
    int choice = 0;
    Grammar::Value value;
    bool asked = false;    ///< its value was asked for, not only whether it is there
    bool settled = false;  ///< its words are told, though map() reads it as text
    bool raw = false;      ///< a child of any content
    bool many = false;
    bool again = false;                         ///< a child that is as its parent: <backingStore> in <backingStore>
    int required = 0;                           ///< in how many whole runs it had to be there
    std::unique_ptr<DescribedElement> element;  ///< a child that belongs to its parent's map()
    DescribedType* type = nullptr;              ///< a child with a map() of its own
};

/// One element below the type that is being described.
struct DescribedElement {
    std::string name;  ///< of the element, where it has no map() of its own
    std::vector<std::unique_ptr<DescribedPart>> attributes, children;
    std::unique_ptr<DescribedPart> text;
    int whole_runs = 0;
    bool broken = false;             ///< in this run
    std::set<std::string> required;  ///< in this run
    std::vector<int> choices;        ///< asked in this run
};

/// One type with a map() of its own; described once, wherever it stands.
struct DescribedType {
    const void* tag = nullptr;
    DescribedMap map_type = nullptr;
    std::vector<std::pair<std::string_view, std::string_view>> namespaces;
    DescribedElement element;
};

class Describer {
public:
    explicit Describer(Options options) : options_(std::move(options)) {}
    Describer(const Describer&) = delete;
    Describer& operator=(const Describer&) = delete;

    Grammar run(const char* root, const void* type, DescribedMap map_root);
    /// How often a map() was run, for those who want to know what it costs.
    size_t runs() const { return runs_; }

    // What the Mapper tells and asks.
    void attribute(DescribedElement* of, Element element, const char* name, const ValueType* type);
    void child(DescribedElement* of, Element element, const char* name, bool many);
    void text(DescribedElement* of, Element element, ValueType type);
    void anything(DescribedElement* of, const char* name);
    void required(DescribedElement* of, const char* name) { of->required.insert(name); }
    void refused(DescribedElement* of);
    DescribedElement* part(DescribedElement* of, const char* name);
    void of_type(DescribedElement* of, const char* name, const void* tag, DescribedMap map_type,
                 const std::vector<std::pair<std::string_view, std::string_view>>& namespaces);

private:
    using Answers = std::map<int, int>;  // choice → number of the word, or absent
    static constexpr int absent = -1;

    DescribedType& type_of(const void* tag, DescribedMap map_type);
    DescribedPart& note(std::vector<std::unique_ptr<DescribedPart>>& list, const char* name);
    int answer(DescribedElement* of, const DescribedPart& part);
    std::string value_of(DescribedElement* of, const DescribedPart& part);
    void explore(DescribedType& type);
    void run_once(DescribedType& type);
    void finish(DescribedElement& element);
    size_t convert(const DescribedElement& from, std::vector<Grammar::Element>& to);
    size_t convert(const DescribedType& from, std::vector<Grammar::Element>& to);

    Options options_;
    std::vector<std::unique_ptr<DescribedType>> types_;
    std::map<const void*, size_t> converted_;
    Answers answers_;
    std::vector<int> asked_;     // in this run, in their order
    std::vector<int> culprits_;  // in this run: what was asked last where map() refused an element
    std::vector<size_t> words_;  // by choice: how many words it has (0: there or not)
    std::vector<std::pair<std::string_view, std::string_view>> namespaces_;
    size_t runs_ = 0;
};

}  // namespace virtue::xml
