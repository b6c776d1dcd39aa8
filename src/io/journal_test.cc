#include "io/journal.h"

#include <doctest/doctest.h>

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>
#include <filesystem>
#include <map>
#include <random>
#include <thread>

#include "base/error.h"
#include "io/files.h"

using namespace virtue;
using namespace virtue::io;

namespace {

constexpr size_t limit = 64 << 20;

/// A folder with files and the journal that keeps them.
struct Place {
    Place() : path(fmt::format("/tmp/virtue-journal-test-{}", ::getpid())) {
        std::filesystem::remove_all(path);
        std::filesystem::create_directories(path + "/files");
    }
    ~Place() { std::filesystem::remove_all(path); }

    std::string file(const std::string& name) const { return path + "/files/" + name; }
    std::string journal() const { return path + "/own/journal"; }
    Journal::Options options(const std::string& boot, size_t size = 64 << 10) const { return {journal(), size, boot}; }
    /// All files, by name.
    std::map<std::string, std::string> files() const {
        std::map<std::string, std::string> all;
        for (const std::string& name : list_folder(path + "/files")) all[name] = read_file(file(name), limit);
        return all;
    }
    /// What a power cut leaves of changes that nobody synced: the files as they were before.
    void lose(const std::map<std::string, std::string>& before) const {
        for (const std::string& name : list_folder(path + "/files")) std::filesystem::remove_all(file(name));
        for (const auto& [name, content] : before) {
            write_file_atomically(file(name), content, 0600);
            std::filesystem::last_write_time(file(name),
                                             std::filesystem::file_time_type::clock::now() - std::chrono::hours(1));
        }
    }
    FileChange save(const std::string& name, const std::string& content) const {
        return FileChange::save(file(name), content, 0600);
    }
    FileChange remove(const std::string& name) const { return FileChange::remove(file(name)); }

    std::string path;
};

/// A journal in use, in the run `boot` of the kernel.
struct InUse {
    InUse(const Place& place, const std::string& boot, size_t size = 64 << 10) : journal(place.options(boot, size)) {
        problems = journal.recover();
        if (journal.is_half_full()) journal.settle();
    }
    Journal journal;
    std::vector<std::string> problems;
};

std::vector<std::string> recover(const Place& place, const std::string& boot) {
    Journal journal(place.options(boot));
    return journal.recover();
}

}  // namespace

TEST_CASE("a file of holes that a power cut took away is made again; one that was written into stays as it is") {
    Place place;
    const Hollow hollow{1 << 20, ::geteuid(), ::getegid()};
    const auto made = [&](const std::string& name) { return FileChange::made(place.file(name), 0640, hollow); };
    {
        InUse use(place, "first");
        REQUIRE(use.journal.keep({made("lost"), made("used"), made("cut")}));
        REQUIRE(use.journal.keep({FileChange::made(place.path + "/gone/with-its-folder", 0600, hollow)}));
        place.lose({{"used", "a guest's"}, {"cut", ""}});
    }
    CHECK(recover(place, "second").empty());
    CHECK(place.files().at("used") == "a guest's");
    CHECK_FALSE(std::filesystem::exists(place.path + "/gone"));
    for (const char* name : {"lost", "cut"}) {
        CAPTURE(name);
        struct stat status {};
        REQUIRE(::stat(place.file(name).c_str(), &status) == 0);
        CHECK(status.st_size == 1 << 20);
        CHECK(status.st_blocks == 0);
        CHECK((status.st_mode & 07777) == 0640);
    }
    {
        InUse use(place, "second");
        REQUIRE(use.journal.keep({made("settled")}));
        use.journal.settle();
        REQUIRE(use.journal.keep({made("removed")}));
        place.lose({});
    }
    // The same run of the kernel: nothing was lost, whoever removed it.
    CHECK(recover(place, "second").empty());
    CHECK(place.files().empty());
    CHECK(recover(place, "third").empty());
    CHECK(place.files().empty());
}

