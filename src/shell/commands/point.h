// What snapshots and checkpoints share: points in time of a domain, made from options. Values; any thread.
#pragma once
#include <string>

#include "shell/command.h"

namespace virtue::shell {

/// The XML of a snapshot or checkpoint (`element`) of the options --name, --description, --memspec and the list of
/// disks. Throws Failure for a disk that cannot be read.
std::string point_xml(const Arguments& arguments, const char* element);
/// The value of the first node that the XPath expression finds, or nothing.
std::string first_text(const std::string& xml, const std::string& expression);
/// Seconds since 1970 as "2024-05-06 07:08:09 +0200".
std::string local_time(const std::string& seconds);

}  // namespace virtue::shell
