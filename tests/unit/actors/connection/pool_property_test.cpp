// WS-1 and WS-2 over random schedules: the books are kept a second time, naively, and compared
// after every step.
#include "actors/connection/pool.hpp"

#include "tests/support/manual_clock.hpp"
#include "tests/support/seeded_random.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <map>
#include <random>
#include <string>
#include <utility>
#include <vector>

namespace roost::connection {
namespace {

using std::chrono::milliseconds;

constexpr int schedules = 20;
constexpr int steps = 50'000; // 20 * 50,000 = 10^6

enum class stage { handshake, http, idle, reserved, active, local };

struct claim {
  stage what = stage::handshake;
  std::string key;
  std::string user;
  steady_time due{};
  bool is_for_another = false; ///< a proxy's
};

class schedule {
public:
  explicit schedule(std::uint64_t seed) : random_(seed), subject_(limits_ = any_limits()) {
    subject_.set_limits(limits_);
  }

  void run() {
    for (int i = 0; i < steps && !::testing::Test::HasFailure(); ++i) {
      step();
      compare();
    }
    end_everything();
  }

private:
  std::uint32_t below(std::uint32_t n) {
    return std::uniform_int_distribution<std::uint32_t>(0, n - 1)(random_);
  }
  std::string any_key() { return "key" + std::to_string(below(6)); }
  std::string any_user() { return "user" + std::to_string(below(4)); }

  pool_limits any_limits() {
    pool_limits limits;
    limits.max = 1 + below(30);
    limits.max_per_key = 1 + below(12);
    limits.max_per_user = 1 + below(12);
    limits.admin_reserve = below(4);
    limits.max_handshakes = 1 + below(16);
    limits.handshake_rate = below(3) == 0 ? 0 : 1 + below(50);
    limits.handshake_burst = 1 + below(20);
    limits.reservation = milliseconds(100 + below(900));
    return limits;
  }

  /// Mostly one that is open; now and then one that ended long ago or never was.
  place_id any_place() {
    if (claims_.empty() || below(20) == 0)
      return below(2) == 0 ? 0 : 1 + below(static_cast<std::uint32_t>(newest_) + 10);
    auto at = claims_.begin();
    std::advance(at, below(static_cast<std::uint32_t>(claims_.size())));
    return at->first;
  }

  [[nodiscard]] std::uint32_t count(auto&& wanted) const {
    return static_cast<std::uint32_t>(std::count_if(
        claims_.begin(), claims_.end(), [&](const auto& item) { return wanted(item.second); }));
  }
  static bool is_http(const claim& c) {
    return c.what == stage::handshake || c.what == stage::http || c.what == stage::idle;
  }
  static bool is_websocket(const claim& c) {
    return c.what == stage::reserved || c.what == stage::active;
  }

  void step() {
    switch (below(13)) {
    case 12:
      represent(any_place(), any_key());
      return;
    case 0:
    case 1:
      accept(below(8) == 0 ? "" : any_key());
      return;
    case 2:
      if (const auto answer = subject_.accept_local(); answer.place != 0) {
        add(answer.place, {stage::local, {}, {}, {}, false});
        EXPECT_LE(count([](const claim& c) { return c.what == stage::local; }), limits_.max);
      } else {
        EXPECT_GE(count([](const claim& c) { return c.what == stage::local; }), limits_.max);
      }
      return;
    case 3:
      identify(any_place(), any_key());
      return;
    case 4:
      settle(any_place());
      return;
    case 5:
      rest_or_wake(any_place());
      return;
    case 6:
    case 7:
      reserve(any_key(), any_user(), below(4) == 0 ? standing::admin : standing::ordinary);
      return;
    case 8:
      commit(any_place());
      return;
    case 9:
    case 10:
      release(any_place());
      return;
    default:
      if (below(50) == 0)
        subject_.set_limits(limits_ = any_limits());
      else
        pass_time(milliseconds(below(400)));
    }
  }

