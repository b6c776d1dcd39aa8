// The screenshot stream.
#include <algorithm>

#include "drivers/test/domains.h"
#include "drivers/test/refusals.h"
#include "drivers/test/screenshot.h"
#include "protocol/remote/domain_device.h"

namespace virtue::test {
namespace {

/// Gives out bytes that are all there.
class MemoryStream final : public driver::StreamEndpoint {
public:
    explicit MemoryStream(std::vector<uint8_t> data) : data_(std::move(data)) {}
    bool sends() const override { return true; }
    bool receives() const override { return false; }
    Task<driver::StreamChunk> read(size_t limit, io::Deadline) override {
        driver::StreamChunk chunk;
        size_t size = std::min(limit, data_.size() - at_);
        auto from = data_.begin() + static_cast<ptrdiff_t>(at_);
        chunk.data.assign(from, from + static_cast<ptrdiff_t>(size));
        chunk.end = size == 0;
        at_ += size;
        co_return chunk;
    }

private:
    std::vector<uint8_t> data_;
    size_t at_ = 0;
};

proc::DomainScreenshot::Ret take_screenshot(Instance& in, driver::Call& call, proc::DomainScreenshot::Args args) {
    check_flags(args.flags, 0, "testDomainScreenshot");
    static_cast<void>(in);
    call.stream = std::make_unique<MemoryStream>(screenshot());
    return {"image/png"};
}

}  // namespace

void bind_domain_display(Instance& in) {
    bind<proc::DomainScreenshot>(in.hypervisor, in, take_screenshot);
}

}  // namespace virtue::test
