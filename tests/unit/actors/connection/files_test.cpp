#include "actors/connection/data_dir.hpp"
#include "actors/connection/private_file.hpp"
#include "actors/connection/token_store.hpp"
#include "tests/support/manual_clock.hpp"
#include "tests/unit/actors/connection/server_fixture.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sys/stat.h>
#include <unistd.h>

namespace roost::connection {
namespace {

unsigned mode_of(const std::string& path) {
  struct stat info {};
  return ::stat(path.c_str(), &info) == 0 ? info.st_mode & 07777 : 0;
}

std::string content_of(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

class files_test : public testing::Test {
protected:
  [[nodiscard]] std::string at(const std::string& name) const { return folder.path() + "/" + name; }
  std::unique_ptr<token_store> open_store() {
    auto store = token_store::open(folder.path(), clock, random);
    EXPECT_TRUE(store);
    return std::move(*store);
  }

  test::temporary_folder folder;
  test::manual_clock clock;
  seeded_random random{3};
};

TEST_F(files_test, a_private_file_is_written_whole_and_for_its_owner) {
  ASSERT_TRUE(write_private_file(at("a"), "one"));
  EXPECT_EQ(mode_of(at("a")), 0600U);
  ASSERT_TRUE(write_private_file(at("a"), "two"));
  EXPECT_EQ(**read_private_file(at("a"), 3), "two");
  EXPECT_FALSE(std::filesystem::exists(at("a.new")));
}

TEST_F(files_test, a_missing_file_is_no_error_and_others_are) {
  EXPECT_EQ(*read_private_file(at("none"), 10), std::nullopt);
  ASSERT_TRUE(write_private_file(at("a"), "1234"));
  EXPECT_FALSE(read_private_file(at("a"), 3));
  ::chmod(at("a").c_str(), 0640);
  const auto open = read_private_file(at("a"), 10);
  ASSERT_FALSE(open);
  EXPECT_NE(open.error().detail.find("chmod 600"), std::string::npos);
  EXPECT_FALSE(read_private_file(folder.path(), 10));
  EXPECT_FALSE(write_private_file(at("none/a"), "x"));
}

TEST_F(files_test, a_write_that_fails_leaves_the_old_file) {
  ASSERT_TRUE(write_private_file(at("a"), "old"));
  ASSERT_EQ(::mkdir(at("a.new").c_str(), 0700), 0);
  EXPECT_FALSE(write_private_file(at("a"), "new"));
  EXPECT_EQ(content_of(at("a")), "old");
}

TEST_F(files_test, the_data_dir_is_made_and_locked) {
  const auto path = at("x/y/data");
  auto first = data_dir::open(path + "/");
  ASSERT_TRUE(first) << first.error().detail;
  EXPECT_EQ((*first)->path(), path);
  EXPECT_EQ(mode_of(path), 0700U);
  const auto second = data_dir::open(path);
  ASSERT_FALSE(second);
  EXPECT_TRUE(second.error().is(setup_error::data_dir_in_use));
  EXPECT_EQ(describe(second.error()).cli_exit, 75);
  EXPECT_NE(second.error().detail.find(std::to_string(::getpid())), std::string::npos);
  first->reset();
  EXPECT_TRUE(data_dir::open(path));
}

TEST_F(files_test, a_data_dir_for_everybody_is_refused) {
  ::chmod(folder.path().c_str(), 0750);
  const auto opened = data_dir::open(folder.path());
  ASSERT_FALSE(opened);
  EXPECT_TRUE(opened.error().is(setup_error::data_dir_unusable));
  EXPECT_NE(opened.error().detail.find("chmod 700"), std::string::npos);
  EXPECT_FALSE(data_dir::open(""));
  ASSERT_TRUE(write_private_file(at("file"), ""));
  EXPECT_FALSE(data_dir::open(at("file")));
  EXPECT_FALSE(data_dir::open(at("file/below")));
}

TEST_F(files_test, the_cookie_key_survives_a_restart) {
  auto data = *data_dir::open(folder.path());
  const auto key = *data->cookie_key(random);
  EXPECT_EQ(*data->cookie_key(random), key);
  EXPECT_EQ(mode_of(at("cookie-key")), 0600U);
  ASSERT_TRUE(write_private_file(at("cookie-key"), "short\n"));
  EXPECT_FALSE(data->cookie_key(random));
  std::filesystem::remove(at("cookie-key"));
  EXPECT_NE(*data->cookie_key(random), key);
}

TEST_F(files_test, a_node_stays_the_same_and_counts_its_starts) {
  auto data = *data_dir::open(folder.path());
  const auto id = *data->node_id(random);
  EXPECT_EQ(id.size(), 36U);
  EXPECT_EQ(id[14], '4') << "a UUID of version 4";
  EXPECT_EQ(*data->node_id(random), id);
  EXPECT_EQ(*data->next_boot(), 1U);
  EXPECT_EQ(*data->next_boot(), 2U);
  ASSERT_TRUE(write_private_file(at("boots"), "many\n"));
  EXPECT_FALSE(data->next_boot()) << "never the same number twice";
  ASSERT_TRUE(write_private_file(at("node-id"), "me\n"));
  EXPECT_FALSE(data->node_id(random));
  std::filesystem::remove(at("node-id"));
  EXPECT_NE(*data->node_id(random), id);
}

TEST_F(files_test, tokens_survive_a_restart) {
  std::string text;
  {
    const auto store = open_store();
    text = store->create({})->text;
    const auto gone = store->create({});
    ASSERT_TRUE(store->revoke(gone->row.id));
  }
  EXPECT_EQ(mode_of(at("tokens.json")), 0600U);
  const auto store = open_store();
  EXPECT_EQ(store->list().size(), 1U);
  const auto who = store->by_text(text, clock.now_wall());
  ASSERT_TRUE(who);
  EXPECT_TRUE(store->by_id(who->token_id, clock.now_wall()));
  EXPECT_TRUE(store->revoke("0000").error().is(request_error::not_found));
}

TEST_F(files_test, others_tokens_hold_after_a_restart_and_until_they_are_taken_away) {
  // Two nodes: what one writes of its tokens the other one hears.
  test::temporary_folder elsewhere;
  std::vector<database::token_record> rows;
  const auto other = *token_store::open(elsewhere.path(), clock, random);
  other->tell([&](const token& row, std::optional<wall_time> revoked_at) {
    rows.push_back(to_record(row, "b", revoked_at));
  });
  const auto made = *other->create({role::viewer, "theirs", {}, {}});
  {
    const auto store = open_store();
    EXPECT_FALSE(store->by_text(made.text, clock.now_wall()));
    ASSERT_TRUE(store->share(read_shared(rows, "a")));
    EXPECT_TRUE(store->by_text(made.text, clock.now_wall()));
    EXPECT_TRUE(store->own().empty());
    EXPECT_EQ(store->list().at(0).node, "b");
  }
  EXPECT_EQ(mode_of(at("shared-tokens.json")), 0600U);
  const auto store = open_store();
  EXPECT_FALSE(store->by_text(made.text, clock.now_wall()))
      << "nobody has said that they are shared";
  ASSERT_TRUE(store->load_shared());
  EXPECT_TRUE(store->by_text(made.text, clock.now_wall()));

  store->tell([&](const token& row, std::optional<wall_time> revoked_at) {
    rows.push_back(to_record(row, "a", revoked_at));
  });
  ASSERT_TRUE(store->revoke(made.row.id));
  EXPECT_FALSE(store->by_text(made.text, clock.now_wall()));
  ASSERT_TRUE(other->share(read_shared(rows, "b")));
  EXPECT_FALSE(other->by_text(made.text, clock.now_wall()));
  EXPECT_TRUE(other->list().empty());
  ASSERT_TRUE(store->share(read_shared(rows, "a")));
  EXPECT_TRUE(store->list().empty()) << "it does not come back";
}

TEST_F(files_test, a_corrupt_token_file_stops_the_start_and_stays) {
  ASSERT_TRUE(write_private_file(at("tokens.json"), "{\"version\":1,\"tok"));
  const auto store = token_store::open(folder.path(), clock, random);
  ASSERT_FALSE(store);
  EXPECT_TRUE(store.error().is(setup_error::data_dir_unusable));
  EXPECT_EQ(content_of(at("tokens.json")), "{\"version\":1,\"tok");
}

TEST_F(files_test, a_token_that_cannot_be_saved_does_not_exist) {
  const auto store = open_store();
  const auto kept = store->create({});
  ASSERT_EQ(::mkdir(at("tokens.json.new").c_str(), 0700), 0);
  const auto lost = store->create({});
  ASSERT_FALSE(lost);
  EXPECT_TRUE(lost.error().is(request_error::internal));
  EXPECT_EQ(lost.error().detail.find(folder.path()), std::string::npos);
  EXPECT_FALSE(store->revoke(kept->row.id));
  EXPECT_EQ(store->list().size(), 1U);
}

TEST_F(files_test, the_login_token_stays_the_same_until_it_is_revoked) {
  std::string first;
  {
    const auto store = open_store();
    first = *store->login_token();
    EXPECT_EQ(*store->login_token(), first);
    EXPECT_FALSE(store->list()[0].used_at);
  }
  EXPECT_EQ(mode_of(at("login-token")), 0600U);
  const auto store = open_store();
  EXPECT_EQ(*store->login_token(), first);
  const auto who = store->by_text(first, clock.now_wall());
  ASSERT_TRUE(who);
  EXPECT_EQ(who->may, role::admin);
  ASSERT_TRUE(store->revoke(who->token_id));
  const auto second = *store->login_token();
  EXPECT_NE(second, first);
  EXPECT_FALSE(store->by_text(first, clock.now_wall()));
  EXPECT_TRUE(store->by_text(second, clock.now_wall()));
}

TEST_F(files_test, last_use_is_saved_when_asked) {
  const auto text = open_store()->create({})->text;
  {
    const auto store = open_store();
    store->by_text(text, clock.now_wall());
    store->save_usage();
  }
  EXPECT_TRUE(open_store()->list()[0].used_at);
}

} // namespace
} // namespace roost::connection
