#pragma once

#include "actors/channel/transport/transport.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace roost::channel::test {

/// A helper that does what the test says. The real ones are in transport/.
class scripted_transport final : public transport {
public:
  void start(reply_handler on_reply) override { on_reply_ = std::move(on_reply); }
  void send(request what) override { sent.push_back(std::move(what)); }
  void cancel(std::uint64_t id) override { cancelled.push_back(id); }
  void restart() override { ++restarts; }
  void stop(std::function<void()> done) override {
    ++stops;
    done();
  }
  [[nodiscard]] transport_view view() const override { return seen; }

  void reply_to_last(reply_kind kind, std::string value = {}, std::string detail = {}) {
    reply r;
    r.id = sent.back().id;
    r.kind = kind;
    r.value = std::move(value);
    r.detail = std::move(detail);
    on_reply_(std::move(r));
  }

  std::vector<request> sent;
  std::vector<std::uint64_t> cancelled;
  int restarts = 0;
  int stops = 0;
  transport_view seen;

private:
  reply_handler on_reply_;
};

} // namespace roost::channel::test