  void add(place_id place, claim c) {
    EXPECT_GT(place, newest_) << "a name is never used again";
    newest_ = std::max(newest_, place);
    claims_[place] = std::move(c);
  }

  void lose(const pool::verdict& answer) {
    for (const auto place : answer.evicted) {
      const auto at = claims_.find(place);
      ASSERT_NE(at, claims_.end()) << "whoever is put out was in";
      EXPECT_TRUE(at->second.what == stage::idle || at->second.what == stage::handshake);
      claims_.erase(at);
    }
  }

  void accept(const std::string& key) {
    const auto answer = subject_.accept(key, time_.now());
    const auto http = [](const claim& c) { return is_http(c); };
    const auto handshake = [](const claim& c) { return c.what == stage::handshake; };
    const auto of_key = [&](const claim& c) { return is_http(c) && c.key == key; };
    if (answer.place == 0) {
      EXPECT_TRUE(answer.evicted.empty()) << "who is refused pushes nobody out";
      EXPECT_TRUE(
          (answer.why == refusal::http && count(http) >= limits_.max) ||
          (answer.why == refusal::handshakes && count(handshake) >= limits_.max_handshakes) ||
          (answer.why == refusal::address_http && count(of_key) >= limits_.max_per_key) ||
          (answer.why == refusal::handshake_rate && limits_.handshake_rate > 0))
          << to_string(answer.why);
      return;
    }
    lose(answer);
    add(answer.place, {stage::handshake, key, {}, {}, false});
    // After a limit was lowered there may be more of them; one that comes then replaces another.
    if (answer.evicted.empty()) {
      EXPECT_LE(count(http), limits_.max);
      EXPECT_LE(count(handshake), limits_.max_handshakes);
      EXPECT_TRUE(key.empty() || count(of_key) <= limits_.max_per_key);
    }
  }

  void identify(place_id place, const std::string& key) {
    const auto at = claims_.find(place);
    const bool is_due =
        at != claims_.end() && at->second.what == stage::handshake && at->second.key.empty();
    const auto answer = subject_.identify(place, key, time_.now());
    if (answer.why != refusal::none) {
      EXPECT_TRUE(is_due);
      return;
    }
    lose(answer);
    if (is_due)
      claims_.at(place).key = key;
  }

  void represent(place_id place, const std::string& key) {
    const auto at = claims_.find(place);
    const bool is_due = at != claims_.end() &&
                        (at->second.what == stage::handshake || at->second.what == stage::http) &&
                        (at->second.key.empty() || at->second.is_for_another);
    if (is_due)
      at->second.key.clear();
    const auto share = count([&](const claim& c) { return is_http(c) && c.key == key; });
    const auto answer = subject_.represent(place, key, time_.now());
    EXPECT_EQ(answer.why == refusal::address_http, is_due && share >= limits_.max_per_key);
    if (!is_due)
      return;
    at->second.is_for_another = answer.why == refusal::none;
    if (at->second.is_for_another)
      at->second.key = key;
  }

  void settle(place_id place) {
    subject_.settle(place);
    const auto at = claims_.find(place);
    if (at != claims_.end() && at->second.what == stage::handshake)
      at->second.what = stage::http;
  }

  void rest_or_wake(place_id place) {
    const auto at = claims_.find(place);
    if (below(2) == 0) {
      subject_.rest(place);
      if (at != claims_.end() && at->second.what == stage::http) {
        at->second.what = stage::idle;
        if (std::exchange(at->second.is_for_another, false))
          at->second.key.clear();
      }
    } else {
      EXPECT_EQ(subject_.wake(place), at != claims_.end());
      if (at != claims_.end() && at->second.what == stage::idle)
        at->second.what = stage::http;
    }
  }

