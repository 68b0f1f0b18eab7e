#include "actors/database/pool/pg_link.hpp"

#include "actors/database/store/pg_store.hpp"

#include <algorithm>
#include <atomic>
#include <system_error>
#include <thread>
#include <utility>

namespace roost::database {

namespace {

// How long a look at a quiet connection may take.
constexpr std::chrono::milliseconds check_timeout{2'000};

// Whoever asked hears of the deadline before the server ends the statement by itself.
constexpr std::chrono::milliseconds after_deadline{250};

// libpq's cancellation has no deadline, and nothing ends its wait for a frozen server: each is on a
// thread that nobody waits for, and there are never many. What is not cancelled is cut.
constexpr int most_cancellations = 16;
std::atomic<int> cancellations{0};

void cancel_aside(std::function<void()> canceller) {
  if (cancellations.fetch_add(1) >= most_cancellations) {
    --cancellations;
    return;
  }
  try {
    std::thread([canceller = std::move(canceller)]() mutable {
      canceller();
      canceller = nullptr; // may be the last share of the connection
      --cancellations;
    }).detach();
  } catch (const std::system_error&) {
    --cancellations; // no room for a thread: it is cut
  }
}

} // namespace

pg_link::~pg_link() = default;

store_result<void> pg_link::connect() {
  const auto now = system_clock::instance().now();
  if (session_ && now - used_at_ > settings_.trusted_for &&
      !session_->run("SELECT 1", check_timeout))
    session_.reset();
  if (session_ && session_->is_open())
    return {};
  auto opened =
      pg_session::open(where_, settings_.application, settings_.connect_timeout, *cutter_);
  if (!opened)
    return store_error{opened.error().kind, store_error::reason::store,
                       "the database cannot be reached", opened.error().text};
  session_ = std::move(*opened);
  return {};
}

void pg_link::look_with(const store_look& look, steady_time deadline) {
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
      deadline - system_clock::instance().now());
  const auto timeout = std::min(left + after_deadline, settings_.statement_timeout);
  {
    const std::lock_guard lock(mutex_);
    if (is_cancelled_ || left.count() <= 0)
      return; // it has an answer already
    canceller_ = session_->canceller();
    guard_.emplace(*cutter_, session_->socket(), deadline + settings_.cut_after);
  }
  look(*make_pg_store(session_, timeout));
  std::function<void()> done; // ends outside of the lock
  {
    const std::lock_guard lock(mutex_);
    guard_.reset();
    done = std::exchange(canceller_, nullptr);
  }
}

store_result<void> pg_link::answer(const store_look& look, steady_time deadline) {
  {
    const std::lock_guard lock(mutex_);
    is_cancelled_ = false;
  }
  if (auto connected = connect(); !connected)
    return connected;
  look_with(look, deadline);
  used_at_ = system_clock::instance().now();
  // A late cancellation would hit whoever uses the connection next.
  const std::lock_guard lock(mutex_);
  if (is_cancelled_ || !session_->is_open())
    session_.reset();
  return {};
}

void pg_link::cancel() {
  const std::lock_guard lock(mutex_);
  is_cancelled_ = true;
  if (!canceller_)
    return; // it connects, which has a deadline, or is done
  guard_->cut_at(system_clock::instance().now() + settings_.cut_after);
  cancel_aside(canceller_);
}

} // namespace roost::database
