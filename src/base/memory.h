// What a daemon that does nothing need not hold. Plain functions; any thread.
#pragma once

namespace virtue {

/// Gives the system back what the heap has free, and lets go of the pages of code and constants that are mapped:
/// starting, or one rare call, touches much that is not touched again. What is needed is there again at the next step,
/// from the system's cache of files. Takes about a millisecond; for quiet moments.
void give_back_memory() noexcept;

}  // namespace virtue
