#include "tests/bench/client/terminal.hpp"

#include <poll.h>

#include <exception>
#include <stdexcept>

namespace roost::bench {

terminal::terminal(const target& to) : to_{to}, name_{create_terminal(to)} {
  viewer_ = attach(to_, name_);
  wait_for("[[bench-ready]]");
}

terminal::~terminal() {
  viewer_.reset();
  try {
    end_terminal(to_, name_);
  } catch (const std::exception&) {
    // The driver ends the whole server next.
  }
}

void terminal::reattach() {
  viewer_ = attach(to_, name_);
  bool shown = false;
  while (!shown &&
         viewer_->pump(5000, [&](std::string_view) { shown = true; }) == pump_result::output) {
  }
  if (!shown)
    throw std::runtime_error("nothing came after attaching again");
}

std::uint64_t terminal::wait_for(const std::string& needle, double limit_s) {
  ear_.listen_for(needle);
  const auto start = steady::now();
  bool heard = false;
  while (!heard) {
    const auto got =
        viewer_->pump(1000, [&](std::string_view piece) { heard |= ear_.hear(piece); });
    if (got == pump_result::closed)
      throw std::runtime_error("the viewer was cut while it waited for " + needle);
    if (!heard && seconds_since(start) > limit_s)
      throw std::runtime_error("no " + needle + " within the limit");
  }
  return ear_.bytes_before();
}

void terminal::order(const std::string& line) {
  ++orders_;
  viewer_->send(line + "\n");
}

/// The mark has the order's number: a redrawn screen may show an older one again.
std::uint64_t terminal::wait_for_end(double limit_s) {
  return wait_for("[[bench-end_" + std::to_string(orders_) + "_", limit_s);
}

std::uint64_t terminal::perform(const std::string& line, double limit_s) {
  order(line);
  return wait_for_end(limit_s);
}

crowd::crowd(const terminal& of, int count, bool acknowledge, bool read) {
  for (int i = 0; i < count; ++i) {
    viewers_.push_back(attach(of.where(), of.name()));
    viewers_.back()->acknowledge(acknowledge);
  }
  if (read)
    reader_ = std::thread{[this] { read_all(); }};
}

crowd::~crowd() {
  stop_ = true;
  if (reader_.joinable())
    reader_.join();
}

void crowd::read_all() {
  std::vector<pollfd> ready;
  for (const auto& viewer : viewers_)
    ready.push_back({viewer->fd(), POLLIN, 0});
  const auto count = [this](std::string_view piece) { bytes_ += piece.size(); };
  while (!stop_) {
    if (::poll(ready.data(), ready.size(), 50) <= 0)
      continue;
    std::uint64_t snapshots = 0;
    for (std::size_t i = 0; i < ready.size(); ++i) {
      if (ready[i].revents != 0 && viewers_[i]->pump(-1, count) == pump_result::closed) {
        ready[i].fd = -1; // poll passes over it
        ++gone_;
      }
      snapshots += viewers_[i]->snapshots();
    }
    snapshots_ = snapshots;
  }
}

} // namespace roost::bench
