#include "actors/runtime/io_threads.hpp"

#include <algorithm>

namespace roost::runtime {

namespace {

/// The pool that the calling thread belongs to, and its context.
thread_local const io_threads* own_pool = nullptr;
thread_local boost::asio::io_context* own_context = nullptr;

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
  return *contexts_[turn_.fetch_add(1, std::memory_order_relaxed) % contexts_.size()];
}

void io_threads::stop() {
  work_.clear();
  for (auto& one : contexts_)
    one->stop();
  threads_.clear();
}

} // namespace roost::runtime
