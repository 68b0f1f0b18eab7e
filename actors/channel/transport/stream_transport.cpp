#include "actors/channel/transport/stream_transport.hpp"

#include <boost/asio/post.hpp>

#include <pthread.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <ctime>
#include <system_error>
#include <utility>

namespace roost::channel {

namespace {

namespace asio = boost::asio;

constexpr std::size_t read_size = std::size_t{64} << 10U;
// What is read of a stream that has ended already: as much as the largest pipe holds.
constexpr int most_drained_reads = 16;

/// A write that reports a closed other side by EPIPE alone, whatever the process does with SIGPIPE.
ssize_t write_quietly(int fd, std::string_view bytes) {
  sigset_t pipe;
  sigset_t before;
  ::sigemptyset(&pipe);
  ::sigaddset(&pipe, SIGPIPE);
  ::pthread_sigmask(SIG_BLOCK, &pipe, &before);
  ssize_t size = 0;
  do {
    size = ::write(fd, bytes.data(), bytes.size());
  } while (size < 0 && errno == EINTR);
  const int error = errno;
  if (size < 0 && error == EPIPE) {
    const timespec at_once{};
    ::sigtimedwait(&pipe, nullptr, &at_once);
  }
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  errno = error;
  return size;
}

} // namespace

stream_transport::stream_transport(asio::io_context& io, std::uint64_t max_answer,
                                   const std::string& name)
    : strand_(asio::make_strand(io)), log_(log::context{"channel/" + name, 0, {}, {}}),
      link_(max_answer) {}

void stream_transport::start(reply_handler on_reply) {
  asio::post(strand_, [self = shared_from_this(), on_reply = std::move(on_reply)]() mutable {
    if (self->is_stopping_ || self->on_reply_)
      return;
    self->on_reply_ = std::move(on_reply);
    self->begin();
    self->publish();
  });
}

void stream_transport::send(request what) {
  asio::post(strand_, [self = shared_from_this(), what = std::move(what)] {
    if (self->is_stopping_)
      return;
    if (auto why = self->open())
      self->answer_one(what.id, *std::move(why));
    else if (!self->link_.add(what))
      self->answer_one(what.id, {reply_kind::transport, "too much waits to be written already"});
    else
      self->flush();
    self->publish();
  });
}

void stream_transport::cancel(std::uint64_t id) {
  asio::post(strand_, [self = shared_from_this(), id] {
    if (self->is_stopping_)
      return;
    self->link_.cancel(id);
    self->flush();
    self->publish();
  });
}

void stream_transport::restart() {
  asio::post(strand_, [self = shared_from_this()] {
    if (!self->is_stopping_ && self->is_attached())
      self->give_up({reply_kind::transport, "it is started anew"});
  });
}

void stream_transport::stop(std::function<void()> done) {
  asio::post(strand_, [self = shared_from_this(), done = std::move(done)]() mutable {
    if (self->is_stopped_) {
      done();
      return;
    }
    self->on_stopped_.push_back(std::move(done));
    if (std::exchange(self->is_stopping_, true))
      return;
    std::vector<reply> nobody_waits;
    self->link_.fail_all(reply_kind::transport, {}, nobody_waits);
    self->shut();
  });
}

void stream_transport::stopped() {
  if (std::exchange(is_stopped_, true))
    return;
  detach();
  on_reply_ = nullptr;
  is_up_ = false;
  pid_ = 0;
  publish();
  for (const auto& done : std::exchange(on_stopped_, {}))
    done();
}

transport_view stream_transport::view() const {
  const std::lock_guard lock(view_mutex_);
  return view_;
}

void stream_transport::publish() {
  const std::lock_guard lock(view_mutex_);
  view_.is_up = is_up_;
  view_.pid = pid_;
  view_.starts = starts_;
  view_.unknown = link_.unknown();
  view_.violations = link_.violations();
  view_.queued_bytes = link_.queued_bytes();
  view_.last_trouble = last_trouble_;
}

void stream_transport::attach(terminal::unique_fd in, terminal::unique_fd out) {
  buffer_.resize(read_size);
  ++epoch_;
  is_waiting_writable_ = false;
  has_own_output_ = static_cast<bool>(out);
  in_.emplace(strand_, in.release());
  if (out)
    out_.emplace(strand_, out.release());
  wait_readable();
}

void stream_transport::detach() {
  ++epoch_;
  in_.reset();
  out_.reset();
}

ssize_t stream_transport::read_into_buffer(descriptor& from) {
  ssize_t size = 0;
  do {
    size = ::read(from.native_handle(), buffer_.data(), buffer_.size());
  } while (size < 0 && errno == EINTR);
  return size;
}

void stream_transport::wait_readable() {
  in_->async_wait(descriptor::wait_read,
                  [weak = weak_from_this(), epoch = epoch_](boost::system::error_code ec) {
                    const auto self = weak.lock();
                    if (ec || !self || self->epoch_ != epoch)
                      return;
                    if (self->read_once() != read_step::over)
                      self->wait_readable();
                    self->publish();
                  });
}

stream_transport::read_step stream_transport::read_once() {
  const auto size = read_into_buffer(*in_);
  if (size > 0 && is_stopping_)
    return read_step::more; // so that a helper which still talks can end by itself
  if (size > 0) {
    std::vector<reply> answers;
    const auto violation = link_.take(buffered(size), answers);
    publish();
    deliver(std::move(answers));
    if (!violation)
      return read_step::more;
    log_.warn("helper does not speak JSON-RPC, its stream is given up", log::kv("why", *violation));
    give_up({reply_kind::protocol, *violation});
    return read_step::over;
  }
  if (size < 0 && errno == EAGAIN)
    return read_step::nothing;
  if (is_stopping_) {
    in_.reset();
    return read_step::over;
  }
  give_up({reply_kind::transport,
           size == 0 ? "it closed its side" : std::generic_category().message(errno)});
  return read_step::over;
}

void stream_transport::drain() {
  for (int i = 0; i < most_drained_reads && in_; ++i)
    if (read_once() != read_step::more)
      break;
}

void stream_transport::wait_writable() {
  is_waiting_writable_ = true;
  (has_own_output_ ? *out_ : *in_)
      .async_wait(descriptor::wait_write,
                  [weak = weak_from_this(), epoch = epoch_](boost::system::error_code ec) {
                    const auto self = weak.lock();
                    if (ec || !self || self->epoch_ != epoch)
                      return;
                    self->is_waiting_writable_ = false;
                    self->flush();
                    self->publish();
                  });
}

void stream_transport::flush() {
  auto& output = has_own_output_ ? out_ : in_;
  while (output && !is_waiting_writable_) {
    const auto bytes = link_.to_write();
    if (bytes.empty())
      return;
    const auto size = write_quietly(output->native_handle(), bytes);
    if (size >= 0) {
      link_.wrote(static_cast<std::size_t>(size));
      continue;
    }
    if (errno == EAGAIN) {
      wait_writable();
      return;
    }
    const int error = errno;
    drain(); // what it said before it went
    if (output)
      give_up({reply_kind::transport, std::generic_category().message(error)});
  }
}

void stream_transport::deliver(std::vector<reply> answers) {
  for (auto& one : answers)
    if (on_reply_)
      on_reply_(std::move(one));
}

void stream_transport::answer_one(std::uint64_t id, trouble why) {
  last_trouble_ = why.detail;
  publish();
  reply one;
  one.id = id;
  one.kind = why.kind;
  one.detail = std::move(why.detail);
  std::vector<reply> answers;
  answers.push_back(std::move(one));
  deliver(std::move(answers));
}

void stream_transport::fail(const trouble& why) {
  last_trouble_ = why.detail;
  std::vector<reply> answers;
  link_.fail_all(why.kind, why.detail, answers);
  publish();
  deliver(std::move(answers));
}

void stream_transport::give_up(trouble why) {
  is_up_ = false;
  detach();
  fail(explain(std::move(why)));
  lost();
  publish();
}

} // namespace roost::channel
