// A process that writes records is killed at any moment, again and again: every record that it has
// acknowledged is in the node's store, and reaches the shared one exactly once, in order, also when
// the one that ships is killed between the two (DB-7).
#include "actors/database/store/outbox.hpp"
#include "actors/database/store/record_codec.hpp"
#include "tests/support/seeded_random.hpp"
#include "tests/unit/actors/database/store/store_fixture.hpp"

#include <gtest/gtest.h>

#include <sched.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <csignal>

namespace roost::database {
namespace {

constexpr std::uint64_t much = 1U << 30;

/// What a writer says that it has done, in memory that outlives it.
struct progress {
  std::atomic<std::uint64_t> acknowledged; ///< the last record
};

class shared_progress {
public:
  shared_progress()
      : at_(static_cast<progress*>(::mmap(nullptr, sizeof(progress), PROT_READ | PROT_WRITE,
                                          MAP_SHARED | MAP_ANONYMOUS, -1, 0))) {}
  shared_progress(const shared_progress&) = delete;
  shared_progress& operator=(const shared_progress&) = delete;
  ~shared_progress() { ::munmap(at_, sizeof(progress)); }
  progress* operator->() const { return at_; }

private:
  progress* at_;
};

/// Ships what waits, as the node does: apply, and then drop.
bool ship(outbox& from, store& to, std::uint32_t most) {
  const auto items = expect(from.peek(most, much));
  std::vector<keyed_record> batch;
  for (const auto& each : items)
    batch.push_back({each.key, each.follows, *decode(each.payload)});
  if (batch.empty())
    return false;
  expect(to.apply(batch));
  expect(from.drop(items.back().position));
  return true;
}

/// Writes and ships until it is killed. Each start of the node is an epoch of its own.
[[noreturn]] void write_for_ever(const test::temp_folder& folder, std::uint64_t epoch,
                                 std::uint64_t last, const shared_progress& told,
                                 std::uint64_t seed) {
  seeded_random random(seed);
  const auto file = migrated_sqlite(folder / "node.db");
  const auto other = migrated_sqlite(folder / "shared.db");
  const auto local = make_sqlite_store(*file);
  const auto shared = make_sqlite_store(*other);
  outbox box(*file, much);
  for (std::uint64_t seq = 0;;) {
    std::vector<keyed_record> batch;
    for (auto n = random.between(1, 5); n > 0; --n) {
      ++seq;
      batch.push_back({{node_a, epoch, 0, seq},
                       seq - 1,
                       session_event{"s1", at_second(static_cast<std::int64_t>(last + seq)),
                                     std::to_string(last + seq), "{}"}});
    }
    expect(write_locally(*file, *local, &box, batch));
    told->acknowledged.store(last + seq);
    if (random.between(0, 3) == 0)
      ship(box, *shared, static_cast<std::uint32_t>(random.between(1, 20)));
  }
}

std::vector<std::string> written(store& in) {
  std::vector<std::string> out;
  for (const auto& each : all_pages([&](const std::string& cursor) {
         return in.events("s1", {.limit = 1000, .cursor = cursor});
       }))
    out.push_back(each.what);
  return out;
}

TEST(outbox_kill_test, what_was_acknowledged_is_shipped_once_whenever_the_writer_dies) {
  const auto seed = test::pick_seed();
  ROOST_SEED_TRACE(seed);
  seeded_random random(seed);
  const test::temp_folder folder;
  shared_progress told;
  std::uint64_t last = 0;
  for (std::uint64_t epoch = 1; epoch <= 60; ++epoch) {
    SCOPED_TRACE("start " + std::to_string(epoch));
    told->acknowledged.store(last);
    const auto writer_seed = random.next();
    const auto child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      try {
        write_for_ever(folder, epoch, last, told, writer_seed);
      } catch (const std::exception& e) {
        std::fprintf(stderr, "%s\n", e.what());
        ::_exit(3);
      }
    }
    const bool is_early = random.between(0, 9) == 0;
    const auto wanted = last + (is_early ? 0 : random.between(1, 100));
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    int status = 0;
    while (told->acknowledged.load() < wanted && ::waitpid(child, &status, WNOHANG) == 0 &&
           std::chrono::steady_clock::now() < deadline)
      ::sched_yield();
    for (auto i = random.between(0, 200'000); i > 0; --i)
      std::atomic_signal_fence(std::memory_order_seq_cst); // a moment within a write
    ::kill(child, SIGKILL);
    ::waitpid(child, &status, 0);
    ASSERT_TRUE(WIFSIGNALED(status)) << "the writer ended with " << status;
    const auto acknowledged = told->acknowledged.load();

    const auto file = migrated_sqlite(folder / "node.db");
    const auto local = make_sqlite_store(*file);
    const auto here = written(*local);
    ASSERT_GE(here.size(), acknowledged);
    ASSERT_LE(here.size(), acknowledged + 5) << "more than was written";
    for (std::size_t i = 0; i < here.size(); ++i)
      ASSERT_EQ(here[i], std::to_string(i + 1));
    // Sometimes the shared database is far behind at the next start.
    if (random.between(0, 1) == 0 || epoch == 60) {
      const auto other = migrated_sqlite(folder / "shared.db");
      const auto shared = make_sqlite_store(*other);
      outbox box(*file, much);
      while (ship(box, *shared, 50)) {
      }
      ASSERT_EQ(written(*shared), here);
      ASSERT_EQ(expect(box.total()).records, 0U);
    }
    last = here.size();
  }
  EXPECT_GT(last, 500U);
}

} // namespace
} // namespace roost::database
