#include "actors/terminal/session_note.hpp"

#include "protocols/wire/session_memory.hpp"
#include "tests/support/seeded_random.hpp"

#include <gtest/gtest.h>

#include <string>

namespace roost::terminal {
namespace {

session_note sample() {
  session_note n;
  n.title = "vim \"x\"";
  n.title_is_set = true;
  n.size_policy = size_policy_kind::smallest;
  n.owner = "alice";
  n.created_at = wall_time(std::chrono::milliseconds(1'700'000'000'123));
  n.exited_at = wall_time(std::chrono::milliseconds(1'700'000'000'456));
  n.exit_status = 3;
  n.command = {"/bin/sh", "-c", std::string("a\0b\xff\x01\n", 6), "τ"};
  n.cwd = "/tmp/\xfe";
  n.epoch = "e1";
  n.sandbox = "workspace";
  n.run_as = "ada";
  n.limits = {{"memory", 4294967296.0, "rlimit"}, {"cpu", 1.5, "none"}};
  n.shell = {
      {"/tmp", "title", true, false, true, "make", "ls", 7, 12, 1ull << 60, 44}, "next", true, 99};
  n.sizes = {{0, {80, 24}}, {1ull << 61, {100, 30}}};
  n.is_kill_requested = true;
  n.end_reason = "user-memory";
  n.record = true;
  n.record_from = 4711;
  n.restart = {restart_policy::on_failure,
               12,
               wall_time(std::chrono::milliseconds(1'700'000'001'789)),
               4,
               std::nullopt,
               true};
  n.restarts_in_row = 7;
  n.ended_pid = 4'194'303;
  n.program_started_at = wall_time(std::chrono::milliseconds(1'700'000'001'234));
  n.wish = {{"sh", "-c", "exit \"1\"\n", std::string("\0\xff", 2), ""},
            "/home/\xfe",
            {{"A", "1"}, {"B", "τ=\x01"}, {"A", ""}}};
  return n;
}

TEST(session_note, everything_comes_back) {
  const auto n = sample();
  const auto text = write_note(n);
  const auto read = read_note(text);
  ASSERT_TRUE(read);
  EXPECT_EQ(write_note(*read), text);
  EXPECT_EQ(read->title, n.title);
  EXPECT_TRUE(read->title_is_set);
  EXPECT_EQ(read->size_policy, n.size_policy);
  EXPECT_EQ(read->owner, n.owner);
  EXPECT_EQ(read->created_at, n.created_at);
  EXPECT_EQ(read->exited_at, n.exited_at);
  EXPECT_EQ(read->exit_status, 3);
  EXPECT_EQ(read->signal, std::nullopt);
  EXPECT_EQ(read->command, n.command);
  EXPECT_EQ(read->cwd, n.cwd);
  EXPECT_EQ(read->epoch, n.epoch);
  EXPECT_EQ(read->sandbox, n.sandbox);
  EXPECT_EQ(read->run_as, n.run_as);
  EXPECT_EQ(read->limits, n.limits);
  EXPECT_TRUE(read->is_kill_requested);
  EXPECT_EQ(read->end_reason, "user-memory");
  EXPECT_TRUE(read->record);
  EXPECT_EQ(read->record_from, 4711U);
  const auto& s = read->shell.state;
  EXPECT_EQ(s.cwd, "/tmp");
  EXPECT_EQ(s.title, "title");
  EXPECT_TRUE(s.has_marks);
  EXPECT_FALSE(s.at_prompt);
  EXPECT_TRUE(s.is_running);
  EXPECT_EQ(s.command_line, "make");
  EXPECT_EQ(s.last_command_line, "ls");
  EXPECT_EQ(s.last_exit_status, 7);
  EXPECT_EQ(s.commands, 12U);
  EXPECT_EQ(s.output_begin, 1ull << 60);
  EXPECT_EQ(s.output_end, 44U);
  EXPECT_EQ(read->shell.next_command, "next");
  EXPECT_TRUE(read->shell.is_entered);
  EXPECT_EQ(read->shell.offset, 99U);
  ASSERT_EQ(read->sizes.size(), 2U);
  EXPECT_EQ(read->sizes[1].offset, 1ull << 61);
  EXPECT_EQ(read->sizes[1].size, (terminal_size{100, 30}));
  EXPECT_TRUE(read->extra.empty());
  const auto& r = read->restart;
  EXPECT_EQ(r.policy, restart_policy::on_failure);
  EXPECT_EQ(r.count, 12U);
  EXPECT_EQ(r.next_at, n.restart.next_at);
  EXPECT_EQ(r.last_exit_status, 4);
  EXPECT_EQ(r.last_signal, std::nullopt);
  EXPECT_TRUE(r.has_given_up);
  EXPECT_EQ(read->restarts_in_row, 7U);
  EXPECT_EQ(read->ended_pid, 4'194'303);
  EXPECT_EQ(read->program_started_at, n.program_started_at);
  ASSERT_TRUE(read->wish);
  EXPECT_EQ(read->wish->command, n.wish->command);
  EXPECT_EQ(read->wish->cwd, n.wish->cwd);
  EXPECT_EQ(read->wish->env, n.wish->env);
}

TEST(session_note, every_policy_comes_back) {
  for (const auto policy :
       {restart_policy::never, restart_policy::on_failure, restart_policy::always}) {
    auto n = sample();
    n.restart.policy = policy;
    EXPECT_EQ(read_note(write_note(n))->restart.policy, policy);
  }
}

TEST(session_note, of_a_server_without_restarts) {
  const auto read = read_note(R"({"title":"x"})");
  ASSERT_TRUE(read);
  EXPECT_EQ(read->restart.policy, restart_policy::never);
  EXPECT_EQ(read->restart.count, 0U);
  EXPECT_FALSE(read->restart.next_at || read->restart.last_exit_status || read->wish ||
               read->program_started_at || read->restart.has_given_up);
}

TEST(session_note, a_wish_is_kept_whole_or_not_at_all) {
  constexpr std::size_t most = std::size_t{24} << 10;
  auto n = sample();
  for (const auto size : {most / 2, most - 200, most, most * 2}) {
    n.wish = program_wish{{"sh", std::string(size, 'x')}, "/", {}};
    EXPECT_EQ(fits_note(*n.wish), size < most) << size;
  }
  // What is not as it was written is no command at all: half of one is another command.
  for (const char* wish :
       {R"({"command":["rm",5,"/"],"cwd":"/","env":[]})", R"({"command":"rm","cwd":"/","env":[]})",
        R"({"command":["rm"],"cwd":7,"env":[]})", R"({"command":["rm"],"cwd":"/","env":[["A"]]})",
        R"({"command":["rm"],"cwd":"/","env":[["A",1]]})", R"({"command":["rm"],"cwd":"/"})",
        R"({"cwd":"/","env":[]})", R"([])", R"("rm")", R"(null)", R"({})"}) {
    const auto read =
        read_note(std::string(R"({"restart":{"policy":"always","wish":)") + wish + "}}");
    ASSERT_TRUE(read);
    EXPECT_FALSE(read->wish) << wish;
    EXPECT_EQ(read->restart.policy, restart_policy::always);
  }
}

TEST(session_note, a_newer_build_s_fields_are_kept) {
  const auto read =
      read_note(R"({"version":9,"title":"x","colours":{"after":[1,2]},"colour":"red"})");
  ASSERT_TRUE(read);
  EXPECT_EQ(read->title, "x");
  EXPECT_EQ(read->extra, R"({"colours":{"after":[1,2]},"colour":"red"})");
  const auto again = read_note(write_note(*read));
  ASSERT_TRUE(again);
  EXPECT_EQ(again->extra, read->extra);
  EXPECT_EQ(again->version, 9U);
}

TEST(session_note, what_is_of_the_wrong_kind_has_its_default) {
  const auto read = read_note(
      R"({"title":5,"title_is_set":"yes","created_at":-1,"exited_at":1e300,"exit_status":99999999999,
          "command":["a",1,null],"shell":[],"sizes":[[0,80,24],[1,0,0],[2,70000,1],[3],"x"],
          "size_policy":"biggest"})");
  ASSERT_TRUE(read);
  EXPECT_EQ(read->title, "");
  EXPECT_FALSE(read->title_is_set);
  EXPECT_EQ(read->created_at, wall_time{});
  EXPECT_FALSE(read->exited_at);
  EXPECT_FALSE(read->exit_status);
  EXPECT_EQ(read->command, std::vector<std::string>{"a"});
  EXPECT_EQ(read->sizes.size(), 1U);
  EXPECT_EQ(read->size_policy, size_policy_kind::latest);
  EXPECT_TRUE(read->extra.empty());
}

TEST(session_note, what_is_no_object_is_refused) {
  for (const char* text : {"", "null", "[]", "{", "{\"a\":1}x", "\"text\""})
    EXPECT_FALSE(read_note(text)) << text;
  EXPECT_FALSE(read_note(std::string(100'000, '[')));
}

TEST(session_note, is_bounded_whatever_is_in_it) {
  auto n = sample();
  n.command = {std::string(1'000'000, 'x')};
  auto read = read_note(write_note(n));
  ASSERT_TRUE(read);
  EXPECT_LE(write_note(n).size(), keeper::note_bytes);
  EXPECT_GT(read->command[0].size(), 10'000U);
  EXPECT_EQ(read->command[0].substr(read->command[0].size() - 4), "x\xe2\x80\xa6");

  // The worst of everything: bytes that take six each.
  const std::string worst(20'000, '\x01');
  n.command.assign(300, worst);
  n.title = n.owner = n.cwd = n.epoch = n.sandbox = n.run_as = n.shell.next_command = worst;
  n.shell.state.cwd = n.shell.state.title = n.shell.state.command_line = worst;
  n.shell.state.last_command_line = worst;
  n.sizes.assign(1000, {~0ull, {4096, 4096}});
  n.limits.assign(100, {std::string(32, '\x01'), 1e-300, std::string(32, '\x01')});
  n.limits.front().name = worst;
  n.extra = "{\"a\":\"" + std::string(100'000, 'x') + "\"}";
  n.restart.count = n.restarts_in_row = ~0U;
  n.restart.last_signal = n.restart.last_exit_status = -2'147'483'647;
  // The longest wish that fits.
  n.wish = program_wish{{worst.substr(0, 4'000)}, "/", {{"A", ""}}};
  ASSERT_TRUE(fits_note(*n.wish));
  while (fits_note(*n.wish))
    n.wish->env[0].second += 'x';
  n.wish->env[0].second.pop_back();
  const auto text = write_note(n);
  EXPECT_LE(text.size(), keeper::note_bytes);
  read = read_note(text);
  ASSERT_TRUE(read);
  ASSERT_TRUE(read->wish);
  EXPECT_EQ(read->wish->command, n.wish->command);
  EXPECT_EQ(read->wish->env, n.wish->env);
  EXPECT_EQ(read->restart.count, ~0U);
  EXPECT_EQ(read->command.back(), "\xe2\x80\xa6");
  EXPECT_EQ(read->sizes.size(), screen_follower::max_sizes);
}

TEST(session_note, limits_of_another_kind_do_no_harm) {
  const auto read = read_note(
      R"({"limits":[1,{},{"name":"memory","value":"x","by":"rlimit"},{"name":"cpu","value":0.5}]})");
  ASSERT_TRUE(read);
  ASSERT_EQ(read->limits.size(), 3U);
  EXPECT_EQ(read->limits[1], (session_limit{"memory", 0, "rlimit"}));
  EXPECT_EQ(read->limits[2], (session_limit{"cpu", 0.5, ""}));
}

TEST(session_note, characters_are_not_cut_in_two) {
  auto n = sample();
  n.command.clear();
  for (int i = 0; i < 500; ++i)
    n.command.emplace_back(std::string(static_cast<std::size_t>(i % 7), 'a') + [] {
      std::string s;
      for (int k = 0; k < 200; ++k)
        s += "漢";
      return s;
    }());
  const auto read = read_note(write_note(n));
  ASSERT_TRUE(read);
  for (const auto& argument : read->command)
    for (std::size_t i = argument.find("漢"); i < argument.size(); i += 3)
      EXPECT_TRUE(argument.compare(i, 3, "漢") == 0 || argument.compare(i, 3, "…") == 0);
}

TEST(session_note, any_bytes_may_come) {
  const auto seed = test::pick_seed();
  ROOST_SEED_TRACE(seed);
  seeded_random random(seed);
  const auto good = write_note(sample());
  for (int round = 0; round < 5000; ++round) {
    auto text = good;
    for (auto n = random.between(1, 8); n > 0; --n)
      switch (random.between(0, 3)) {
      case 0:
        text[random.between(0, text.size() - 1)] = static_cast<char>(random.next());
        break;
      case 1:
        text.resize(random.between(1, text.size()));
        break;
      case 2:
        text.insert(random.between(0, text.size()),
                    std::string(1, "{}[]\",:0-e"[random.next() % 10]));
        break;
      default:
        text.erase(random.between(0, text.size() - 1), random.between(1, 5));
        if (text.empty())
          text = "{";
      }
    const auto read = read_note(text);
    ASSERT_TRUE(!read || write_note(*read).size() <= keeper::note_bytes);
  }
}

} // namespace
} // namespace roost::terminal
