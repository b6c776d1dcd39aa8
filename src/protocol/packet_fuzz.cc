// Any bytes as a message: the header, then the payload as arguments and as result of the procedure it names.
// What decodes must encode again, and that must decode to the same bytes.
#include "protocol/registry.h"

using namespace virtue;

namespace {

using RoundTrip = std::vector<uint8_t> (*)(std::span<const uint8_t>);

void check_round_trip(RoundTrip round_trip, std::span<const uint8_t> payload) {
    std::vector<uint8_t> once;
    try {
        once = round_trip(payload);
    } catch (const Error& error) {
        if (error.code() != ErrorCode::rpc) __builtin_trap();
        return;
    }
    if (round_trip(once) != once) __builtin_trap();
}

std::vector<uint8_t> error_round_trip(std::span<const uint8_t> payload) {
    wire::Encoder out;
    wire::encode(out, wire::decode_as<wire::MessageError>(payload));
    return out.take();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    std::span<const uint8_t> bytes(data, size);
    if (size < wire::length_size) return 0;
    wire::is_valid_length(wire::decode_as<uint32_t>(bytes));
    bytes = bytes.subspan(wire::length_size);
    std::optional<wire::Header> header = wire::decode_header(bytes);
    if (!header) return 0;
    std::span<const uint8_t> payload = bytes.subspan(wire::header_size);
    check_round_trip(error_round_trip, payload);
    const proc::ProcedureInfo* procedure = proc::find(header->program, header->procedure);
    if (!procedure) return 0;
    check_round_trip(procedure->round_trip_args, payload);
    check_round_trip(procedure->round_trip_ret, payload);
    return 0;
}
