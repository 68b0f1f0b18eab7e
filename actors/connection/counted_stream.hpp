#pragma once

#include "actors/connection/inbound_pace.hpp"

#include <boost/asio/associated_allocator.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/role.hpp>
#include <boost/beast/websocket/teardown.hpp>
#include <boost/system/error_code.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

namespace roost::connection {

namespace detail {

/// A completion handler that lets its stream look at the result first.
template <class Handler, class Fallback, class Look>
class looking_handler {
public:
  using executor_type = boost::asio::associated_executor_t<Handler, Fallback>;
  using allocator_type = boost::asio::associated_allocator_t<Handler>;

  looking_handler(Handler next, Fallback fallback, Look look)
      : next_(std::move(next)), fallback_(std::move(fallback)), look_(std::move(look)) {}

  executor_type get_executor() const noexcept {
    return boost::asio::get_associated_executor(next_, fallback_);
  }
  allocator_type get_allocator() const noexcept {
    return boost::asio::get_associated_allocator(next_);
  }
  void operator()(boost::system::error_code ec, std::size_t n) { look_(next_, ec, n); }

private:
  Handler next_;
  Fallback fallback_;
  Look look_;
};

template <class Handler, class Fallback, class Look>
looking_handler<Handler, Fallback, Look> looking(Handler next, Fallback fallback, Look look) {
  return {std::move(next), std::move(fallback), std::move(look)};
}

} // namespace detail

/// A stream that counts what goes through, and that is read no faster than its pace allows. Beast's
/// own time-outs see a peer that sends nothing, but not one that types and never reads: the count
/// tells progress inside one long write. The pace is kept here because Beast swallows pings and
/// empty fragments inside one read. Everything else is the next layer's. Confined to the next
/// layer's executor.
template <class NextLayer>
class counted_stream {
public:
  using next_layer_type = NextLayer;
  using executor_type = typename NextLayer::executor_type;

  counted_stream(NextLayer next, const inbound_pace& pace) : next_(std::move(next)), pace_(pace) {}

  executor_type get_executor() noexcept { return next_.get_executor(); }
  NextLayer& next_layer() { return next_; }
  const NextLayer& next_layer() const { return next_; }

  /// Bytes that the next layer has taken so far.
  [[nodiscard]] std::uint64_t written() const { return written_; }

  /// When it last took any.
  [[nodiscard]] std::chrono::steady_clock::time_point progress_at() const { return progress_at_; }
  [[nodiscard]] std::uint64_t received() const { return received_; }
  inbound_pace& pace() { return pace_; }
  /// Ends a pause: nothing more is to come.
  void stop_pausing() {
    if (pause_)
      pause_->cancel();
  }

  template <class Buffers, class Token>
  auto async_read_some(const Buffers& buffers, Token&& token) {
    return boost::asio::async_initiate<Token, void(boost::system::error_code, std::size_t)>(
        [this](auto handler, const Buffers& bytes) {
          auto look = [this](auto& next, boost::system::error_code ec, std::size_t n) {
            received_ += n;
            const auto wait =
                ec ? std::chrono::nanoseconds(0) : pace_.read(n, std::chrono::steady_clock::now());
            if (wait.count() == 0)
              std::move(next)(ec, n);
            else
              pause(wait, std::move(next), n);
          };
          next_.async_read_some(
              bytes, detail::looking(std::move(handler), next_.get_executor(), std::move(look)));
        },
        token, buffers);
  }

  template <class Buffers, class Token>
  auto async_write_some(const Buffers& buffers, Token&& token) {
    return boost::asio::async_initiate<Token, void(boost::system::error_code, std::size_t)>(
        [this](auto handler, const Buffers& bytes) {
          auto look = [this](auto& next, boost::system::error_code ec, std::size_t n) {
            written_ += n;
            if (n > 0)
              progress_at_ = std::chrono::steady_clock::now();
            std::move(next)(ec, n);
          };
          next_.async_write_some(
              bytes, detail::looking(std::move(handler), next_.get_executor(), std::move(look)));
        },
        token, buffers);
  }

private:
  /// What was read is held back for a while, so that nothing more is read meanwhile.
  template <class Handler>
  void pause(std::chrono::nanoseconds wait, Handler next, std::size_t n) {
    if (!pause_)
      pause_ = std::make_unique<boost::asio::steady_timer>(next_.get_executor());
    pause_->expires_after(wait);
    pause_->async_wait([next = std::move(next), n](boost::system::error_code) mutable {
      // Also when it was cut short: then the socket is closed, which the next read tells.
      std::move(next)(boost::system::error_code{}, n);
    });
  }

  NextLayer next_;
  inbound_pace pace_;
  std::uint64_t written_ = 0;
  std::uint64_t received_ = 0;
  std::chrono::steady_clock::time_point progress_at_{};
  std::unique_ptr<boost::asio::steady_timer> pause_; ///< made when first needed: most never are
};

template <class NextLayer>
void teardown(boost::beast::role_type role, counted_stream<NextLayer>& stream,
              boost::system::error_code& ec) {
  using boost::beast::websocket::teardown;
  teardown(role, stream.next_layer(), ec);
}

template <class NextLayer, class Handler>
void async_teardown(boost::beast::role_type role, counted_stream<NextLayer>& stream,
                    Handler&& handler) {
  using boost::beast::websocket::async_teardown;
  async_teardown(role, stream.next_layer(), std::forward<Handler>(handler));
}

} // namespace roost::connection
