#include "actors/runtime/scheduler.hpp"

#include "actors/runtime/actor_clock.hpp"

#include <caf/actor_system.hpp>
#include <caf/execution_unit.hpp>
#include <caf/logger.hpp>
#include <caf/resumable.hpp>
#include <caf/scheduler/abstract_coordinator.hpp>

#include <boost/asio/defer.hpp>

#include <atomic>
#include <memory>
#include <stdexcept>
#include <utility>
#include <vector>

namespace roost::runtime {

namespace {

// Jobs that one hand_over runs at most, so that other descriptors get their turn.
constexpr std::size_t most_at_once = 8;

class coordinator;

struct ready_job {
  coordinator* owner;
  caf::resumable* job;
};
thread_local bool is_collecting = false;
thread_local std::vector<ready_job> ready_jobs;

/// What an actor sees of the thread that runs it. One per thread and system, made on first use.
class unit final : public caf::execution_unit {
public:
  explicit unit(coordinator& owner);
  void exec_later(caf::resumable* job) override;

private:
  coordinator& owner_;
};

/// CAF's scheduler on the threads of an io_context: socket completions and actors share one pool,
/// so a byte that arrives on a socket is handled by its actor on the same thread, usually without a
/// switch.
class coordinator final : public caf::scheduler::abstract_coordinator {
public:
  explicit coordinator(caf::actor_system& sys) : abstract_coordinator(sys) {
    const auto* config = dynamic_cast<const system_config*>(&sys.config());
    if (config == nullptr)
      throw std::logic_error("the actor system was not started with runtime::system_config");
    place_ = config->place();
    clock_ = std::make_unique<actor_clock>(place_);
    throughput_ = config->max_throughput();
  }

  static caf::actor_system::module* make(caf::actor_system& sys, caf::detail::type_list<>) {
    return new coordinator(sys); // CAF's module table takes ownership
  }

  void stop() override {
    stop_actors();
    clock_->stop();
    // An actor is "done" for the system before its last job has returned, and that job still uses
    // the system. CAF's own scheduler joins its threads here; ours live on, so wait for the jobs.
    for (auto left = jobs_.load(); left != 0; left = jobs_.load())
      jobs_.wait(left);
  }

  void enqueue(caf::resumable* job) override {
    jobs_.fetch_add(1, std::memory_order_relaxed);
    if (is_collecting)
      ready_jobs.push_back({this, job});
    else
      run_later(job);
  }

  void run_later(caf::resumable* job) {
    // defer: from a pool thread the job joins that thread's own queue, without a lock or a wake-up.
    boost::asio::defer(place_(), [this, job] { run_now(job); });
  }

  void run_now(caf::resumable* job) {
    run(job);
    // The last touch of the coordinator: stop() may return at once.
    if (jobs_.fetch_sub(1) == 1)
      jobs_.notify_all();
  }

  caf::actor_clock& clock() noexcept override { return *clock_; }

private:
  void run(caf::resumable* job) {
    unit context{*this};
    const auto outcome = job->resume(&context, throughput_);
    // Spawning leaves a share of CAF's logger in a variable of this thread. The threads outlive the
    // system, whose destructor waits for the last share.
    caf::logger::set_current_actor_system(nullptr);
    switch (outcome) {
    case caf::resumable::resume_later:
      enqueue(job); // keeps the reference it holds
      break;
    case caf::resumable::done:
    case caf::resumable::awaiting_message:
    case caf::resumable::shutdown_execution_unit:
      caf::intrusive_ptr_release(job);
      break;
    }
  }

  io_place place_;
  std::size_t throughput_ = 0;
  std::atomic<std::size_t> jobs_{0}; ///< queued or running
  std::unique_ptr<actor_clock> clock_;
};

unit::unit(coordinator& owner) : execution_unit(&owner.system()), owner_(owner) {}

void unit::exec_later(caf::resumable* job) { owner_.enqueue(job); }

} // namespace

run_at_end::run_at_end() : is_outer_(!std::exchange(is_collecting, true)) {}

run_at_end::~run_at_end() {
  if (!is_outer_)
    return;
  // What runs here may make more ready.
  std::size_t next = 0;
  for (; next < ready_jobs.size() && next < most_at_once; ++next) {
    const auto one = ready_jobs[next];
    one.owner->run_now(one.job);
  }
  is_collecting = false;
  for (; next < ready_jobs.size(); ++next)
    ready_jobs[next].owner->run_later(ready_jobs[next].job);
  ready_jobs.clear();
}

system_config::system_config(boost::asio::io_context& io, std::size_t max_throughput)
    : system_config([&io]() -> boost::asio::io_context& { return io; }, max_throughput) {}

system_config::system_config(io_place place, std::size_t max_throughput)
    : place_(std::move(place)), max_throughput_(max_throughput) {
  load<coordinator>();
}

} // namespace roost::runtime
