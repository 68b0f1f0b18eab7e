#pragma once

#include "actors/runtime/io_threads.hpp"

#include <caf/detail/simple_actor_clock.hpp>

#include <boost/asio/steady_timer.hpp>

#include <memory>
#include <mutex>
#include <vector>

namespace roost::runtime {

/// CAF's time-outs and delayed messages, on Asio timers of the threads that set them. CAF's own
/// clock is a thread, which is woken for each time-out that is set or cancelled: that is a switch
/// to another core for every request, and for the first output after every pause. Here a time-out
/// costs nothing while an earlier one is armed. Thread-safe.
class actor_clock final : public caf::detail::simple_actor_clock {
public:
  /// @param place names the calling thread's context, or any for other threads.
  explicit actor_clock(io_place place);
  /// As `stop`.
  ~actor_clock() override;
  actor_clock(const actor_clock&) = delete;
  actor_clock& operator=(const actor_clock&) = delete;

  /// Nothing is triggered any more, and no thread is in here, when this returns. Idempotent.
  void stop();

  void set_ordinary_timeout(time_point t, caf::abstract_actor* self, caf::atom_value type,
                            std::uint64_t id) override;
  void set_multi_timeout(time_point t, caf::abstract_actor* self, caf::atom_value type,
                         std::uint64_t id) override;
  void set_request_timeout(time_point t, caf::abstract_actor* self, caf::message_id id) override;
  void cancel_ordinary_timeout(caf::abstract_actor* self, caf::atom_value type) override;
  void cancel_request_timeout(caf::abstract_actor* self, caf::message_id id) override;
  void cancel_timeouts(caf::abstract_actor* self) override;
  void schedule_message(time_point t, caf::strong_actor_ptr receiver,
                        caf::mailbox_element_ptr content) override;
  void schedule_message(time_point t, caf::group target, caf::strong_actor_ptr sender,
                        caf::message content) override;
  void cancel_all() override;

private:
  /// One context's timer. Invariant: one of them is armed for the earliest time-out, or before.
  struct wake_up {
    explicit wake_up(boost::asio::io_context& io) : context(&io), timer(io) {}
    boost::asio::io_context* context;
    boost::asio::steady_timer timer;
    time_point at = time_point::max();
  };
  /// What a timer's handler holds: it may run after the clock is gone. The mutex is recursive,
  /// because letting go of an actor may end it, and its end cancels its time-outs.
  struct lifeline {
    std::recursive_mutex mutex;
    actor_clock* clock = nullptr;
  };
  using guard = std::lock_guard<std::recursive_mutex>;

  void arm_for(time_point t);
  void arm(wake_up& w, time_point t);
  void on_wake_up(wake_up& w);
  [[nodiscard]] bool is_armed_before(time_point t) const;

  io_place place_;
  std::shared_ptr<lifeline> life_;
  std::vector<std::unique_ptr<wake_up>> wake_ups_;
};

} // namespace roost::runtime
