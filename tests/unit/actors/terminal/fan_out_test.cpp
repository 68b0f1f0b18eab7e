// The byte ledger (WS-7): whatever a terminal prints and whatever its viewers do, each viewer's
// stream is a gap-free run of offsets with the right bytes, or an explicit snapshot after which it
// goes on.

#include "actors/terminal/fan_out.hpp"

#include "tests/support/seeded_random.hpp"

#include <gtest/gtest.h>

#include <map>
#include <string>

namespace roost::terminal {
namespace {

using std::chrono::milliseconds;

constexpr std::uint64_t window = 4096;
constexpr std::size_t history_size = 16 * 1024;

/// One viewer's account of what it was given.
struct account {
  std::uint64_t next = 0; ///< the offset that must come next
  std::uint64_t acked = 0;
  std::uint64_t in_flight = 0; ///< bytes given and not acked, snapshots included
  std::uint64_t most_in_flight = 0;
  int snapshots = 0;
  std::uint64_t lag = 0;
  bool has_ended = false;
  bool is_shed = false; ///< what it was given was dropped: only a snapshot goes on from there
};

class ledger final : public fan_out_sink {
public:
  explicit ledger(const history& bytes, const std::string& log) : bytes_(bytes), log_(log) {}

  std::map<viewer_key, account> accounts;
  std::size_t shot_size = 100;
  steady_time shot_at{};

  void send_output(viewer_key to, std::uint64_t offset, slice bytes) override {
    auto& a = accounts.at(to);
    ASSERT_EQ(offset, a.next) << "a gap or an overlap";
    ASSERT_GT(bytes.size, 0U);
    ASSERT_EQ(bytes.view(), std::string_view(log_).substr(offset, bytes.size));
    ASSERT_FALSE(a.has_ended);
    ASSERT_FALSE(a.is_shed) << "output after a dropped queue";
    a.next += bytes.size;
    a.in_flight += bytes.size;
    a.most_in_flight = std::max(a.most_in_flight, a.in_flight);
  }
  void send_snapshot(viewer_key to, wire::snapshot_reason, const screen_shot& shot) override {
    auto& a = accounts.at(to);
    ASSERT_TRUE(bytes_.holds(shot.offset));
    a.next = shot.offset;
    a.is_shed = false;
    a.acked = std::max(a.acked, std::uint64_t{0});
    a.in_flight += shot.bytes->size();
    a.most_in_flight = std::max(a.most_in_flight, a.in_flight);
    ++a.snapshots;
  }
  void send_lag(viewer_key to, std::uint64_t bytes) override { accounts.at(to).lag = bytes; }
  void send_end(viewer_key to) override {
    auto& a = accounts.at(to);
    ASSERT_FALSE(a.has_ended) << "told of the end twice";
    ASSERT_EQ(a.next, log_.size()) << "told of the end before everything was sent";
    a.has_ended = true;
  }
  steady_time next_shot_at() override { return shot_at; }
  screen_shot take_shot(wire::snapshot_reason why) override {
    // An old one is any that the history still continues.
    auto offset = bytes_.end();
    if (why == wire::snapshot_reason::fell_behind && offset > bytes_.begin() + 200)
      offset -= 200;
    return {std::make_shared<const std::string>(shot_size, '*'), offset};
  }

private:
  const history& bytes_;
  const std::string& log_;
};

struct fan_out_fixture : testing::Test {
  history bytes{history_size};
  std::string log;
  ledger book{bytes, log};
  fan_out out{bytes, window, 0, book};
  steady_time now{};

