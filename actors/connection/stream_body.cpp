#include "actors/connection/stream_body.hpp"

#include <boost/asio/post.hpp>

#include <utility>

namespace roost::connection {

namespace {

class body_writer final : public event_stream::writer {
public:
  explicit body_writer(std::shared_ptr<stream_body> body) : body_(std::move(body)) {}
  body_writer(const body_writer&) = delete;
  body_writer& operator=(const body_writer&) = delete;
  ~body_writer() override { body_->close(); }

  bool write(std::string bytes) override { return body_->write(std::move(bytes)); }
  void close() override { body_->close(); }
  void when_empty(std::function<void()> call) override { body_->when_empty(std::move(call)); }
  void abort() override { body_->abort(); }

private:
  const std::shared_ptr<stream_body> body_;
};

} // namespace

std::shared_ptr<event_stream::writer> stream_body::make_writer(std::shared_ptr<stream_body> body) {
  return std::make_shared<body_writer>(std::move(body));
}

stream_body::stream_body(connection_executor executor, std::size_t limit, waker wake)
    : executor_(executor), limit_(limit), wake_(std::move(wake)) {}

void stream_body::wake(event what) {
  if (wake_)
    boost::asio::post(executor_, [wake = wake_, what] { wake(what); });
}

bool stream_body::write(std::string bytes) {
  const std::lock_guard lock(mutex_);
  if (!is_open_)
    return false;
  if (queued_.size() + in_flight_ + bytes.size() > limit_) {
    is_open_ = false;
    wake(event::overflow);
    return false;
  }
  if (bytes.empty())
    return true;
  queued_ += bytes;
  if (!std::exchange(is_scheduled_, true))
    wake(event::ready);
  return true;
}

void stream_body::close() {
  const std::lock_guard lock(mutex_);
  if (!std::exchange(is_open_, false))
    return;
  is_end_due_ = true;
  if (!std::exchange(is_scheduled_, true))
    wake(event::ready);
}

void stream_body::tell_empty() {
  if (on_empty_)
    boost::asio::post(executor_, std::exchange(on_empty_, nullptr));
}

void stream_body::when_empty(std::function<void()> call) {
  const std::lock_guard lock(mutex_);
  on_empty_ = std::move(call);
  if (!is_open_ || queued_.size() + in_flight_ == 0)
    tell_empty();
}

void stream_body::abort() {
  const std::lock_guard lock(mutex_);
  if (std::exchange(is_open_, false))
    wake(event::overflow);
}

stream_body::taken stream_body::take() {
  const std::lock_guard lock(mutex_);
  taken out;
  out.bytes = std::move(queued_);
  queued_.clear();
  in_flight_ = out.bytes.size();
  out.is_end = std::exchange(is_end_due_, false);
  if (out.bytes.empty())
    is_scheduled_ = false;
  return out;
}

void stream_body::sent() {
  const std::lock_guard lock(mutex_);
  in_flight_ = 0;
  if (queued_.empty())
    tell_empty();
}

void stream_body::end() {
  const std::lock_guard lock(mutex_);
  is_open_ = false;
  is_end_due_ = false;
  queued_.clear();
  wake_ = nullptr;
  tell_empty();
}

} // namespace roost::connection
