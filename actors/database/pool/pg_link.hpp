#pragma once

#include "actors/database/pg/pg_session.hpp"
#include "actors/database/pg/pg_target.hpp"
#include "actors/database/pg/socket_cutter.hpp"
#include "actors/database/pool/shared_link.hpp"

#include <chrono>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

namespace roost::database {

/// A connection to PostgreSQL, made when it is needed and kept for the next question. A question
/// that is cancelled, or still there at its deadline, has its statement cancelled by the server, as
/// its process would go on for a client that has gone; where the server does not do that either,
/// the socket is cut. The connection is given up then.
class pg_link final : public shared_link {
public:
  struct settings {
    std::string application;                          ///< for pg_stat_activity
    std::chrono::milliseconds connect_timeout{3'000}; ///< libpq's shortest is 2 s
    std::chrono::milliseconds statement_timeout{10'000};
    /// From the cancellation to the cut of the socket.
    std::chrono::milliseconds cut_after{1'000};
    /// A connection that was quiet for longer is looked at before it is used.
    std::chrono::milliseconds trusted_for{1'000};
  };

  pg_link(pg_target where, settings with, std::shared_ptr<socket_cutter> cutter)
      : where_(std::move(where)), settings_(std::move(with)), cutter_(std::move(cutter)) {}
  ~pg_link() override;

  store_result<void> answer(const store_look& look, steady_time deadline) override;
  void cancel() override;

private:
  store_result<void> connect();
  void look_with(const store_look& look, steady_time deadline);

  pg_target where_;
  settings settings_;
  std::shared_ptr<socket_cutter> cutter_; ///< outlives the session
  std::shared_ptr<pg_session> session_;   ///< of the worker's thread
  steady_time used_at_{};

  std::mutex mutex_; ///< of what `cancel` sees
  std::optional<socket_cutter::guard> guard_;
  std::function<void()> canceller_; ///< empty: no look is under way
  bool is_cancelled_ = false;
};

} // namespace roost::database
