#include "actors/terminal/sandbox/limits.hpp"

#include <sys/resource.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace roost::terminal {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

session_limits all() {
  return {.processes = 100,
          .memory = 1 << 30,
          .cpu = 1.5,
          .cpu_time = std::chrono::milliseconds(1500),
          .open_files = 512,
          .file_size = 1 << 20};
}

TEST(limits, nothing_wanted_is_nothing_done) {
  const auto plan = plan_limits({}, true, process_counting::of_the_sandbox);
  EXPECT_THAT(plan.rlimits, IsEmpty());
  EXPECT_THAT(plan.cgroup, IsEmpty());
  EXPECT_THAT(plan.enforced, IsEmpty());
  EXPECT_EQ(plan.processes_inside, 0U);
}

TEST(limits, a_cgroup_bounds_the_whole_session) {
  const auto plan = plan_limits(all(), true, process_counting::of_the_sandbox);
  EXPECT_THAT(plan.cgroup,
              ElementsAre("pids.max=100", "memory.max=1073741824", "cpu.max=150000 100000"));
  EXPECT_THAT(plan.rlimits,
              ElementsAre(process_limit{RLIMIT_CPU, 2}, // whole seconds, upwards
                          process_limit{RLIMIT_NOFILE, 512}, process_limit{RLIMIT_FSIZE, 1 << 20}));
  EXPECT_EQ(plan.processes_inside, 0U);
  using enum limit_enforcer;
  EXPECT_THAT(plan.enforced,
              ElementsAre(enforced_limit{"processes", 100, cgroup},
                          enforced_limit{"memory", 1 << 30, cgroup},
                          enforced_limit{"cpu", 1.5, cgroup}, enforced_limit{"cpu_time", 2, rlimit},
                          enforced_limit{"open_files", 512, rlimit},
                          enforced_limit{"file_size", 1 << 20, rlimit}));
}

TEST(limits, without_one_each_says_what_is_left) {
  const auto plan = plan_limits(all(), false, process_counting::of_the_sandbox);
  EXPECT_THAT(plan.cgroup, IsEmpty());
  EXPECT_EQ(plan.processes_inside, 100U);
  EXPECT_THAT(plan.rlimits, testing::Contains(process_limit{RLIMIT_DATA, 1 << 30}));
  EXPECT_EQ(plan.enforced[0].by, limit_enforcer::rlimit);
  EXPECT_EQ(plan.enforced[1].by, limit_enforcer::rlimit);
  EXPECT_EQ(plan.enforced[2].by, limit_enforcer::none); // cpu
}

TEST(limits, processes_are_not_counted_for_root_and_outside_of_a_sandbox) {
  for (const auto counting : {process_counting::not_at_all, process_counting::of_the_user}) {
    const auto plan = plan_limits({.processes = 5}, false, counting);
    EXPECT_EQ(plan.processes_inside, 0U);
    EXPECT_THAT(plan.rlimits, IsEmpty());
    EXPECT_THAT(plan.enforced, ElementsAre(enforced_limit{"processes", 5, limit_enforcer::none}));
  }
}

TEST(limits, the_smallest_share_of_a_core_is_what_the_kernel_takes) {
  EXPECT_THAT(plan_limits({.cpu = 0.001}, true, process_counting::of_the_user).cgroup,
              ElementsAre("cpu.max=1000 100000"));
}

} // namespace
} // namespace roost::terminal
