#pragma once

#include "actors/channel/transport/transport.hpp"
#include "actors/channel/transport/trouble.hpp"
#include "actors/runtime/clock.hpp"
#include "actors/runtime/config_channels.hpp"
#include "actors/runtime/log.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/system/error_code.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace roost::channel {

/// Where an `http://HOST[:PORT][/PATH]` leads.
struct http_place {
  std::string host; ///< without brackets
  std::string port;
  std::string target;    ///< begins with a '/'
  std::string authority; ///< for the Host field
};
/// Nothing: this is no such URL (another scheme, a user, a fragment, a space, an empty host, …).
std::optional<http_place> parse_http_url(std::string_view url);

/// JSON-RPC by POST, one request to a call, over HTTP/1.1 without TLS. Connections are kept: at
/// most 8 idle ones, each for 30 s at most; one that has ended meanwhile is not used. A request is
/// sent once: whether one without an answer has been carried out is not known, and the owner knows
/// what may be repeated. There is no redirect and no time limit (the owner cancels). What a status
/// means: 200 is read as JSON-RPC, 429 and 503 are overload, other 5xx transport, everything else
/// protocol.
class http_transport final : public transport, public std::enable_shared_from_this<http_transport> {
public:
  static constexpr std::size_t most_idle = 8;
  static constexpr std::chrono::seconds longest_idle{30};
  /// At a time; a bound for safety, as the owner has one of its own.
  static constexpr std::size_t most_calls = 1024;

  http_transport(boost::asio::io_context& io, const transport_config& config,
                 std::uint64_t max_answer, const std::string& name,
                 std::chrono::milliseconds keep_for = longest_idle);
  ~http_transport() override;

  void start(reply_handler on_reply) override;
  void send(request what) override;
  void cancel(std::uint64_t id) override;
  void stop(std::function<void()> done) override;
  [[nodiscard]] transport_view view() const override;

private:
  struct connection;
  struct call;
  using call_ptr = std::shared_ptr<call>;
  using error_code = boost::system::error_code;
  struct idle_connection {
    std::unique_ptr<connection> way;
    steady_time since;
  };

  // All on the strand.
  void begin(const request& what);
  void use_idle_or_connect(const call_ptr& which);
  void connect_fresh(const call_ptr& which);
  void exchange(const call_ptr& which);
  void read_answer(const call_ptr& which, error_code write_error);
  void answered(const call_ptr& which);
  void broken(const call_ptr& which, error_code why);
  reply judge(const call& which) const;
  std::unique_ptr<connection> take_idle();
  void keep(std::unique_ptr<connection> way);
  void drop_old_ones();
  void finish(const call_ptr& which, reply answer);
  void forget(call& which);
  void publish();
  reply failed(const call& which, reply_kind kind, std::string detail) const;

  boost::asio::strand<boost::asio::io_context::executor_type> strand_;
  log::logger log_;
  std::string url_;
  std::optional<http_place> place_;
  std::uint64_t max_answer_;
  std::chrono::milliseconds keep_for_;
  reply_handler on_reply_;
  std::unordered_map<std::uint64_t, call_ptr> calls_;
  std::list<idle_connection> idle_; ///< the one that was used last is at the back
  boost::asio::steady_timer idle_timer_;
  bool is_stopped_ = false;
  transport_view now_;

  mutable std::mutex view_mutex_;
  transport_view view_; ///< what `now_` was when it was published
};

} // namespace roost::channel
