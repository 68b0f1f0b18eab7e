#pragma once

#include "actors/channel/breaker/breaker.hpp"
#include "actors/channel/last_good.hpp"
#include "actors/channel/outcome.hpp"
#include "actors/channel/transport/transport.hpp"
#include "actors/runtime/config_channels.hpp"
#include "protocols/channel_types.hpp"

#include <chrono>
#include <cstdint>
#include <deque>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>

namespace roost::channel {

/// What a caller wants. `id` is the desk's owner's, unique among the calls that are open.
struct wanted_call {
  std::uint64_t id = 0;
  std::string method;
  std::string params;      ///< JSON text; empty: none
  milliseconds timeout{0}; ///< of the whole call; 0: the channel's
};

/// What the desk has others do. None of it may call the desk back.
class desk_port {
public:
  virtual ~desk_port() = default;
  virtual void send(request what) = 0;
  /// Nobody waits for this request any more.
  virtual void withdraw(std::uint64_t request_id) = 0;
  /// The call's one answer.
  virtual void answer(std::uint64_t call_id, call_answer what) = 0;
  /// Asks the channel that stands in; ends with call_desk::stood_in, within `patience`.
  virtual void ask_other(std::uint64_t call_id, const std::string& channel,
                         const std::string& method, const std::string& params,
                         milliseconds patience) = 0;
};

/// The calls of one channel: places, time-outs, one more try, and what stands in for an answer.
/// Around the breaker, and pure like it: time and I/O are passed in. Each call is answered exactly
/// once, by its deadline (plus `stand_in_patience`, if another channel is asked). Bounded: at most
/// `limit` calls are out and `queue` wait, and they hold at most `most_open_bytes`. Not
/// thread-safe.
class call_desk {
public:
  /// Another channel is asked for this long at least, even when the call's time is over.
  static constexpr milliseconds stand_in_patience{40};
  /// A time-out below this says more about the caller than about the helper: it is not counted.
  static constexpr milliseconds shortest_judged{50};
  static constexpr milliseconds longest_timeout{600'000};
  static constexpr std::uint32_t most_attempts = 2;
  /// Of all calls that are open: what they ask takes no more memory than this.
  static constexpr std::size_t most_open_bytes = std::size_t{16} << 20;

  /// @param random, port outlive the desk.
  call_desk(const channel_config& config, random_source& random, desk_port& port, steady_time now,
            breaker::start how);

  void submit(wanted_call what, steady_time now);
  /// What a transport says. A reply to a request that is over only counts as late.
  void replied(const reply& what, steady_time now);
  /// The caller does not want to know any more: the answer is `cancelled`. Unknown ids are none.
  void cancel(std::uint64_t call_id, steady_time now);
  /// What the other channel said.
  void stood_in(std::uint64_t call_id, const call_answer& other, steady_time now);
  /// Does what is due.
  void tick(steady_time now);
  /// When `tick` would next do something.
  [[nodiscard]] std::optional<steady_time> next_event() const;

  void configure(const channel_config& config, steady_time now);
  /// Answers every call that is open, with the fallback if there is one: the channel is closing.
  void close(steady_time now);

  [[nodiscard]] breaker& judge_of_it() { return breaker_; }
  [[nodiscard]] const breaker& judge_of_it() const { return breaker_; }
  [[nodiscard]] std::size_t open_calls() const { return calls_.size(); }
  [[nodiscard]] std::uint32_t waiting() const { return static_cast<std::uint32_t>(queue_.size()); }
  /// Without the breaker's part.
  [[nodiscard]] const channel_totals& totals() const { return totals_; }
  [[nodiscard]] const call_latency& latency() const { return latency_; }

private:
  enum class stage : std::uint8_t { waiting, out, standing_in };
  struct call {
    wanted_call what;
    steady_time began;
    steady_time deadline;
    stage at = stage::waiting;
    std::uint64_t request = 0; ///< while out: also the permit's id
    steady_time due;           ///< while out: the attempt's; else the call's
    steady_time went_out;      ///< the attempt
    std::uint32_t attempts = 0;
    call_answer why; ///< while standing in: why the helper's answer is missing
  };

  void try_now(call& c, steady_time now);
  std::optional<rejected> go_out(call& c, steady_time now);
  void refuse(call& c, const rejected& why, steady_time now);
  void attempt_failed(call& c, const judgement& means, std::optional<std::int64_t> code,
                      steady_time now);
  void without_value(call& c, const judgement& means, milliseconds retry_after,
                     std::optional<std::int64_t> code, steady_time now);
  void finish(call& c, call_answer with, steady_time now);
  void end_attempt(call& c);
  void admit_waiting(steady_time now);
  void set_due(call& c, steady_time due);
  [[nodiscard]] milliseconds left(const call& c, steady_time now) const;
  static std::size_t size_of(const wanted_call& x) { return x.method.size() + x.params.size(); }
  static std::string question_of(const call& c) { return c.what.method + '\n' + c.what.params; }

  channel_config config_;
  desk_port& port_;
  breaker breaker_;
  last_good good_;
  std::unordered_map<std::uint64_t, call> calls_;
  std::unordered_map<std::uint64_t, std::uint64_t> out_; ///< request → call
  std::size_t open_bytes_ = 0;
  std::deque<std::uint64_t> queue_;                     ///< calls without a place, oldest first
  std::set<std::pair<steady_time, std::uint64_t>> due_; ///< of every open call
  channel_totals totals_;
  call_latency latency_;
};

/// The configuration in the breaker's words.
breaker_rules rules_of(const channel_config& config);

} // namespace roost::channel
