#include "drivers/qemu/kept_definition.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/deflate.h"
#include "driver/constants.h"
#include "drivers/qemu/store.h"
#include "model/domain/domain.h"
#include "xml/mapper.h"

namespace virtue::qemu {
namespace {

// A client that asks about one guest mostly asks several things within this time.
constexpr io::Milliseconds model_stays{500};
// Packing amid a burst of definitions makes those wait who define; a burst is hardly longer.
constexpr io::Milliseconds longest_burst{10000};
constexpr io::Milliseconds longest_wait{60000};
constexpr io::Milliseconds between_turns{20};

/// Takes "<tag>…</tag>" from the front; nothing if something else stands there or the text is escaped.
std::optional<std::string_view> take_leaf(std::string_view& text, std::string_view tag) {
    const size_t start = std::min(text.size(), text.find_first_not_of(" \n"));
    std::string_view rest = text.substr(start);
    const std::string open = fmt::format("<{}>", tag);
    const std::string close = fmt::format("</{}>", tag);
    if (!rest.starts_with(open)) return std::nullopt;
    rest.remove_prefix(open.size());
    const size_t end = rest.find('<');
    if (end == rest.npos || !rest.substr(end).starts_with(close)) return std::nullopt;
    const std::string_view value = rest.substr(0, end);
    if (value.find('&') != value.npos) return std::nullopt;
    text = rest.substr(end + close.size());
    return value;
}

/// The text of one that may be packed.
std::string plain(const std::string& text) {
    return is_deflated(text) ? inflate(text) : text;
}

/// What was written piece by piece has up to as much again in reserve.
std::shared_ptr<const std::string> keep(std::string text) {
    text.shrink_to_fit();
    return std::make_shared<const std::string>(std::move(text));
}

}  // namespace

PackTimer::PackTimer(io::Loop& loop, std::function<Left()> pack_all)
    : pack_all_(std::move(pack_all)), timer_(loop, [this] { expired(); }) {}

void PackTimer::expired() {
    const io::TimePoint now = io::Clock::now();
    if (now < latest_ + model_stays && now < begun_ + longest_burst) {
        timer_.start_after(model_stays);
        return;
    }
    const Left left = pack_all_();
    if (left == Left::nothing) {
        wait_ = {};
    } else if (left == Left::more) {
        timer_.start_after(between_turns);
    } else {
        // Perhaps for as long as a guest runs.
        wait_ = std::min(wait_ * 2, longest_wait);
        timer_.start_after(wait_);
    }
}

void PackTimer::model_made() {
    latest_ = io::Clock::now();
    if (wait_ == model_stays) return;
    wait_ = model_stays;
    begun_ = latest_;
    timer_.start_after(wait_);
}

DefinitionFigures figures_of(const model::Domain& definition) {
    return {
        .maximum_memory = max_memory(definition),
        .current_memory = current_memory(definition),
        .has_balloon = balloon_polling(definition).has_value(),
        .vcpus = vcpu_counts(definition),
        .disks = disk_names(definition),
    };
}

KeptDefinition::~KeptDefinition() = default;

void KeptDefinition::set(Model model, std::string text) {
    clear();
    model_ = std::move(model);
    text_ = keep(std::move(text));
    text_is_ours_ = true;
    timer_.model_made();
}

void KeptDefinition::set_unread(std::string text) {
    clear();
    text_ = keep(std::move(text));
}

void KeptDefinition::clear() {
    model_.reset();
    text_.reset();
    figures_.reset();
    text_is_ours_ = false;
    text_is_public_.reset();
}

const KeptDefinition::Model& KeptDefinition::model() const {
    if (!model_ && text_) {
        model_ = Store::parse_definition(plain(*text_), "");
        timer_.model_made();
    }
    return model_;
}

const DefinitionFigures& KeptDefinition::figures() const {
    if (!figures_) figures_ = std::make_unique<const DefinitionFigures>(figures_of(*model()));
    return *figures_;
}

void KeptDefinition::take_figures(DefinitionFigures figures) {
    if (!is_unread()) return;
    figures_ = std::make_unique<const DefinitionFigures>(std::move(figures));
    pack();
}

std::shared_ptr<const std::string> KeptDefinition::xml(bool secure) const {
    if (!text_is_ours_) {
        auto ours = definition_xml(*model(), api::domain_xml_secure | api::domain_xml_inactive, false);
        text_ = keep(std::move(ours));
        text_is_ours_ = true;
    }
    if (is_deflated(*text_)) {
        text_ = keep(inflate(*text_));
        timer_.model_made();
    }
    if (secure || text_is_public_.value_or(false)) return text_;
    auto shown = definition_xml(*model(), api::domain_xml_inactive, false);
    text_is_public_ = shown == *text_;
    return *text_is_public_ ? text_ : std::make_shared<const std::string>(std::move(shown));
}

void KeptDefinition::ease() {
    if (!text_ || is_unread() || model_.use_count() > 1) return;
    figures();
    model_.reset();
}

void KeptDefinition::pack() {
    ease();
    const bool is_eased = text_ && !model_ && !is_unread();
    if (is_eased && !is_deflated(*text_)) text_ = std::make_shared<const std::string>(deflate(*text_));
}

std::string definition_xml(const model::Domain& domain, uint32_t flags, bool live) {
    xml::Options options;
    options.domain = ErrorDomain::domain;
    options.inactive = !live || (flags & api::domain_xml_inactive) != 0;
    options.secure = (flags & api::domain_xml_secure) != 0;
    options.migratable = (flags & api::domain_xml_migratable) != 0;
    return xml::format(domain, options);
}

std::string_view without_note(std::string_view text) {
    if (!text.starts_with("<!--")) return text;
    const size_t end = text.find("-->");
    if (end == text.npos) return text;
    text.remove_prefix(end + 3);
    text.remove_prefix(std::min(text.size(), text.find_first_not_of(" \n")));
    return text;
}

std::optional<DefinitionHead> read_definition_head(std::string_view text) {
    text = without_note(text);
    const size_t end = text.find('>');
    const size_t last = text.find_last_not_of(" \n");
    const bool is_whole = last != text.npos && text.substr(0, last + 1).ends_with("</domain>");
    if (!text.starts_with("<domain ") || end == text.npos || !is_whole) return std::nullopt;
    text.remove_prefix(end + 1);
    auto name = take_leaf(text, "name");
    if (!name || name->empty()) return std::nullopt;
    auto uuid_text = take_leaf(text, "uuid");
    if (!uuid_text) return std::nullopt;
    auto uuid = Uuid::parse(*uuid_text);
    if (!uuid) return std::nullopt;
    return DefinitionHead{std::string(*name), *uuid};
}

}  // namespace virtue::qemu
