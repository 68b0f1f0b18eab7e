#include "actors/channel/channels.hpp"

#include "actors/supervision/supervisor.hpp"
#include "tests/support/actor_fixture.hpp"
#include "tests/support/manual_clock.hpp"
#include "tests/unit/actors/channel/scripted_transport.hpp"

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace roost::channel {
namespace {

using std::chrono::seconds;

struct channels_under_test : roost::test::actor_fixture {
  roost::test::manual_clock time;
  std::shared_ptr<directory> names = std::make_shared<directory>(time);
  std::map<std::string, int> made;
  std::map<std::string, std::shared_ptr<test::scripted_transport>> helpers;
  channels_config config;
  supervisor_actor supervisor;
  channels_actor subject;

  channels_under_test() {
    config.shared.channels = names;
    config.shared.time = &time;
    config.shared.seed = 3;
    config.shared.connect = [this](const channel_config& c, std::uint64_t) {
      ++made[c.name];
      return helpers[c.name] = std::make_shared<test::scripted_transport>();
    };
    start_supervisor();
  }
  ~channels_under_test() override {
    caf::anon_send_exit(subject, caf::exit_reason::user_shutdown);
    caf::anon_send_exit(supervisor, caf::exit_reason::user_shutdown);
    settle();
    names->clear();
    config.supervisor.clear();
  }

  void start_supervisor() {
    supervision::supervisor_config children;
    children.name = "channels";
    children.seed = 5;
    supervisor = sys.spawn(supervision::supervisor, children);
    config.supervisor.put(supervisor);
  }
  static channel_config one(std::string name, std::string program = "p") {
    channel_config c;
    c.name = std::move(name);
    c.transport.command = {std::move(program)};
    return c;
  }
  static std::shared_ptr<const std::vector<channel_config>> list(std::vector<channel_config> all) {
    return std::make_shared<const std::vector<channel_config>>(std::move(all));
  }
  void open(std::vector<channel_config> all) {
    config.wanted.put(list(std::move(all)));
    subject = sys.spawn(channels, config);
    settle();
  }
  void reload(std::vector<channel_config> all) {
    caf::anon_send(subject, reload_channels{list(std::move(all))});
    advance(seconds(1));
  }
  std::vector<std::string> running() {
    std::vector<std::string> out;
    for (const auto& [name, actor] : names->all())
      out.push_back(name);
    return out;
  }
};

TEST_F(channels_under_test, starts_the_channels_of_the_configuration) {
  open({one("b"), one("a")});
  EXPECT_EQ(running(), (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(made["a"], 1);
}

TEST_F(channels_under_test, a_reload_starts_new_ones_ends_gone_ones_and_leaves_the_rest) {
  open({one("a"), one("b")});
  const auto a = names->find("a");
  reload({one("a"), one("c")});
  EXPECT_EQ(running(), (std::vector<std::string>{"a", "c"}));
  EXPECT_EQ(names->find("a"), a);
  EXPECT_EQ(made["a"], 1);
  EXPECT_EQ(helpers["b"]->stops, 1);
}

TEST_F(channels_under_test, CB_13_new_rules_reach_a_channel_and_its_calls_go_on) {
  open({one("a")});
  auto pending = request(names->find("a"), call_channel{0, "m", "", {}, ""});
  settle();
  auto other = one("a");
  other.concurrency.limit = 3;
  reload({other});
  EXPECT_EQ(made["a"], 1);
  const auto now = ask<channel_status>(names->find("a"), show_channel{}).value.value();
  EXPECT_EQ(now.limit, 3U);
  EXPECT_EQ(now.config_version, 2U);
  EXPECT_EQ(now.in_flight, 1U);
  helpers["a"]->reply_to_last(reply_kind::value, "1");
  EXPECT_EQ(collect<call_answer>(pending).value->value, "1");
}

TEST_F(channels_under_test, another_helper_means_another_incarnation) {
  open({one("a", "old")});
  const auto before = names->find("a");
  auto old_helper = helpers["a"];
  reload({one("a", "new")});
  EXPECT_EQ(old_helper->stops, 1);
  EXPECT_EQ(made["a"], 2);
  EXPECT_NE(names->find("a"), before);
}

TEST_F(channels_under_test, after_a_crash_of_this_actor_nothing_is_started_twice) {
  open({one("a")});
  caf::anon_send_exit(subject, caf::exit_reason::kill);
  settle();
  open({one("a")});
  EXPECT_EQ(made["a"], 1);
}

TEST_F(channels_under_test, channels_that_went_with_their_supervisor_come_back) {
  open({one("a")});
  caf::anon_send_exit(supervisor, caf::exit_reason::kill);
  settle();
  start_supervisor();
  advance(seconds(3), milliseconds(500));
  EXPECT_EQ(made["a"], 2);
  EXPECT_TRUE(ask<channel_status>(names->find("a"), show_channel{}).value);
}

} // namespace
} // namespace roost::channel
