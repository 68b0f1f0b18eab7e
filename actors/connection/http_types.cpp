#include "actors/connection/http_types.hpp"

#include "actors/connection/problem.hpp"

#include <atomic>

namespace roost::connection {

std::string_view http_request::header(std::string_view name) const {
  for (const auto& [key, value] : headers)
    if (key == name)
      return value;
  return {};
}

const std::string* http_request::parameter(std::string_view name) const {
  for (const auto& [key, value] : query)
    if (key == name)
      return &value;
  return nullptr;
}

event_stream::event_stream(std::shared_ptr<writer> to) : writer_(std::move(to)) {}

bool event_stream::write(std::string bytes) const { return writer_->write(std::move(bytes)); }

void event_stream::close() const { writer_->close(); }

void event_stream::when_empty(std::function<void()> call) const {
  writer_->when_empty(std::move(call));
}

void event_stream::abort() const { writer_->abort(); }

struct responder::state {
  sink to;
  stream_opener open;
  std::string correlation;
  std::atomic<bool> is_answered{false};

  ~state() {
    if (!is_answered.exchange(true))
      to(problem_response(failure(request_error::internal), correlation));
  }
};

responder::responder(sink to, std::string correlation, stream_opener open)
    : state_(std::make_shared<state>()) {
  state_->to = std::move(to);
  state_->open = std::move(open);
  state_->correlation = std::move(correlation);
}

void responder::send(http_response answer) const {
  if (!state_->is_answered.exchange(true))
    state_->to(std::move(answer));
}

std::optional<event_stream> responder::start_stream(http_response head,
                                                    std::function<void()> on_closed) const {
  if (!state_->open || state_->is_answered.exchange(true))
    return std::nullopt;
  return event_stream(state_->open(std::move(head), std::move(on_closed)));
}

} // namespace roost::connection
