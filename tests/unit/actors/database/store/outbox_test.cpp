#include "actors/database/store/outbox.hpp"
#include "actors/database/store/record_codec.hpp"
#include "tests/support/seeded_random.hpp"
#include "tests/unit/actors/database/store/store_fixture.hpp"

#include <gtest/gtest.h>

namespace roost::database {
namespace {

constexpr std::uint64_t much = 1U << 30;

record audit(int n) {
  return audit_record{at_second(n), "me", "login", "t", "ok", "{}", std::to_string(n)};
}
record connection(int n) {
  connection_record out;
  out.node = node_a;
  out.id = "c" + std::to_string(n);
  return out;
}
record session(const std::string& id, const std::string& title) {
  session_record out;
  out.id = id;
  out.node = node_a;
  out.title = title;
  return out;
}

class outbox_test : public testing::Test {
protected:
  outbox::outcome add(outbox& to, std::uint64_t seq, record what, std::uint32_t partition = 0) {
    return expect(to.append(*make_entry({node_a, 1, partition, seq}, std::move(what))));
  }
  /// "seq<follows" of each entry, in order.
  std::string shown(outbox& of) {
    std::string out;
    for (const auto& each : expect(of.peek(1000, much)))
      out += std::to_string(each.key.seq) + "<" + std::to_string(each.follows) + " ";
    return out;
  }

  test::temp_folder folder;
  std::unique_ptr<sqlite_file> file = migrated_sqlite(folder / "roost.db");
  outbox box{*file, much};
};

TEST_F(outbox_test, entries_come_in_order_and_go_when_they_are_dropped) {
  for (int i = 1; i <= 5; ++i)
    EXPECT_EQ(add(box, static_cast<std::uint64_t>(i), audit(i)), outbox::outcome::kept);
  EXPECT_EQ(add(box, 3, audit(3)), outbox::outcome::known);
  EXPECT_EQ(shown(box), "1<0 2<1 3<2 4<3 5<4 ");
  EXPECT_EQ(expect(box.total()).records, 5U);
  const auto some = expect(box.peek(3, much));
  ASSERT_EQ(some.size(), 3U);
  EXPECT_TRUE(*decode(some[1].payload) == audit(2));
  expect(box.drop(some[2].position));
  EXPECT_EQ(shown(box), "4<3 5<4 ");
  expect(box.drop(expect(box.peek(9, much)).back().position));
  EXPECT_EQ(expect(box.total()).records + expect(box.total()).bytes, 0U);
  add(box, 6, audit(6));
  EXPECT_EQ(shown(box), "6<5 ") << "it follows what the shared database has";
}

TEST_F(outbox_test, a_peek_is_bounded_by_bytes_and_gives_one_at_least) {
  for (int i = 1; i <= 5; ++i)
    add(box, static_cast<std::uint64_t>(i), audit(i));
  const auto each = expect(box.total()).bytes / 5;
  EXPECT_EQ(expect(box.peek(9, 1)).size(), 1U);
  EXPECT_EQ(expect(box.peek(9, 3 * each + 1)).size(), 3U);
}

TEST_F(outbox_test, of_one_object_only_the_newest_is_kept) {
  add(box, 1, session("s1", "a"));
  add(box, 2, session("s2", "b"));
  add(box, 3, session("s1", "c"));
  EXPECT_EQ(shown(box), "2<0 3<2 ");
  add(box, 4, session("s1", "d"));
  EXPECT_EQ(shown(box), "2<0 4<2 ");
  add(box, 5, session("s2", "e"));
  EXPECT_EQ(shown(box), "4<0 5<4 ");
  add(box, 1, audit(1), 1);
  EXPECT_EQ(shown(box), "4<0 5<4 1<0 ") << "partitions are chains of their own";
}

TEST_F(outbox_test, measures_are_dropped_when_it_is_full_and_counted) {
  const auto each = [&] {
    add(box, 1, connection(1));
    return expect(box.total()).bytes;
  }();
  outbox small(*file, 3 * each + 20);
  add(small, 2, connection(2));
  add(small, 3, connection(3));
  EXPECT_EQ(add(small, 4, connection(4)), outbox::outcome::dropped);
  EXPECT_EQ(expect(small.total()).dropped, 1U);
  EXPECT_EQ(shown(small), "1<0 2<1 3<2 ");
  // A measure makes room for what must not be lost, the oldest first.
  EXPECT_EQ(add(small, 5, audit(5)), outbox::outcome::kept);
  EXPECT_EQ(shown(small), "2<0 3<2 5<3 ");
  EXPECT_EQ(expect(small.total()).dropped, 2U);
  EXPECT_LE(expect(small.total()).bytes, 3 * each + 20);
}

TEST_F(outbox_test, what_must_not_be_lost_is_refused_when_it_is_full) {
  add(box, 1, audit(1));
  add(box, 2, audit(2));
  const auto before = expect(box.total());
  outbox small(*file, before.bytes + 100);
  auto refused = small.append(*make_entry({node_a, 1, 0, 3}, audit(3)));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().why, store_error::reason::full);
  EXPECT_NE(refused.error().text.find("database.fallback.spool"), std::string::npos);
  EXPECT_EQ(shown(small), "1<0 2<1 ");
  EXPECT_EQ(expect(small.total()).bytes, before.bytes);
  expect(small.drop(expect(small.peek(1, much))[0].position));
  EXPECT_EQ(add(small, 3, audit(3)), outbox::outcome::kept) << "there is room again";
}

TEST_F(outbox_test, an_append_is_undone_with_the_callers_transaction) {
  add(box, 1, audit(1));
  {
    auto outer = sqlite_transaction::begin(*file);
    ASSERT_TRUE(outer);
    add(box, 2, audit(2));
    EXPECT_EQ(expect(box.total()).records, 2U);
  }
  EXPECT_EQ(expect(box.total()).records, 1U);
  EXPECT_EQ(add(box, 2, audit(2)), outbox::outcome::kept);
}

TEST_F(outbox_test, the_ends_of_earlier_starts_are_forgotten_once_they_are_shipped) {
  const auto tails = [&] {
    std::int64_t out = 0;
    EXPECT_TRUE(file->query("SELECT count(*) FROM outbox_tail", {},
                            [&](const sqlite_row& row) { out = row.integer(0); }));
    return out;
  };
  for (std::uint64_t boot = 1; boot <= 5; ++boot)
    expect(box.append(*make_entry({node_a, boot, 0, 1}, audit(1))));
  EXPECT_EQ(tails(), 5) << "nothing of them was shipped";
  expect(box.drop(expect(box.peek(9, much)).back().position));
  expect(box.append(*make_entry({node_a, 6, 0, 1}, audit(1))));
  EXPECT_EQ(tails(), 1);
}

TEST_F(outbox_test, a_write_is_in_the_store_and_in_the_outbox_or_in_none) {
  auto local = make_sqlite_store(*file);
  std::vector<keyed_record> batch = {{{node_a, 1, 0, 1}, 0, session("s1", "a")},
                                     {{node_a, 1, 0, 2}, 1, audit(2)}};
  EXPECT_EQ(expect(write_locally(*file, *local, &box, batch)).applied, 2U);
  EXPECT_EQ(shown(box), "1<0 2<1 ");
  outbox full(*file, expect(box.total()).bytes);
  batch = {{{node_a, 1, 0, 3}, 2, session("s2", "b")}, {{node_a, 1, 0, 4}, 3, audit(4)}};
  auto refused = write_locally(*file, *local, &full, batch);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().why, store_error::reason::full);
  EXPECT_FALSE(expect(local->session("s2")));
  EXPECT_EQ(expect(local->mark(node_a, 1, 0)), 2U);
  EXPECT_FALSE(file->is_in_transaction());
  EXPECT_EQ(expect(write_locally(*file, *local, nullptr, batch)).applied, 2U)
      << "no shared database, no outbox";
}

