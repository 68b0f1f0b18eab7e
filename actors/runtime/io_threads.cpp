#include "actors/runtime/io_threads.hpp"

#include <algorithm>
#include <cstdint>

namespace roost::runtime {

namespace {

/// The pool that the calling thread belongs to, and its context.
thread_local const io_threads* own_pool = nullptr;
thread_local boost::asio::io_context* own_context = nullptr;

/// Mixes the bits of a counter (the finaliser of SplitMix64, G. Steele et al., 2014).
std::uint64_t mix(std::uint64_t x) {
  x += 0x9e3779b97f4a7c15u;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
  return x ^ (x >> 31);
}

} // namespace

io_threads::io_threads(std::size_t count) {
  // One thread runs each context; others only post to it.
  constexpr int one_thread = 1;
  for (std::size_t i = 0; i < std::max<std::size_t>(count, 1); ++i) {
    contexts_.push_back(std::make_unique<context>(one_thread));
    work_.push_back(boost::asio::make_work_guard(*contexts_.back()));
  }
  for (auto& one : contexts_)
    threads_.emplace_back([this, c = one.get()] {
      own_pool = this;
      own_context = c;
      c->run();
    });
}

io_threads::~io_threads() {
  stop();
  for (auto& c : contexts_)
    c->clear();
}

boost::asio::io_context& io_threads::here() { return own_pool == this ? *own_context : next(); }

boost::asio::io_context& io_threads::next() {
  // Not simply in turn: clients open connections in pairs, one for HTTP and one for the WebSocket,
  // and all WebSockets would meet on every second thread.
  return *contexts_[mix(turn_.fetch_add(1, std::memory_order_relaxed)) % contexts_.size()];
}

void io_threads::stop() {
  work_.clear();
  for (auto& one : contexts_)
    one->stop();
  threads_.clear();
}

} // namespace roost::runtime