TEST_CASE("a file of holes that was removed does not come back with a power cut, and its namesake is left alone") {
    Place place;
    const Hollow hollow{1 << 20, ::geteuid(), ::getegid()};
    const auto made = [&](const std::string& name) { return FileChange::made(place.file(name), 0640, hollow); };
    {
        InUse use(place, "first");
        REQUIRE(use.journal.keep({made("removed"), made("replaced"), made("kept")}));
        REQUIRE(use.journal.keep({made("again")}));
        for (const char* name : {"removed", "replaced", "again", "never-recorded"})
            use.journal.forget(place.file(name));
        REQUIRE(use.journal.keep({made("again")}));
        place.lose({{"replaced", "somebody's"}});
    }
    CHECK(recover(place, "second").empty());
    auto files = place.files();
    CHECK(files.at("replaced") == "somebody's");
    CHECK(files.contains("kept"));
    CHECK(files.contains("again"));
    CHECK_FALSE(files.contains("removed"));
    CHECK_FALSE(files.contains("never-recorded"));
}

TEST_CASE("a change is in its file when apply() returns, with the mode asked for and nothing beside it") {
    Place place;
    InUse use(place, "first");
    use.journal.apply({FileChange::save(place.file("a"), "one", 0640), place.save("b", "two")});
    use.journal.apply({place.remove("b"), place.remove("never-there")});
    CHECK(place.files() == std::map<std::string, std::string>{{"a", "one"}});
    struct stat status {};
    REQUIRE(::stat(place.file("a").c_str(), &status) == 0);
    CHECK((status.st_mode & 07777) == 0640);
    CHECK(use.journal.has_work());
    use.journal.settle();
    CHECK_FALSE(use.journal.has_work());
}

TEST_CASE("a content that comes late is saved like any other, and one that never comes changes nothing") {
    Place place;
    {
        InUse use(place, "first");
        use.journal.save(place.file("a"), 0600, [&] {
            // Nobody who reads the folder sees it before it is whole.
            CHECK_FALSE(std::filesystem::exists(place.file("a")));
            return std::string("late");
        });
        CHECK(place.files() == std::map<std::string, std::string>{{"a", "late"}});
        auto never = []() -> std::string { fail(ErrorCode::internal_error, ErrorDomain::none, "no content"); };
        CHECK_THROWS_WITH(use.journal.save(place.file("a"), 0600, never), doctest::Contains("no content"));
        CHECK(place.files() == std::map<std::string, std::string>{{"a", "late"}});
        place.lose({});
    }
    CHECK(recover(place, "second").empty());
    CHECK(place.files() == std::map<std::string, std::string>{{"a", "late"}});
}

TEST_CASE("what a power cut took is made again, in the order in which it was reported") {
    Place place;
    {
        InUse use(place, "first");
        use.journal.apply({place.save("kept", "old"), place.save("gone", "old")});
        use.journal.settle();
        const auto before = place.files();
        use.journal.apply({place.save("kept", "newer")});
        use.journal.apply({place.save("kept", "newest"), place.save("new", "content")});
        use.journal.apply({place.remove("gone"), place.save("short", "life")});
        use.journal.apply({place.remove("short")});
        place.lose(before);
    }
    CHECK(recover(place, "second").empty());
    CHECK(place.files() == std::map<std::string, std::string>{{"kept", "newest"}, {"new", "content"}});
}

TEST_CASE("a file that the power cut left empty under its new name is whole again") {
    Place place;
    {
        InUse use(place, "first");
        use.journal.apply({place.save("a", "content")});
        struct stat status {};
        REQUIRE(::stat(place.file("a").c_str(), &status) == 0);
        std::filesystem::resize_file(place.file("a"), 0);
        const timespec times[] = {status.st_mtim, status.st_mtim};
        REQUIRE(::utimensat(AT_FDCWD, place.file("a").c_str(), times, 0) == 0);
    }
    CHECK(recover(place, "second").empty());
    CHECK(read_file(place.file("a"), limit) == "content");
}

TEST_CASE("what another program did since, or after the records were settled, stays") {
    Place place;
    {
        InUse use(place, "first");
        use.journal.apply({place.save("removed", "ours"), place.save("settled", "ours")});
        use.journal.settle();
        use.journal.apply({place.save("edited", "ours"), place.remove("again")});
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(30));  // the clock of files is coarse
    std::filesystem::remove(place.file("removed"));
    write_file_atomically(place.file("edited"), "theirs", 0600);
    write_file_atomically(place.file("again"), "theirs", 0600);
    write_file_atomically(place.file("settled"), "theirs", 0600);
    const std::map<std::string, std::string> theirs = {
        {"again", "theirs"}, {"edited", "theirs"}, {"settled", "theirs"}};
    SUBCASE("without a power cut") {
        CHECK(recover(place, "first").empty());
        CHECK(place.files() == theirs);
    }
    SUBCASE("with one") {
        CHECK(recover(place, "second").empty());
        CHECK(place.files() == theirs);
    }
}