  void reserve(const std::string& key, const std::string& user, standing who) {
    const auto all = [](const claim& c) { return is_websocket(c); };
    const auto of_key = [&](const claim& c) { return is_websocket(c) && c.key == key; };
    const auto of_user = [&](const claim& c) { return is_websocket(c) && c.user == user; };
    const auto reserve = std::min(limits_.admin_reserve, limits_.max / 2);
    const auto cap = who == standing::admin ? limits_.max : limits_.max - reserve;
    const bool has_room = count(all) < cap && count(of_key) < limits_.max_per_key &&
                          count(of_user) < limits_.max_per_user;
    EXPECT_EQ(subject_.check(key, user, who) == refusal::none, has_room);
    const auto answer = subject_.reserve(key, user, who, time_.now());
    EXPECT_EQ(answer.place != 0, has_room) << "neither too many nor too few";
    if (answer.place != 0)
      add(answer.place, {stage::reserved, key, user, time_.now() + limits_.reservation, false});
  }

  void commit(place_id place) {
    const auto at = claims_.find(place);
    EXPECT_EQ(subject_.commit(place), at != claims_.end());
    if (at != claims_.end() && at->second.what == stage::reserved)
      at->second.what = stage::active;
  }

  void release(place_id place) {
    EXPECT_EQ(subject_.release(place), claims_.erase(place) == 1);
    EXPECT_FALSE(subject_.release(place));
  }

  void pass_time(milliseconds step) {
    time_.advance(step);
    for (const auto place : subject_.expire(time_.now())) {
      const auto at = claims_.find(place);
      ASSERT_NE(at, claims_.end());
      EXPECT_EQ(at->second.what, stage::reserved);
      EXPECT_LE(at->second.due, time_.now());
      claims_.erase(at);
    }
  }

  void compare() {
    const auto usage = subject_.usage();
    std::map<std::string, std::uint32_t> keys;
    std::map<std::string, std::uint32_t> http_keys;
    std::map<std::string, std::uint32_t> users;
    std::array<std::uint32_t, 6> stages{};
    for (const auto& [place, c] : claims_) {
      ++stages[static_cast<std::size_t>(c.what)];
      keys[c.key] += is_websocket(c) ? 1 : 0;
      http_keys[c.key] += is_http(c) ? 1 : 0;
      users[c.user] += is_websocket(c) ? 1 : 0;
    }
    EXPECT_EQ(usage.websockets, stages[3] + stages[4]);
    EXPECT_EQ(usage.reserved, stages[3]);
    EXPECT_EQ(usage.http, stages[0] + stages[1] + stages[2]);
    EXPECT_EQ(usage.handshakes, stages[0]);
    EXPECT_EQ(usage.idle, stages[2]);
    EXPECT_EQ(usage.local, stages[5]);
    for (const auto& [key, n] : keys)
      EXPECT_EQ(subject_.of_key(key), n);
    for (const auto& [key, n] : http_keys)
      EXPECT_TRUE(key.empty() || subject_.http_of_key(key) == n);
    for (const auto& [user, n] : users)
      EXPECT_EQ(subject_.of_user(user), n);
  }

  void end_everything() {
    std::vector<place_id> order;
    for (const auto& [place, c] : claims_)
      order.push_back(place);
    std::shuffle(order.begin(), order.end(), random_);
    for (const auto place : order)
      release(place);
    compare();
    time_.advance(std::chrono::hours(1));
    EXPECT_TRUE(subject_.expire(time_.now()).empty());
    EXPECT_EQ(subject_.keys(), 0U);
    const auto usage = subject_.usage();
    EXPECT_EQ(usage.websockets + usage.http + usage.local + usage.handshakes, 0U);
  }

  std::mt19937_64 random_;
  test::manual_clock time_;
  pool_limits limits_;
  pool subject_;
  std::map<place_id, claim> claims_;
  place_id newest_ = 0;
};

TEST(pool_property, WS_1_and_WS_2_hold_over_a_million_random_steps) {
  const auto seed = test::pick_seed();
  ROOST_SEED_TRACE(seed);
  for (int i = 0; i < schedules && !HasFailure(); ++i) {
    SCOPED_TRACE("schedule " + std::to_string(i));
    schedule(seed + static_cast<std::uint64_t>(i)).run();
  }
}

} // namespace
} // namespace roost::connection
