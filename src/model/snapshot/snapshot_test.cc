#include "model/snapshot/snapshot.h"

#include <doctest/doctest.h>

#include "model/checkpoint/checkpoint.h"
#include "model/golden_for_test.h"

using namespace virtue;
using model::Checkpoint;
using model::Domain;
using model::Snapshot;
using model::SnapshotLocation;

namespace {

// What stands before the domain, whose own form other tests look at; times are hidden as in the recordings.
std::string head(std::string text, const char* element) {
    const size_t domain = text.find("  <domain");
    text =
        domain == std::string::npos ? text.substr(0, text.find("</" + std::string(element))) : text.substr(0, domain);
    for (size_t at = text.find("<creationTime>"); at != std::string::npos;) {
        const size_t end = text.find('<', at + 1);
        text.replace(at + 14, end - at - 14, "@TIME@");
        break;
    }
    return text;
}

// The guest that the recordings took where the snapshot names none of its own.
Domain guest(const golden::Case& at) {
    const auto inner = [](const std::string& text) {
        const size_t start = text.find("<domain type");
        return text.substr(start, text.find("</domain>") + 9 - start);
    };
    if (at.input.find("<os>") != std::string::npos) return xml::parse<Domain>(inner(at.input));
    return xml::parse<Domain>(inner(golden::text_of(at.folder.parent_path() / "syn-internal-dom/in.xml")));
}

constexpr int invalid_arg = 8;

}  // namespace

TEST_CASE("an external snapshot's file is named after the disk's file and the snapshot") {
    const auto domain = xml::parse<Domain>(
        "<domain type='test'><name>a</name><memory>1</memory><os><type>hvm</type></os><devices><disk type='file'>"
        "<source file='/a.b/vda.qcow2'/><target dev='vda'/></disk><disk type='file' device='cdrom'><target dev='hdc'/>"
        "</disk></devices></domain>");
    Snapshot snapshot = Snapshot::parse("<domainsnapshot><name>s</name></domainsnapshot>", {.offline = true});
    align_disks(snapshot, domain, SnapshotLocation::external, true);
    REQUIRE(snapshot.disks.size() == 2);
    CHECK(snapshot.disks[0].source.path == "/a.b/vda.s");
    CHECK(snapshot.disks[1].snapshot == SnapshotLocation::no);
    CHECK(snapshot.is_external());
}

TEST_CASE("golden: snapshots are redefined as libvirtd does") {
    golden::Score score;
    int heads = 0;
    for (const auto& at : golden::cases("snapshot")) {
        const auto expected = golden::outcome(at, "redefine");
        // Other snapshots and other domains are the driver's to compare with.
        if (!expected || expected->code == invalid_arg) continue;
        score.add(at, *expected, {}, [&] {
            Snapshot snapshot = Snapshot::parse(at.input, {.redefine = true});
            model::check_redefined(snapshot);
            align_disks(snapshot, *snapshot.domain, snapshot.default_location(), false);
            const std::string got = head(xml::format(snapshot), "domainsnapshot");
            CHECK(got == head(golden::text_of(at.folder / "out-redefine.xml"), "domainsnapshot"));
            heads++;
            return got;
        });
    }
    if (score.cases == 0) return;
    MESSAGE("snapshot redefine: " << score.to_string() << ", " << heads << " compared up to the domain");
    CHECK(score.decisions == score.cases);
    CHECK(score.errors == score.refused);
    CHECK(heads > 5);
}

TEST_CASE("golden: snapshots of guests that do not run are accepted and refused as libvirtd does") {
    for (const bool disk_only : {false, true}) {
        golden::Score score;
        const char* call = disk_only ? "create_disk_only" : "create";
        for (const auto& at : golden::cases("snapshot")) {
            const auto expected = golden::outcome(at, call);
            // What QEMU's driver and its tools refuse is theirs to say.
            if (!expected || (!expected->accepted && expected->domain != 35)) continue;
            score.add(at, *expected, {}, [&] {
                Snapshot snapshot = Snapshot::parse(at.input, {.offline = true});
                const auto location = disk_only ? SnapshotLocation::external : SnapshotLocation::internal;
                align_disks(snapshot, guest(at), location, !disk_only);
                return std::string();
            });
        }
        if (score.cases == 0) return;
        MESSAGE("snapshot " << std::string(call) << ": " << score.to_string());
        CHECK(score.decisions == score.cases);
        CHECK(score.errors == score.refused);
    }
}

TEST_CASE("golden: checkpoints are redefined as libvirtd does") {
    golden::Score score;
    for (const auto& at : golden::cases("checkpoint")) {
        const auto expected = golden::outcome(at, "redefine");
        if (!expected) continue;
        score.add(at, *expected, {}, [&] {
            Checkpoint checkpoint = Checkpoint::parse(at.input, true);
            if (checkpoint.domain) align_disks(checkpoint, *checkpoint.domain);
            const std::string got = head(xml::format(checkpoint), "domaincheckpoint");
            CHECK(got == head(golden::text_of(at.folder / "out-redefine.xml"), "domaincheckpoint"));
            return got;
        });
    }
    if (score.cases == 0) return;
    MESSAGE("checkpoint redefine: " << score.to_string());
    CHECK(score.decisions == score.cases);
    CHECK(score.errors == score.refused);
}
