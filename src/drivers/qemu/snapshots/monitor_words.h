// Words for QEMU's human monitor, which takes snapshots by lines of text, and what it prints back. Pure functions.
#pragma once
#include <string>

namespace virtue::qemu {

/// A name as one word of a line: in quotes, whatever is in it.
std::string monitor_word(const std::string& name);
/// Throws what libvirt makes of the printed words, if they tell of a failure. `what`: "take", "load" or "delete".
void require_done(const std::string& printed, const char* what);

}  // namespace virtue::qemu
