// The supervisor on real threads: many children that come, crash and go at once. SUP-2, SUP-6,
// SUP-8.
#include "actors/supervision/supervisor.hpp"

#include <array>
#include <atomic>
#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <caf/actor_system.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/scoped_actor.hpp>
#include <caf/stateful_actor.hpp>
#include <gtest/gtest.h>

#include "actors/runtime/actor_base.hpp"
#include "actors/runtime/log.hpp"
#include "actors/runtime/scheduler.hpp"
#include "protocols/registry.hpp"

namespace roost::supervision {
namespace {

using namespace std::chrono_literals;

/// How many incarnations of each child are alive, and whether two of one ever were.
struct census {
  static constexpr std::size_t names = 100;
  std::array<std::atomic<int>, names> live{};
  std::atomic<int> doubles{0};
  std::atomic<int> total{0};
};

struct worker_state {
  static inline constexpr const char* name = "worker";

  explicit worker_state(caf::event_based_actor* /*self*/) {}
  ~worker_state() {
    if (!counts)
      return;
    --counts->live[index];
    --counts->total;
  }

  std::shared_ptr<census> counts;
  std::size_t index = 0;
};

caf::behavior worker(caf::stateful_actor<worker_state>* self, std::shared_ptr<census> counts,
                     std::size_t index) {
  runtime::arm(self);
  if (++counts->live[index] > 1)
    ++counts->doubles;
  ++counts->total;
  self->state.counts = std::move(counts);
  self->state.index = index;
  return {[self](int what) {
    if (what == 1)
      throw std::runtime_error("asked to");
    if (what == 2)
      self->quit();
    return what;
  }};
}

TEST(supervisor_threads, sup_2_sup_6_sup_8_hold_under_load) {
  log::init({log::severity::off, log::layout::text});
  const auto counts = std::make_shared<census>();
  boost::asio::io_context io;
  auto work = boost::asio::make_work_guard(io);
  std::vector<std::jthread> pool;
  for (int i = 0; i < 3; ++i)
    pool.emplace_back([&io] { io.run(); });
  {
    runtime::system_config config(io);
    register_messages(config);
    caf::actor_system sys(config);
    const auto root =
        sys.spawn(supervisor,
                  supervisor_config{.name = "load",
                                    .rules = {.intensity = {.restarts = 1'000'000, .period = 1h}}});
    caf::scoped_actor self{sys};
    int answered = 0;
    for (std::size_t round = 0; round < 5; ++round) {
      for (std::size_t i = 0; i < census::names; ++i) {
        child_rules rules{.id = "w" + std::to_string(i),
                          .restart = i % 2 == 0 ? restart_kind::permanent : restart_kind::temporary,
                          .backoff = {.first = 1ms, .most = 2ms}};
        caf::anon_send(root,
                       add_child{supervised(std::move(rules), [counts, i](const child_start& at) {
                         return at.system.spawn(worker, counts, i);
                       })});
      }
      for (std::size_t i = 0; i < census::names; ++i) {
        caf::strong_actor_ptr found;
        self->request(root, 20s, resolve_child{"w" + std::to_string(i)})
            .receive([&](const child_handle& x) { found = x.actor; }, [](const caf::error&) {});
        if (!found) { // between two incarnations
          ++answered;
          continue;
        }
        // A crash, an end, a request behind them: each is answered, whoever is still alive.
        const auto to = caf::actor_cast<caf::actor>(found);
        auto first = self->request(to, 20s, static_cast<int>(i % 3));
        auto second = self->request(to, 20s, 0);
        first.receive([&](int) { ++answered; }, [&](const caf::error&) { ++answered; });
        bool is_late = false;
        second.receive([](int) {},
                       [&](const caf::error& why) { is_late = why == caf::sec::request_timeout; });
        EXPECT_FALSE(is_late) << "SUP-6";
      }
      for (std::size_t i = 0; i < census::names; i += 5)
        caf::anon_send(root, remove_child{"w" + std::to_string(i)});
    }
    EXPECT_EQ(answered, 5 * static_cast<int>(census::names));
    self->monitor(root);
    caf::anon_send_exit(root, caf::exit_reason::user_shutdown);
    bool has_ended = false;
    self->receive([&](const caf::down_msg&) { has_ended = true; }, caf::after(30s) >> [] {});
    EXPECT_TRUE(has_ended) << "SUP-5";
    EXPECT_EQ(counts->total, 0) << "SUP-8";
  }
  EXPECT_EQ(counts->doubles, 0) << "SUP-2";
  work.reset();
  pool.clear();
  log::init({});
}

} // namespace
} // namespace roost::supervision
