#include "actors/connection/token_ledger.hpp"

#include <gtest/gtest.h>

namespace roost::connection {
namespace {

using namespace std::chrono_literals;
using database::token_record;

const wall_time noon{std::chrono::seconds(1'800'000'000)};

token make(std::string label) {
  token_set set;
  static seeded_random random{5};
  token_request wanted;
  wanted.may = role::viewer;
  wanted.label = std::move(label);
  wanted.only = session_id{"s1"};
  wanted.expires_at = noon + 1h;
  return set.create(wanted, noon, random)->row;
}

TEST(token_ledger, a_token_comes_back_as_it_was) {
  auto row = make("phone");
  row.run_as = "games";
  auto back = from_record(to_record(row, "a"));
  ASSERT_TRUE(back);
  EXPECT_EQ(back->node, "a");
  back->node = "";
  EXPECT_EQ(*back, row);
}

TEST(token_ledger, what_it_does_not_know_opens_nothing) {
  const auto good = to_record(make("phone"), "a");
  auto bad = good;
  bad.role = "owner";
  EXPECT_FALSE(from_record(bad));
  bad = good;
  bad.hash = "0af7";
  EXPECT_FALSE(from_record(bad));
  bad.hash = "";
  EXPECT_FALSE(from_record(bad));
  bad = good;
  bad.id = "";
  EXPECT_FALSE(from_record(bad));
}

TEST(token_ledger, only_what_the_database_lacks_is_written) {
  auto used = make("used");
  const auto fresh = make("fresh");
  const auto lost = make("lost");
  std::vector<token_record> written = {to_record(used, "a"), to_record(lost, "a"),
                                       to_record(lost, "b")};
  used.used_at = noon + 5s; // is in the file alone
  auto missing = missing_records({used, fresh}, written, "a", noon + 9s);
  ASSERT_EQ(missing.size(), 2U);
  EXPECT_EQ(missing[0], to_record(fresh, "a"));
  EXPECT_EQ(missing[1], to_record(lost, "a", noon + 9s)) << "it is not in the file any more";
  written.insert(written.end(), missing.begin(), missing.end());
  written.erase(written.begin() + 1);
  EXPECT_TRUE(missing_records({used, fresh}, written, "a", noon + 99s).empty());
}

TEST(token_ledger, others_tokens_hold_until_anybody_takes_them_away) {
  const auto mine = make("mine");
  const auto yours = make("yours");
  const auto gone = make("gone");
  std::vector<token_record> rows = {to_record(mine, "a"), to_record(yours, "b"),
                                    to_record(gone, "b"), to_record(gone, "c", noon)};
  auto all = read_shared(rows, "a");
  ASSERT_EQ(all.of_others.size(), 1U);
  EXPECT_EQ(all.of_others[0].id, yours.id);
  EXPECT_EQ(all.revoked, std::vector<std::string>{gone.id});
  rows.push_back(to_record(mine, "b", noon));
  EXPECT_EQ(read_shared(rows, "a").revoked.size(), 2U) << "this node's own, too";
}

} // namespace
} // namespace roost::connection
