// A history on a session's memory is a history on the heap: the same operations give the same
// bytes, and what somebody holds stays as it was, on whatever thread it is dropped.
#include "actors/terminal/history.hpp"
#include "actors/terminal/session_memory.hpp"
#include "tests/support/memory_file.hpp"
#include "tests/support/seeded_random.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <vector>

namespace roost::terminal {
namespace {

using test::known_bytes;

struct held_slice {
  std::uint64_t offset = 0;
  slice bytes;
  [[nodiscard]] bool is_true() const { return bytes.view() == known_bytes(offset, bytes.size); }
};

/// Threads that look at slices and drop them.
class droppers {
public:
  droppers() {
    for (auto& t : threads_)
      t = std::thread([this] { run(); });
  }
  ~droppers() { finish(); }
  void give(held_slice one) {
    const std::lock_guard lock(mutex_);
    queue_.push_back(std::move(one));
    wakes_.notify_one();
  }
  /// All have been looked at. @returns how many did not hold what they held at first.
  std::size_t finish() {
    {
      const std::lock_guard lock(mutex_);
      is_done_ = true;
      wakes_.notify_all();
    }
    for (auto& t : threads_)
      if (t.joinable())
        t.join();
    return changed_;
  }

private:
  void run() {
    for (;;) {
      std::unique_lock lock(mutex_);
      wakes_.wait(lock, [this] { return is_done_ || !queue_.empty(); });
      if (queue_.empty())
        return;
      const auto one = std::move(queue_.front());
      queue_.pop_front();
      lock.unlock();
      if (!one.is_true())
        ++changed_;
    }
  }

  std::mutex mutex_;
  std::condition_variable wakes_;
  std::deque<held_slice> queue_;
  bool is_done_ = false;
  std::atomic<std::size_t> changed_{0};
  std::array<std::thread, 2> threads_;
};

std::string text_of(const std::vector<slice>& pieces) {
  std::string text;
  for (const auto& piece : pieces)
    text += piece.view();
  return text;
}

TEST(history_memory_property, is_the_history_on_the_heap) {
  const auto seed = test::pick_seed();
  ROOST_SEED_TRACE(seed);
  seeded_random random(seed);
  for (int round = 0; round < 12; ++round) {
    SCOPED_TRACE("round " + std::to_string(round));
    const auto capacity = random.between(10'000, 400'000);
    // Sometimes with so few that the heap has to help out.
    const test::memory_file file(round % 3 == 2 ? 12 : keeper::segments_for(capacity));
    auto opened = session_memory::open(file.fd(), 1);
    ASSERT_TRUE(opened);
    const auto memory = *opened;
    std::string forgotten;
    history mapped(
        capacity,
        [&](std::uint64_t offset, const slice& bytes) {
          ASSERT_TRUE((held_slice{offset, bytes}.is_true()));
        },
        memory, memory->adopt(memory->recover()));
    history heap(capacity);
    std::deque<held_slice> held;
    droppers threads;
    for (int step = 0; step < 1500; ++step) {
      const auto size =
          random.between(0, 9) == 0 ? random.between(1, 100'000) : random.between(1, 4096);
      const auto bytes = known_bytes(mapped.end(), size);
      mapped.append(bytes);
      heap.append(bytes);
      ASSERT_EQ(mapped.end(), heap.end());
      ASSERT_GE(mapped.size(), std::min<std::uint64_t>(capacity, mapped.end()));
      switch (random.between(0, 5)) {
      case 0: {
        const auto from = random.between(std::max(mapped.begin(), heap.begin()), mapped.end());
        const auto limit = random.between(0, 100'000);
        ASSERT_EQ(text_of(mapped.read(from, limit)), text_of(heap.read(from, limit)));
        break;
      }
      case 1: {
        const auto from = random.between(mapped.begin(), mapped.end());
        held.push_back({from, mapped.at(from, random.between(1, 70'000))});
        break;
      }
      case 2:
        if (!held.empty()) {
          threads.give(std::move(held.front()));
          held.pop_front();
        }
        break;
      case 3:
        if (mapped.wants_checkpoint() || random.between(0, 3) == 0)
          mapped.on_checkpoint(mapped.begin() + random.between(0, mapped.size()));
        break;
      default:
        break;
      }
      if (held.size() > 80) {
        ASSERT_TRUE(held.front().is_true());
        held.pop_front();
      }
    }
    for (const auto& one : held)
      ASSERT_TRUE(one.is_true());
    EXPECT_EQ(threads.finish(), 0U);
  }
}

} // namespace
} // namespace roost::terminal