TEST_CASE("as long as the kernel runs on, a restart brings nothing back that somebody removed") {
    Place place;
    {
        InUse use(place, "first");
        use.journal.apply({place.save("a", "ours")});
    }
    std::filesystem::remove(place.file("a"));
    CHECK(recover(place, "first").empty());
    CHECK(place.files().empty());
    CHECK(recover(place, "second").empty());
    CHECK(place.files().empty());
}

TEST_CASE("a journal that was cut at any byte of its last record tells all records before it") {
    Place place;
    InUse use(place, "first");
    use.journal.apply({place.save("a", "one")});
    use.journal.apply({place.save("b", std::string(5000, 'b'))});
    use.journal.apply({place.save("c", std::string(3000, 'c')), place.remove("a")});
    const std::string whole = read_file(place.journal(), limit);
    const auto all = journal::read(whole);
    REQUIRE(all);
    REQUIRE(all->records.size() == 3);
    CHECK(all->records[2].changes == std::vector{place.save("c", std::string(3000, 'c')), place.remove("a")});
    const size_t end = all->end * journal::block_size;
    const size_t begin = end - journal::block_size;
    const size_t last_byte = whole.find_last_not_of('\0', end - 1);
    size_t wrong = 0;
    for (size_t cut = begin; cut <= last_byte; cut++) {
        std::string torn = whole;
        std::fill(torn.begin() + static_cast<std::ptrdiff_t>(cut), torn.begin() + static_cast<std::ptrdiff_t>(end),
                  '\0');
        const auto read = journal::read(torn);
        if (!read || read->records.size() != 2 || read->end != all->end - 1) wrong++;
        torn = whole;
        torn[cut] ^= 1;
        const auto flipped = journal::read(torn);
        if (!flipped || flipped->records.size() != 2) wrong++;
        if (journal::decode(std::string_view(whole).substr(begin, cut - begin), all->mark.salt)) wrong++;
    }
    CHECK(wrong == 0);
}

TEST_CASE("one of the two marks may tear at any byte") {
    Place place;
    InUse use(place, "first");
    use.journal.apply({place.save("a", "one")});
    use.journal.settle();
    use.journal.apply({place.save("b", "two")});
    const std::string whole = read_file(place.journal(), limit);
    const auto now = journal::read(whole);
    REQUIRE(now);
    CHECK(now->records.size() == 1);
    const size_t newest = now->mark.count % journal::first_block * journal::block_size;
    for (size_t at = 0; at < 60; at++) {
        std::string torn = whole;
        torn[newest + at] ^= 1;
        const auto read = journal::read(torn);
        REQUIRE(read);
        // The older mark: what was settled since is found once more, and nothing is missing.
        CHECK(read->records.size() == (read->mark.count == now->mark.count ? 1 : 2));
    }
}

TEST_CASE("whatever the moment of a power cut, everything reported is there: many rounds through a small journal") {
    Place place;
    constexpr size_t small = 20 * journal::block_size;
    InUse use(place, "first", small);
    std::mt19937 random(20261121);
    std::map<std::string, std::string> reported;
    for (int i = 0; i < 300; i++) {
        const std::string name = fmt::format("f{}", random() % 6);
        if (random() % 4 == 0) {
            use.journal.apply({place.remove(name)});
            reported.erase(name);
        } else {
            const std::string content = fmt::format("{} {}", i, std::string(random() % 9000, 'x'));
            use.journal.apply({place.save(name, content)});
            reported[name] = content;
        }
        if (random() % 10 == 0) use.journal.settle();
        REQUIRE(place.files() == reported);
        if (random() % 8 != 0) continue;
        // A power cut, as another kernel finds it: a copy of the journal, and of the files what was settled by name.
        const auto content = journal::read(read_file(place.journal(), limit));
        REQUIRE(content);
        std::map<std::string, std::string> known = reported;
        for (const journal::Record& record : content->records) {
            for (const FileChange& change : record.changes) known.erase(change.path.substr(change.path.rfind('/') + 1));
        }
        place.lose(known);
        std::filesystem::copy_file(place.journal(), place.journal() + ".copy",
                                   std::filesystem::copy_options::overwrite_existing);
        Journal::Options options = place.options("second");
        options.path += ".copy";
        CHECK(Journal(options).recover().empty());
        REQUIRE(place.files() == reported);
    }
}

