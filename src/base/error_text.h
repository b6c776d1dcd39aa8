// The fixed sentences of libvirt's error codes. Data only; usable from any thread.
#pragma once
#include "base/error_code.h"

namespace virtue {

/// The two forms of libvirt's sentence for a code: alone, and as a printf format for one detail ("%s").
struct ErrorText {
    const char* alone;
    const char* with_detail;
};

/// The sentence of `code` (libvirt: virErrorMsg). Unknown codes give "unknown error".
ErrorText error_text(ErrorCode code);

}  // namespace virtue
