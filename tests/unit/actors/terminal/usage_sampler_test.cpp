// Against a /proc of the test's own, and against the real one.
#include "actors/terminal/usage_sampler.hpp"

#include "tests/support/manual_clock.hpp"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace roost::terminal {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;
using test::manual_clock;

class made_proc {
public:
  made_proc() {
    std::string name = fs::temp_directory_path() / "roost-proc-XXXXXX";
    if (::mkdtemp(name.data()) != nullptr)
      path_ = name;
  }
  ~made_proc() { fs::remove_all(path_); }
  made_proc(const made_proc&) = delete;
  made_proc& operator=(const made_proc&) = delete;

  [[nodiscard]] const std::string& path() const { return path_; }
  void put(int pid, int parent, long ticks, long started, const std::string& name = "x") {
    const auto folder = fs::path(path_) / std::to_string(pid);
    fs::create_directories(folder);
    std::ofstream(folder / "stat")
        << pid << " (" << name << ") S " << parent << ' ' << pid << ' ' << pid << " 34817 " << pid
        << " 0 0 0 0 0 " << ticks << " 0 0 0 20 0 1 0 " << started << " 0 2 0 0 0\n";
    std::ofstream(folder / "cmdline") << "/bin/" << name << '\0';
  }
  void remove(int pid) { fs::remove_all(fs::path(path_) / std::to_string(pid)); }

private:
  std::string path_;
};

const long ticks_of_a_second = ::sysconf(_SC_CLK_TCK);

TEST(usage_sampler, samples_on_demand_once_per_second) {
  made_proc proc;
  manual_clock clock;
  proc.put(10, 1, 0, 7);
  proc.put(11, 10, 2 * ticks_of_a_second, 8, "busy");
  fs::create_directory_symlink("/somewhere", proc.path() + "/11/cwd");
  usage_sampler sampler(clock, proc.path());
  const std::vector<usage_question> questions = {{10, 11, clock.now_wall() - 20s}};
  EXPECT_EQ(sampler.find(10), nullptr);
  ASSERT_TRUE(sampler.sample(questions));
  const auto* usage = sampler.find(10);
  ASSERT_NE(usage, nullptr);
  EXPECT_EQ(usage->cpu, 2s);
  EXPECT_DOUBLE_EQ(usage->cpu_percent, 10) << "the first: since the start";
  EXPECT_EQ(usage->processes, 1U);
  EXPECT_EQ(usage->memory_bytes, 2U * static_cast<unsigned long>(::sysconf(_SC_PAGESIZE)));
  EXPECT_EQ(usage->foreground, "busy");
  EXPECT_EQ(usage->cwd, "/somewhere");
  EXPECT_EQ(usage->at, clock.now_wall());

  proc.put(11, 10, 3 * ticks_of_a_second, 8, "busy");
  clock.advance(999ms);
  EXPECT_FALSE(sampler.is_due());
  EXPECT_FALSE(sampler.sample(questions));
  EXPECT_EQ(sampler.find(10)->cpu, 2s) << "the last answer stands";
  clock.advance(1001ms);
  ASSERT_TRUE(sampler.sample(questions));
  EXPECT_DOUBLE_EQ(sampler.find(10)->cpu_percent, 50);
}

TEST(usage_sampler, lost_time_is_no_negative_use) {
  made_proc proc;
  manual_clock clock;
  proc.put(10, 1, 0, 7);
  proc.put(11, 10, ticks_of_a_second, 8);
  proc.put(12, 11, ticks_of_a_second, 9);
  usage_sampler sampler(clock, proc.path());
  const std::vector<usage_question> questions = {{10, 11, clock.now_wall()}};
  ASSERT_TRUE(sampler.sample(questions));
  EXPECT_EQ(sampler.find(10)->cpu, 2s);
  proc.remove(12);
  clock.advance(2s);
  ASSERT_TRUE(sampler.sample(questions));
  EXPECT_EQ(sampler.find(10)->cpu, 2s);
  EXPECT_DOUBLE_EQ(sampler.find(10)->cpu_percent, 0);
}

TEST(usage_sampler, who_is_gone_and_who_has_its_number) {
  made_proc proc;
  manual_clock clock;
  proc.put(10, 1, 0, 7);
  proc.put(11, 10, 100 * ticks_of_a_second, 8);
  usage_sampler sampler(clock, proc.path());
  const auto born = clock.now_wall();
  ASSERT_TRUE(sampler.sample(std::vector<usage_question>{{10, 11, born}}));
  proc.put(10, 1, 0, 900);
  proc.put(11, 10, ticks_of_a_second, 901);
  clock.advance(2s);
  ASSERT_TRUE(sampler.sample(std::vector<usage_question>{{10, 11, born}}));
  EXPECT_EQ(sampler.find(10)->cpu, 1s) << "another's time";
  proc.remove(10);
  clock.advance(2s);
  ASSERT_TRUE(sampler.sample(std::vector<usage_question>{{10, 11, born}}));
  EXPECT_EQ(sampler.find(10), nullptr);
}

TEST(usage_sampler, without_procfs_nothing_is_known) {
  manual_clock clock;
  usage_sampler sampler(clock, "/no/such/folder");
  EXPECT_TRUE(sampler.sample(std::vector<usage_question>{{1, 1, clock.now_wall()}}));
  EXPECT_EQ(sampler.find(1), nullptr);
}

TEST(usage_sampler, the_real_procfs) {
  // This process stands for a warden, with one child that waits to be let go.
  std::array<int, 2> gate{};
  ASSERT_EQ(::pipe(gate.data()), 0);
  const auto child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    char c = 0;
    ::close(gate[1]);
    while (::read(gate[0], &c, 1) > 0) {
    }
    ::_exit(0);
  }
  ::close(gate[0]);
  usage_sampler sampler(system_clock::instance());
  const auto began = std::chrono::steady_clock::now();
  ASSERT_TRUE(sampler.sample(
      std::vector<usage_question>{{::getpid(), child, system_clock::instance().now_wall()}}));
  const auto took = std::chrono::steady_clock::now() - began;
  const auto* usage = sampler.find(::getpid());
  ASSERT_NE(usage, nullptr);
  EXPECT_EQ(usage->processes, 1U);
  EXPECT_GT(usage->memory_bytes, 4096U);
  RecordProperty(
      "microseconds",
      std::to_string(std::chrono::duration_cast<std::chrono::microseconds>(took).count()));
  ::close(gate[1]);
  ::waitpid(child, nullptr, 0);
}

} // namespace
} // namespace roost::terminal
