#include "actors/database/pg/socket_cutter.hpp"

#include <sys/socket.h>

#include <algorithm>

namespace roost::database {

socket_cutter::socket_cutter() : thread_([this] { run(); }) {}

socket_cutter::~socket_cutter() {
  {
    const std::lock_guard lock(mutex_);
    is_ending_ = true;
  }
  changed_.notify_one();
  thread_.join();
}

void socket_cutter::cut(watched& w) {
  if (w.is_cut)
    return;
  ::shutdown(w.socket, SHUT_RDWR);
  w.is_cut = true;
}

void socket_cutter::run() {
  std::unique_lock lock(mutex_);
  while (!is_ending_) {
    const auto now = std::chrono::steady_clock::now();
    auto next = steady_time::max();
    for (auto& [id, w] : watched_) {
      if (w.deadline <= now)
        cut(w);
      else
        next = std::min(next, w.deadline);
    }
    if (next == steady_time::max())
      changed_.wait(lock);
    else
      changed_.wait_until(lock, next);
  }
}

void socket_cutter::cut_all() {
  const std::lock_guard lock(mutex_);
  cuts_all_ = true;
  for (auto& [id, w] : watched_)
    cut(w);
}

socket_cutter::guard::guard(socket_cutter& owner, int socket, steady_time deadline)
    : owner_(owner) {
  const std::lock_guard lock(owner_.mutex_);
  id_ = ++owner_.last_id_;
  auto& w = owner_.watched_[id_] = {socket, deadline, false};
  if (owner_.cuts_all_)
    cut(w);
  owner_.changed_.notify_one();
}

socket_cutter::guard::~guard() {
  const std::lock_guard lock(owner_.mutex_);
  owner_.watched_.erase(id_);
}

void socket_cutter::guard::cut_at(steady_time deadline) {
  const std::lock_guard lock(owner_.mutex_);
  auto& w = owner_.watched_.at(id_);
  w.deadline = std::min(w.deadline, deadline);
  owner_.changed_.notify_one();
}

bool socket_cutter::guard::has_cut() const {
  const std::lock_guard lock(owner_.mutex_);
  return owner_.watched_.at(id_).is_cut;
}

} // namespace roost::database
