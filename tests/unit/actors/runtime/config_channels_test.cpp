#include "actors/runtime/config_channels.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "actors/runtime/config_load.hpp"
#include "actors/runtime/config_table.hpp"

namespace roost {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using namespace std::chrono_literals;

config_inputs host(std::string file) {
  config_inputs inputs;
  inputs.environment = {{"HOME", "/home/ada"}};
  inputs.host_name = "nest";
  inputs.working_dir = "/srv";
  if (!file.empty())
    inputs.arguments = {"--config", "etc/roost.yaml"};
  inputs.read_file = [file = std::move(file)](const std::string&) -> result<std::string> {
    return file;
  };
  return inputs;
}

std::vector<std::string> problems(const config_inputs& inputs) {
  std::vector<std::string> out;
  for (const auto& problem : load_config(inputs).problems)
    out.push_back(problem.to_string());
  return out;
}

std::vector<channel_config> channels_of(const std::string& file) {
  const auto loaded = load_config(host(file));
  for (const auto& problem : loaded.problems)
    ADD_FAILURE() << problem.to_string();
  return loaded.values.channels;
}

/// The problems of `channels: {x: {transport: …, KEYS}}`.
std::vector<std::string> problems_with(const std::string& keys) {
  return problems(host("channels: {x: {transport: {kind: stdio, command: p}, " + keys + "}}"));
}

TEST(config_channels, the_documented_example_is_read) {
  const auto channels = channels_of(R"(
channels:
  policy:
    transport: {kind: stdio, command: [./policy-server]}
    timeout: 2s
    fallback: {decision: ask}
    idempotent: true
    breaker: {window: 10s, min_calls: 10, failure_rate: 0.5, slow_rate: 0.8, consecutive: 5, open: 5s..60s, half_open_successes: 3}
    concurrency: {limit: 32, adaptive: true}
    adaptive_timeout: true
)");
  channel_config expected;
  expected.name = "policy";
  expected.transport.command = {"./policy-server"};
  expected.transport.folder = "/srv/etc";
  expected.fallback = R"({"decision":"ask"})";
  expected.idempotent = true;
  expected.concurrency.adaptive = true;
  expected.adaptive_timeout = true;
  EXPECT_THAT(channels, ElementsAre(expected));
}

TEST(config_channels, every_key_is_read) {
  const auto channels = channels_of(R"(
channels:
  b:
    transport: {kind: unix, path: ~/run/helper.sock}
  0-a_1:
    transport: {kind: http, url: "http://[::1]:8080/rpc?x=1"}
    timeout: 10ms
    fallback: 'true'
    fallback_channel: b
    last_good: 5m
    idempotent: true
    adaptive_timeout: true
    max_answer: 64MiB
    breaker: {window: 1s, min_calls: 1, failure_rate: 1, slow_rate: 0.01, consecutive: 1000, open: 100ms..1h, half_open_successes: 100}
    concurrency: {limit: 1, queue: 4096, adaptive: true}
)");
  ASSERT_THAT(channels, SizeIs(2));
  channel_config b;
  b.name = "b";
  b.transport.kind = transport_kind::unix_socket;
  b.transport.path = "/home/ada/run/helper.sock";
  EXPECT_EQ(channels[0], b);
  channel_config a;
  a.name = "0-a_1";
  a.transport.kind = transport_kind::http;
  a.transport.url = "http://[::1]:8080/rpc?x=1";
  a.timeout = 10ms;
  a.fallback = "\"true\"";
  a.fallback_channel = "b";
  a.last_good = 5min;
  a.idempotent = true;
  a.adaptive_timeout = true;
  a.max_answer = std::uint64_t{64} << 20;
  a.breaker = {1s, 1, 1, 0.01, 1000, 100ms, 1h, 100};
  a.concurrency = {1, 4096, true};
  EXPECT_EQ(channels[1], a);
}

TEST(config_channels, a_program_and_a_socket_are_seen_from_the_files_folder) {
  const auto channels = channels_of(R"(
channels:
  one: {transport: {kind: stdio, command: "./a program", folder: helpers/}}
  two: {transport: {kind: stdio, command: [python3, "", 3], folder: /opt}}
  three: {transport: {kind: unix, path: run/x.sock}}
)");
  ASSERT_THAT(channels, SizeIs(3));
  EXPECT_THAT(channels[0].transport.command, ElementsAre("./a program"));
  EXPECT_EQ(channels[0].transport.folder, "/srv/etc/helpers");
  EXPECT_THAT(channels[1].transport.command, ElementsAre("python3", "", "3"));
  EXPECT_EQ(channels[1].transport.folder, "/opt");
  EXPECT_EQ(channels[2].transport.path, "/srv/etc/run/x.sock");

  auto inputs = host("");
  inputs.environment["ROOST_CHANNELS"] = "{e: {transport: {kind: stdio, command: x}, fallback: 1}}";
  const auto loaded = load_config(inputs);
  ASSERT_THAT(loaded.problems, IsEmpty()) << loaded.problems[0].to_string();
  ASSERT_THAT(loaded.values.channels, SizeIs(1));
  EXPECT_EQ(loaded.values.channels[0].transport.folder, "/srv");
  EXPECT_EQ(loaded.values.channels[0].fallback, "1");
}

TEST(config_channels, one_open_time_has_the_usual_cap) {
  const auto times = [](const std::string& open) {
    const auto channels = channels_of("channels: {x: {transport: {kind: unix, path: /x}, "
                                      "breaker: {open: " +
                                      open + "}}}");
    const auto& breaker = channels.at(0).breaker;
    return std::pair(breaker.open_base, breaker.open_cap);
  };
  EXPECT_EQ(times("5s"), std::pair(5'000ms, 60'000ms));
  EXPECT_EQ(times("2m"), std::pair(120'000ms, 120'000ms));
  EXPECT_EQ(times("100ms..100ms"), std::pair(100ms, 100ms));
}

TEST(config_channels, what_is_wrong_is_named_with_its_place) {
  const auto found = problems(host(R"(channels:
  Policy: {}
  empty:
  list: [a]
  a:
    transport: {kind: pipe}
    tiemout: 2s
    timeout: 2
    timeout: 3s
    breaker: {min_cals: 3, open: 5s..1s, failure_rate: 0}
    concurrency: {limit: 0}
    fallback: {x: .nan}
  b:
    transport: {command: [x]}
    last_good: 5m
  c:
    transport: {kind: stdio, comand: [x]}
    fallback_channel: a
)"));
  const std::string in = "etc/roost.yaml:";
  EXPECT_THAT(
      found,
      ElementsAre(
          HasSubstr(in + "2:3: channels: a channel's name is 1 to 64"),
          HasSubstr(in + "3:3: channels.empty: needs a transport, for example {kind: stdio"),
          HasSubstr(in + "4:9: channels.list: expected a section of keys"),
          HasSubstr(in + "6:23: channels.a.transport.kind: expected stdio, unix or http, got 'p"),
          HasSubstr(in + "7:5: channels.a.tiemout: unknown key, did you mean 'timeout'?"),
          HasSubstr(in + "8:14: channels.a.timeout: expected a duration with a unit"),
          HasSubstr(in + "9:5: channels.a.timeout: this key is there twice"),
          HasSubstr(in + "10:15: channels.a.breaker.min_cals: unknown key, did you mean 'min_call"),
          HasSubstr(in + "10:34: channels.a.breaker.open: expected a duration or two"),
          HasSubstr(in + "10:56: channels.a.breaker.failure_rate: expected a number above 0"),
          HasSubstr(in + "11:26: channels.a.concurrency.limit: expected a whole number from 1"),
          HasSubstr(in + "12:19: channels.a.fallback: JSON has no form for this number"),
          HasSubstr(in + "14:16: channels.b.transport: say kind: stdio, kind: unix or kind: http"),
          HasSubstr(in + "15:16: channels.b.last_good: needs idempotent: true, because a call"),
          HasSubstr(in + "17:30: channels.c.transport.comand: unknown key, did you mean 'command"),
          HasSubstr(in + "17:16: channels.c.transport: kind: stdio needs command: a program"),
          HasSubstr(in + "18:23: channels.c.fallback_channel: needs idempotent: true")));
}

TEST(config_channels, values_out_of_range_are_refused) {
  for (const auto* keys : {"timeout: 9ms",
                           "timeout: 601s",
                           "max_answer: 1023B",
                           "max_answer: 65MiB",
                           "idempotent: 'true'",
                           "adaptive_timeout: yes",
                           "last_good: 25h",
                           "fallback_channel: ''",
                           "fallback_channel: [a]",
                           "breaker: {window: 999ms}",
                           "breaker: {window: 601s}",
                           "breaker: {min_calls: 0}",
                           "breaker: {min_calls: 10001}",
                           "breaker: {failure_rate: 1.01}",
                           "breaker: {failure_rate: nan}",
                           "breaker: {slow_rate: 0}",
                           "breaker: {slow_rate: -1}",
                           "breaker: {consecutive: 0}",
                           "breaker: {consecutive: 1001}",
                           "breaker: {open: 99ms}",
                           "breaker: {open: 61m}",
                           "breaker: {open: 5s..61m}",
                           "breaker: {open: ..60s}",
                           "breaker: {open: 5s..}",
                           "breaker: {open: 5s...60s}",
                           "breaker: {open: [5s, 60s]}",
                           "breaker: {half_open_successes: 0}",
                           "breaker: {half_open_successes: 101}",
                           "breaker: 3",
                           "concurrency: {limit: 1025}",
                           "concurrency: {queue: 4097}",
                           "concurrency: {queue: -1}",
                           "concurrency: {adaptive: 1}"})
    EXPECT_THAT(problems_with(keys), ElementsAre(HasSubstr(": expected "))) << keys;
}

TEST(config_channels, transports_that_mean_something_else_than_they_seem_are_refused) {
  const auto long_path = "/" + std::string(107, 'p');
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"{kind: stdio, command: []}", "command: expected a program"},
      {"{kind: stdio, command: ''}", "command: expected a program"},
      {"{kind: stdio, command: ['', x]}", "command: expected a program"},
      {"{kind: stdio, command: [x, [y]]}", "command: expected a program"},
      {"{kind: stdio, command: [x, \"a\\0b\"]}", "command: expected a program"},
      {"{kind: stdio, command: " + std::string(4097, 'x') + "}", "command: expected a program"},
      {"{kind: stdio, command: x\xff}", "command: expected a program"},
      {"{kind: stdio, command: x, folder: ''}", "folder: expected a folder"},
      {"{kind: unix, path: /x\xff}", "path: expected the path of a Unix socket"},
      {"{kind: stdio, command: x, path: /x}", "path: this key is for kind: unix, and this is kind"},
      {"{kind: unix}", "transport: kind: unix needs path: the path of a Unix socket"},
      {"{kind: unix, path: ''}", "path: expected the path of a Unix socket"},
      {"{kind: unix, path: " + long_path + "}", "path: expected the path of a Unix socket"},
      {"{kind: http}", "transport: kind: http needs url: http://HOST"},
      {"{kind: http, url: 'https://h/x'}", "url: https:// is not supported: put a local proxy"},
      {"{kind: http, url: [x]}", "url: expected http://HOST"},
  };
  for (const auto& [transport, message] : cases)
    EXPECT_THAT(problems(host("channels: {x: {transport: " + transport + "}}")),
                ElementsAre(HasSubstr(message)))
        << transport;
  for (const auto* url : {"http://", "http:///x", "http://u@h/", "http://u:p@h/", "http://h/#f",
                          "http://h:0/", "http://h:65536/", "http://h:/", "http://h/a b",
                          "http://h?x", "h:80", "HTTP://h", "http://::1/"})
    EXPECT_THAT(
        problems(host(std::string("channels: {x: {transport: {kind: http, url: '") + url + "'}}}")),
        ElementsAre(HasSubstr("url: expected http://HOST")))
        << url;
  EXPECT_THAT(problems(host("channels: {x: {transport: {kind: unix, path: " +
                            long_path.substr(0, 107) + "}}}")),
              IsEmpty());
}

