#include "actors/runtime/config_database.hpp"

#include "actors/runtime/config_load.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace roost {
namespace {

using testing::HasSubstr;
using testing::Not;

loaded_config load(std::vector<std::string> arguments,
                   std::map<std::string, std::string> environment = {{"HOME", "/h"}}) {
  config_inputs in;
  in.arguments = std::move(arguments);
  in.environment = std::move(environment);
  in.host_name = "a";
  in.working_dir = "/w";
  in.read_file = [](const std::string&) -> result<std::string> {
    return std::string(
        "database:\n  url: postgresql://u:geheim@h/d\n  init_url: "
        "postgresql://u:geheim@direct/d\n  fallback: {grace: 2s, memory: 8MiB, spool: 2GiB}\n");
  };
  return load_config(in);
}

TEST(config_database, what_kinds_there_are) {
  for (const auto* url : {"", "sqlite:", "memory:", "postgresql://h/d", "postgres://h/d"})
    EXPECT_FALSE(check_database_url(url)) << url;
  for (const auto* url : {"sqlite", "sqlite:/x", "mysql://h/d", "postgresql:h", "memory"})
    EXPECT_TRUE(check_database_url(url)) << url;
  EXPECT_TRUE(check_init_url("memory:"));
  EXPECT_TRUE(is_postgresql_url("postgres://h"));
  EXPECT_FALSE(is_postgresql_url("sqlite:"));
}

TEST(config_database, is_read_from_file_environment_and_flag) {
  const auto file = load({"--config", "c.yaml"});
  ASSERT_TRUE(file.problems.empty()) << file.problems[0].to_string();
  EXPECT_EQ(file.values.database.url, "postgresql://u:geheim@h/d");
  EXPECT_EQ(file.values.database.init_url, "postgresql://u:geheim@direct/d");
  EXPECT_EQ(file.values.database.grace, std::chrono::seconds(2));
  EXPECT_EQ(file.values.database.memory, 8U << 20);
  EXPECT_EQ(file.values.database.spool, std::uint64_t{2} << 30);
  EXPECT_EQ(load({}, {{"HOME", "/h"}, {"ROOST_DATABASE", "memory:"}}).values.database.url,
            "memory:");
  EXPECT_EQ(load({"--database", "sqlite:"}).values.database.url, "sqlite:");
}

TEST(config_database, pools_are_bounded) {
  const auto plain = load({});
  EXPECT_EQ(plain.values.database.pools.app, 6U);
  EXPECT_EQ(plain.values.database.pools.init, 1U);
  EXPECT_EQ(plain.values.database.pools.analytics, 2U);
  for (const auto& [name, bad] :
       std::vector<std::pair<const char*, const char*>>{{"APP", "1"},
                                                        {"APP", "65"},
                                                        {"INIT", "0"},
                                                        {"INIT", "2"},
                                                        {"ANALYTICS", "0"},
                                                        {"ANALYTICS", "65"}})
    EXPECT_EQ(load({}, {{"HOME", "/h"}, {std::string("ROOST_DATABASE_POOLS_") + name, bad}})
                  .problems.size(),
              1U)
        << name << " " << bad;
}

TEST(config_database, a_password_is_never_shown) {
  const auto good = load({"--config", "c.yaml"});
  EXPECT_THAT(print_config(good), Not(HasSubstr("geheim")));
  EXPECT_THAT(print_config(good), HasSubstr("postgresql://u:[redacted]@h/d"));
  const auto bad = load({"--database", "postgre://u:geheim@h/d"});
  ASSERT_EQ(bad.problems.size(), 1U);
  EXPECT_THAT(bad.problems[0].to_string(), Not(HasSubstr("geheim")));
  EXPECT_THAT(bad.problems[0].to_string(), HasSubstr("postgresql://HOST:PORT/DATABASE"));
}

TEST(config_database, a_way_past_a_pooler_is_for_postgresql) {
  const auto bad = load({"--database", "memory:", "--config", "c.yaml"});
  ASSERT_EQ(bad.problems.size(), 1U);
  EXPECT_THAT(bad.problems[0].to_string(),
              HasSubstr("database.init_url: it is for a database.url"));
}

} // namespace
} // namespace roost
