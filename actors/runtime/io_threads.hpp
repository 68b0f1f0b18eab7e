#pragma once

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

namespace roost::runtime {

/// The threads that run everything: sockets, PTYs and actors. Each thread has an io_context of its
/// own, so what a socket or a PTY sets off stays on its thread, without a lock, a wake-up or a
/// switch; work goes to another thread only where two descriptors meet that live on different ones.
/// (One io_context on all threads wakes a second thread for every event, which costs more than the
/// event: decision 0001.)
class io_threads {
public:
  /// Starts `count` threads; at least one.
  explicit io_threads(std::size_t count);
  /// As `stop`.
  ~io_threads();
  io_threads(const io_threads&) = delete;
  io_threads& operator=(const io_threads&) = delete;

  /// The calling thread's context if it is one of these threads, else any, as `next`.
  /// Thread-safe.
  boost::asio::io_context& here();
  /// One after another, spread evenly: for what there is much of, like accepted sockets.
  /// Thread-safe.
  boost::asio::io_context& next();
  /// The first thread's: for what there is one of.
  boost::asio::io_context& first() { return *contexts_.front(); }

  /// Drops what has not run yet and joins the threads. Idempotent; not from one of the threads.
  void stop();

private:
  /// A handler in one context may own a descriptor of another, so all are emptied before any is
  /// freed.
  struct context : boost::asio::io_context {
    using io_context::io_context;
    void clear() { shutdown(); }
  };

  std::vector<std::unique_ptr<context>> contexts_;
  std::vector<boost::asio::executor_work_guard<boost::asio::io_context::executor_type>> work_;
  std::vector<std::jthread> threads_;
  std::atomic<std::size_t> turn_{0};
};

/// Where the next piece of work goes.
using io_place = std::function<boost::asio::io_context&()>;

} // namespace roost::runtime
