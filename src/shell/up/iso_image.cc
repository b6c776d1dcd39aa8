#include "shell/up/iso_image.h"

#include <algorithm>
#include <cctype>
#include <cstdint>

#include "base/error.h"

namespace virtue::shell {
namespace {

constexpr size_t sector = 2048;
constexpr size_t longest_name = 64;  // of Joliet
constexpr size_t most_files = 16;
constexpr size_t longest_label = 16;  // of Joliet, in its field of 32 bytes

// Where things lie, in sectors. The 16 before are the system's own.
enum Place : uint32_t {
    primary_descriptor = 16,
    joliet_descriptor,
    last_descriptor,
    primary_paths_little,
    primary_paths_big,
    joliet_paths_little,
    joliet_paths_big,
    primary_root,
    joliet_root,
    first_file,
};
constexpr uint32_t path_table_size = 10;  // the root alone

/// Bytes at fixed places of one sector, or one after the other.
class Bytes {
public:
    explicit Bytes(size_t size = 0) : text_(size, '\0') {}

    void put(size_t at, std::string_view text) { text_.replace(at, text.size(), text); }
    void fill(size_t at, size_t size, std::string_view unit) {
        for (size_t i = 0; i < size; i += unit.size()) put(at + i, unit);
    }
    void add(std::string_view text) { text_ += text; }
    const std::string& text() const { return text_; }

private:
    std::string text_;
};

std::string little(uint32_t value, int bytes) {
    std::string out;
    for (int i = 0; i < bytes; i++) out += static_cast<char>(value >> (8 * i) & 0xff);
    return out;
}

std::string big(uint32_t value, int bytes) {
    std::string out = little(value, bytes);
    std::reverse(out.begin(), out.end());
    return out;
}

// Numbers stand in both orders, one after the other.
std::string both(uint32_t value, int bytes) {
    return little(value, bytes) + big(value, bytes);
}

std::string wide(std::string_view text) {
    std::string out;
    for (char letter : text) out += {'\0', letter};
    return out;
}

// Names of the plain tree: eight capitals, digits and underscores. Systems that know Joliet show the others.
std::string plain_name(std::string_view name, size_t number) {
    std::string out;
    for (char letter : name.substr(0, 6))
        out += std::isalnum(static_cast<unsigned char>(letter))
                   ? static_cast<char>(std::toupper(static_cast<unsigned char>(letter)))
                   : '_';
    return out + std::to_string(number) + ".;1";
}

// A date of a directory record: 2000-01-01, so that the image depends on its files alone.
const std::string date("\x64\x01\x01\0\0\0\0", 7);

std::string record(uint32_t place, uint32_t size, bool folder, std::string_view name) {
    std::string out = both(place, 4) + both(size, 4) + date;
    out += folder ? '\x02' : '\0';
    out += std::string(2, '\0');
    out += both(1, 2);
    out += static_cast<char>(name.size());
    out += name;
    if (name.size() % 2 == 0) out += '\0';
    return std::string(1, static_cast<char>(out.size() + 2)) + '\0' + out;
}

std::string descriptor(bool joliet, const std::string& label, uint32_t sectors) {
    Bytes out(sector);
    const std::string blank = joliet ? std::string("\0 ", 2) : std::string(" ");
    out.put(0, joliet ? std::string_view("\2CD001\1") : std::string_view("\1CD001\1"));
    out.fill(8, 64, blank);  // system and volume identifiers
    out.put(40, joliet ? wide(label) : label);
    out.put(80, both(sectors, 4));
    if (joliet) out.put(88, "%/E");  // UCS-2, level 3
    out.put(120, both(1, 2));
    out.put(124, both(1, 2));
    out.put(128, both(sector, 2));
    out.put(132, both(path_table_size, 4));
    out.put(140, little(joliet ? joliet_paths_little : primary_paths_little, 4));
    out.put(148, big(joliet ? joliet_paths_big : primary_paths_big, 4));
    out.put(156, record(joliet ? joliet_root : primary_root, sector, true, std::string_view("\0", 1)));
    out.fill(190, 622, blank);  // volume set, publisher, preparer, application
    for (size_t at : {813, 830, 847, 864}) {
        out.fill(at, 16, "0");  // dates that are not given
        out.put(at + 16, std::string_view("\0", 1));
    }
    out.put(881, "\1");
    return out.text();
}

std::string path_table(bool is_little, uint32_t root) {
    Bytes out(sector);
    out.put(0, std::string_view("\1\0", 2));
    out.put(2, is_little ? little(root, 4) : big(root, 4));
    out.put(6, is_little ? little(1, 2) : big(1, 2));
    return out.text();
}

std::string folder(bool joliet, const std::vector<IsoFile>& files) {
    const uint32_t own = joliet ? joliet_root : primary_root;
    std::vector<std::pair<std::string, std::string>> records;  // by name
    uint32_t place = first_file;
    size_t number = 0;
    for (const auto& [name, content] : files) {
        std::string shown = joliet ? wide(name + ";1") : plain_name(name, number++);
        std::string made = record(place, static_cast<uint32_t>(content.size()), false, shown);
        records.emplace_back(std::move(shown), std::move(made));
        place += static_cast<uint32_t>((content.size() + sector - 1) / sector);
    }
    std::sort(records.begin(), records.end());
    std::string out = record(own, sector, true, std::string_view("\0", 1));
    out += record(own, sector, true, "\1");
    for (const auto& [name, text] : records) out += text;
    if (out.size() > sector) throw Error(ErrorCode::invalid_arg, ErrorDomain::none, "too many files for a CD image");
    out.resize(sector, '\0');
    return out;
}

}  // namespace

std::string iso_image(const std::string& label, const std::vector<IsoFile>& files) {
    uint32_t sectors = first_file;
    for (const auto& [name, content] : files) {
        if (name.empty() || name.size() > longest_name)
            throw Error(ErrorCode::invalid_arg, ErrorDomain::none, "a name of a CD image has 1 to 64 letters");
        sectors += static_cast<uint32_t>((content.size() + sector - 1) / sector);
    }
    if (files.size() > most_files || label.size() > longest_label)
        throw Error(ErrorCode::invalid_arg, ErrorDomain::none, "too many files or too long a label for a CD image");
    Bytes out(primary_descriptor * sector);
    out.add(descriptor(false, label, sectors));
    out.add(descriptor(true, label, sectors));
    Bytes last(sector);
    last.put(0,
             "\xff"
             "CD001\1");
    out.add(last.text());
    out.add(path_table(true, primary_root));
    out.add(path_table(false, primary_root));
    out.add(path_table(true, joliet_root));
    out.add(path_table(false, joliet_root));
    out.add(folder(false, files));
    out.add(folder(true, files));
    for (const auto& [name, content] : files) {
        out.add(content);
        out.add(std::string((sector - content.size() % sector) % sector, '\0'));
    }
    return out.text();
}

}  // namespace virtue::shell
