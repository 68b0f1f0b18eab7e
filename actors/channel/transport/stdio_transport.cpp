#include "actors/channel/transport/stdio_transport.hpp"

#include <boost/asio/post.hpp>

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <utility>

namespace roost::channel {

namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using boost::system::error_code;

/// How a program is ended, after its input is closed: wait, then signal; 0: give up.
struct rung {
  std::chrono::milliseconds patience;
  int signal;
};
constexpr std::array<rung, 3> ladder = {{{500ms, SIGTERM}, {2000ms, SIGKILL}, {400ms, 0}}};

// As much of the standard error of a program that has ended is read as the largest pipe holds.
constexpr int most_last_reads = 16;

steady_time now() { return std::chrono::steady_clock::now(); }

} // namespace

stdio_transport::stdio_transport(asio::io_context& io, const transport_config& config,
                                 std::uint64_t max_answer, const std::string& name,
                                 std::uint64_t seed)
    : stream_transport(io, max_answer, name), program_{config.command, config.folder,
                                                       helper_environment()},
      pace_(seed), restart_timer_(strand_), ladder_timer_(strand_), log_timer_(strand_) {}

stdio_transport::~stdio_transport() {
  if (child_) // its end may be under way on the strand just now
    asio::post(strand_, [child = std::shared_ptr<child_process>(std::move(child_))] {});
}

std::shared_ptr<stdio_transport> stdio_transport::self() {
  return std::static_pointer_cast<stdio_transport>(shared_from_this());
}

void stdio_transport::begin() {
  if (!child_)
    launch();
}

void stdio_transport::launch() {
  looked_at_ = now();
  child_process::pipes ends;
  auto started = child_process::start(strand_, program_, ends);
  if (!started) {
    auto why = std::move(started).error();
    last_trouble_ = why.detail;
    if (why.kind == reply_kind::unavailable) {
      if (phase_ != phase::absent || !absent_why_)
        log_.warn("helper cannot be started", log::kv("why", why.detail));
      phase_ = phase::absent;
      absent_why_ = std::move(why);
    } else {
      log_.error("helper cannot be started", log::kv("why", why.detail));
      start_after({});
    }
    publish();
    return;
  }
  phase_ = phase::running;
  started_at_ = looked_at_;
  child_ = std::move(started).value();
  pid_ = child_->pid();
  child_->await_exit([weak = weak_self()](const std::string& how) {
    if (const auto me = weak.lock())
      me->exited(how);
  });
  attach(std::move(ends.out), std::move(ends.in));
  refusal_.emplace(strand_, ends.refusal.release());
  stderr_.emplace(strand_, ends.err.release());
  wait_refusal();
  wait_stderr();
  publish();
}

std::optional<trouble> stdio_transport::open() {
  if (phase_ == phase::absent && !child_ && now() - looked_at_ >= look_again)
    launch();
  switch (phase_) {
  case phase::running:
    return std::nullopt;
  case phase::absent:
    return absent_why_.value_or(trouble{reply_kind::unavailable, "it has not been started"});
  case phase::ending:
    return trouble{reply_kind::transport, "it is being ended"};
  case phase::waiting:
    break;
  }
  return trouble{reply_kind::transport, "it has ended and waits to be started again"};
}

void stdio_transport::wait_refusal() {
  refusal_->async_wait(descriptor::wait_read, [weak = weak_self(), pid = pid_](error_code ec) {
    const auto me = weak.lock();
    if (ec || !me || me->pid_ != pid || !me->refusal_)
      return;
    me->check_refusal();
    if (me->refusal_)
      me->wait_refusal();
    else if (me->phase_ == phase::absent)
      me->give_up({reply_kind::transport, {}});
    me->publish();
  });
}

/// Finds out whether the `exec` has worked; leaves `refusal_` alone while that is not known.
void stdio_transport::check_refusal() {
  if (!refusal_)
    return;
  trouble why;
  const auto state = child_process::read_refusal(refusal_->native_handle(), program_, why);
  if (state == child_process::start_state::pending)
    return;
  refusal_.reset();
  if (state == child_process::start_state::refused) {
    log_.warn("helper cannot be started", log::kv("why", why.detail));
    phase_ = phase::absent;
    absent_why_ = std::move(why);
    return;
  }
  absent_why_.reset();
  is_up_ = phase_ == phase::running;
  ++starts_;
  log_.info("helper has started", log::kv("pid", pid_));
}

