// bench_channel: calls through a channel's actor inside one process, and through an actor that only
// answers, for what the actors alone cost. One thread. One line of JSON.
//
// usage: bench_channel channel|answer [SECONDS [IN_FLIGHT]]
#include "actors/channel/channel.hpp"
#include "actors/runtime/io_threads.hpp"
#include "actors/runtime/scheduler.hpp"
#include "protocols/channels.hpp"
#include "protocols/registry.hpp"

#include <caf/actor_system.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/scoped_actor.hpp>
#include <caf/stateful_actor.hpp>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <future>
#include <memory>
#include <string_view>

namespace {

using namespace roost;
using namespace std::chrono_literals;

double cpu_seconds() {
  timespec spent{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &spent);
  return static_cast<double>(spent.tv_sec) + static_cast<double>(spent.tv_nsec) / 1e9;
}

/// A helper that costs nothing: what is left is the actor path.
class immediate final : public channel::transport {
public:
  void start(reply_handler on_reply) override { on_reply_ = std::move(on_reply); }
  void send(channel::request what) override {
    channel::reply r;
    r.id = what.id;
    r.value = "1";
    on_reply_(std::move(r));
  }
  void cancel(std::uint64_t) override {}
  void stop(std::function<void()> done) override { done(); }
  [[nodiscard]] channel::transport_view view() const override { return {}; }

private:
  reply_handler on_reply_;
};

class answer_state {
public:
  explicit answer_state(channel_actor::pointer) {}
};
channel_actor::behavior_type answerer(channel_actor::stateful_pointer<answer_state>) {
  return {
      [](call_channel&) {
        call_answer x;
        x.has_value = true;
        x.value = "1";
        return x;
      },
      [](const cancel_call&) {},
      [](const show_channel&) { return channel_status{}; },
      [](const override_channel&) { return channel_status{}; },
      [](const configure_channel&) {},
      [](const helper_replied&) {},
      [](const helper_stopped&) {},
      [](const timer_fired&) {},
  };
}

struct outcome {
  std::uint64_t calls = 0;
  double seconds = 0;
  double cpu = 0;
};

/// Calls, of which `in_flight` are out at any time, until the time is over.
class caller_state {
public:
  explicit caller_state(caf::event_based_actor* self) : self_(self) {}

  void begin(channel_actor to, double seconds, int in_flight, std::promise<outcome>* done) {
    to_ = std::move(to);
    done_ = done;
    cpu_ = cpu_seconds();
    began_ = std::chrono::steady_clock::now();
    end_ = began_ + std::chrono::duration_cast<std::chrono::steady_clock::duration>(
                        std::chrono::duration<double>(seconds));
    for (int i = 0; i < in_flight; ++i)
      call();
  }

private:
  void call() {
    ++out_;
    call_channel x;
    x.method = "m";
    self_->request(to_, std::chrono::milliseconds(10'000), std::move(x))
        .then([this](const call_answer& got) { answered(got.has_value); },
              [this](const caf::error&) { answered(false); });
  }
  void answered(bool is_ok) {
    --out_;
    has_failed_ = has_failed_ || !is_ok;
    ++calls_;
    if (!has_failed_ && std::chrono::steady_clock::now() < end_)
      return call();
    if (out_ > 0)
      return;
    outcome x;
    x.calls = has_failed_ ? 0 : calls_;
    x.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - began_).count();
    x.cpu = cpu_seconds() - cpu_;
    done_->set_value(x);
    self_->quit();
  }

  caf::event_based_actor* self_;
  channel_actor to_;
  std::promise<outcome>* done_ = nullptr;
  std::chrono::steady_clock::time_point began_;
  std::chrono::steady_clock::time_point end_;
  double cpu_ = 0;
  std::uint64_t calls_ = 0;
  int out_ = 0;
  bool has_failed_ = false;
};

caf::behavior caller(caf::stateful_actor<caller_state>* self, const channel_actor& to,
                     double seconds, int in_flight, std::promise<outcome>* done) {
  self->state.begin(to, seconds, in_flight, done);
  return {[](const timer_fired&) {}};
}

outcome measure(caf::actor_system& sys, const channel_actor& to, double seconds, int in_flight) {
  std::promise<outcome> done;
  auto result = done.get_future();
  sys.spawn(caller, to, seconds, in_flight, &done);
  return result.get();
}

} // namespace

int main(int count, char** arguments) {
  const std::string_view what = count > 1 ? arguments[1] : "";
  const double seconds = count > 2 ? std::atof(arguments[2]) : 1;
  const int in_flight = count > 3 ? std::atoi(arguments[3]) : 1;
  if ((what != "channel" && what != "answer") || seconds <= 0 || in_flight < 1 || in_flight > 32) {
    std::fprintf(stderr, "usage: bench_channel channel|answer [SECONDS [IN_FLIGHT, 1..32]]\n");
    return 2;
  }
  runtime::io_threads io(1);
  runtime::system_config config([&io]() -> boost::asio::io_context& { return io.here(); });
  register_messages(config);
  outcome measured;
  {
    caf::actor_system sys(config);
    sys.await_actors_before_shutdown(false);
    channel::channel_context shared;
    shared.channels = std::make_shared<channel::directory>(system_clock::instance());
    shared.connect = [](const channel_config&, std::uint64_t) {
      return std::make_shared<immediate>();
    };
    channel_config settings;
    settings.name = "bench";
    shared.channels->configure(std::make_shared<const channel_config>(settings));
    const auto to = what == "channel" ? sys.spawn(channel::channel, settings.name, shared)
                                      : sys.spawn(answerer);
    measure(sys, to, seconds / 5, in_flight); // warms up
    measured = measure(sys, to, seconds, in_flight);
    shared.channels->clear();
    caf::anon_send_exit(to, caf::exit_reason::user_shutdown);
    sys.clock().cancel_all();
  }
  io.stop();
  if (measured.calls == 0) {
    std::fprintf(stderr, "bench_channel: a call had no value\n");
    return 1;
  }
  std::printf("{\"calls\": %llu, \"seconds\": %.6f, \"cpu_seconds\": %.6f}\n",
              static_cast<unsigned long long>(measured.calls), measured.seconds, measured.cpu);
  return 0;
}