TEST_F(outbox_test, a_bounded_part_of_the_file_whatever_is_appended) {
  const auto seed = test::pick_seed();
  ROOST_SEED_TRACE(seed);
  seeded_random random(seed);
  constexpr std::uint64_t bound = 20'000;
  outbox small(*file, bound);
  store_fixture shared(engine_kind::memory);
  std::uint64_t refusals = 0;
  std::vector<std::uint64_t> seqs(3, 0);
  for (int i = 0; i < 2000; ++i) {
    const auto partition = static_cast<std::uint32_t>(random.between(0, 2));
    const auto n = static_cast<int>(random.between(0, 300));
    const auto kind = random.between(0, 2);
    auto entry =
        *make_entry({node_a, 1, partition, seqs[partition] + 1},
                    kind == 0   ? audit(n)
                    : kind == 1 ? session("s" + std::to_string(n) + "p" + std::to_string(partition),
                                          std::string(random.between(0, 300), 't'))
                                : connection(n));
    auto got = small.append(entry);
    if (got)
      ++seqs[partition];
    else
      ++refusals;
    ASSERT_LE(expect(small.total()).bytes, bound);
    // Shipping: the chain that thinning leaves has no gap; an answer may be lost.
    if (random.between(0, 40) == 0) {
      std::vector<keyed_record> batch;
      const auto items = expect(small.peek(20, much));
      for (const auto& each : items)
        batch.push_back({each.key, each.follows, *decode(each.payload)});
      const auto shipped = shared->apply(batch);
      ASSERT_TRUE(shipped) << shipped.error().text << ": " << shipped.error().log;
      if (!items.empty() && random.between(0, 3) != 0)
        expect(small.drop(items.back().position));
    }
  }
  EXPECT_GT(refusals, 0U);
  EXPECT_GT(expect(small.total()).dropped, 0U);
}

} // namespace
} // namespace roost::database
