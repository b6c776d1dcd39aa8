// Moves bytes between files of this machine and volumes of the daemon's, and shows how far it is. Loop thread only.
#pragma once
#include <optional>
#include <string>

#include "protocol/references.h"
#include "shell/context.h"

namespace virtue::shell {

/// Progress of something long, on standard error: for people at a terminal, at most ten times a second; nobody else
/// sees any of it.
class Progress {
public:
    Progress(Context& context, std::string label, uint64_t total);
    ~Progress();
    Progress(const Progress&) = delete;
    Progress& operator=(const Progress&) = delete;
    void advance(uint64_t bytes);

private:
    void show();

    Context& context_;
    std::string label_;
    uint64_t total_;
    uint64_t done_ = 0;
    bool visible_;
    bool shown_ = false;
    io::TimePoint next_;
};

/// Runs `work`, a long call about a volume, and shows at a terminal how far the daemon is with it. `volume` is the one
/// that tells: the new one of a copy, by its pool and name. When the user interrupts it the connection is closed, so
/// that the daemon gives it up, too. Throws what `work` throws.
Task<void> watch_volume(Context& context, proc::StorageVolumeRef volume, std::string label, Task<void> work);

/// The same for a call whose answer is wanted; `failure` as Context::attempt has it.
template <typename P>
Task<typename P::Ret> attempt_watched(Context& context, typename P::Args call, std::string failure,
                                      proc::StorageVolumeRef volume, std::string label) {
    struct Kept {
        static Task<void> run(Context& in, typename P::Args with, std::string words,
                              std::optional<typename P::Ret>& to) {
            typename P::Ret answer = co_await in.attempt<P>(std::move(with), std::move(words));
            to.emplace(std::move(answer));
        }
    };
    std::optional<typename P::Ret> answer;
    Task<void> work = Kept::run(context, std::move(call), std::move(failure), answer);
    co_await watch_volume(context, std::move(volume), std::move(label), std::move(work));
    co_return std::move(*answer);
}

/// What part of a volume is meant, and how its holes are treated.
struct TransferOptions {
    uint64_t offset = 0;
    uint64_t length = 0;  ///< 0: all
    bool sparse = false;  ///< holes travel as holes
};

/// Writes the file `fd`, from where it stands, into the volume. Throws Failure, or Error.
Task<void> upload_file(Context& context, proc::StorageVolumeRef volume, int fd, TransferOptions options);
/// The same with bytes at hand.
Task<void> upload_bytes(Context& context, proc::StorageVolumeRef volume, std::string bytes);
/// Writes the volume's content into the file `fd`. Throws Failure, or Error.
Task<void> download_file(Context& context, proc::StorageVolumeRef volume, int fd, TransferOptions options);

}  // namespace virtue::shell
