#include "actors/connection/login_throttle.hpp"

#include "tests/support/manual_clock.hpp"

#include <gtest/gtest.h>

namespace roost::connection {
namespace {

using namespace std::chrono_literals;

class login_throttle_test : public testing::Test {
protected:
  void fail(int times, std::string_view address = "192.0.2.1") {
    for (int i = 0; i < times; ++i)
      throttle.failed(address, clock.now());
  }
  std::optional<std::chrono::seconds> blocked(std::string_view address = "192.0.2.1") const {
    return throttle.blocked(address, clock.now());
  }

  test::manual_clock clock;
  login_throttle throttle;
};

TEST_F(login_throttle_test, some_tries_are_free) {
  fail(login_throttle::free_tries);
  EXPECT_FALSE(blocked());
  fail(1);
  EXPECT_EQ(blocked(), 1s);
  EXPECT_FALSE(blocked("192.0.2.2"));
}

TEST_F(login_throttle_test, the_block_doubles_up_to_its_cap) {
  fail(login_throttle::free_tries);
  for (const auto wanted : {1s, 2s, 4s, 8s, 16s, 32s, 60s, 60s}) {
    fail(1);
    EXPECT_EQ(blocked(), wanted);
    clock.advance(wanted - 1ms);
    EXPECT_EQ(blocked(), 1s);
    clock.advance(1ms);
    EXPECT_FALSE(blocked());
  }
  fail(100000);
  EXPECT_EQ(blocked(), 60s);
}

TEST_F(login_throttle_test, success_and_time_forgive) {
  fail(login_throttle::free_tries + 3);
  throttle.succeeded("192.0.2.1");
  EXPECT_FALSE(blocked());
  fail(login_throttle::free_tries);
  clock.advance(login_throttle::memory + 1ms);
  fail(login_throttle::free_tries);
  EXPECT_FALSE(blocked());
}

TEST_F(login_throttle_test, memory_is_bounded_and_the_oldest_goes_first) {
  fail(login_throttle::free_tries + 1, "198.51.100.1");
  clock.advance(1ms);
  fail(login_throttle::free_tries + 1, "198.51.100.2");
  for (std::size_t i = 0; i < login_throttle::max_addresses - 1; ++i) {
    clock.advance(1us);
    throttle.failed("host" + std::to_string(i), clock.now());
  }
  EXPECT_EQ(throttle.size(), login_throttle::max_addresses);
  EXPECT_FALSE(blocked("198.51.100.1"));
  EXPECT_TRUE(blocked("198.51.100.2"));
}

} // namespace
} // namespace roost::connection
