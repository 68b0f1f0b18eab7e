#pragma once

#include "actors/channel/transport/child_process.hpp"
#include "actors/channel/transport/helper_log.hpp"
#include "actors/channel/transport/restart_pace.hpp"
#include "actors/channel/transport/stream_transport.hpp"
#include "actors/runtime/config_channels.hpp"

#include <boost/asio/steady_timer.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace roost::channel {

/// A program that speaks on its standard input and output, one message to a line. It is started at
/// `start` and again whenever it ends, at restart_pace's intervals; while there is none, requests
/// fail at once. What it writes to its standard error goes to the log (helper_log). `restart` and
/// `stop` close its input, and signal its group if that is not enough.
class stdio_transport final : public stream_transport {
public:
  /// A program that was not there is looked for again at the next request, but not more often.
  static constexpr std::chrono::milliseconds look_again{250};

  stdio_transport(boost::asio::io_context& io, const transport_config& config,
                  std::uint64_t max_answer, const std::string& name, std::uint64_t seed);
  ~stdio_transport() override;

private:
  enum class phase : std::uint8_t {
    absent,  ///< not started yet, or not there
    running, ///< or about to
    ending,  ///< of no use any more, but not gone
    waiting  ///< for the next start
  };

  void begin() override;
  std::optional<trouble> open() override;
  trouble explain(trouble why) override;
  void lost() override;
  void shut() override;

  void launch();
  void wait_refusal();
  void check_refusal();
  void wait_stderr();
  bool read_stderr();
  void log_lines(const helper_log::output& what);
  void exited(const std::string& how);
  void start_after(std::chrono::steady_clock::duration ran);
  void climb(std::size_t rung);
  std::shared_ptr<stdio_transport> self();
  std::weak_ptr<stdio_transport> weak_self() { return self(); }

  program program_;
  restart_pace pace_;
  helper_log lines_;
  phase phase_ = phase::absent;
  std::optional<trouble> absent_why_;
  steady_time looked_at_;
  steady_time started_at_;
  std::unique_ptr<child_process> child_;
  std::optional<descriptor> refusal_; ///< while its `exec` is not known to have worked
  std::optional<descriptor> stderr_;
  boost::asio::steady_timer restart_timer_;
  boost::asio::steady_timer ladder_timer_;
  boost::asio::steady_timer log_timer_;
  bool is_climbing_ = false;
  bool is_log_armed_ = false;
};

} // namespace roost::channel
