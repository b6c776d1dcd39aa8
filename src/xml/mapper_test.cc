#include "xml/mapper.h"

#include <doctest/doctest.h>

namespace sample {

using namespace virtue;

enum class Model : uint8_t { none, virtio, isa };
VIRTUE_XML_NAMES(Model, "", "virtio", "isa")

struct Rate {
    uint32_t bytes = 0;
    std::optional<uint32_t> period;
};
struct Rng {
    Model model = Model::none;
    std::optional<Rate> rate;
    bool fast = false;
    std::string note;
};
struct Thing {
    static constexpr const char* element = "thing";
    std::string name;
    xml::Switch power = xml::Switch::absent;
    xml::Hex<uint16_t, 4> port;
    std::vector<Rng> rngs;
    std::vector<std::string> words;
    xml::RawXml metadata;
    Bitmap cpus;
    std::vector<std::string> arguments;
};

void map(xml::Mapper& m, Rate& r) {
    m.required("bytes", r.bytes);
    m.attribute("period", r.period);
}
void map(xml::Mapper& m, Rng& r) {
    m.attribute("model", r.model);
    m.child("rate", r.rate);
    m.flag("fast", r.fast);
    m.value("note", r.note);
}
void map(xml::Mapper& m, Thing& t) {
    m.declare_namespace("q", "urn:q", !t.arguments.empty());
    m.attribute("power", t.power);
    m.attribute("port", t.port, 0);
    m.value("name", t.name);
    m.raw("metadata", t.metadata);
    m.value("cpus", t.cpus);
    m.group("devices", [&] {
        m.children("rng", t.rngs);
        m.values("word", t.words);
    });
    m.group("q:args", [&] { m.values("q:arg", t.arguments); });
}

}  // namespace sample

using namespace virtue;
using sample::Thing;

