#pragma once

#include <boost/asio/associated_allocator.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/beast/core/role.hpp>
#include <boost/beast/websocket/teardown.hpp>
#include <boost/system/error_code.hpp>

#include <cstddef>
#include <cstdint>
#include <utility>

namespace roost::connection {

namespace detail {

/// A completion handler that notes the bytes and passes everything on.
template <class Handler, class Fallback>
class counting_handler {
public:
  using executor_type = boost::asio::associated_executor_t<Handler, Fallback>;
  using allocator_type = boost::asio::associated_allocator_t<Handler>;

  counting_handler(Handler next, Fallback fallback, std::uint64_t* total)
      : next_(std::move(next)), fallback_(std::move(fallback)), total_(total) {}

  executor_type get_executor() const noexcept {
    return boost::asio::get_associated_executor(next_, fallback_);
  }
  allocator_type get_allocator() const noexcept {
    return boost::asio::get_associated_allocator(next_);
  }
  void operator()(boost::system::error_code ec, std::size_t n) {
    *total_ += n;
    std::move(next_)(ec, n);
  }

private:
  Handler next_;
  Fallback fallback_;
  std::uint64_t* total_;
};

} // namespace detail

/// A stream that counts what the kernel took of each write. Beast's own time-outs see a peer that
/// sends nothing, but not one that types and never reads; the count tells progress inside one long
/// write. Everything else is the next layer's. Confined to the next layer's executor.
template <class NextLayer>
class counted_stream {
public:
  using next_layer_type = NextLayer;
  using executor_type = typename NextLayer::executor_type;

  template <class... Args>
  explicit counted_stream(Args&&... args) : next_(std::forward<Args>(args)...) {}

  executor_type get_executor() noexcept { return next_.get_executor(); }
  NextLayer& next_layer() { return next_; }
  const NextLayer& next_layer() const { return next_; }

  /// Bytes that the next layer has taken so far.
  [[nodiscard]] std::uint64_t written() const { return written_; }

  template <class Buffers, class Token>
  auto async_read_some(const Buffers& buffers, Token&& token) {
    return next_.async_read_some(buffers, std::forward<Token>(token));
  }

  template <class Buffers, class Token>
  auto async_write_some(const Buffers& buffers, Token&& token) {
    return boost::asio::async_initiate<Token, void(boost::system::error_code, std::size_t)>(
        [this](auto handler, const Buffers& bytes) {
          using handler_type = std::decay_t<decltype(handler)>;
          next_.async_write_some(bytes, detail::counting_handler<handler_type, executor_type>(
                                            std::move(handler), next_.get_executor(), &written_));
        },
        token, buffers);
  }

private:
  NextLayer next_;
  std::uint64_t written_ = 0;
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
