#include "actors/connection/token_set.hpp"

#include "actors/connection/encoding.hpp"

#include <gtest/gtest.h>

namespace roost::connection {
namespace {

using namespace std::chrono_literals;

const wall_time noon{std::chrono::seconds(1'800'000'000)};

class token_set_test : public testing::Test {
protected:
  new_token make(token_request wanted = {}) {
    auto made = set.create(wanted, noon, random);
    EXPECT_TRUE(made);
    return *made;
  }

  token_set set;
  seeded_random random{7};
};

TEST_F(token_set_test, a_token_is_256_bits_of_text_and_only_its_hash_is_kept) {
  const auto made = make();
  EXPECT_EQ(made.text.size(), 6U + 43U);
  EXPECT_TRUE(made.text.starts_with("roost_"));
  EXPECT_EQ(made.row.id.size(), 12U);
  EXPECT_EQ(set.to_json().find(made.text), std::string::npos);
  EXPECT_NE(set.to_json().find(to_hex(hash_token(made.text))), std::string::npos);
  EXPECT_NE(make().text, made.text);
}

TEST_F(token_set_test, a_known_token_is_found_and_others_are_not) {
  const auto first = make();
  const auto second = make({role::viewer, "phone", session_id{"s1"}, std::nullopt});
  const auto* found = set.check(second.text, noon);
  ASSERT_NE(found, nullptr);
  EXPECT_EQ(found->id, second.row.id);
  const auto who = principal_of(*found);
  EXPECT_EQ(who.may, role::viewer);
  EXPECT_EQ(who.label, "phone");
  EXPECT_TRUE(who.may_see(session_id{"s1"}));
  EXPECT_FALSE(who.may_see(session_id{"s2"}));
  EXPECT_EQ(set.check(first.text + "x", noon), nullptr);
  EXPECT_EQ(set.check(first.text.substr(0, 40), noon), nullptr);
  EXPECT_EQ(set.check("", noon), nullptr);
  EXPECT_EQ(set.check(to_hex(first.row.hash), noon), nullptr);
}

TEST_F(token_set_test, a_token_ends_at_its_expiry) {
  const auto made = make({role::operate, "", std::nullopt, noon + 10s});
  EXPECT_NE(set.check(made.text, noon + 9s), nullptr);
  EXPECT_EQ(set.check(made.text, noon + 10s), nullptr);
  EXPECT_EQ(set.find(made.row.id, noon + 10s), nullptr);
  EXPECT_EQ(set.all().size(), 1U);
}

TEST_F(token_set_test, use_is_remembered) {
  const auto made = make();
  EXPECT_FALSE(set.all()[0].used_at);
  set.check(made.text, noon + 3s);
  EXPECT_EQ(set.all()[0].used_at, noon + 3s);
  set.find(made.row.id, noon + 5s);
  EXPECT_EQ(set.all()[0].used_at, noon + 5s);
}

TEST_F(token_set_test, a_revoked_token_is_gone) {
  const auto made = make();
  EXPECT_TRUE(set.revoke(made.row.id));
  EXPECT_FALSE(set.revoke(made.row.id));
  EXPECT_EQ(set.check(made.text, noon), nullptr);
}

TEST_F(token_set_test, bad_wishes_are_refused) {
  const auto refused = [&](token_request wanted) {
    const auto made = set.create(wanted, noon, random);
    return !made && made.error().is(request_error::bad_value);
  };
  EXPECT_TRUE(refused({role::viewer, std::string(101, 'x'), std::nullopt, std::nullopt}));
  EXPECT_TRUE(refused({role::viewer, "a\nb", std::nullopt, std::nullopt}));
  EXPECT_TRUE(refused({role::viewer, "", std::nullopt, noon}));
  EXPECT_TRUE(refused({role::admin, "", session_id{"s1"}, std::nullopt}));
  EXPECT_TRUE(refused({role::admin, "", std::nullopt, std::nullopt, "ada"}));
  EXPECT_TRUE(set.all().empty());
}

TEST_F(token_set_test, the_number_of_tokens_is_bounded) {
  for (std::size_t i = 0; i < token_set::max_tokens; ++i)
    make();
  const auto made = set.create({}, noon, random);
  ASSERT_FALSE(made);
  EXPECT_TRUE(made.error().is(request_error::at_capacity));
}

TEST_F(token_set_test, the_file_form_goes_there_and_back) {
  const auto first = make({role::admin, "K\xc3\xbc\"che", std::nullopt, std::nullopt});
  const auto second = make({role::operate, "", session_id{"s1"}, noon + 1h});
  set.check(second.text, noon + 5s);
  auto again = token_set::from_json(set.to_json());
  ASSERT_TRUE(again) << again.error().detail;
  EXPECT_EQ(again->to_json(), set.to_json());
  const auto* row = again->check(second.text, noon + 6s);
  ASSERT_NE(row, nullptr);
  EXPECT_EQ(row->only, session_id{"s1"});
  EXPECT_EQ(row->expires_at, noon + 1h);
  EXPECT_NE(again->check(first.text, noon), nullptr);
}

TEST_F(token_set_test, a_token_of_a_user_stays_one) {
  const auto made = make({role::operate, "", std::nullopt, std::nullopt, "ada"});
  EXPECT_EQ(made.row.run_as, "ada");
  auto again = token_set::from_json(set.to_json());
  ASSERT_TRUE(again) << again.error().detail;
  const auto* row = again->check(made.text, noon);
  ASSERT_NE(row, nullptr);
  EXPECT_EQ(principal_of(*row).run_as, "ada");
  set.revoke(made.row.id);
  make();
  EXPECT_EQ(set.to_json().find("run_as"), std::string::npos) << "older servers read the file";
}

TEST_F(token_set_test, a_damaged_file_is_an_error_and_never_a_smaller_set) {
  make();
  const auto good = set.to_json();
  const auto refuses = [](std::string_view text) {
    const auto loaded = token_set::from_json(text);
    return !loaded && loaded.error().is(setup_error::data_dir_unusable) &&
           loaded.error().detail.find("tokens.json") != std::string::npos;
  };
  for (std::size_t cut = 0; cut + 1 < good.size(); ++cut)
    EXPECT_TRUE(refuses(good.substr(0, cut))) << cut;
  const auto replaced = [&](std::string_view from, std::string_view to) {
    auto text = good;
    text.replace(text.find(from), from.size(), to);
    return text;
  };
  EXPECT_TRUE(refuses(replaced("\"version\":1", "\"version\":2")));
  EXPECT_TRUE(refuses(replaced("\"role\":\"operator\"", "\"role\":\"root\"")));
  EXPECT_TRUE(refuses(replaced("\"label\"", "\"lable\"")));
  EXPECT_TRUE(refuses(replaced("\"label\":\"\"", "\"label\":\"\",\"extra\":1")));
  EXPECT_TRUE(refuses(replaced("\"created_at\":", "\"created_at\":-")));
  EXPECT_TRUE(refuses(replaced("\"sha256\":\"", "\"sha256\":\"zz")));
  EXPECT_TRUE(refuses("[]"));
  EXPECT_TRUE(refuses("{\"version\":1,\"tokens\":[1]}"));
  EXPECT_TRUE(refuses("{\"version\":1,\"tokens\":{}}"));
}

TEST_F(token_set_test, an_id_that_occurs_twice_is_an_error) {
  make();
  auto text = set.to_json();
  const auto row = text.substr(text.find("{\"id\""), text.find("}]") - text.find("{\"id\"") + 1);
  text.insert(text.find("}]") + 1, "," + row);
  EXPECT_FALSE(token_set::from_json(text));
}

TEST(role, names_are_those_of_the_contract) {
  for (const auto which : {role::viewer, role::operate, role::admin})
    EXPECT_EQ(parse_role(to_string(which)), which);
  EXPECT_EQ(to_string(role::operate), "operator");
  EXPECT_FALSE(parse_role("Admin"));
  EXPECT_FALSE(parse_role(""));
}

} // namespace
} // namespace roost::connection