namespace {

std::string message_of(const char* text, bool validate = false, ErrorCode* code = nullptr) {
    try {
        xml::Options options;
        options.validate = validate;
        xml::parse<Thing>(text, options);
    } catch (const Error& error) {
        if (code != nullptr) *code = error.code();
        return error.message();
    }
    return "accepted";
}

bool has(const std::string& text, const char* part) {
    return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("what is read is written back as libvirt lays it out") {
    const char* text = R"(<thing power="on" port="0x1f">
      <name>a &lt;b&gt; &amp; 'c'</name> <!-- said -->
      <devices><rng model='isa'><fast/><rate bytes='12'/></rng><rng/><word>x</word></devices><cpus>0-3,^1</cpus></thing>)";
    CHECK(xml::format(xml::parse<Thing>(text)) == R"(<thing power='on' port='0x001f'>
  <name>a &lt;b&gt; &amp; &apos;c&apos;</name>
  <cpus>0,2-3</cpus>
  <devices>
    <rng model='isa'>
      <rate bytes='12'/>
      <fast/>
    </rng>
    <rng/>
    <word>x</word>
  </devices>
</thing>
)");
}

TEST_CASE("groups without content are not written, not even nested") {
    CHECK(xml::format(Thing{}) == "<thing/>\n");
    CHECK(xml::format(xml::parse<Thing>("<thing><devices/><name/></thing>")) == "<thing/>\n");
}

TEST_CASE("elements of a namespace keep their prefix and are told from others") {
    auto thing = xml::parse<Thing>("<thing xmlns:z='urn:q'><z:args><z:arg>-x</z:arg><arg>no</arg></z:args></thing>");
    REQUIRE(thing.arguments.size() == 1);
    CHECK(xml::format(thing) == "<thing xmlns:q='urn:q'>\n  <q:args>\n    <q:arg>-x</q:arg>\n  </q:args>\n</thing>\n");
}

TEST_CASE("a wrong value is told with its place") {
    ErrorCode code{};
    const auto text =
        message_of("<thing><devices><rng/><rng><rate bytes='fast'/></rng></devices></thing>", false, &code);
    CHECK(code == ErrorCode::xml_error);
    CHECK(has(text, "/thing/devices/rng[2]/rate: attribute 'bytes' must be a non-negative integer, got 'fast'"));
    CHECK(has(message_of("<thing><devices><rng model='x'/></devices></thing>"), "one of 'virtio', 'isa', got 'x'"));
    CHECK(has(message_of("<thing><devices><rng><rate/></rng></devices></thing>"), "attribute 'bytes' is missing"));
    CHECK(
        has(message_of("<thing><devices><rng><rate bytes='4294967296'/></rng></devices></thing>"), "got '4294967296'"));
    CHECK(has(message_of("<think/>"), "expecting root element of 'thing', not 'think'"));
}

TEST_CASE("a long wrong value is quoted up to a letter's end: clients take nothing but UTF-8") {
    std::string value = "a";
    for (int i = 0; i < 100; i++) value += "é";
    CHECK(has(message_of(("<thing power='" + value + "'/>").c_str()), std::string("é…'").c_str()));
}

TEST_CASE("unknown names pass unless validation is asked for, then the nearest is named") {
    const char* text = "<thing><devices><rgn/></devices></thing>";
    CHECK(message_of(text) == "accepted");
    ErrorCode code{};
    CHECK(has(message_of(text, true, &code), "did you mean 'rng'?"));
    CHECK(code == ErrorCode::xml_invalid_schema);
    CHECK(has(message_of("<thing powr='on'/>", true), "did you mean 'power'?"));
    CHECK(has(message_of("<thing><name>a</name><name>b</name></thing>", true), "stands twice"));
    CHECK(message_of("<thing><name>a</name><name>b</name></thing>") == "accepted");
    CHECK(message_of("<thing power='on'><metadata><x y='z'/></metadata></thing>", true) == "accepted");
}

TEST_CASE("malformed documents give libvirt's code and the line") {
    ErrorCode code{};
    CHECK(has(message_of("<thing>\n <name>\n</thing>", false, &code),
              "(thing_definition):3: Opening and ending tag mismatch"));
    CHECK(code == ErrorCode::xml_detail);
    for (const char* text :
         {"", "hello", "<thing", "<thing></thing><b/>", "<thing a='1' a='2'/>", "<thing>&foo;</thing>"}) {
        CHECK(message_of(text, false, &code) != "accepted");
        CHECK(code == ErrorCode::xml_detail);
    }
}

TEST_CASE("a document type, too much depth and too many nodes are refused") {
    CHECK(has(message_of("<!DOCTYPE thing [<!ENTITY a 'b'>]><thing>&a;</thing>"), "document type"));
    std::string deep;
    for (int i = 0; i < 300; i++) deep += "<a>";
    CHECK(message_of(deep.c_str()) != "accepted");
    for (int i = 0; i < 300; i++) deep += "</a>";
    CHECK(message_of(("<thing>" + deep + "</thing>").c_str()) != "accepted");
    xml::Options options;
    options.limits.nodes = 10;
    CHECK_THROWS_AS(xml::parse<Thing>("<thing><a/><a/><a/><a/><a/><a/><a/><a/><a/><a/></thing>", options), Error);
    options.limits = {.bytes = 8};
    CHECK_THROWS_AS(xml::parse<Thing>("<thing  />", options), Error);
}

TEST_CASE("metadata is kept with its namespaces and can be changed") {
    auto thing = xml::parse<Thing>("<thing><metadata><a:x xmlns:a='urn:a'>1 &lt; 2</a:x></metadata></thing>");
    CHECK(xml::format(thing) ==
          "<thing>\n  <metadata>\n    <a:x xmlns:a=\"urn:a\">1 &lt; 2</a:x>\n  </metadata>\n</thing>\n");
    CHECK(thing.metadata.find("urn:a").has_value());
    CHECK_FALSE(thing.metadata.find("urn:b").has_value());
    thing.metadata.replace("metadata", "b", "urn:b", "<y z='1'/>");
    CHECK(thing.metadata.find("urn:b") == "<y z=\"1\"/>");
    CHECK(has(xml::format(thing), "<b:y xmlns:b=\"urn:b\" z=\"1\"/>"));
    thing.metadata.replace("metadata", "b", "urn:b", std::nullopt);
    thing.metadata.replace("metadata", "a", "urn:a", std::nullopt);
    CHECK(xml::format(thing) == "<thing>\n  <metadata/>\n</thing>\n");
    CHECK_THROWS_AS(thing.metadata.replace("metadata", "a", "urn:a", "<broken"), Error);
}

TEST_CASE("sizes are scaled by unit as libvirt does") {
    CHECK(xml::scale(1, "KiB") == 1024u);
    CHECK(xml::scale(1, "k") == 1024u);
    CHECK(xml::scale(1, "kB") == 1000u);
    CHECK(xml::scale(2, "G") == uint64_t{2} << 30);
    CHECK(xml::scale(5, "bytes") == 5u);
    CHECK_FALSE(xml::scale(1, "furlong"));
    CHECK_FALSE(xml::scale(uint64_t{1} << 60, "KiB"));
}
