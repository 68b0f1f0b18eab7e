// A process that writes its output into a session's memory is killed at any moment, again and
// again: what the next one finds is what was written, whole and without a gap.
#include "actors/terminal/history.hpp"
#include "actors/terminal/session_memory.hpp"
#include "tests/support/memory_file.hpp"
#include "tests/support/seeded_random.hpp"

#include <gtest/gtest.h>

#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <vector>

namespace roost::terminal {
namespace {

using test::known_bytes;
using test::memory_file;

constexpr std::size_t capacity = 2 * keeper::segment_bytes;

/// What a writer says that it has done, in memory that outlives it.
class report {
public:
  report()
      : end_(static_cast<std::atomic<std::uint64_t>*>(
            ::mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0))) {}
  report(const report&) = delete;
  report& operator=(const report&) = delete;
  ~report() { ::munmap(end_, 4096); }
  std::atomic<std::uint64_t>& end() { return *end_; }

private:
  std::atomic<std::uint64_t>* end_;
};

/// Writes until it is killed, as a terminal does.
[[noreturn]] void write_for_ever(const memory_file& file, std::uint64_t generation, report& told,
                                 std::uint64_t seed) {
  seeded_random random(seed);
  auto opened = session_memory::open(file.fd(), generation);
  if (!opened)
    ::_exit(2);
  const auto memory = *opened;
  const auto found = memory->recover();
  if (!found.is_end_trustworthy)
    ::_exit(3);
  history bytes(capacity, nullptr, memory, memory->adopt(found));
  std::vector<slice> held;
  for (;;) {
    const auto room = bytes.prepare();
    const auto n = std::min<std::size_t>(room.size(), random.between(1, 8000));
    const auto text = known_bytes(bytes.end(), n);
    std::copy(text.begin(), text.end(), room.begin());
    bytes.commit(n);
    told.end().store(bytes.end());
    if (random.between(0, 3) == 0)
      held.push_back(bytes.at(bytes.end() - 1, 1));
    if (held.size() > 30)
      held.erase(held.begin(), held.begin() + static_cast<std::ptrdiff_t>(random.between(1, 30)));
    if (bytes.wants_checkpoint() || random.between(0, 30) == 0) {
      const auto at = bytes.begin() + random.between(0, bytes.size());
      memory->write_checkpoint(at, "at " + std::to_string(at) + std::string(10'000, 'x'));
      bytes.on_checkpoint(at);
    }
    if (random.between(0, 10) == 0)
      memory->write_note("end " + std::to_string(bytes.end()), bytes.end());
  }
}

TEST(session_memory_kill, what_was_written_is_there_whenever_the_writer_dies) {
  const auto seed = test::pick_seed();
  ROOST_SEED_TRACE(seed);
  seeded_random random(seed);
  const memory_file file(keeper::segments_for(capacity), 0);
  report told;
  for (std::uint64_t generation = 1; generation <= 150; ++generation) {
    SCOPED_TRACE("generation " + std::to_string(generation));
    file.hand_to(generation);
    const auto before = told.end().load();
    const auto writer_seed = random.next();
    const auto child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0)
      write_for_ever(file, generation, told, writer_seed);
    // Some die before they have written anything, some after much. (Of a session that dies during
    // its very first read nobody can tell a record that was not written yet from one that is gone.)
    const bool may_be_early = generation > 1 && random.between(0, 9) == 0;
    const auto wanted = before + (may_be_early ? 0 : random.between(1, 400'000));
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    int status = 0;
    while (told.end().load() < wanted && ::waitpid(child, &status, WNOHANG) == 0 &&
           std::chrono::steady_clock::now() < deadline)
      ::sched_yield();
    for (auto i = random.between(0, 20'000); i > 0; --i)
      std::atomic_signal_fence(std::memory_order_seq_cst); // a moment within a piece of output
    ::kill(child, SIGKILL);
    ::waitpid(child, &status, 0);
    ASSERT_TRUE(WIFSIGNALED(status)) << "the writer ended with " << status;
    const auto reported = told.end().load();
    ASSERT_GE(reported, wanted);

    auto opened = session_memory::open(file.fd(), generation);
    ASSERT_TRUE(opened);
    const auto& memory = **opened;
    EXPECT_FALSE(memory.was_header_damaged());
    const auto found = memory.recover();
    ASSERT_TRUE(found.is_end_trustworthy);
    EXPECT_EQ(found.damaged_segments, 0U);
    ASSERT_GE(found.end, reported);
    ASSERT_LE(found.end, reported + keeper::segment_bytes) << "more than was written";
    ASSERT_GE(found.end - found.begin, std::min<std::uint64_t>(found.end, capacity));
    std::uint64_t at = found.begin;
    for (const auto& s : found.segments) {
      ASSERT_EQ(s.start, at);
      const std::string_view bytes(file.bytes() + file.map().segment(s.index), s.used);
      ASSERT_TRUE(bytes == known_bytes(at, s.used));
      at += s.used;
    }
    ASSERT_EQ(at, found.end);
    const auto checkpoint = memory.read_checkpoint();
    if (found.begin > 0) {
      ASSERT_TRUE(checkpoint);
      EXPECT_GE(checkpoint->offset, found.begin) << "the screen can be made again";
    }
    if (checkpoint) {
      EXPECT_EQ(checkpoint->text,
                "at " + std::to_string(checkpoint->offset) + std::string(10'000, 'x'));
      EXPECT_LE(checkpoint->offset, found.end);
    }
    if (const auto note = memory.read_note()) {
      EXPECT_EQ(note->text, "end " + std::to_string(note->offset));
      EXPECT_LE(note->offset, found.end);
    }
    told.end().store(found.end);
    if (HasFailure())
      return;
  }
}

} // namespace
} // namespace roost::terminal
