// Where tests find recorded answers of the reference: VIRTUE_SHARED, or shared/ beside the checkout. Tests only.
#pragma once
#include <unistd.h>

#include <cstdlib>
#include <string>

namespace virtue::qemu {

/// "…/shared/golden/", or empty where there is none: a test skips then.
inline std::string golden_folder() {
    std::string candidates[] = {"", "../shared", "../../shared"};
    if (const char* named = getenv("VIRTUE_SHARED")) candidates[0] = named;
    for (const std::string& candidate : candidates) {
        if (!candidate.empty() && access((candidate + "/golden").c_str(), R_OK) == 0) return candidate + "/golden/";
    }
    return {};
}

}  // namespace virtue::qemu