  void print(std::string_view text) {
    log += text;
    bytes.append(text);
    out.publish(now);
  }
  void join(viewer_key id, viewer_mode mode = viewer_mode::control) {
    book.accounts[id] = {};
    out.add_with_snapshot(id, mode, wire::snapshot_reason::first_attach, now);
    out.start(id, now);
  }
  void ack(viewer_key id, std::uint64_t offset) {
    auto& a = book.accounts.at(id);
    if (offset == a.next)
      a.in_flight = 0;
    out.ack(id, offset, now);
  }
};

TEST_F(fan_out_fixture, a_newcomer_gets_a_snapshot_and_then_the_output) {
  print("before");
  join(1);
  EXPECT_EQ(book.accounts[1].snapshots, 1);
  EXPECT_EQ(book.accounts[1].next, 6U);
  print("after");
  EXPECT_EQ(book.accounts[1].next, 11U);
}

TEST_F(fan_out_fixture, a_returning_viewer_gets_exactly_what_it_missed) {
  print("hello world");
  book.accounts[1] = {};
  book.accounts[1].next = 5;
  out.add_with_delta(1, viewer_mode::control, 5, now);
  out.start(1, now);
  EXPECT_EQ(book.accounts[1].snapshots, 0);
  EXPECT_EQ(book.accounts[1].next, log.size());
}

TEST_F(fan_out_fixture, a_viewer_that_never_acks_costs_one_window_and_no_snapshot_more) {
  join(1);
  for (int i = 0; i < 100; ++i)
    print(std::string(1000, 'x'));
  EXPECT_LE(book.accounts[1].most_in_flight, window);
  EXPECT_EQ(book.accounts[1].snapshots, 1);
  EXPECT_GT(book.accounts[1].lag, 0U);
}

TEST_F(fan_out_fixture, a_viewer_that_fell_behind_is_resynced_when_it_reads_again) {
  join(1);
  for (int i = 0; i < 100; ++i)
    print(std::string(1000, 'x'));
  ack(1, book.accounts[1].next);
  EXPECT_EQ(book.accounts[1].snapshots, 1) << "it has just had output";
  const auto at = out.resume_at(now);
  ASSERT_TRUE(at);
  now = *at;
  out.publish(now);
  EXPECT_EQ(book.accounts[1].snapshots, 2);
  ack(1, book.accounts[1].next);
  EXPECT_EQ(book.accounts[1].next, log.size());
  EXPECT_EQ(book.accounts[1].lag, 0U);
}

TEST_F(fan_out_fixture, a_viewer_whose_queue_was_dropped_gets_a_snapshot_later_and_nothing_before) {
  join(1);
  print(std::string(3000, 'a'));
  book.accounts[1].is_shed = true;
  out.shed(1, now);
  EXPECT_GE(book.accounts[1].lag, 0U);
  print("more");
  now += milliseconds(1999);
  out.publish(now);
  EXPECT_TRUE(book.accounts[1].is_shed);
  const auto at = out.resume_at(now);
  ASSERT_TRUE(at) << "it needs no ack: what it would ack may be gone";
  now = *at;
  out.publish(now);
  EXPECT_FALSE(book.accounts[1].is_shed);
  ack(1, book.accounts[1].next);
  print("and on");
  EXPECT_EQ(book.accounts[1].next, log.size());
}

TEST_F(fan_out_fixture, one_viewers_silence_is_nothing_to_another) {
  join(1);
  join(2);
  for (int i = 0; i < 100; ++i) {
    print(std::string(1000, 'x'));
    ack(2, book.accounts[2].next);
  }
  EXPECT_EQ(book.accounts[2].next, log.size());
  EXPECT_EQ(book.accounts[2].snapshots, 1);
}

TEST_F(fan_out_fixture, only_a_lone_person_who_reads_may_hold_the_program_up) {
  const milliseconds limit{500};
  join(1);
  EXPECT_FALSE(out.pause_until(now, limit));
  print(std::string(2 * window, 'x'));
  ASSERT_TRUE(out.pause_until(now, limit));
  EXPECT_EQ(*out.pause_until(now, limit), now + limit);
  EXPECT_FALSE(out.pause_until(now + limit, limit)) << "no progress for the limit";
  now += limit;
  ack(1, book.accounts[1].next);
  EXPECT_TRUE(out.pause_until(now, limit)) << "it reads again";
  join(2, viewer_mode::view);
  EXPECT_FALSE(out.pause_until(now, limit)) << "with several nobody is waited for";
}

TEST_F(fan_out_fixture, acks_from_nowhere_open_nothing) {
  join(1);
  print(std::string(2 * window, 'x'));
  const auto given = book.accounts[1].next;
  out.ack(1, given + 1'000'000, now); // beyond what was sent: taken as "all of it"
  EXPECT_LE(book.accounts[1].next, given + window);
  const auto then = book.accounts[1].next;
  out.ack(1, 0, now);  // going back
  out.ack(77, 5, now); // a viewer that is not there
  EXPECT_EQ(book.accounts[1].next, then);
}

TEST_F(fan_out_fixture, the_end_comes_after_the_last_byte) {
  join(1);
  print(std::string(2 * window, 'x'));
  out.end(now);
  EXPECT_FALSE(book.accounts[1].has_ended);
  for (int i = 0; i < 10 && !book.accounts[1].has_ended; ++i)
    ack(1, book.accounts[1].next);
  EXPECT_TRUE(book.accounts[1].has_ended);
}

// ---- pace: fifty viewers do not take the machine from the program ----

struct paced_fixture : testing::Test {
  static constexpr std::uint64_t megabyte = 1'000'000;
  static constexpr std::uint64_t rate = 10 * megabyte;

