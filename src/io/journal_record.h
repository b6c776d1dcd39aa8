// The form of a journal on disk: blocks of 4 KiB. The first two hold a mark each, how far the journal is settled, and
// take turns; records follow, each in blocks of its own, so that a block that tears while one is written harms no
// other. Plain functions of journal.cc and its tests; any thread.
#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace virtue::io {

/// A file of holes, which others fill.
struct Hollow {
    uint64_t size = 0;  ///< bytes
    uint32_t owner = 0, group = 0;
    bool operator==(const Hollow&) const = default;
};

/// A file that is to be there with a content, or with holes, or not to be there; or one of which nothing is known any
/// more.
struct FileChange {
    std::string path;
    std::string content;
    uint32_t mode = 0;
    bool removal = false;
    std::optional<Hollow> hollow = {};
    bool forgotten = false;

    static FileChange save(std::string path, std::string content, uint32_t mode) {
        return {std::move(path), std::move(content), mode, false, {}, false};
    }
    static FileChange remove(std::string path) { return {std::move(path), {}, 0, true, {}, false}; }
    static FileChange forget(std::string path) { return {std::move(path), {}, 0, false, {}, true}; }
    static FileChange made(std::string path, uint32_t mode, Hollow hollow) {
        return {std::move(path), {}, mode, false, hollow, false};
    }
    bool operator==(const FileChange&) const = default;
};

namespace journal {

constexpr size_t block_size = 4096;
constexpr size_t first_block = 2;

struct Record {
    uint64_t number = 0;     ///< one more than that of the record before
    uint64_t withdrawn = 0;  ///< the number of a record whose changes failed after all; 0 for none
    int64_t time = 0;        ///< ns since 1970: the modification time of its files, later than what they replaced
    std::string boot;        ///< the run of the kernel in which it was written
    std::vector<FileChange> changes;
    bool operator==(const Record&) const = default;
};

struct Mark {
    uint64_t count = 0;            ///< of marks that were written; the newer of two has more
    uint64_t settled = 0;          ///< the last record that nobody needs any more
    uint64_t block = first_block;  ///< where the next one begins, unless it did not fit there: then at first_block
    int64_t time = 0;              ///< of the latest record
    uint32_t salt = 0;             ///< of this file's checksums: what clients have us write cannot pass for a record
};

/// Filled up to whole blocks.
std::string encode(const Record& record, uint32_t salt);
/// The record at the beginning of `bytes`; nothing for one that is cut off, torn, of another file, or none.
std::optional<Record> decode(std::string_view bytes, uint32_t salt);
size_t blocks_of(const Record& record);

std::string encode(const Mark& mark);
std::optional<Mark> decode_mark(std::string_view block);

/// What a journal's file says: its newest mark, and the records after it up to the first that is not whole.
struct Content {
    Mark mark;
    std::vector<Record> records;
    size_t end = first_block;  ///< the block after the last of them
};
/// Nothing if neither mark is whole.
std::optional<Content> read(std::string_view file);

}  // namespace journal
}  // namespace virtue::io
