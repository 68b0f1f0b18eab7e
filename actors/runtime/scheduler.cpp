#include "actors/runtime/scheduler.hpp"

#include <caf/actor_system.hpp>
#include <caf/detail/thread_safe_actor_clock.hpp>
#include <caf/execution_unit.hpp>
#include <caf/logger.hpp>
#include <caf/resumable.hpp>
#include <caf/scheduler/abstract_coordinator.hpp>

#include <boost/asio/defer.hpp>

#include <atomic>
#include <stdexcept>
#include <thread>

namespace roost::runtime {

namespace {

class coordinator;

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
    throughput_ = config->max_throughput();
  }

  static caf::actor_system::module* make(caf::actor_system& sys, caf::detail::type_list<>) {
    return new coordinator(sys); // CAF's module table takes ownership
  }

  void start() override {
    clock_thread_ = std::thread{[this] { clock_.run_dispatch_loop(); }};
    abstract_coordinator::start();
  }

  void stop() override {
    stop_actors();
    clock_.cancel_dispatch_loop();
    clock_thread_.join();
    // An actor is "done" for the system before its last job has returned, and that job still uses
    // the system. CAF's own scheduler joins its threads here; ours live on, so wait for the jobs.
    for (auto left = jobs_.load(); left != 0; left = jobs_.load())
      jobs_.wait(left);
  }

  void enqueue(caf::resumable* job) override {
    jobs_.fetch_add(1, std::memory_order_relaxed);
    // defer: from a pool thread the job joins that thread's own queue, without a lock or a wake-up.
    boost::asio::defer(place_(), [this, job] {
      run(job);
      // The last touch of the coordinator: stop() may return at once.
      if (jobs_.fetch_sub(1) == 1)
        jobs_.notify_all();
    });
  }

  caf::actor_clock& clock() noexcept override { return clock_; }

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
  caf::detail::thread_safe_actor_clock clock_;
  std::thread clock_thread_;
};

unit::unit(coordinator& owner) : execution_unit(&owner.system()), owner_(owner) {}

void unit::exec_later(caf::resumable* job) { owner_.enqueue(job); }

} // namespace

system_config::system_config(boost::asio::io_context& io, std::size_t max_throughput)
    : system_config([&io]() -> boost::asio::io_context& { return io; }, max_throughput) {}

system_config::system_config(io_place place, std::size_t max_throughput)
    : place_(std::move(place)), max_throughput_(max_throughput) {
  load<coordinator>();
}

} // namespace roost::runtime
