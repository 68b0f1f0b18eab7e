// A process that reads a program's output into a session's memory is killed at any moment, again
// and again: what the next one finds, and what is still in the pipe, is what the program wrote,
// whole and without a gap.
#include "actors/terminal/history.hpp"
#include "actors/terminal/session_memory.hpp"
#include "tests/support/memory_file.hpp"
#include "tests/support/seeded_random.hpp"

#include <gtest/gtest.h>

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <memory>
#include <span>
#include <string>
#include <string_view>
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

/// The program's output. Without zeros: those at the end of a read that was not counted are lost.
std::string output_at(std::uint64_t offset, std::size_t size) {
  auto text = known_bytes(offset, size);
  std::replace(text.begin(), text.end(), '\0', 'z');
  return text;
}

/// What the program wrote and nobody has read, as a terminal's buffer: it outlives the writer.
class unread {
public:
  unread() { EXPECT_EQ(::pipe2(ends_.data(), O_CLOEXEC | O_NONBLOCK), 0); }
  unread(const unread&) = delete;
  unread& operator=(const unread&) = delete;
  ~unread() {
    ::close(ends_[0]);
    ::close(ends_[1]);
  }
  [[nodiscard]] std::size_t size() const {
    int bytes = 0;
    return ::ioctl(ends_[0], FIONREAD, &bytes) == 0 ? static_cast<std::size_t>(bytes) : 0;
  }
  void write(std::string_view text) {
    if (::write(ends_[1], text.data(), text.size()) != static_cast<ssize_t>(text.size()))
      ::_exit(4);
  }
  std::size_t read(std::span<char> into) {
    const auto got = ::read(ends_[0], into.data(), into.size());
    return got > 0 ? static_cast<std::size_t>(got) : 0;
  }

private:
  std::array<int, 2> ends_{};
};

/// Reads until it is killed, as a terminal does.
[[noreturn]] void read_for_ever(const memory_file& file, std::uint64_t generation, unread& pipe,
                                report& told, std::uint64_t seed) {
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
    if (pipe.size() == 0)
      pipe.write(output_at(bytes.end(), random.between(1, 8000)));
    bytes.commit(pipe.read(bytes.prepare()));
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
  unread pipe;
  for (std::uint64_t generation = 1; generation <= 400; ++generation) {
    SCOPED_TRACE("generation " + std::to_string(generation));
    file.hand_to(generation);
    const auto before = told.end().load();
    const auto writer_seed = random.next();
    const auto child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0)
      read_for_ever(file, generation, pipe, told, writer_seed);
    // Some die before they have written anything, some after much.
    const bool is_early = random.between(0, 9) == 0;
    const auto wanted = before + (is_early ? 0 : random.between(1, 400'000));
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
      ASSERT_TRUE(bytes == output_at(at, s.used));
      at += s.used;
    }
    ASSERT_EQ(at, found.end);
    // Nothing is lost in between: what was not read follows what is there.
    std::string rest(pipe.size(), '\0');
    ASSERT_EQ(pipe.read(rest), rest.size());
    ASSERT_TRUE(rest == output_at(found.end, rest.size()));
    pipe.write(rest);
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
