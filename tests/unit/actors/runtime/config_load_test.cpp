#include "actors/runtime/config_load.hpp"

#include <csignal>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "actors/runtime/config_table.hpp"

namespace roost {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

/// A host with nothing set.
config_inputs bare_host() {
  config_inputs inputs;
  inputs.environment = {{"HOME", "/home/ada"}, {"PATH", "/usr/bin"}};
  inputs.host_name = "nest";
  inputs.working_dir = "/srv";
  inputs.read_file = [](const std::string&) -> result<std::string> {
    return failure{setup_error::bad_configuration, "there is no such file"};
  };
  return inputs;
}

/// The host with this text as `roost.yaml`.
config_inputs with_file(std::string text) {
  auto inputs = bare_host();
  inputs.arguments = {"--config", "etc/roost.yaml"};
  inputs.read_file = [text = std::move(text)](const std::string&) -> result<std::string> {
    return text;
  };
  return inputs;
}

std::vector<std::string> problems(const loaded_config& loaded) {
  std::vector<std::string> out;
  for (const auto& problem : loaded.problems)
    out.push_back(problem.to_string());
  return out;
}

std::vector<std::string> problems_of_file(std::string text) {
  return problems(load_config(with_file(std::move(text))));
}

TEST(config_load, the_defaults_are_those_of_the_contract) {
  const auto loaded = load_config(bare_host());
  EXPECT_THAT(problems(loaded), IsEmpty());
  EXPECT_EQ(loaded.exit_code, 0);
  const auto& values = loaded.values;
  EXPECT_EQ(to_string(values.listen), "127.0.0.1:7680");
  EXPECT_EQ(values.threads, 0U);
  EXPECT_EQ(values.node_name, "nest");
  EXPECT_EQ(values.data_dir, "/home/ada/.local/state/roost");
  EXPECT_EQ(values.connections.max, 100U);
  EXPECT_EQ(values.connections.heartbeat_interval, 25s);
  EXPECT_EQ(values.connections.heartbeat_timeout, 10s);
  EXPECT_EQ(values.connections.handshake_timeout, 5s);
  EXPECT_EQ(values.connections.write_timeout, 10s);
  EXPECT_EQ(values.connections.window, 1U << 20);
  EXPECT_THAT(values.connections.allowed_origins, IsEmpty());
  EXPECT_EQ(values.terminals.max, 200U);
  EXPECT_EQ(values.terminals.history, 4U << 20);
  EXPECT_EQ(values.terminals.scrollback_lines, 10'000U);
  EXPECT_THAT(values.terminals.kill_ladder,
              ElementsAre(kill_step(SIGHUP), kill_step(2000ms), kill_step(SIGTERM),
                          kill_step(3000ms), kill_step(SIGKILL)));
  EXPECT_THAT(values.terminals.default_command, IsEmpty());
  EXPECT_EQ(values.log.level, log::severity::info);
  EXPECT_EQ(values.log.format, log::layout::text);
}

TEST(config_load, reads_every_kind_of_value) {
  const auto loaded = load_config(with_file(R"(
listen: "[::1]:0"
threads: 3
connections:
  window: 64KiB
  heartbeat_interval: 2m
  allowed_origins: [https://a.example, "http://b.example:8080"]
terminals:
  kill_ladder: [SIGINT, 500ms, KILL]
  default_command: [/bin/bash, -l]
  size_policy: smallest
  shell_integration: false
log: {level: debug, format: json}
)"));
  EXPECT_THAT(problems(loaded), IsEmpty());
  const auto& values = loaded.values;
  EXPECT_EQ(values.listen, (endpoint{.host = "::1", .port = 0}));
  EXPECT_EQ(values.threads, 3U);
  EXPECT_EQ(values.connections.window, 65536U);
  EXPECT_EQ(values.connections.heartbeat_interval, 2min);
  EXPECT_THAT(values.connections.allowed_origins,
              ElementsAre("https://a.example", "http://b.example:8080"));
  EXPECT_THAT(values.terminals.kill_ladder,
              ElementsAre(kill_step(SIGINT), kill_step(500ms), kill_step(SIGKILL)));
  EXPECT_THAT(values.terminals.default_command, ElementsAre("/bin/bash", "-l"));
  EXPECT_EQ(values.terminals.size_policy, size_policy_kind::smallest);
  EXPECT_FALSE(values.terminals.shell_integration);
  EXPECT_EQ(values.log, (log::settings{log::severity::debug, log::layout::json}));
}

TEST(config_load, flags_win_over_environment_over_file_over_defaults) {
  auto inputs = with_file("listen: 127.0.0.1:1\nnode_name: file\nthreads: 1\n");
  inputs.environment["ROOST_LISTEN"] = "127.0.0.1:2";
  inputs.environment["ROOST_NODE_NAME"] = "environment";
  inputs.arguments.insert(inputs.arguments.end(), {"--listen=127.0.0.1:3"});
  const auto loaded = load_config(inputs);
  EXPECT_THAT(problems(loaded), IsEmpty());
  EXPECT_EQ(loaded.values.listen.port, 3);
  EXPECT_EQ(loaded.values.node_name, "environment");
  EXPECT_EQ(loaded.values.threads, 1U);
  EXPECT_EQ(loaded.origins[0], "--listen");
  EXPECT_THAT(loaded.origins, testing::Contains("environment ROOST_NODE_NAME"));
  EXPECT_THAT(loaded.origins, testing::Contains("etc/roost.yaml:3:1"));
  EXPECT_THAT(loaded.origins, testing::Contains("default"));
}

TEST(config_load, the_file_can_come_from_the_environment) {
  auto inputs = with_file("threads: 9\n");
  inputs.arguments.clear();
  inputs.environment["ROOST_CONFIG"] = "/etc/roost.yaml";
  EXPECT_EQ(load_config(inputs).values.threads, 9U);
}

TEST(config_load, names_place_path_and_nearest_key) {
  EXPECT_THAT(problems_of_file("terminals:\n  histroy: 4MiB\n"),
              ElementsAre("etc/roost.yaml:2:3: terminals.histroy: unknown key, did you mean "
                          "'history'?"));
  EXPECT_THAT(problems_of_file("conections: {}\n"),
              ElementsAre("etc/roost.yaml:1:1: conections: unknown key, did you mean "
                          "'connections'?"));
  EXPECT_THAT(problems_of_file("history: 4MiB\n"),
              ElementsAre("etc/roost.yaml:1:1: history: unknown key here, did you mean "
                          "'terminals.history'?"));
  EXPECT_THAT(problems_of_file("colour: blue\n"),
              ElementsAre("etc/roost.yaml:1:1: colour: unknown key"));
}

TEST(config_load, says_what_is_wrong_with_a_value) {
  struct one {
    std::string text;
    std::string message;
  };
  const std::vector<one> cases = {
      {"threads: many", "etc/roost.yaml:1:10: threads: expected a whole number from 0 to 256, got "
                        "'many'"},
      {"threads: -1", "got '-1'"},
      {"threads: 257", "got '257'"},
      {"threads: 1.5", "got '1.5'"},
      {"threads: '4'", "got '4' in quotes"},
      {"threads:", "got nothing"},
      {"threads: [1]", "got '[1]'"},
      {"threads: {a: 1}", "got a section"},
      {"threads: 99999999999999999999999", "expected a whole number"},
      {"listen: 7680", "expected HOST:PORT"},
      {"listen: 127.0.0.1:70000", "expected HOST:PORT"},
      {"listen: '::1:7680'", "expected HOST:PORT"},
      {"listen: 'a b:1'", "expected HOST:PORT"},
      {"insecure_listen: yes", "expected true or false, got 'yes'"},
      {"terminals: {history: 4MB}", "a size with a unit (B, KiB, MiB, GiB) from 64KiB to 1GiB"},
      {"terminals: {history: 4096}", "got '4096'"},
      {"terminals: {history: 1KiB}", "got '1KiB'"},
      {"terminals: {pause_limit: 5}", "a duration with a unit (ms, s, m, h, d)"},
      {"terminals: {pause_limit: 2h}", "got '2h'"},
      {"terminals: {size_policy: biggest}", "expected latest, smallest, largest or manual"},
      {"terminals: {kill_ladder: [HUP, 2s]}", "ends with KILL"},
      {"terminals: {kill_ladder: []}", "ends with KILL"},
      {"terminals: {kill_ladder: [BOGUS, KILL]}", "got '[BOGUS, KILL]'"},
      {"terminals: {default_command: bash}", "a program and up to 255 arguments"},
      {"terminals: {default_command: [[bash]]}", "got a list of other things"},
      {"terminals: 5", "terminals: expected a section of keys, got '5'"},
      {"node_name: 'a b'", "a name of up to 63"},
      {"connections: {allowed_origins: [example.org]}", "origins like https://example.org"},
      {"connections: {allowed_origins: ['https://a/b']}", "origins like https://example.org"},
      {"log: {level: loud}", "trace, debug, info, warn, error or off"},
      {"threads: 1\nthreads: 2", "etc/roost.yaml:2:1: threads: this key is there twice"},
      {"terminals: {max: 1}\nterminals: {max: 2}", "this key is there twice"},
      {"- listen", "expected a section of keys"},
      {"just text", "expected a section of keys, got 'just text'"},
      {"a: [1, 2", "etc/roost.yaml:"},
      {"a: &x 1", "anchors"},
  };
  for (const auto& [text, message] : cases)
    EXPECT_THAT(problems_of_file(text + "\n"), ElementsAre(HasSubstr(message))) << text;
}

TEST(config_load, collects_problems_and_stops_printing_after_twenty) {
  std::string text;
  for (int i = 0; i < 50; ++i)
    text += "zzz" + std::to_string(i) + ": 1\n";
  const auto found = problems_of_file(text);
  ASSERT_EQ(found.size(), 21U);
  EXPECT_EQ(found.back(), "30 more problems");
}

TEST(config_load, problems_end_with_the_documented_exit_codes) {
  EXPECT_EQ(load_config(with_file("threads: x")).exit_code, 78);
  auto inputs = bare_host();
  for (const auto& arguments : std::vector<std::vector<std::string>>{
           {"--lisen", "x"}, {"--listen"}, {"run"}, {"--version=1"}, {"-x"}}) {
    inputs.arguments = arguments;
    EXPECT_EQ(load_config(inputs).exit_code, 64) << arguments[0];
  }
  inputs.arguments = {"--listen", "nowhere"};
  EXPECT_EQ(load_config(inputs).exit_code, 78);
  inputs.arguments = {"--lisen", "x"};
  EXPECT_THAT(problems(load_config(inputs)),
              testing::Contains("--lisen: unknown option, did you mean --listen?"));
}

TEST(config_load, what_this_version_lacks_is_refused_unless_left_at_its_default) {
  EXPECT_THAT(problems_of_file(R"(
terminals: {sandbox: {default: none, profiles: {}}}
channels: {}
database:
  url: ""
  pools: {app: 6}
  fallback: {memory: 16384KiB}
cluster: {join: []}
)"),
              IsEmpty());
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"cluster: {listen: x}", "cluster.listen: not supported by this version, only "
                               "the default (\"\") is"},
      {"channels: {policy: {}}", "channels.policy: needs a transport"},
      {"database: {pools: {analytics: 0}}", "database.pools.analytics: expected"},
      {"cluster: {join: ['a:1']}", "only the default ([]) is"},
      {"recording: {retention: 10m}", "recording.retention"},
      {"recording: {retension: 1d}", "unknown key, did you mean 'retention'?"},
      {"database: memory", "expected a section of keys, got 'memory'"},
  };
  for (const auto& [text, message] : cases)
    EXPECT_THAT(problems_of_file(text), ElementsAre(HasSubstr(message))) << text;
}

TEST(config_load, values_of_connections_that_contradict_each_other_are_refused) {
  EXPECT_THAT(problems_of_file("connections: {pressure_at: 0.7, pressure_release: 0.7}"),
              ElementsAre(HasSubstr("connections.pressure_release: must be below")));
  EXPECT_THAT(problems_of_file("connections: {proxy_protocol: true}"),
              ElementsAre(HasSubstr("connections.proxy_protocol: say in")));
  EXPECT_THAT(
      problems_of_file("connections: {proxy_protocol: true, trusted_proxies: [10.0.0.0/8]}"),
      IsEmpty());
  EXPECT_THAT(problems_of_file("connections: {trusted_proxies: [10.0.0.7/8]}"),
              ElementsAre(HasSubstr("connections.trusted_proxies")));
  EXPECT_THAT(problems_of_file("connections: {pressure_at: much}"),
              ElementsAre(HasSubstr("a number from 0.1 to 1")));
}

TEST(config_load, flags_of_later_versions_are_refused_as_configuration) {
  auto inputs = bare_host();
  for (const auto& arguments :
       std::vector<std::vector<std::string>>{{"--join", "a:1"}, {"--cluster-listen", "a:1"}}) {
    inputs.arguments = arguments;
    const auto loaded = load_config(inputs);
    EXPECT_EQ(loaded.exit_code, 78) << arguments[0];
    EXPECT_THAT(problems(loaded), ElementsAre(HasSubstr("not supported by this version")));
  }
}

TEST(config_load, the_environment_sets_any_key) {
  auto inputs = bare_host();
  inputs.environment["ROOST_TERMINALS_MAX"] = "7";
  inputs.environment["ROOST_CONNECTIONS_ALLOWED_HOSTS"] = "a.example,b.example";
  inputs.environment["ROOST_TERMINALS_DEFAULT_COMMAND"] = "[sh, -c, 'a, b']";
  const auto loaded = load_config(inputs);
  EXPECT_THAT(problems(loaded), IsEmpty());
  EXPECT_EQ(loaded.values.terminals.max, 7U);
  EXPECT_THAT(loaded.values.connections.allowed_hosts, ElementsAre("a.example", "b.example"));
  EXPECT_THAT(loaded.values.terminals.default_command, ElementsAre("sh", "-c", "a, b"));

  inputs.environment["ROOST_LISTEN"] = "x";
  inputs.environment["ROOST_TERMINALS_DEFAULT_COMMAND"] = "[sh";
  EXPECT_THAT(problems(load_config(inputs)),
              testing::UnorderedElementsAre(
                  HasSubstr("environment ROOST_LISTEN: listen: expected HOST:PORT"),
                  HasSubstr("environment ROOST_TERMINALS_DEFAULT_COMMAND: terminals.")));
}

TEST(config_load, a_misspelt_variable_is_refused_and_a_foreign_one_is_only_mentioned) {
  auto inputs = bare_host();
  inputs.environment["ROOST_TOKEN"] = "for the client";
  inputs.environment["ROOST_PORT_7680_TCP"] = "tcp://10.0.0.1:7680"; // set by Kubernetes
  const auto loaded = load_config(inputs);
  EXPECT_THAT(problems(loaded), IsEmpty());
  EXPECT_THAT(loaded.warnings, ElementsAre(HasSubstr("ROOST_PORT_7680_TCP")));
  inputs.environment["ROOST_LISTN"] = "127.0.0.1:1";
  EXPECT_THAT(problems(load_config(inputs)),
              ElementsAre("environment ROOST_LISTN: unknown setting, did you mean ROOST_LISTEN?"));
}

TEST(config_load, a_listener_for_other_machines_needs_tls) {
  for (const auto* where :
       {"0.0.0.0:7680", "[::]:7680", "192.168.1.5:80", "nest.example:80", "127.evil.example:80"}) {
    auto inputs = bare_host();
    inputs.arguments = {"--listen", where};
    EXPECT_THAT(problems(load_config(inputs)), ElementsAre(HasSubstr("has no TLS"))) << where;
    inputs.environment["ROOST_INSECURE_LISTEN"] = "true";
    EXPECT_THAT(problems(load_config(inputs)), IsEmpty());
    inputs.environment.erase("ROOST_INSECURE_LISTEN");
    inputs.environment["ROOST_TLS_CERTIFICATE"] = "c.pem";
    EXPECT_THAT(problems(load_config(inputs)), testing::Contains(HasSubstr("are needed together")));
    inputs.environment["ROOST_TLS_KEY"] = "k.pem";
    EXPECT_THAT(problems(load_config(inputs)), IsEmpty());
  }
  for (const auto* where : {"127.0.0.1:1", "127.8.9.1:1", "[::1]:1", "localhost:1"}) {
    auto inputs = bare_host();
    inputs.arguments = {"--listen", where};
    EXPECT_THAT(problems(load_config(inputs)), IsEmpty()) << where;
  }
}

TEST(config_load, paths_are_seen_from_where_they_are_written) {
  auto inputs = with_file("tls: {certificate: c.pem, key: /abs/k.pem}\ndata_dir: ~/d\n");
  auto loaded = load_config(inputs);
  EXPECT_THAT(problems(loaded), IsEmpty());
  EXPECT_EQ(loaded.values.tls.certificate, "/srv/etc/c.pem");
  EXPECT_EQ(loaded.values.tls.key, "/abs/k.pem");
  EXPECT_EQ(loaded.values.data_dir, "/home/ada/d");
  inputs.arguments.insert(inputs.arguments.end(), {"--data-dir", "./x"});
  EXPECT_EQ(load_config(inputs).values.data_dir, "/srv/x");
}

TEST(config_load, the_data_dir_follows_the_base_directory_rules) {
  auto inputs = bare_host();
  inputs.environment["XDG_STATE_HOME"] = "/state";
  EXPECT_EQ(load_config(inputs).values.data_dir, "/state/roost");
  inputs.environment["XDG_STATE_HOME"] = "relative";
  EXPECT_EQ(load_config(inputs).values.data_dir, "/home/ada/.local/state/roost");
  inputs.environment.erase("HOME");
  EXPECT_THAT(problems(load_config(inputs)), ElementsAre(HasSubstr("--data-dir")));
}

TEST(config_load, an_unreadable_file_is_named) {
  auto inputs = bare_host();
  inputs.arguments = {"--config", "missing.yaml"};
  const auto loaded = load_config(inputs);
  EXPECT_THAT(problems(loaded), ElementsAre("missing.yaml: there is no such file"));
  EXPECT_EQ(loaded.exit_code, 78);
}

TEST(config_load, hostile_text_never_reaches_the_terminal_raw) {
  auto inputs = with_file("\"a\\e[2J\": 1\nnode_name: \"x\\e]0;owned\\a\"\n");
  inputs.arguments.emplace_back("--\x1b[2J");
  for (const auto& line : problems(load_config(inputs)))
    EXPECT_EQ(line.find('\x1b'), std::string::npos) << line;
}

TEST(config_load, a_reload_applies_what_it_may) {
  const auto running = load_config(bare_host()).values;
  auto fresh = running;
  fresh.terminals.max = 5;
  fresh.log.level = log::severity::debug;
  fresh.listen.port = 1;
  const auto plan = plan_reload(running, fresh);
  // A key is `at_once` only when the node applies it (node::reload).
  EXPECT_THAT(plan.applied, ElementsAre("log.level"));
  EXPECT_THAT(plan.needs_restart, ElementsAre("listen", "terminals.max"));
  EXPECT_EQ(plan.next.terminals.max, running.terminals.max);
  EXPECT_EQ(plan.next.log.level, log::severity::debug);
  EXPECT_EQ(plan.next.listen.port, 7680);
}

TEST(config_load, every_key_has_its_own_variable_and_a_sentence) {
  std::set<std::string> names;
  for (const auto& row : config_table()) {
    EXPECT_TRUE(names.insert(environment_name(row.path)).second) << row.path;
    EXPECT_TRUE(row.doc.ends_with('.')) << row.path;
  }
}

TEST(config_load, actions_are_recognised) {
  auto inputs = bare_host();
  EXPECT_EQ(load_config(inputs).action, config_action::run);
  inputs.arguments = {"--check-config"};
  EXPECT_EQ(load_config(inputs).action, config_action::check_config);
  inputs.arguments = {"--print-config"};
  EXPECT_EQ(load_config(inputs).action, config_action::print_config);
  inputs.arguments = {"--version"};
  EXPECT_EQ(load_config(inputs).action, config_action::version);
  inputs.arguments = {"--help"};
  EXPECT_EQ(load_config(inputs).action, config_action::help);
}

} // namespace
} // namespace roost
