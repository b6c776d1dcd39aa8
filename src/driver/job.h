// Jobs: one change of an object at a time, in the order of asking, each with a deadline. Reads never take one.
// Loop thread only.
#pragma once
#include <cstdint>
#include <memory>
#include <string>

#include "io/condition.h"

namespace virtue::driver {

/// What a job does; a second of the same lane waits for the first.
enum class JobKind : uint8_t { modify, agent, destroy };

/// The lanes of one object. An agent job runs beside a modify job; a destroy job cancels the waits of the others
/// and goes first.
class JobQueue {
public:
    JobQueue(io::Loop& loop, std::string object_name);

    /// Holds the lane while it lives.
    class Job {
    public:
        Job() = default;
        Job(Job&& other) noexcept;
        Job& operator=(Job&& other) noexcept;
        ~Job();

    private:
        friend class JobQueue;
        Job(std::shared_ptr<JobQueue*> queue, JobKind kind) : queue_(std::move(queue)), kind_(kind) {}
        void release();
        std::shared_ptr<JobQueue*> queue_;
        JobKind kind_ = JobKind::modify;
    };

    /// Waits for its turn. `what` is the public call's name, for the error of those who wait in vain:
    /// operation_timeout "cannot acquire state change lock (held by …)".
    Task<Job> begin(JobKind kind, std::string what, io::Deadline deadline);
    /// The call that holds the modify lane, empty if none.
    const std::string& holder() const { return modify_.holder; }
    /// Cancelled when a destroy begins: monitor waits of the present job end at once.
    io::CancelSource& current_cancel() { return *cancel_; }
    ~JobQueue();

private:
    struct Lane {
        explicit Lane(io::Loop& loop) : free(loop) {}
        io::Condition free;
        std::string holder;
        bool busy = false;
        int waiting_destroys = 0;
    };
    Lane& lane_of(JobKind kind) { return kind == JobKind::agent ? agent_ : modify_; }
    void release(JobKind kind);

    std::string object_name_;
    Lane modify_;
    Lane agent_;
    std::unique_ptr<io::CancelSource> cancel_;
    std::unique_ptr<io::CancelSource> cancelled_;  ///< the one before, whose waits have all been ended
    std::shared_ptr<JobQueue*> self_;
};

using Job = JobQueue::Job;

}  // namespace virtue::driver
