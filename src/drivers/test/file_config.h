// test:///path/to/file.xml: a world described by a <node> document. Loop thread; the file is read off it.
#pragma once
#include <string>

#include "io/loop.h"
#include "io/task.h"

namespace virtue::test {

class Instance;

/// Reads the file and what its elements' `file` attributes name, and fills the instance.
/// Errors: xml_error for what cannot be read or is no <node>, and those of the objects' models.
Task<void> load_file_config(io::Loop& loop, Instance& in, std::string path);

}  // namespace virtue::test