TEST(config_channels, there_is_a_bound_to_channels_names_words_and_fallbacks) {
  const auto many = [](int count) {
    std::string text = "channels:\n";
    for (int i = 0; i < count; ++i)
      text += "  c" + std::to_string(i) + ": {transport: {kind: stdio, command: x}}\n";
    return problems(host(text));
  };
  EXPECT_THAT(many(64), IsEmpty());
  EXPECT_THAT(many(65), ElementsAre(HasSubstr("channels: more than 64 channels")));

  const auto named = [](const std::string& name) {
    return problems(host("channels: {" + name + ": {transport: {kind: stdio, command: x}}}"));
  };
  EXPECT_THAT(named(std::string(64, 'n')), IsEmpty());
  for (const auto& name : {std::string(65, 'n'), std::string("-a"), std::string("_a"),
                           std::string("a.b"), std::string("''"), std::string("a/b")})
    EXPECT_THAT(named(name), ElementsAre(HasSubstr("a channel's name is 1 to 64"))) << name;

  const auto words = [](std::size_t count) {
    std::string text = "x";
    for (std::size_t i = 1; i < count; ++i)
      text += ", x";
    return problems(host("channels: {x: {transport: {kind: stdio, command: [" + text + "]}}}"));
  };
  EXPECT_THAT(words(64), IsEmpty());
  EXPECT_THAT(words(65), ElementsAre(HasSubstr("command: expected a program")));

  EXPECT_THAT(problems_with("fallback: " + std::string(65'534, 'f')), IsEmpty());
  EXPECT_THAT(problems_with("fallback: " + std::string(65'535, 'f')),
              ElementsAre(HasSubstr("fallback: more than 64KiB of JSON")));
}

TEST(config_channels, who_stands_in_must_be_there_and_somebody_else) {
  const auto with = [](const std::vector<std::pair<std::string, std::string>>& pairs) {
    std::string text = "channels:\n";
    for (const auto& [name, other] : pairs)
      text += "  " + name + ": {transport: {kind: stdio, command: x}, idempotent: true" +
              (other.empty() ? "" : ", fallback_channel: " + other) + "}\n";
    return problems(host(text));
  };
  EXPECT_THAT(with({{"a", "b"}, {"b", "c"}, {"c", ""}}), IsEmpty());
  EXPECT_THAT(with({{"a", "a"}}),
              ElementsAre(HasSubstr("channels.a.fallback_channel: a channel cannot stand in for "
                                    "itself")));
  EXPECT_THAT(with({{"policy", ""}, {"b", "polcy"}}),
              ElementsAre(HasSubstr("there is no such channel, did you mean 'policy'?")));
  EXPECT_THAT(with({{"a", "zebra"}}), ElementsAre(HasSubstr("there is no such channel")));
  EXPECT_THAT(with({{"x", "c"}, {"a", "b"}, {"c", "a"}, {"b", "c"}}),
              ElementsAre(HasSubstr("channels.a.fallback_channel: these channels stand in for each "
                                    "other in a circle: a, b, c, a")));
}

TEST(config_channels, what_is_printed_loads_to_the_same_channels) {
  const auto first = load_config(host(R"(
channels:
  "null": {transport: {kind: stdio, command: [./a, "b: #c", 'd, "e"', ""], folder: "~/x y"}}
  true: {transport: {kind: unix, path: "run/a b.sock"}, timeout: 90s, max_answer: 3KiB}
  "12":
    transport: {kind: http, url: "http://localhost:81/a?b=c&d,e"}
    idempotent: true
    last_good: 90s
    fallback_channel: "null"
    fallback: {a: [1, 0x10, '1', ~, yes, true, .5, "x\"\\\n:,{"], "k: #": {}, "true": []}
    breaker: {open: 250ms..90s, failure_rate: 0.001}
    concurrency: {queue: 7}
  n: {transport: {kind: stdio, command: x}, fallback: null}
)"));
  ASSERT_THAT(first.problems, IsEmpty()) << first.problems[0].to_string();
  ASSERT_THAT(first.values.channels, SizeIs(4));
  EXPECT_EQ(first.values.channels[2].fallback,
            R"({"a":[1,16,"1",null,"yes",true,0.5,"x\"\\\n:,{"],"k: #":{},"true":[]})");
  EXPECT_EQ(first.values.channels[3].fallback, "null");
  const auto printed = print_config(first);
  auto elsewhere = host(printed);
  elsewhere.arguments = {"--config", "/tmp/printed.yaml"};
  const auto second = load_config(elsewhere);
  ASSERT_THAT(second.problems, IsEmpty()) << second.problems[0].to_string() << "\n" << printed;
  EXPECT_EQ(first.values.channels, second.values.channels) << printed;
}

TEST(config_channels, a_change_is_applied_at_once) {
  const auto running = load_config(host("channels: {x: {transport: {kind: unix, path: /x}}}"));
  const auto fresh = load_config(
      host("channels: {x: {transport: {kind: unix, path: /x}, breaker: {consecutive: 6}}}"));
  const auto plan = plan_reload(running.values, fresh.values);
  EXPECT_THAT(plan.applied, ElementsAre("channels"));
  EXPECT_THAT(plan.needs_restart, IsEmpty());
  ASSERT_THAT(plan.next.channels, SizeIs(1));
  EXPECT_EQ(plan.next.channels[0].breaker.consecutive, 6U);
}

} // namespace
} // namespace roost
