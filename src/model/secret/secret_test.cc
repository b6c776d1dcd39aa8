#include "model/secret/secret.h"

#include <doctest/doctest.h>

#include "model/golden_for_test.h"

using namespace virtue;
using model::Secret;

TEST_CASE("a secret without UUID gets one") {
    CHECK(Secret::parse("<secret/>").uuid);
}

TEST_CASE("golden: secrets are accepted, refused and stored as libvirtd does") {
    const auto score =
        golden::run("secret", "define", {}, [](const std::string& input) { return xml::format(Secret::parse(input)); });
    if (score.cases == 0) return;
    CHECK(score.decisions == score.cases);
    CHECK(score.errors == score.refused);
    CHECK(score.same_output == score.outputs);
}
