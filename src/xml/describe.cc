#include "xml/describe.h"

#include <algorithm>
#include <deque>

#include "base/error.h"
#include "xml/scratch.h"

namespace virtue::xml {

namespace {

// A bound against a map() whose questions never end.
constexpr size_t most_runs = 20000;

Grammar::Value value_from(const ValueType& type) {
    Grammar::Value value;
    value.kind = type.kind;
    value.sentence = type.sentence;
    for (std::string_view word : type.words) {
        if (word.starts_with('~')) word.remove_prefix(1);
        if (!word.empty()) value.words.emplace_back(word);
    }
    return value;
}

std::string sample(ValueType::Kind kind) {
    switch (kind) {
        case ValueType::Kind::uuid:
            return "4dea22b3-1d52-d8f3-2516-782e98ab3fa0";
        case ValueType::Kind::mac:
            return "52:54:00:00:00:01";
        default:
            return "1";
    }
}

// Two places that ask for the same name differently leave the wider answer.
void merge(Grammar::Value& known, const Grammar::Value& fresh, bool first) {
    if (first || known == fresh) {
        known = fresh;
        return;
    }
    if (known.kind == ValueType::Kind::words && fresh.kind == ValueType::Kind::words) {
        for (const std::string& word : fresh.words)
            if (std::find(known.words.begin(), known.words.end(), word) == known.words.end())
                known.words.push_back(word);
        return;
    }
    // A text that map() takes apart itself tells nothing about a value that a Codec knows.
    if (known.kind == ValueType::Kind::text) return;
    known = Grammar::Value{ValueType::Kind::text, {}, "text"};
}

}  // namespace

DescribedPart& Describer::note(std::vector<std::unique_ptr<DescribedPart>>& list, const char* name) {
    for (auto& part : list)
        if (part->name == name) return *part;
    auto& part = list.emplace_back(std::make_unique<DescribedPart>());
    part->name = name;
    part->choice = static_cast<int>(words_.size());
    words_.push_back(0);
    return *part;
}

int Describer::answer(DescribedElement* of, const DescribedPart& part) {
    asked_.push_back(part.choice);
    of->choices.push_back(part.choice);
    const auto found = answers_.find(part.choice);
    return found == answers_.end() ? 0 : found->second;
}

std::string Describer::value_of(DescribedElement* of, const DescribedPart& part) {
    const int chosen = answer(of, part);
    if (part.value.kind != ValueType::Kind::words) return sample(part.value.kind);
    return part.value.words.empty() ? "" : part.value.words.at(static_cast<size_t>(std::max(chosen, 0)));
}

void Describer::attribute(DescribedElement* of, Element element, const char* name, const ValueType* type) {
    DescribedPart& part = note(of->attributes, name);
    if (type != nullptr) {
        if (!part.settled) merge(part.value, value_from(*type), !part.asked || type->settled);
        part.settled = part.settled || type->settled;
        part.asked = true;
        words_[static_cast<size_t>(part.choice)] = part.value.words.size();
    }
    if (answer(of, part) == absent || element.attribute(name)) {
        // Whether it was there was asked first, and what it says now: the sample gives way to a word.
        if (type == nullptr || !element.attribute(name)) return;
        if (part.value.kind == ValueType::Kind::words) {
            const std::string text(*element.attribute(name));
            if (std::find(part.value.words.begin(), part.value.words.end(), text) == part.value.words.end())
                Scratch::set_attribute(element, name, value_of(of, part));
        } else if (type->kind != ValueType::Kind::text) {
            Scratch::set_attribute(element, name, sample(type->kind));
        }
        return;
    }
    Scratch::set_attribute(element, name, value_of(of, part));
}

void Describer::child(DescribedElement* of, Element element, const char* name, bool many) {
    DescribedPart& part = note(of->children, name);
    part.many = part.many || many;
    part.again = of->name == name;
    if (part.again) return;
    if (answer(of, part) == absent || element.child(name)) return;
    Scratch::put_child(element, name);
}

void Describer::refused(DescribedElement* of) {
    of->broken = true;
    if (!of->choices.empty()) culprits_.push_back(of->choices.back());
}

void Describer::text(DescribedElement* of, Element element, ValueType type) {
    if (!of->text) {
        of->text = std::make_unique<DescribedPart>();
        of->text->choice = static_cast<int>(words_.size());
        words_.push_back(0);
    }
    merge(of->text->value, value_from(type), !of->text->asked);
    of->text->asked = true;
    words_[static_cast<size_t>(of->text->choice)] = of->text->value.words.size();
    if (element.text().empty()) Scratch::put_text(element, value_of(of, *of->text));
}

void Describer::anything(DescribedElement* of, const char* name) {
    note(of->children, name).raw = true;
}

DescribedElement* Describer::part(DescribedElement* of, const char* name) {
    DescribedPart& part = note(of->children, name);
    if (!part.element) {
        part.element = std::make_unique<DescribedElement>();
        part.element->name = name;
    }
    part.element->choices.clear();
    return part.element.get();
}

DescribedType& Describer::type_of(const void* tag, DescribedMap map_type) {
    for (auto& type : types_)
        if (type->tag == tag) return *type;
    auto& type = types_.emplace_back(std::make_unique<DescribedType>());
    type->tag = tag;
    type->map_type = map_type;
    return *type;
}

void Describer::of_type(DescribedElement* of, const char* name, const void* tag, DescribedMap map_type,
                        const std::vector<std::pair<std::string_view, std::string_view>>& namespaces) {
    DescribedType& type = type_of(tag, map_type);
    for (const auto& space : namespaces) {
        if (std::find(namespaces_.begin(), namespaces_.end(), space) == namespaces_.end()) namespaces_.push_back(space);
        if (std::find(type.namespaces.begin(), type.namespaces.end(), space) == type.namespaces.end())
            type.namespaces.push_back(space);
    }
    note(of->children, name).type = &type;
}

// After a run: what had to be there in each run that went through to the element's end is required.
void Describer::finish(DescribedElement& element) {
    const bool asked = !element.choices.empty();
    if (asked && !element.broken) {
        element.whole_runs++;
        for (auto& part : element.attributes)
            if (element.required.contains(part->name)) part->required++;
    }
    element.broken = false;
    element.required.clear();
    element.choices.clear();
    for (auto& part : element.children)
        if (part->element) finish(*part->element);
}

void Describer::run_once(DescribedType& type) {
    runs_++;
    asked_.clear();
    culprits_.clear();
    Scratch scratch("element");
    Mapper m(scratch.root(), options_, *this, &type.element);
    for (const auto& [prefix, uri] : type.namespaces) m.namespaces_.push_back({prefix, uri});
    m.inside([&] { type.map_type(m); });
    for (const auto& space : m.namespaces_)
        if (std::find(namespaces_.begin(), namespaces_.end(), std::pair(space.prefix, space.uri)) == namespaces_.end())
            namespaces_.emplace_back(space.prefix, space.uri);
    finish(type.element);
}

void Describer::explore(DescribedType& type) {
    std::deque<Answers> waiting{Answers()};
    std::map<int, size_t> tried;  // by choice: how many words were queued
    const size_t first = runs_;
    while (!waiting.empty() && runs_ - first < most_runs) {
        answers_ = std::move(waiting.front());
        waiting.pop_front();
        run_once(type);
        const std::vector<int> asked = asked_;
        const Answers base = answers_;
        // What was refused because of its last answer is asked again with the others beside the same base: a model
        // that does not fit the type.
        for (const int choice : culprits_) {
            if (base.size() > 1 || base.contains(choice)) continue;
            for (size_t word = 1; word < words_[static_cast<size_t>(choice)]; word++) {
                Answers next = base;
                next[choice] = static_cast<int>(word);
                waiting.push_back(std::move(next));
            }
        }
        for (const int choice : asked) {
            const size_t words = words_[static_cast<size_t>(choice)];
            const auto [at, fresh] = tried.try_emplace(choice, 1);
            const auto with = [&](int number) {
                Answers next = base;
                next[choice] = number;
                waiting.push_back(std::move(next));
            };
            if (fresh) with(absent);
            for (size_t word = at->second; word < words; word++) with(static_cast<int>(word));
            at->second = std::max(at->second, words);
        }
    }
}

size_t Describer::convert(const DescribedType& from, std::vector<Grammar::Element>& to) {
    const auto found = converted_.find(from.tag);
    if (found != converted_.end()) return found->second;
    const size_t number = to.size();
    converted_[from.tag] = number;
    to.emplace_back();
    // It is made beside, for `to` grows meanwhile.
    const size_t made = convert(from.element, to);
    to[number] = to[made];
    return number;
}

size_t Describer::convert(const DescribedElement& from, std::vector<Grammar::Element>& to) {
    const size_t number = to.size();
    to.emplace_back();
    Grammar::Element element;
    for (const auto& part : from.attributes)
        element.attributes.push_back({part->name,
                                      part->asked ? part->value : Grammar::Value{ValueType::Kind::text, {}, "text"},
                                      part->required != 0 && part->required == from.whole_runs});
    for (const auto& part : from.children) {
        size_t below = 0;
        if (part->again) {
            below = number;
        } else if (part->type != nullptr) {
            below = convert(*part->type, to);
        } else if (part->element) {
            below = convert(*part->element, to);
        } else {
            below = to.size();
            to.emplace_back().anything = part->raw;
        }
        element.children.push_back({part->name, below, part->many});
    }
    if (from.text) element.text = from.text->value;
    to[number] = std::move(element);
    return number;
}

Grammar Describer::run(const char* root, const void* type, DescribedMap map_root) {
    type_of(type, map_root);
    for (size_t i = 0; i < types_.size(); i++) explore(*types_[i]);
    std::vector<Grammar::Element> elements;
    convert(*types_[0], elements);
    Grammar grammar;
    grammar.root = root;
    for (const auto& [prefix, uri] : namespaces_) grammar.namespaces.push_back({std::string(prefix), std::string(uri)});

    // What does not stand anywhere any more, and elements that are the same in all, are told once.
    std::vector<size_t> same(elements.size());
    for (size_t i = 0; i < same.size(); i++) same[i] = i;
    for (bool changed = true; changed;) {
        changed = false;
        for (Grammar::Element& element : elements)
            for (Grammar::Child& child : element.children) child.element = same[child.element];
        for (size_t i = 0; i < elements.size(); i++) {
            if (same[i] != i) continue;
            for (size_t j = 0; j < i; j++) {
                if (same[j] != j || !(elements[i] == elements[j])) continue;
                same[i] = j;
                changed = true;
                break;
            }
        }
    }
    std::map<size_t, size_t> numbers;
    std::vector<size_t> order{0};
    numbers[0] = 0;
    for (size_t i = 0; i < order.size(); i++)
        for (const Grammar::Child& child : elements[order[i]].children)
            if (numbers.try_emplace(child.element, order.size()).second) order.push_back(child.element);
    for (const size_t old : order) {
        Grammar::Element element = elements[old];
        for (Grammar::Child& child : element.children) child.element = numbers[child.element];
        grammar.elements.push_back(std::move(element));
    }
    return grammar;
}

Grammar describe(const char* root, const void* type, DescribedMap map_root, const Options& options) {
    Describer describer(options);
    return describer.run(root, type, map_root);
}

}  // namespace virtue::xml