TEST_CASE("many threads at once: what each was told is there after a power cut") {
    Place place;
    std::map<std::string, std::string> expected;
    {
        InUse use(place, "first");
        std::vector<std::thread> threads;
        for (int thread = 0; thread < 8; thread++) {
            threads.emplace_back([&, thread] {
                const std::string name = fmt::format("f{}", thread);
                for (int i = 0; i < 40; i++) use.journal.apply({place.save(name, fmt::format("{} of {}", i, name))});
            });
        }
        threads.emplace_back([&] {
            for (int i = 0; i < 5; i++) use.journal.settle();
        });
        for (std::thread& thread : threads) thread.join();
        for (int thread = 0; thread < 8; thread++)
            expected[fmt::format("f{}", thread)] = fmt::format("39 of f{}", thread);
        CHECK(place.files() == expected);
        // Those whose records are settled are on disk by themselves.
        const auto content = journal::read(read_file(place.journal(), limit));
        REQUIRE(content);
        auto rest = expected;
        for (const journal::Record& record : content->records) {
            rest.erase(record.changes[0].path.substr(record.changes[0].path.rfind('/') + 1));
        }
        place.lose(rest);
    }
    CHECK(recover(place, "second").empty());
    CHECK(place.files() == expected);
}

TEST_CASE("a change that is too large for the journal is saved all the same, and not undone by an older record") {
    Place place;
    const std::string large(100000, 'l');
    {
        InUse use(place, "first");
        use.journal.apply({place.save("a", "small")});
        use.journal.apply({place.save("a", large)});
    }
    CHECK(recover(place, "second").empty());
    CHECK(read_file(place.file("a"), limit) == large);
}

TEST_CASE("a change that fails in the end is reported, and not made later") {
    Place place;
    {
        InUse use(place, "first");
        std::filesystem::create_directories(place.file("a/folder"));
        CHECK_THROWS_AS(use.journal.apply({place.save("a", "content")}), Error);
        CHECK(list_folder(place.path + "/files") == std::vector<std::string>{"a"});
        std::filesystem::remove_all(place.file("a"));
    }
    CHECK(recover(place, "second").empty());
    CHECK(place.files().empty());
}

TEST_CASE("without a journal's file, and beside a damaged one, changes are saved") {
    Place place;
    SUBCASE("none yet") {
        Journal journal(place.options("first"));
        CHECK(journal.recover().empty());
        journal.apply({place.save("a", "one"), place.remove("b")});
        CHECK(place.files() == std::map<std::string, std::string>{{"a", "one"}});
        CHECK(journal.has_work());
    }
    SUBCASE("one that cannot be made") {
        write_file_atomically(place.path + "/own", "no folder", 0600);
        Journal journal(place.options("first"));
        CHECK(journal.recover().empty());
        CHECK_THROWS_AS(journal.settle(), Error);
        journal.apply({place.save("a", "one")});
        CHECK(place.files() == std::map<std::string, std::string>{{"a", "one"}});
        CHECK_FALSE(journal.has_work());
    }
    SUBCASE("a damaged one") {
        make_folders(place.path + "/own", 0700);
        write_file_atomically(place.journal(), std::string(64 << 10, 'x'), 0600);
        Journal journal(place.options("first"));
        const std::vector<std::string> problems = journal.recover();
        REQUIRE(problems.size() == 2);
        CHECK(problems[0].find("damaged") != std::string::npos);
        CHECK(list_folder(place.path + "/own") == std::vector<std::string>{"journal.unread"});
        journal.apply({place.save("a", "one")});
        CHECK(read_file(place.file("a"), limit) == "one");
    }
}
