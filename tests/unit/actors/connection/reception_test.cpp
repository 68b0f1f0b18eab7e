#include "actors/connection/reception.hpp"

#include "tests/support/manual_clock.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

namespace roost::connection {
namespace {

using namespace std::chrono_literals;

class reception_test : public ::testing::Test {
protected:
  reception_test() {
    pool_limits limits;
    limits.max = 5;
    limits.admin_reserve = 1;
    limits.max_per_key = 2;
    desk = std::make_shared<pool_desk>(limits, time);
    auto proxies = trusted_proxies::make({"10.0.0.0/8"});
    subject.emplace(desk, std::move(*proxies), true, random,
                    [this](const std::vector<place_id>& places) {
                      evicted.insert(evicted.end(), places.begin(), places.end());
                    });
  }

  static http_request upgrade(std::string address, std::string token = "t1",
                              role may = role::operate) {
    http_request request;
    request.address = std::move(address);
    request.correlation = "0af7651916cd43dd8448eb211c80319c";
    request.who.token_id = std::move(token);
    request.who.may = may;
    return request;
  }
  static std::string header(const http_response& answer, std::string_view name) {
    for (const auto& [key, value] : answer.headers)
      if (key == name)
        return value;
    return {};
  }

  test::manual_clock time;
  seeded_random random{7};
  std::shared_ptr<pool_desk> desk;
  std::vector<place_id> evicted;
  std::optional<reception> subject;
};

TEST_F(reception_test, a_share_of_websockets_is_refused_with_429_and_a_full_server_with_503) {
  std::vector<place> held;
  for (int i = 0; i < 2; ++i)
    held.push_back(std::move(std::get<place>(subject->reserve(upgrade("192.0.2.1")))));
  const auto mine = std::get<http_response>(subject->reserve(upgrade("192.0.2.1")));
  EXPECT_EQ(mine.status, 429U);
  EXPECT_NE(mine.body.find("share of WebSockets"), std::string::npos);
  for (const auto* other : {"192.0.2.2", "192.0.2.3"})
    held.push_back(std::move(std::get<place>(subject->reserve(upgrade(other)))));
  const auto full = std::get<http_response>(subject->reserve(upgrade("192.0.2.4")));
  EXPECT_EQ(full.status, 503U);
  EXPECT_TRUE(
      std::holds_alternative<place>(subject->reserve(upgrade("192.0.2.4", "root", role::admin))));
  EXPECT_EQ(desk->totals().refused[static_cast<std::size_t>(refusal::address)], 1U);
  EXPECT_EQ(desk->totals().refused[static_cast<std::size_t>(refusal::capacity)], 1U);
}

TEST_F(reception_test, what_is_foreseen_counts_nowhere_and_takes_nothing) {
  EXPECT_FALSE(subject->foresee(upgrade("192.0.2.1")));
  EXPECT_EQ(desk->usage().websockets, 0U);
  std::vector<place> held;
  for (int i = 0; i < 2; ++i)
    held.push_back(std::move(std::get<place>(subject->reserve(upgrade("192.0.2.1")))));
  EXPECT_EQ(subject->foresee(upgrade("192.0.2.1"))->status, 429U);
  EXPECT_EQ(desk->totals().refused[static_cast<std::size_t>(refusal::address)], 0U);
  auto local = upgrade("unix");
  local.is_local = true;
  EXPECT_FALSE(subject->foresee(local));
}

TEST_F(reception_test, clients_are_told_different_times_to_come_back) {
  std::set<int> waits;
  for (int i = 0; i < 200; ++i)
    waits.insert(std::stoi(header(subject->refuse(refusal::capacity, 0ms, "c"), "Retry-After")));
  EXPECT_EQ(*waits.begin(), 5);
  EXPECT_EQ(*waits.rbegin(), 15);
  for (int i = 0; i < 20; ++i) {
    const auto wait =
        std::stoi(header(subject->refuse(refusal::handshake_rate, 100ms, "c"), "Retry-After"));
    EXPECT_GE(wait, 1);
    EXPECT_LE(wait, 2);
  }
}

TEST_F(reception_test, a_trusted_proxy_is_not_bound_to_one_address_share) {
  std::vector<place> held;
  for (int i = 0; i < 5; ++i) {
    auto answer = subject->welcome("10.1.2.3");
    ASSERT_EQ(answer.why, refusal::none) << i;
    answer.claim.settle();
    held.push_back(std::move(answer.claim));
  }
  EXPECT_EQ(subject->welcome("10.1.2.3").why, refusal::http) << "the cap of all still counts";
  EXPECT_TRUE(subject->expects_proxy_header("10.1.2.3"));
  EXPECT_FALSE(subject->expects_proxy_header("192.0.2.1"));
}

TEST_F(reception_test, whom_a_proxy_header_names_has_a_share) {
  std::vector<place> held;
  const auto come = [&](const std::string& client) {
    auto answer = subject->welcome("10.1.2.3");
    auto refused = subject->identify(answer.claim, client);
    if (!refused)
      held.push_back(std::move(answer.claim));
    return refused;
  };
  EXPECT_FALSE(come("192.0.2.1"));
  EXPECT_FALSE(come("192.0.2.1"));
  const auto third = come("192.0.2.1");
  ASSERT_TRUE(third);
  EXPECT_EQ(third->status, 429U);
  EXPECT_FALSE(come("192.0.2.2"));
  EXPECT_EQ(desk->usage().http, 3U);
}

TEST_F(reception_test, WS_10_forged_headers_do_not_change_the_share_that_counts) {
  std::vector<place> held;
  for (int i = 0; i < 2; ++i) {
    const auto client =
        subject->client_of("192.0.2.1", {{"x-forwarded-for", "203.0.113." + std::to_string(i)}});
    held.push_back(std::move(std::get<place>(subject->reserve(upgrade(client)))));
  }
  const auto client = subject->client_of("192.0.2.1", {{"x-forwarded-for", "203.0.113.9"}});
  EXPECT_TRUE(std::holds_alternative<http_response>(subject->reserve(upgrade(client))));
}

TEST_F(reception_test, an_idle_connection_that_gives_way_is_closed) {
  auto first = subject->welcome("192.0.2.1");
  auto second = subject->welcome("192.0.2.1");
  first.claim.settle();
  first.claim.rest();
  EXPECT_EQ(subject->welcome("192.0.2.1").why, refusal::none);
  EXPECT_EQ(evicted, std::vector<place_id>{first.claim.id()});
}

} // namespace
} // namespace roost::connection
