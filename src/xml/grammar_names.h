// Names for the elements of a grammar, as its printers need them. Pure functions.
#pragma once
#include <string>
#include <vector>

#include "xml/grammar.h"

namespace virtue::xml {

/// A name for each element of the grammar: that of its first place, with a number where several share it.
std::vector<std::string> unique_names(const Grammar& grammar);
/// The first place of each element: "/domain/devices/disk".
std::vector<std::string> first_paths(const Grammar& grammar);

}  // namespace virtue::xml
