#include "client/config_file.h"

#include <unistd.h>

#include "base/error.h"
#include "base/text.h"
#include "driver/paths.h"
#include "io/files.h"

namespace virtue::client {
namespace {

constexpr size_t file_max = 1 << 20;

// Reads the quoted texts of a value that may go over several lines; comments run from # to the line's end.
class Scanner {
public:
    explicit Scanner(std::string_view text) : text_(text) {}

    bool skip_blank() {
        while (at_ < text_.size()) {
            char c = text_[at_];
            if (c == '#') {
                at_ = std::min(text_.find('\n', at_), text_.size());
            } else if (c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == ',') {
                if (c == '\n') line_++;
                at_++;
            } else {
                return true;
            }
        }
        return false;
    }
    std::string word() {
        size_t start = at_;
        while (at_ < text_.size() && (std::isalnum(static_cast<unsigned char>(text_[at_])) || text_[at_] == '_')) at_++;
        if (at_ == start) refuse("a name is expected");
        return std::string(text_.substr(start, at_ - start));
    }
    bool take(char c) {
        bool there = skip_blank() && text_[at_] == c;
        if (there) at_++;
        return there;
    }
    std::string value() {
        skip_blank();
        char quote = at_ < text_.size() ? text_[at_] : '\0';
        if (quote != '"' && quote != '\'') return word();
        size_t end = text_.find(quote, at_ + 1);
        if (end == text_.npos) refuse("a quote is not closed");
        std::string inner(text_.substr(at_ + 1, end - at_ - 1));
        at_ = end + 1;
        return inner;
    }
    [[noreturn]] void refuse(std::string_view what) const {
        fail(ErrorCode::conf_syntax, ErrorDomain::conf, "libvirt.conf:{}: {}", line_, what);
    }

private:
    std::string_view text_;
    size_t at_ = 0;
    int line_ = 1;
};

}  // namespace

ClientConfig ClientConfig::parse(std::string_view text) {
    ClientConfig config;
    Scanner scanner(text);
    while (scanner.skip_blank()) {
        std::string key = scanner.word();
        if (!scanner.take('=')) scanner.refuse("'=' is expected after " + key);
        std::vector<std::string> values;
        if (scanner.take('[')) {
            while (!scanner.take(']')) {
                if (!scanner.skip_blank()) scanner.refuse("']' is missing");
                values.push_back(scanner.value());
            }
        } else {
            values.push_back(scanner.value());
        }
        if (key == "uri_default" && !values.empty()) config.uri_default = values.front();
        if (key != "uri_aliases") continue;
        for (const std::string& alias : values) {
            size_t equals = alias.find('=');
            if (equals == alias.npos) scanner.refuse("an alias is \"name=uri\"");
            config.uri_aliases.emplace_back(alias.substr(0, equals), alias.substr(equals + 1));
        }
    }
    return config;
}

ClientConfig ClientConfig::load() {
    driver::Paths paths = ::geteuid() == 0 ? driver::Paths::system("") : driver::Paths::session("");
    std::string path = paths.config + "/libvirt.conf";
    if (::access(path.c_str(), R_OK) != 0) return {};
    std::string text = io::read_file(path, file_max);
    return parse(text);
}

}  // namespace virtue::client
