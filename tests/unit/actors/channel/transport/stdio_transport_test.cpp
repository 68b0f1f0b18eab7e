#include "actors/channel/transport/stdio_transport.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>

#include <boost/json/parse.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/actors/channel/transport/transport_fixture.hpp"

namespace roost::channel {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

class stdio_transport_test : public transport_fixture {
protected:
  static constexpr std::uint64_t max_answer = std::uint64_t{1} << 20U;

  void begin_command(std::vector<std::string> command) {
    transport_config config;
    config.command = std::move(command);
    config.folder = folder_.path();
    begin(std::make_shared<stdio_transport>(io_, config, max_answer, "test", 1));
  }

  /// The helper, up.
  void begin_helper() {
    folder_.file("helper.py", helper_script);
    begin_command({"python3", "-ISu", "helper.py", "an argument"});
    EXPECT_TRUE(comes([this] { return way_->view().is_up; }));
  }

  pid_t pid() { return static_cast<pid_t>(way_->view().pid); }

  bool is_gone(pid_t which) {
    return comes([which] { return ::kill(which, 0) != 0 && errno == ESRCH; });
  }
};

TEST_F(stdio_transport_test, answers_come_back_whatever_their_order) {
  begin_helper();
  const auto view = way_->view();
  EXPECT_GT(view.pid, 0);
  EXPECT_EQ(view.starts, 1U);
  auto got = ask("echo", "{\"a\":\n[1, 2]}");
  EXPECT_EQ(got.kind, reply_kind::value) << got.detail;
  EXPECT_EQ(got.value, R"({"a":[1,2]})");
  EXPECT_EQ(ask("echo").value, "null");
  const auto first = send("hold");
  const auto second = send("hold");
  EXPECT_EQ(ask("slowly", R"(["one","byte","at a time"])").value, R"(["one","byte","at a time"])");
  EXPECT_FALSE(has_answer(first));
  EXPECT_EQ(ask("release").value, "null");
  EXPECT_EQ(wait(first).value, std::to_string(first));
  EXPECT_EQ(wait(second).value, std::to_string(second));
  got = ask("fail", R"({"code":-32000,"message":"no","data":{"category":"busy"}})");
  EXPECT_EQ(got.kind, reply_kind::helper_error);
  EXPECT_EQ(got.code, -32000);
  EXPECT_EQ(got.category, "busy");
  EXPECT_EQ(ask("big", "[1000000]").value.size(), 1'000'002U);

  EXPECT_EQ(ask("twice").value, "1");
  EXPECT_EQ(ask("strange").value, "\"ok\"");
  EXPECT_EQ(way_->view().unknown, 2U);
  EXPECT_EQ(way_->view().violations, 0U);
  EXPECT_EQ(way_->view().starts, 1U) << "none of this is a reason to start it anew";
}

TEST_F(stdio_transport_test, a_program_gets_nothing_of_the_server_but_its_streams) {
  ::setenv("ROOST_TOKEN", "secret", 1);
  ::setenv("NOTIFY_SOCKET", "/run/x", 1);
  ::setenv("CHANNEL_TEST_KEPT", "1", 1);
  const int inherited = ::open("/dev/null", O_RDONLY); // not closed on exec
  sigset_t blocked;
  sigset_t before;
  ::sigfillset(&blocked);
  ::pthread_sigmask(SIG_SETMASK, &blocked, &before);
  begin_helper();
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  const auto facts = boost::json::parse(ask("facts").value);
  ::close(inherited);
  ::unsetenv("ROOST_TOKEN");
  ::unsetenv("NOTIFY_SOCKET");
  ::unsetenv("CHANNEL_TEST_KEPT");

  const auto real = std::filesystem::canonical(folder_.path()).string();
  EXPECT_EQ(facts.at("cwd").as_string(), real);
  EXPECT_EQ(facts.at("args"), boost::json::value({"an argument"}));
  // 3 is the folder that is being listed.
  EXPECT_EQ(facts.at("fds"), boost::json::value({0, 1, 2, 3}));
  EXPECT_EQ(facts.at("pid").to_number<pid_t>(), pid());
  EXPECT_EQ(facts.at("sid"), facts.at("pid"));
  EXPECT_EQ(facts.at("pgid"), facts.at("pid"));
  EXPECT_EQ(facts.at("ppid").to_number<pid_t>(), ::getpid());
  EXPECT_EQ(facts.at("death").to_number<int>(), SIGKILL);
  EXPECT_EQ(facts.at("blocked").to_number<std::uint64_t>(), 0U);
  std::vector<std::string> names;
  for (const auto& name : facts.at("env").as_array())
    names.emplace_back(name.as_string());
  EXPECT_THAT(names, testing::Contains("CHANNEL_TEST_KEPT"));
  EXPECT_THAT(names, testing::Contains("PATH"));
  EXPECT_THAT(names, testing::Not(testing::Contains("ROOST_TOKEN")));
  EXPECT_THAT(names, testing::Not(testing::Contains("NOTIFY_SOCKET")));
}

TEST_F(stdio_transport_test, whoever_waits_when_it_dies_is_answered_and_it_is_started_again) {
  begin_helper();
  const auto first = pid();
  const auto waits = send("hold");
  const auto cause = send("die", "[3]");
  for (const auto id : {waits, cause}) {
    const auto got = wait(id);
    EXPECT_EQ(got.kind, reply_kind::transport);
    EXPECT_NE(got.detail, "");
  }
  EXPECT_EQ(ask_until(reply_kind::value, "echo", "[1]").value, "[1]");
  EXPECT_EQ(way_->view().starts, 2U) << "the first time at once";
  EXPECT_NE(pid(), first);
  EXPECT_THAT(logged(), HasSubstr("exited with status 3"));
  EXPECT_TRUE(is_gone(first));

  const auto last = ask("answer_and_die");
  EXPECT_EQ(last.kind, reply_kind::value) << "its last word counts";
  EXPECT_EQ(last.value, "\"last\"");
  // Now there is a wait, in which nobody is kept waiting.
  EXPECT_TRUE(comes([this] { return !way_->view().is_up; }));
  EXPECT_EQ(ask("echo").kind, reply_kind::transport);
  EXPECT_EQ(ask_until(reply_kind::value, "echo").kind, reply_kind::value);
  EXPECT_EQ(way_->view().starts, 3U);
  EXPECT_EQ(ask("half_and_die").kind, reply_kind::transport);
  EXPECT_EQ(way_->view().violations, 0U) << "half a message is no message";
}

TEST_F(stdio_transport_test, a_stream_that_is_not_json_rpc_is_not_trusted_any_more) {
  begin_helper();
  const auto first = pid();
  const auto waits = send("hold");
  const auto cause = send("raw", R"(["Traceback (most recent call last):\n"])");
  const auto after = send("echo");
  EXPECT_EQ(wait(waits).kind, reply_kind::protocol);
  EXPECT_EQ(wait(cause).kind, reply_kind::protocol);
  EXPECT_NE(wait(after).kind, reply_kind::value);
  EXPECT_EQ(way_->view().violations, 1U);
  EXPECT_EQ(ask_until(reply_kind::value, "echo", "[1]").value, "[1]");
  EXPECT_NE(pid(), first);
  EXPECT_TRUE(is_gone(first));

  EXPECT_EQ(ask("flood").kind, reply_kind::protocol) << "100 MiB are not waited for";
  EXPECT_EQ(way_->view().violations, 2U);
  EXPECT_EQ(ask_until(reply_kind::value, "echo", "[1]").value, "[1]");
}

TEST_F(stdio_transport_test, a_program_that_does_not_read_costs_a_bounded_queue) {
  begin_helper();
  EXPECT_EQ(ask("deaf").value, "\"ok\"");
  const auto large = "[\"" + std::string(std::size_t{1} << 20U, 'x') + "\"]";
  std::vector<std::uint64_t> sent;
  for (int i = 0; i < 6; ++i)
    sent.push_back(send("echo", large));
  const auto refused = wait(sent.back());
  EXPECT_EQ(refused.kind, reply_kind::transport);
  EXPECT_FALSE(has_answer(sent[0]));
  EXPECT_LE(way_->view().queued_bytes, stream_link::most_queued);
  const auto queued = way_->view().queued_bytes;
  way_->cancel(sent[2]);
  EXPECT_TRUE(comes([&] { return way_->view().queued_bytes < queued - large.size() + 100; }));
  // It neither ends nor hears of it: the ladder does.
  const auto first = pid();
  way_->restart();
  EXPECT_EQ(wait(sent[0]).kind, reply_kind::transport);
  EXPECT_EQ(ask("echo").kind, reply_kind::transport) << "while it is being ended";
  EXPECT_TRUE(is_gone(first));
  EXPECT_EQ(ask_until(reply_kind::value, "echo").kind, reply_kind::value);
  EXPECT_FALSE(has_answer(sent[2])) << "was cancelled";
}

TEST_F(stdio_transport_test, a_cancelled_request_is_told_to_the_program) {
  begin_helper();
  const auto id = send("hold");
  way_->cancel(id);
  way_->cancel(id);
  way_->cancel(12345);
  EXPECT_EQ(ask("cancelled").value, "[" + std::to_string(id) + "]");
  EXPECT_EQ(ask("release").kind, reply_kind::value);
  EXPECT_FALSE(has_answer(id));
  EXPECT_EQ(way_->view().unknown, 1U) << "it came late";
}

TEST_F(stdio_transport_test, a_program_that_closes_a_stream_is_started_again) {
  begin_helper();
  const auto first = pid();
  EXPECT_EQ(ask("close_output").kind, reply_kind::transport);
  EXPECT_TRUE(is_gone(first));
  EXPECT_EQ(ask_until(reply_kind::value, "close_input").value, "\"ok\"");
  const auto second = pid();
  const auto cause = send("echo");
  EXPECT_EQ(wait(cause).kind, reply_kind::transport);
  EXPECT_TRUE(is_gone(second));
}

TEST_F(stdio_transport_test, what_it_leaves_behind_is_killed_and_holds_nothing_up) {
  begin_helper();
  const auto left = static_cast<pid_t>(std::stol(ask("grandchild", "[\"stays\"]").value));
  EXPECT_EQ(ask("die", "[0]").kind, reply_kind::transport)
      << "though its standard output is still open";
  EXPECT_TRUE(is_gone(left));
  const auto got = ask_until(reply_kind::value, "grandchild", "[\"escapes\"]");
  const auto escaped = static_cast<pid_t>(std::stol(got.value));
  EXPECT_EQ(ask("die", "[0]").kind, reply_kind::transport);
  EXPECT_EQ(ask_until(reply_kind::value, "echo").kind, reply_kind::value);
  EXPECT_EQ(::kill(escaped, SIGKILL), 0) << "a session of its own is out of reach";
}

TEST_F(stdio_transport_test, a_program_that_is_not_there_yet_is_found_when_it_comes) {
  begin_command({"./late-helper"});
  const auto got = ask("echo");
  EXPECT_EQ(got.kind, reply_kind::unavailable);
  EXPECT_THAT(got.detail, HasSubstr("late-helper: No such file"));
  folder_.file("late-helper", "hello", 0644);
  EXPECT_TRUE(ask_until(
      [](const reply& one) { return one.detail.find("Permission denied") != std::string::npos; }));
  EXPECT_EQ(way_->view().starts, 0U);
  EXPECT_FALSE(way_->view().is_up);
  std::filesystem::remove(folder_ / "late-helper");
  folder_.file("new", "#!/usr/bin/env -S python3 -ISu\n" + std::string(helper_script), 0755);
  std::filesystem::rename(folder_ / "new", folder_ / "late-helper");
  EXPECT_EQ(ask_until(reply_kind::value, "echo", "[1]").value, "[1]");
  EXPECT_EQ(way_->view().starts, 1U);
  // And when it goes while it runs, which is noticed at its end.
  std::filesystem::remove(folder_ / "late-helper");
  EXPECT_EQ(ask("die", "[0]").kind, reply_kind::transport);
  EXPECT_EQ(ask_until(reply_kind::unavailable, "echo").kind, reply_kind::unavailable);
}

TEST_F(stdio_transport_test, a_program_that_cannot_be_executed_is_unavailable) {
  folder_.file("none", "hello", 0755);
  folder_.file("orphan", "#!/nonexistent/interpreter\n", 0755);
  for (const auto& [command, why] :
       {std::pair("./none", "./none: Exec format error"),
        std::pair("./orphan", "./orphan: No such file"), std::pair("/", "/: Permission denied"),
        std::pair("no-such-program", "no-such-program: No such file")}) {
    begin_command({command});
    const auto first = send("echo");
    const auto second = send("echo");
    EXPECT_EQ(wait(first).kind, reply_kind::unavailable) << command;
    EXPECT_THAT(wait(first).detail, HasSubstr(why)) << command;
    EXPECT_EQ(wait(second).kind, reply_kind::unavailable) << command;
    EXPECT_EQ(way_->view().starts, 0U);
    EXPECT_LT(stop(), machine_is_busy);
  }
  transport_config config;
  config.command = {"python3"};
  config.folder = folder_ / "no-such-folder";
  begin(std::make_shared<stdio_transport>(io_, config, max_answer, "test", 1));
  EXPECT_EQ(ask("echo").kind, reply_kind::unavailable);
  EXPECT_THAT(wait(send("echo")).detail, HasSubstr("no-such-folder"));
}

TEST_F(stdio_transport_test, a_program_that_ends_at_once_again_and_again_is_started_ever_later) {
  folder_.file("short", "#!/bin/sh\necho run >> runs\n", 0755);
  begin_command({"./short"});
  const auto start = std::chrono::steady_clock::now();
  EXPECT_TRUE(comes([this] { return way_->view().starts >= 4; }));
  // At once, at once, after 50 to 100 ms, after 100 to 200 ms.
  EXPECT_GE(std::chrono::steady_clock::now() - start, 150ms);
  EXPECT_NE(ask("echo").kind, reply_kind::value);
}

TEST_F(stdio_transport_test, a_helper_that_hears_the_end_of_its_input_ends_by_itself) {
  begin_helper();
  const auto program = pid();
  EXPECT_EQ(ask("ignore_term").kind, reply_kind::value);
  const auto waits = send("hold");
  stop();
  EXPECT_TRUE(is_gone(program));
  EXPECT_THAT(logged(), HasSubstr("helper has ended how=\"exited with status 0\"")) << "by itself";
  EXPECT_FALSE(has_answer(waits));
  stop(); // a second time
  EXPECT_FALSE(way_->view().is_up);
  EXPECT_EQ(way_->view().pid, 0);
  way_->restart();
  way_->cancel(waits);
  const auto late = send("echo");
  stop();
  EXPECT_FALSE(has_answer(late));
}

TEST_F(stdio_transport_test, stop_gets_rid_of_every_helper_within_three_seconds) {
  struct how {
    const char* method;
    std::chrono::milliseconds least;
  };
  for (const auto& [method, least] :
       {how{"stubborn", 2500ms}, how{"deaf", 500ms}, how{"stop", 500ms}, how{"talk", 500ms}}) {
    begin_helper();
    const auto program = pid();
    EXPECT_EQ(ask(method).value, "\"ok\"") << method;
    const auto took = stop();
    EXPECT_GE(took, least) << method;
    EXPECT_LT(took, 3s + machine_is_busy) << method;
    EXPECT_TRUE(is_gone(program)) << method;
  }
}

TEST_F(stdio_transport_test, standard_error_goes_to_the_log_within_bounds) {
  begin_helper();
  EXPECT_EQ(ask("stderr", R"(["a \u001b[31mred\u001b[0m word\n", 1])").value, "\"ok\"");
  EXPECT_TRUE(comes([this] { return log_.find("red") != std::string::npos; }));
  EXPECT_THAT(logged(), HasSubstr("channel/test: helper wrote line=\"a \\x1b[31mred"));
  EXPECT_EQ(ask("stderr", R"(["flood\n", 200000])").value, "\"ok\"");
  EXPECT_EQ(ask("stderr", R"(["no newline ", 100000])").value, "\"ok\"");
  stop();
  const auto log = logged();
  std::size_t lines = 0;
  for (auto at = log.find("helper wrote line"); at != std::string::npos;
       at = log.find("helper wrote line", at + 1))
    ++lines;
  EXPECT_EQ(lines, 100U);
  EXPECT_THAT(log, HasSubstr("helper wrote more than is kept, lines were left out lines=199902"));
}

TEST_F(stdio_transport_test, each_request_is_answered_once_however_it_ends) {
  // The fixture counts the answers; here all that can end a request meets.
  begin_helper();
  for (int round = 0; round < 4; ++round) {
    std::vector<std::uint64_t> sent;
    ASSERT_EQ(ask_until(reply_kind::value, "echo").kind, reply_kind::value);
    for (int i = 0; i < 50; ++i) {
      sent.push_back(send(i % 3 == 0 ? "hold" : "echo"));
      if (i == 25)
        sent.push_back(round % 3 == 0   ? send("die", "[1]")
                       : round % 3 == 1 ? send("raw", "[\"nonsense\\n\"]")
                                        : send("answer_and_die"));
      if (i == 40 && round % 2 == 1)
        way_->restart();
    }
    for (const auto id : sent)
      wait(id);
  }
  ASSERT_EQ(ask_until(reply_kind::value, "echo").kind, reply_kind::value);
  for (int i = 0; i < 50; ++i)
    way_->cancel(send("echo"));
  ask("echo");
  const std::lock_guard lock(mutex_);
  EXPECT_THAT(answers_, testing::Each(testing::Field(&decltype(answers_)::value_type::second,
                                                     testing::SizeIs(1))));
}

TEST_F(stdio_transport_test, dropped_without_stop_it_leaves_no_program) {
  begin_helper();
  const auto program = pid();
  way_.reset();
  EXPECT_TRUE(is_gone(program)) << "killed, and reaped";
}

} // namespace
} // namespace roost::channel
