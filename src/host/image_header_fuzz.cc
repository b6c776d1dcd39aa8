// Feeds hostile headers to the image probe.
#include <cstdlib>

#include "host/image_header.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    using namespace virtue::host;
    const ImageFacts facts = probe_image({data, size}, size);
    // What a header names is bounded, and holds no NUL that would cut a path short.
    if (facts.backing && (facts.backing->empty() || facts.backing->size() > 1023)) std::abort();
    if (facts.backing && facts.backing->find('\0') != std::string::npos) std::abort();
    if (facts.format.empty()) std::abort();
    return 0;
}