trouble stdio_transport::explain(trouble why) {
  // The end of its output may be seen before the reason.
  check_refusal();
  is_up_ = false;
  return phase_ == phase::absent && absent_why_ ? *absent_why_ : why;
}

void stdio_transport::lost() {
  if (phase_ != phase::running || !child_)
    return;
  phase_ = phase::ending;
  climb(0);
}

void stdio_transport::shut() {
  restart_timer_.cancel();
  close_output();
  if (!child_)
    stopped();
  else if (!is_climbing_)
    climb(0);
}

void stdio_transport::climb(std::size_t step) {
  is_climbing_ = true;
  ladder_timer_.expires_after(ladder[step].patience);
  // Holds the transport, which ends what it has begun even if nobody else wants it.
  ladder_timer_.async_wait([me = self(), step](error_code ec) {
    if (ec || !me->child_)
      return;
    if (ladder[step].signal != 0) {
      me->child_->signal(ladder[step].signal);
      me->child_->signal(SIGCONT); // a stopped program would not hear SIGTERM
      me->climb(step + 1);
      return;
    }
    if (!me->is_stopping_) {
      me->climb(step);
      return;
    }
    me->log_.error("helper could not be killed and is left to the kernel",
                   log::kv("pid", me->pid_));
    me->child_.reset();
    me->stopped();
  });
}

void stdio_transport::exited(const std::string& how) {
  check_refusal();
  refusal_.reset();
  for (int i = 0; i < most_last_reads && stderr_ && read_stderr(); ++i) {
  }
  stderr_.reset();
  log_timer_.cancel();
  is_log_armed_ = false;
  log_lines(lines_.finish(now()));
  ladder_timer_.cancel();
  is_climbing_ = false;
  child_.reset();
  if (is_stopping_) {
    log_.info("helper has ended", log::kv("how", how));
    stopped();
    return;
  }
  drain(); // an answer may have been its last word
  if (phase_ != phase::absent)
    log_.warn("helper has ended", log::kv("how", how));
  is_up_ = false;
  pid_ = 0;
  detach();
  fail({phase_ == phase::absent ? reply_kind::unavailable : reply_kind::transport,
        phase_ == phase::absent && absent_why_ ? absent_why_->detail : how});
  if (phase_ != phase::absent)
    start_after(now() - started_at_);
  publish();
}

void stdio_transport::start_after(std::chrono::steady_clock::duration ran) {
  const auto wait = pace_.next(ran);
  if (wait == 0ms) {
    launch();
    return;
  }
  phase_ = phase::waiting;
  restart_timer_.expires_after(wait);
  restart_timer_.async_wait([weak = weak_self()](error_code ec) {
    const auto me = weak.lock();
    if (!ec && me && !me->is_stopping_ && me->phase_ == phase::waiting)
      me->launch();
  });
}

void stdio_transport::wait_stderr() {
  stderr_->async_wait(descriptor::wait_read, [weak = weak_self(), pid = pid_](error_code ec) {
    const auto me = weak.lock();
    if (ec || !me || me->pid_ != pid || !me->stderr_)
      return;
    if (me->read_stderr() || errno == EAGAIN)
      me->wait_stderr();
    else
      me->stderr_.reset();
  });
}

/// Reads once; false: nothing is there now, or for good.
bool stdio_transport::read_stderr() {
  const auto size = read_into_buffer(*stderr_);
  if (size <= 0) {
    if (size == 0)
      errno = 0;
    return false;
  }
  log_lines(lines_.take(buffered(size), now()));
  if (const auto due = lines_.due(); due && !std::exchange(is_log_armed_, true)) {
    log_timer_.expires_at(*due);
    log_timer_.async_wait([weak = weak_self()](error_code ec) {
      const auto me = weak.lock();
      if (ec || !me)
        return;
      me->is_log_armed_ = false;
      me->log_lines(me->lines_.take({}, now()));
    });
  }
  return true;
}

void stdio_transport::log_lines(const helper_log::output& what) {
  if (what.left_out > 0)
    log_.warn("helper wrote more than is kept, lines were left out",
              log::kv("lines", what.left_out));
  for (const auto& line : what.lines)
    log_.info("helper wrote", log::kv("line", line));
}

} // namespace roost::channel
