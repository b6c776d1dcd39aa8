#include "drivers/qemu/snapshots/monitor_words.h"

#include "base/error.h"

namespace virtue::qemu {

std::string monitor_word(const std::string& name) {
    std::string word = "\"";
    for (char c : name) {
        if (c == '\n') {
            word += "\\n";
            continue;
        }
        if (c == '\r') {
            word += "\\r";
            continue;
        }
        if (c == '"' || c == '\\') word += '\\';
        word += c;
    }
    return word + "\"";
}

void require_done(const std::string& printed, const char* what) {
    if (printed.find("No block device") != std::string::npos) {
        fail(ErrorCode::operation_invalid, ErrorDomain::qemu, "this domain does not have a device to {} snapshots",
             what);
    }
    // Success prints nothing.
    if (printed.find_first_not_of(" \r\n") == std::string::npos) return;
    fail(ErrorCode::operation_failed, ErrorDomain::qemu, "Failed to {} snapshot: {}", what, printed);
}

}  // namespace virtue::qemu
