// Any bytes, in portions of any size: the reader gives out messages or refuses, and never holds more than its limit.
#include <cstdlib>

#include "base/error.h"
#include "drivers/qemu/monitor/json.h"
#include "drivers/qemu/monitor/qmp_reader.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    using virtue::qemu::Json;
    using virtue::qemu::QmpReader;
    if (size == 0) return 0;
    QmpReader reader("fuzzed stream", {.message = 4096, .depth = 16});
    if ((data[0] & 0x80) != 0) reader.skip_to_sentinel();
    const size_t portion = (data[0] & 0x7f) + 1u;
    try {
        for (size_t at = 1; at < size; at += portion) {
            reader.feed(std::span<const uint8_t>(data + at, std::min(portion, size - at)));
            while (auto text = reader.next()) {
                if (text->empty() || text->front() != '{' || text->size() > 4096) abort();
                const Json value = Json::parse(*text);
                if (Json::parse(value.to_text()).members().size() != value.members().size()) abort();
            }
            if (reader.buffered() > 4096 + portion) abort();
        }
    } catch (const virtue::Error&) {
    }
    return 0;
}