  explicit paced_fixture(std::size_t kept = std::size_t{4} << 20) : bytes(kept) {}

  history bytes;
  std::string log;
  ledger book{bytes, log};
  fan_out out{bytes, std::uint64_t{1} << 20, rate, book};
  steady_time now{std::chrono::hours(1)};

  void join(viewer_key id) {
    book.accounts[id] = {};
    out.add_with_snapshot(id, viewer_mode::control, wire::snapshot_reason::first_attach, now);
    out.start(id, now);
  }
  /// A second of output at twice the rate, in pieces of a millisecond, all acked at once.
  void flood() {
    for (int ms = 0; ms < 1000; ++ms) {
      const std::string text(2 * rate / 1000, 'x');
      log += text;
      bytes.append(text);
      out.publish(now);
      ack_all();
      now += milliseconds(1);
    }
  }
  void ack_all() {
    for (auto& [id, a] : book.accounts) {
      a.in_flight = 0;
      out.ack(id, a.next, now);
    }
  }
  std::uint64_t given(viewer_key id) { return book.accounts[id].next; }
};

TEST_F(paced_fixture, the_holder_gets_everything) {
  join(1);
  join(2);
  join(3);
  out.set_holder(2);
  flood();
  EXPECT_EQ(given(2), log.size());
  EXPECT_EQ(book.accounts[2].snapshots, 1);
}

/// A history in which nobody falls behind.
struct paced_long_fixture : paced_fixture {
  paced_long_fixture() : paced_fixture(std::size_t{64} << 20) {}
};

TEST_F(paced_long_fixture, the_others_share_the_rate) {
  for (viewer_key id = 1; id <= 5; ++id)
    join(id);
  out.set_holder(1);
  flood();
  std::uint64_t others = 0;
  for (viewer_key id = 2; id <= 5; ++id) {
    EXPECT_EQ(book.accounts[id].snapshots, 1);
    EXPECT_NEAR(static_cast<double>(given(id)), rate / 4.0, megabyte) << "each its share";
    others += given(id);
  }
  EXPECT_LE(others, rate + megabyte);
  EXPECT_GE(others, rate - megabyte);
}

TEST_F(paced_fixture, one_viewer_has_the_whole_rate) {
  join(1);
  out.set_holder(0);
  book.shot_at = now + std::chrono::hours(1);
  for (int ms = 0; ms < 1000; ++ms) { // at the rate: nobody is behind
    const std::string text(rate / 1000, 'x');
    log += text;
    bytes.append(text);
    out.publish(now);
    ack_all();
    now += milliseconds(1);
  }
  EXPECT_EQ(given(1), log.size());
}

TEST_F(paced_fixture, after_the_flood_everybody_catches_up) {
  for (viewer_key id = 1; id <= 8; ++id)
    join(id);
  flood();
  int rounds = 0;
  for (auto at = out.resume_at(now); at; at = out.resume_at(now)) {
    ASSERT_LT(++rounds, 100'000);
    now = *at;
    out.publish(now);
    ack_all();
  }
  for (viewer_key id = 1; id <= 8; ++id)
    EXPECT_EQ(given(id), log.size()) << id;
}

TEST_F(paced_fixture, who_fell_behind_waits_for_a_shot_and_for_nothing_else) {
  join(1);
  join(2);
  join(3);
  out.set_holder(1);
  flood();
  book.shot_at = now + milliseconds(700);
  flood(); // far beyond the history
  const auto shots = [&] { return book.accounts[2].snapshots + book.accounts[3].snapshots; };
  const auto before = shots();
  flood();
  EXPECT_GT(shots(), before);
}

TEST_F(paced_fixture, a_newcomer_waits_for_no_pace) {
  for (viewer_key id = 1; id <= 8; ++id)
    join(id);
  flood();
  book.shot_at = now + std::chrono::hours(1);
  join(9);
  EXPECT_EQ(book.accounts[9].snapshots, 1);
}

TEST(fan_out_property, WS_7_every_schedule_keeps_the_ledger) {
  const auto seed = test::pick_seed();
  ROOST_SEED_TRACE(seed);
  seeded_random random(seed);
  constexpr int schedules = 100'000;
  int snapshots = 0;
  int deltas = 0;
  for (int n = 0; n < schedules && !testing::Test::HasFatalFailure(); ++n) {
    history bytes(4096);
    std::string log;
    ledger book(bytes, log);
    // Most terminals never come near their rate; here every second one does.
    fan_out out(bytes, 1024, random.between(0, 1) * random.between(1, 4000), book);
    steady_time now{};
    viewer_key next_key = 1;
    const auto steps = random.between(4, 24);
    for (std::uint64_t step = 0; step < steps; ++step) {
      now += milliseconds(random.between(0, 300));
      if (random.between(0, 9) == 0)
        out.set_holder(random.between(0, next_key));
      if (const auto at = out.resume_at(now); at && random.between(0, 1) == 0) {
        now = std::max(now, *at);
        out.publish(now);
      }
      const auto pick = [&]() -> viewer_key {
        if (book.accounts.empty())
          return 0;
        return std::next(book.accounts.begin(),
                         static_cast<std::ptrdiff_t>(random.between(0, book.accounts.size() - 1)))
            ->first;
      };
      switch (random.between(0, 10)) {
      case 10: // memory is short
        if (const auto id = pick()) {
          book.accounts[id].is_shed = !book.accounts[id].has_ended;
          book.accounts[id].in_flight = 0;
          out.shed(id, now);
        }
        break;
      case 0:
      case 1:
      case 2: { // output of any bytes, cut anywhere
        std::string text(random.between(1, random.between(0, 4) == 0 ? 6000 : 300), '\0');
        for (auto& c : text)
          c = static_cast<char>(random.next());
        log += text;
        bytes.append(text);
        out.publish(now);
        break;
      }
      case 3: { // a newcomer
        const auto id = next_key++;
        book.accounts[id] = {};
        out.add_with_snapshot(id, viewer_mode::control, wire::snapshot_reason::first_attach, now);
        out.start(id, now);
        break;
      }
      case 4: { // somebody comes back, with an offset that is held, or not
        const auto id = next_key++;
        const auto offset = random.between(0, log.size());
        book.accounts[id] = {};
        if (bytes.holds(offset)) {
          book.accounts[id].next = offset;
          out.add_with_delta(id, viewer_mode::control, offset, now);
          ++deltas;
        } else {
          out.add_with_snapshot(id, viewer_mode::view, wire::snapshot_reason::delta_gone, now);
        }
        out.start(id, now);
        break;
      }
      case 5: // somebody leaves
        if (const auto id = pick()) {
          out.remove(id);
          book.accounts.erase(id);
        }
        break;
      case 6: // asks for a snapshot
        if (const auto id = pick())
          out.refresh(id, now);
        break;
      default: // acks: all, a part, nonsense
        if (const auto id = pick()) {
          auto& a = book.accounts[id];
          const auto kind = random.between(0, 3);
          const auto offset = kind == 3 ? random.next() >> 11
                                        : a.next - std::min(a.next, random.between(0, 64) * kind);
          out.ack(id, offset, now);
        }
        break;
      }
    }
    out.end(now);
    for (auto& [id, a] : book.accounts) {
      snapshots += a.snapshots;
      // Once a viewer reads to the end, it has everything.
      for (int i = 0; i < 1000 && !a.has_ended; ++i) {
        out.ack(id, a.next, now);
        if (const auto at = out.resume_at(now)) {
          now = *at;
          out.publish(now);
        }
      }
      ASSERT_TRUE(a.has_ended) << "schedule " << n;
      ASSERT_EQ(a.next, log.size());
    }
  }
  // A run that never came to these would prove nothing.
  EXPECT_GT(snapshots, 1000);
  EXPECT_GT(deltas, 1000);
}

} // namespace
} // namespace roost::terminal
