// What is answered to a value that cannot be read, where it is not the usual xml_error: some documents' readers were
// written over years, and clients know the numbers. A table of places; the Mapper asks it once a value is found wrong,
// so reading what is right costs nothing. Constant data.
#pragma once
#include <cstdint>
#include <string_view>

#include "base/error_code.h"

namespace virtue::xml {

/// What is said to a value.
struct Answer {
    enum class Kind : uint8_t {
        usual,   ///< xml_error of the XML part
        absent,  ///< the value counts as not there
        error,   ///< `code` of `domain`
    };
    Kind kind = Kind::usual;
    ErrorCode code = ErrorCode::ok;
    ErrorDomain domain = ErrorDomain::none;
};

/// One place of a document.
struct Refusal {
    /// The end of the path, without numbers: "rng/rate@period" is an attribute, "iotune/read_bytes_sec" an element's
    /// text.
    std::string_view place;
    Answer wrong;    ///< a value that cannot be read
    Answer empty;    ///< a value without a letter
    Answer missing;  ///< an attribute that must be there and is not
};

/// The line of a table for a place, which is a whole path; nullptr if there is none.
using RefusalAt = const Refusal* (*)(std::string_view place);

}  // namespace virtue::xml
