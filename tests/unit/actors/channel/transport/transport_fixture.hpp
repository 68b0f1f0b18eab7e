#pragma once

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

#include <array>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <future>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "actors/channel/transport/transport.hpp"
#include "actors/runtime/log.hpp"
#include "tests/support/temp_folder.hpp"
#include "tests/unit/actors/channel/transport/helper_script.hpp"

namespace roost::channel {

/// An io_context on two threads, a transport on it, and what it answers.
class transport_fixture : public ::testing::Test {
protected:
  static constexpr std::chrono::seconds patience{20};
  /// How late something may be that should happen at once.
  static constexpr std::chrono::seconds machine_is_busy{3};

  transport_fixture() {
    log::init({}, [this](std::string_view line) {
      const std::lock_guard lock(mutex_);
      log_ += line;
      changed_.notify_all();
    });
    for (auto& one : threads_)
      one = std::thread([this] { io_.run(); });
  }

  ~transport_fixture() override {
    stop();
    way_.reset();
    work_.reset();
    for (auto& one : threads_)
      one.join();
    log::init({});
    for (const auto& [id, answers] : answers_)
      EXPECT_EQ(answers.size(), 1U) << "request " << id;
  }

  void begin(std::shared_ptr<transport> way) {
    way_ = std::move(way);
    {
      const std::lock_guard lock(mutex_);
      is_stopped_ = false;
    }
    way_->start([this](reply one) {
      const std::lock_guard lock(mutex_);
      EXPECT_FALSE(is_stopped_) << "an answer after the end";
      answers_[one.id].push_back(std::move(one));
      changed_.notify_all();
    });
  }

  /// How long it took. Also without a transport.
  std::chrono::milliseconds stop() {
    if (!way_)
      return {};
    const auto start = std::chrono::steady_clock::now();
    auto done = std::make_shared<std::promise<void>>();
    way_->stop([this, done] {
      {
        const std::lock_guard lock(mutex_);
        is_stopped_ = true;
      }
      done->set_value();
    });
    EXPECT_EQ(done->get_future().wait_for(patience), std::future_status::ready);
    return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() -
                                                                 start);
  }

  /// Sends a request; returns its id.
  std::uint64_t send(const std::string& method, const std::string& params = {}) {
    const auto id = next_id_++;
    way_->send({id, method, params, {}});
    return id;
  }

  /// Waits for a condition that changes with answers and log lines; false: it did not come.
  bool comes(const std::function<bool()>& condition) {
    std::unique_lock lock(mutex_);
    const auto deadline = std::chrono::steady_clock::now() + patience;
    while (!condition()) {
      if (std::chrono::steady_clock::now() > deadline)
        return false;
      // What a view shows changes without a sign.
      changed_.wait_for(lock, std::chrono::milliseconds(2));
    }
    return true;
  }

  reply wait(std::uint64_t id) {
    EXPECT_TRUE(comes([&] { return answers_.count(id) != 0; })) << "no answer to " << id;
    const std::lock_guard lock(mutex_);
    const auto found = answers_.find(id);
    return found == answers_.end() ? reply{} : found->second.front();
  }

  reply ask(const std::string& method, const std::string& params = {}) {
    return wait(send(method, params));
  }

  /// Asks again and again until an answer is as wanted.
  bool ask_until(const std::function<bool(const reply&)>& wanted) {
    const auto deadline = std::chrono::steady_clock::now() + patience;
    while (!wanted(ask("echo")))
      if (std::chrono::steady_clock::now() > deadline)
        return false;
    return true;
  }

  /// Asks until the answer is of that kind, as a caller would whose helper is being started again.
  reply ask_until(reply_kind kind, const std::string& method, const std::string& params = {}) {
    const auto deadline = std::chrono::steady_clock::now() + patience;
    for (;;) {
      auto got = ask(method, params);
      if (got.kind == kind || std::chrono::steady_clock::now() > deadline)
        return got;
    }
  }

  bool has_answer(std::uint64_t id) {
    const std::lock_guard lock(mutex_);
    return answers_.count(id) != 0;
  }

  std::string logged() {
    const std::lock_guard lock(mutex_);
    return log_;
  }

  test::temp_folder folder_;
  boost::asio::io_context io_;
  std::shared_ptr<transport> way_;
  std::map<std::uint64_t, std::vector<reply>> answers_; ///< under the mutex
  std::string log_;                                     ///< under the mutex
  std::mutex mutex_;

private:
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_{
      io_.get_executor()};
  std::array<std::thread, 2> threads_;
  std::condition_variable changed_;
  std::uint64_t next_id_ = 1;
  bool is_stopped_ = false;
};

} // namespace roost::channel
