#include "io/journal_record.h"

#include <algorithm>
#include <cstring>

#include "base/checksum.h"

namespace virtue::io::journal {
namespace {

constexpr std::string_view record_magic = "VirtRec1";
constexpr std::string_view mark_magic = "VirtMrk1";
/// What a change is, as it stands in a record.
enum class Kind : uint32_t { save, removal, hollow, forgotten };
constexpr size_t hollow_size = sizeof(uint64_t) + 2 * sizeof(uint32_t);

Kind kind_of(const FileChange& change) {
    if (change.removal) return Kind::removal;
    if (change.forgotten) return Kind::forgotten;
    return change.hollow ? Kind::hollow : Kind::save;
}

constexpr size_t head_size = record_magic.size() + 2 * sizeof(uint32_t);  // magic, checksum, size of what follows

template <typename T>
void put(std::string& out, T value) {
    char bytes[sizeof value];
    std::memcpy(bytes, &value, sizeof value);
    out.append(bytes, sizeof value);
}

void put_text(std::string& out, std::string_view text) {
    put(out, static_cast<uint32_t>(text.size()));
    out += text;
}

/// Takes values from the front; once something is missing it stays failed.
class Reader {
public:
    explicit Reader(std::string_view bytes) : rest_(bytes) {}

    template <typename T>
    T take() {
        T value{};
        const std::string_view bytes = take_bytes(sizeof value);
        if (good_) std::memcpy(&value, bytes.data(), sizeof value);
        return value;
    }
    std::string_view take_bytes(size_t size) {
        good_ = good_ && size <= rest_.size();
        if (!good_) return {};
        const std::string_view bytes = rest_.substr(0, size);
        rest_.remove_prefix(size);
        return bytes;
    }
    std::string take_text() { return std::string(take_bytes(take<uint32_t>())); }
    bool good() const { return good_; }
    bool at_end() const { return good_ && rest_.empty(); }

private:
    std::string_view rest_;
    bool good_ = true;
};

std::string frame(std::string_view magic, std::string_view body, uint32_t salt) {
    std::string out;
    out.reserve(head_size + body.size() + block_size);
    out += magic;
    put(out, checksum(body, salt));
    put(out, static_cast<uint32_t>(body.size()));
    out += body;
    out.resize((out.size() + block_size - 1) / block_size * block_size, '\0');
    return out;
}

/// The body that frame() made, if it is whole.
std::optional<std::string_view> unframe(std::string_view magic, std::string_view bytes, uint32_t salt) {
    if (!bytes.starts_with(magic)) return std::nullopt;
    Reader reader(bytes.substr(magic.size()));
    const auto sum = reader.take<uint32_t>();
    const auto size = reader.take<uint32_t>();
    const std::string_view body = reader.take_bytes(size);
    if (!reader.good() || checksum(body, salt) != sum) return std::nullopt;
    return body;
}

}  // namespace

std::string encode(const Record& record, uint32_t salt) {
    std::string body;
    size_t size = 128;
    for (const FileChange& change : record.changes) size += change.path.size() + change.content.size() + 16;
    body.reserve(size);
    put(body, record.number);
    put(body, record.withdrawn);
    put(body, record.time);
    put_text(body, record.boot);
    put(body, static_cast<uint32_t>(record.changes.size()));
    for (const FileChange& change : record.changes) {
        put(body, static_cast<uint32_t>(kind_of(change)));
        put(body, change.mode);
        put_text(body, change.path);
        put_text(body, change.content);
        if (!change.hollow) continue;
        put(body, change.hollow->size);
        put(body, change.hollow->owner);
        put(body, change.hollow->group);
    }
    return frame(record_magic, body, salt);
}

std::optional<Record> decode(std::string_view bytes, uint32_t salt) {
    const auto body = unframe(record_magic, bytes, salt);
    if (!body) return std::nullopt;
    Reader reader(*body);
    Record record;
    record.number = reader.take<uint64_t>();
    record.withdrawn = reader.take<uint64_t>();
    record.time = reader.take<int64_t>();
    record.boot = reader.take_text();
    const auto count = reader.take<uint32_t>();
    for (uint32_t i = 0; i < count && reader.good(); i++) {
        FileChange change;
        const auto kind = static_cast<Kind>(reader.take<uint32_t>());
        change.removal = kind == Kind::removal;
        change.forgotten = kind == Kind::forgotten;
        change.mode = reader.take<uint32_t>();
        change.path = reader.take_text();
        change.content = reader.take_text();
        if (kind == Kind::hollow) {
            change.hollow.emplace();
            change.hollow->size = reader.take<uint64_t>();
            change.hollow->owner = reader.take<uint32_t>();
            change.hollow->group = reader.take<uint32_t>();
        }
        record.changes.push_back(std::move(change));
    }
    if (!reader.at_end()) return std::nullopt;
    return record;
}

size_t blocks_of(const Record& record) {
    size_t size = head_size + 3 * sizeof(uint64_t) + 2 * sizeof(uint32_t) + record.boot.size();
    for (const FileChange& change : record.changes) {
        size += 4 * sizeof(uint32_t) + change.path.size() + change.content.size() + (change.hollow ? hollow_size : 0);
    }
    return (size + block_size - 1) / block_size;
}

std::string encode(const Mark& mark) {
    std::string body;
    put(body, mark.count);
    put(body, mark.settled);
    put(body, mark.block);
    put(body, mark.time);
    put(body, mark.salt);
    return frame(mark_magic, body, 0);
}

std::optional<Mark> decode_mark(std::string_view block) {
    const auto body = unframe(mark_magic, block, 0);
    if (!body) return std::nullopt;
    Reader reader(*body);
    Mark mark;
    mark.count = reader.take<uint64_t>();
    mark.settled = reader.take<uint64_t>();
    mark.block = reader.take<uint64_t>();
    mark.time = reader.take<int64_t>();
    mark.salt = reader.take<uint32_t>();
    if (!reader.at_end() || mark.block < first_block) return std::nullopt;
    return mark;
}

std::optional<Content> read(std::string_view file) {
    Content content;
    bool any = false;
    for (size_t slot = 0; slot < first_block && (slot + 1) * block_size <= file.size(); slot++) {
        const auto mark = decode_mark(file.substr(slot * block_size, block_size));
        if (!mark || (any && mark->count < content.mark.count)) continue;
        content.mark = *mark;
        any = true;
    }
    if (!any) return std::nullopt;
    auto record_at = [&](size_t block) -> std::optional<Record> {
        if (block * block_size >= file.size()) return std::nullopt;
        auto record = decode(file.substr(block * block_size), content.mark.salt);
        // What lies there of an earlier round has another number.
        const uint64_t before = content.records.empty() ? content.mark.settled : content.records.back().number;
        if (record && record->number != before + 1) record.reset();
        return record;
    };
    content.end = content.mark.block;
    for (;;) {
        size_t block = content.end;
        auto record = record_at(block);
        if (!record) record = record_at(block = first_block);
        if (!record) return content;
        content.end = block + blocks_of(*record);
        content.records.push_back(std::move(*record));
    }
}

}  // namespace virtue::io::journal
